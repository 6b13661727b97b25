#include "cli/document.h"

#include "base/memory.h"
#include "base/text.h"
#include "base/times.h"
#include "json/json.h"
#include "json/yaml.h"

#include <stdio.h>
#include <string.h>

/* Length of `key_at: "TIME"` when the rest of the line is that and TIME is a time, else 0. JSON has
 * no type for times, so the emitter quotes them; as YAML they are plain. */
static size_t quoted_time(const char *value) {
        int64_t ns;
        size_t length;
        _cleanup_free_ char *text = NULL;
        if (*value != '"' && *value != '\'')
                return 0;
        length = strcspn(value + 1, "\"'\n");
        if (value[1 + length] != *value || (value[2 + length] != '\n' && value[2 + length] != '\0'))
                return 0;
        text = str_ndup(value + 1, length);
        return time_parse_rfc3339(text, &ns) ? length : 0;
}

/* What LXD's objects hold under these names is a list or a map even when there is none: JSON has
 * null then, YAML [] and {}. */
static json_t *empty_of(const char *key) {
        static const char *const lists[] = {"profiles",  "used_by",   "aliases", "locations",
                                            "snapshots", "backups",   "ingress", "egress",
                                            "ports",     "entries",   "projects", "roles",
                                            "groups",    "members",   NULL};
        static const char *const maps[] = {"config",  "devices",  "properties",
                                           "network", "disk",     "expanded_config",
                                           "context", "metadata", "expanded_devices",
                                           "resources", "templates", NULL};
        for (size_t i = 0; lists[i] != NULL; i++) {
                if (str_equal(lists[i], key))
                        return json_array();
        }
        for (size_t i = 0; maps[i] != NULL; i++) {
                if (str_equal(maps[i], key))
                        return json_object();
        }
        return json_null();
}

static void fill_empty(json_t *value) {
        const char *key;
        json_t *member;
        size_t i;
        if (json_is_array(value)) {
                json_array_foreach(value, i, member)
                        fill_empty(member);
                return;
        }
        json_object_foreach(value, key, member) {
                if (json_is_null(member))
                        json_object_set_new(value, key, empty_of(key));
                else
                        fill_empty(member);
        }
}

char *document_text(const json_t *value) {
        _cleanup_json_ json_t *copy = json_deep_copy(value);
        _cleanup_free_ char *raw = NULL;
        _cleanup_strbuf_ StrBuf text = {};
        const char *rest, *found;
        fill_empty(copy);
        rest = raw = yaml_dump(copy);
        while ((found = strstr(rest, "_at: ")) != NULL) {
                size_t length = quoted_time(found + 5);
                strbuf_add_data(&text, rest, (size_t) (found + 5 - rest));
                rest = found + 5;
                if (length > 0) {
                        strbuf_add_data(&text, rest + 1, length);
                        rest += length + 2;
                }
        }
        strbuf_add(&text, rest);
        return strbuf_take(&text);
}

void document_print(const json_t *value) {
        _cleanup_free_ char *text = document_text(value);
        fputs(text, stdout);
}

void document_print_json(const json_t *value) {
        _cleanup_free_ char *text = json_dump_compact(value);
        puts(text);
}

static void make_texts(json_t *map) {
        const char *key;
        json_t *value;
        json_object_foreach(map, key, value) {
                if (json_is_object(value))
                        make_texts(value);
                else if (json_is_integer(value) || json_is_boolean(value) || json_is_real(value)) {
                        _cleanup_free_ char *text = json_dump_compact(value);
                        json_object_set_new(map, key, json_string(text));
                } else if (json_is_null(value))
                        json_object_set_new(map, key, json_string(""));
        }
}

int document_parse(const char *text, json_t **ret, Error **err) {
        static const char *const maps[] = {"config", "devices", "properties"};
        json_t *document = NULL;
        if (yaml_parse(text, strlen(text), &document, err) < 0)
                return error_prefix(err, "Bad YAML");
        if (json_is_null(document)) {
                json_decref(document);
                document = json_object();
        }
        if (!json_is_object(document)) {
                json_decref(document);
                return error_set(err, ERROR_INVALID, 0, "Bad YAML: a map is wanted at the top");
        }
        for (size_t i = 0; i < ARRAY_SIZE(maps); i++)
                make_texts(json_object_get(document, maps[i]));
        *ret = document;
        return 0;
}
