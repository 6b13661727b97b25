#include "json/json.h"

#include "base/memory.h"
#include "base/times.h"

#include <string.h>

#define DEPTH_LIMIT 64

static bool too_deep(const json_t *value, int depth) {
        const char *key;
        json_t *child;
        size_t index;
        if (depth > DEPTH_LIMIT)
                return true;
        if (json_is_object(value)) {
                json_object_foreach((json_t *) value, key, child)
                        if (too_deep(child, depth + 1))
                                return true;
        } else if (json_is_array(value)) {
                json_array_foreach(value, index, child)
                        if (too_deep(child, depth + 1))
                                return true;
        }
        return false;
}

int json_parse(const char *data, size_t size, json_t **ret, Error **err) {
        json_error_t where;
        _cleanup_json_ json_t *value =
                json_loadb(data, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &where);
        if (value == NULL)
                return error_set(err, ERROR_INVALID, 0, "Invalid JSON: %s at line %d, column %d",
                                 where.text, where.line, where.column);
        if (too_deep(value, 0))
                return error_set(err, ERROR_INVALID, 0, "Invalid JSON: more than %d levels",
                                 DEPTH_LIMIT);
        *ret = TAKE_PTR(value);
        return 0;
}

static char *dump(const json_t *value, size_t flags) {
        char *text = json_dumps(value, flags | JSON_ENCODE_ANY);
        return text != NULL ? text : str_dup("null");
}

char *json_dump_sorted(const json_t *value) {
        return dump(value, JSON_COMPACT | JSON_SORT_KEYS);
}

char *json_dump_compact(const json_t *value) {
        return dump(value, JSON_COMPACT);
}

char *json_dump_pretty(const json_t *value) {
        return dump(value, JSON_INDENT(4) | JSON_SORT_KEYS);
}

char *json_dump_go(const json_t *value) {
        static const struct {
                const char *bytes, *escape;
        } escapes[] = {{"<", "\\u003c"},
                       {">", "\\u003e"},
                       {"&", "\\u0026"},
                       {"\xe2\x80\xa8", "\\u2028"},
                       {"\xe2\x80\xa9", "\\u2029"}};
        _cleanup_free_ char *text = json_dump_sorted(value);
        StrBuf out = {};
        for (const char *c = text; *c != '\0';) {
                size_t i = 0;
                while (i < ARRAY_SIZE(escapes) && !str_has_prefix(c, escapes[i].bytes))
                        i++;
                if (i < ARRAY_SIZE(escapes)) {
                        strbuf_add(&out, escapes[i].escape);
                        c += strlen(escapes[i].bytes);
                } else {
                        strbuf_add_char(&out, *c++);
                }
        }
        return strbuf_take(&out);
}

/* Length of the valid UTF-8 sequence at `text`, 0 when it is none (overlong, surrogate, cut). */
static size_t utf8_length(const unsigned char *text) {
        static const struct {
                unsigned char mask, lead;
                unsigned least;
        } forms[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800},
                     {0xf8, 0xf0, 0x10000}};
        for (size_t length = 1; length <= 4; length++) {
                if ((text[0] & forms[length - 1].mask) != forms[length - 1].lead)
                        continue;
                unsigned value = text[0] & (unsigned char) ~forms[length - 1].mask;
                for (size_t i = 1; i < length; i++) {
                        if ((text[i] & 0xc0) != 0x80)
                                return 0;
                        value = value << 6 | (text[i] & 0x3f);
                }
                bool bad = value < forms[length - 1].least || value > 0x10ffff ||
                           (value >= 0xd800 && value <= 0xdfff);
                return bad ? 0 : length;
        }
        return 0;
}

json_t *json_string_lossy(const char *text) {
        json_t *value = json_string(text != NULL ? text : "");
        if (value != NULL)
                return value;
        _cleanup_strbuf_ StrBuf out = {};
        for (const char *c = text; *c != '\0';) {
                size_t length = utf8_length((const unsigned char *) c);
                if (length > 0)
                        strbuf_add_data(&out, c, length);
                else
                        strbuf_add(&out, "\xef\xbf\xbd");
                c += length > 0 ? length : 1;
        }
        return json_string(out.data);
}

json_t *json_from_strmap(const StrMap *map) {
        json_t *object = json_object();
        for (size_t i = 0; i < map->count; i++)
                json_object_set_new(object, map->items[i].key,
                                    json_string_lossy(map->items[i].value));
        return object;
}

json_t *json_from_strlist(const StrList *list) {
        json_t *array = json_array();
        for (size_t i = 0; i < list->count; i++)
                json_array_append_new(array, json_string_lossy(list->items[i]));
        return array;
}

json_t *json_from_devicemap(const DeviceMap *map) {
        json_t *object = json_object();
        for (size_t i = 0; i < map->count; i++)
                json_object_set_new(object, map->items[i].name,
                                    json_from_strmap(&map->items[i].config));
        return object;
}

json_t *json_time(int64_t ns) {
        char text[TIME_TEXT_SIZE];
        return json_string(time_format_rfc3339(ns, text));
}

bool json_has(const json_t *object, const char *key) {
        const json_t *value = json_object_get(object, key);
        return value != NULL && !json_is_null(value);
}

static int wrong_type(const char *key, const char *wanted, Error **err) {
        return error_set(err, ERROR_INVALID, 0, "\"%s\" must be %s", key, wanted);
}

int json_get_string(const json_t *object, const char *key, char **ret, Error **err) {
        if (!json_has(object, key))
                return 0;
        const json_t *value = json_object_get(object, key);
        if (!json_is_string(value))
                return wrong_type(key, "a string", err);
        if (strlen(json_string_value(value)) != json_string_length(value))
                return wrong_type(key, "a string without NUL", err);
        str_replace(ret, str_dup(json_string_value(value)));
        return 0;
}

int json_get_bool(const json_t *object, const char *key, bool *ret, Error **err) {
        if (!json_has(object, key))
                return 0;
        const json_t *value = json_object_get(object, key);
        if (!json_is_boolean(value))
                return wrong_type(key, "true or false", err);
        *ret = json_is_true(value);
        return 0;
}

int json_get_int(const json_t *object, const char *key, int64_t *ret, Error **err) {
        if (!json_has(object, key))
                return 0;
        const json_t *value = json_object_get(object, key);
        if (!json_is_integer(value))
                return wrong_type(key, "an integer", err);
        *ret = json_integer_value(value);
        return 0;
}

/* Text for a config value; NULL for null. Numbers and booleans come from hand-written YAML. */
static int value_text(const char *key, const json_t *value, char **ret, Error **err) {
        if (json_is_string(value))
                *ret = str_dup(json_string_value(value));
        else if (json_is_null(value))
                *ret = NULL;
        else if (json_is_number(value) || json_is_boolean(value))
                *ret = json_dump_compact(value);
        else
                return wrong_type(key, "a string", err);
        return 0;
}

static int fill_strmap(json_t *values, const char *name, bool patch, StrMap *map, Error **err) {
        const char *key;
        json_t *value;
        if (!json_is_object(values))
                return wrong_type(name, "an object of strings", err);
        json_object_foreach(values, key, value) {
                _cleanup_free_ char *text = NULL;
                if (value_text(key, value, &text, err) < 0)
                        return -1;
                /* An empty value unsets in a PATCH, as null does. */
                if (patch && str_is_empty(text))
                        (void) strmap_remove(map, key);
                else if (text != NULL)
                        strmap_set(map, key, text);
        }
        return 0;
}

int json_get_strmap(const json_t *object, const char *key, bool patch, StrMap *ret, Error **err) {
        _cleanup_strmap_ StrMap map = {};
        if (!json_has(object, key))
                return 0;
        if (patch)
                strmap_copy(&map, ret);
        if (fill_strmap(json_object_get(object, key), key, patch, &map, err) < 0)
                return -1;
        strmap_done(ret);
        *ret = map;
        map = (StrMap){};
        return 0;
}

int json_get_devicemap(const json_t *object, const char *key, bool patch, DeviceMap *ret,
                       Error **err) {
        _cleanup_devicemap_ DeviceMap map = {};
        const char *name;
        json_t *value;
        if (!json_has(object, key))
                return 0;
        json_t *devices = json_object_get(object, key);
        if (!json_is_object(devices))
                return wrong_type(key, "an object of devices", err);
        if (patch)
                devicemap_copy(&map, ret);
        json_object_foreach(devices, name, value) {
                if (patch && json_is_null(value)) {
                        (void) devicemap_remove(&map, name);
                        continue;
                }
                StrMap *config = devicemap_add(&map, name);
                strmap_done(config);
                if (fill_strmap(value, name, false, config, err) < 0)
                        return -1;
        }
        devicemap_done(ret);
        *ret = map;
        map = (DeviceMap){};
        return 0;
}

int json_get_strlist(const json_t *object, const char *key, StrList *ret, Error **err) {
        _cleanup_strlist_ StrList list = {};
        size_t index;
        json_t *value;
        if (!json_has(object, key))
                return 0;
        if (!json_is_array(json_object_get(object, key)))
                return wrong_type(key, "a list of strings", err);
        json_array_foreach(json_object_get(object, key), index, value) {
                if (!json_is_string(value))
                        return wrong_type(key, "a list of strings", err);
                strlist_add(&list, json_string_value(value));
        }
        strlist_done(ret);
        *ret = list;
        list = (StrList){};
        return 0;
}

int json_get_time(const json_t *object, const char *key, int64_t *ret_ns, Error **err) {
        if (!json_has(object, key))
                return 0;
        if (!time_parse_rfc3339(json_string_value(json_object_get(object, key)), ret_ns))
                return wrong_type(key, "a time like 2021-03-23T20:00:00Z", err);
        return 0;
}
