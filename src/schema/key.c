#include "schema/key.h"

#include "base/memory.h"

#include <ctype.h>
#include <string.h>

const ConfigKey *config_next(const ConfigTable *table, ConfigCursor *cursor) {
        while (table->parts[cursor->part] != NULL) {
                const ConfigKey *key = &table->parts[cursor->part][cursor->row++];
                if (key->name == NULL) {
                        cursor->part++;
                        cursor->row = 0;
                        continue;
                }
                if ((key->flags & table->without) == 0)
                        return key;
        }
        return NULL;
}

/* Whether the dot-separated part of `length` stands for any text: POOL_NAME, <name>. */
static bool is_hole(const char *part, size_t length) {
        if (length >= 2 && part[0] == '<')
                return part[length - 1] == '>';
        for (size_t i = 0; i < length; i++)
                if (!isupper((unsigned char) part[i]) && part[i] != '_')
                        return false;
        return length > 1;
}

/* The part of a row's name that stands for any text; false when there is none. */
static bool find_hole(const char *name, size_t *ret_start, size_t *ret_end) {
        for (size_t start = 0;;) {
                size_t length = strcspn(name + start, ".");
                if (is_hole(name + start, length)) {
                        *ret_start = start;
                        *ret_end = start + length;
                        return true;
                }
                if (name[start + length] == '\0')
                        return false;
                start += length + 1;
        }
}

bool config_key_is_pattern(const ConfigKey *key) {
        size_t start, end;
        return str_has_suffix(key->name, "*") || find_hole(key->name, &start, &end);
}

static bool match_hole(const char *pattern, const char *name) {
        size_t start, end, length = strlen(name);
        if (!find_hole(pattern, &start, &end))
                return false;
        size_t after = strlen(pattern + end);
        return length > start + after && strncmp(pattern, name, start) == 0 &&
               strcmp(pattern + end, name + length - after) == 0;
}

static bool match_star(const char *pattern, const char *name) {
        size_t before = strlen(pattern) - 1;
        return pattern[before] == '*' && strncmp(pattern, name, before) == 0 &&
               name[before] != '\0';
}

static bool match_exact(const char *pattern, const char *name) {
        return strcmp(pattern, name) == 0;
}

static const ConfigKey *find_volume_default(const ConfigTable *table, const char *name) {
        const char *key = str_after_prefix(name, "volume.");
        if (table->volumes == NULL || key == NULL || str_has_prefix(key, "volatile."))
                return NULL;
        return config_key_find(table->volumes, key);
}

const ConfigKey *config_key_find(const ConfigTable *table, const char *name) {
        static bool (*const matchers[])(const char *, const char *) = {match_exact, match_hole,
                                                                        match_star};
        for (size_t i = 0; i < ARRAY_SIZE(matchers); i++) {
                ConfigCursor cursor = {};
                const ConfigKey *key;
                while ((key = config_next(table, &cursor)) != NULL)
                        if ((key->flags & KEY_PROPERTY) == 0 && matchers[i](key->name, name))
                                return key;
        }
        return find_volume_default(table, name);
}

bool config_key_is_live(const ConfigTable *table, const char *name) {
        const ConfigKey *key = config_key_find(table, name);
        return key != NULL && (key->flags & KEY_LIVE) != 0;
}

const char *config_default(const ConfigTable *table, const char *name) {
        const ConfigKey *key = config_key_find(table, name);
        return key != NULL ? key->default_value : NULL;
}

const char *config_value(const ConfigTable *table, const StrMap *config, const char *name) {
        const char *value = strmap_get(config, name);
        return !str_is_empty(value) ? value : config_default(table, name);
}

bool config_bool(const ConfigTable *table, const StrMap *config, const char *name) {
        return str_is_true(config_value(table, config, name));
}

int64_t config_integer(const ConfigTable *table, const StrMap *config, const char *name,
                       int64_t otherwise) {
        int64_t number;
        return str_to_int64(config_value(table, config, name), &number) ? number : otherwise;
}

/* Validation. */

/* A text with {name}, {key}, {value} and {reason} filled in, as the Error. */
static int refuse(const char *template, const StrMap *values, Error **err) {
        _cleanup_strbuf_ StrBuf text = {};
        for (const char *c = template; *c != '\0';) {
                size_t length = strcspn(c, "}");
                _cleanup_free_ char *word = *c == '{' ? str_ndup(c + 1, length - 1) : NULL;
                if (word != NULL && strmap_has(values, word)) {
                        strbuf_add(&text, strmap_get(values, word));
                        c += length + 1;
                } else {
                        strbuf_add_char(&text, *c++);
                }
        }
        return error_set(err, ERROR_INVALID, 0, "%s", text.data);
}

static int refuse_key(const ConfigTable *table, const char *object, const StrPair *pair,
                      const char *reason, Error **err) {
        _cleanup_strmap_ StrMap values = {};
        strmap_set(&values, "name", object != NULL ? object : "");
        strmap_set(&values, "key", pair->key);
        strmap_set(&values, "value", pair->value != NULL ? pair->value : "");
        strmap_set(&values, "reason", reason != NULL ? reason : "");
        return refuse(reason != NULL ? table->invalid_text : table->unknown_text, &values, err);
}

static int check_refusals(const ConfigTable *table, const char *name, Error **err) {
        const ConfigRefusal *refusal = table->refusals;
        for (; refusal != NULL && refusal->prefix != NULL; refusal++)
                if (str_has_prefix(name, refusal->prefix))
                        return error_set(err, ERROR_INVALID, 0, "%s", refusal->text);
        return 0;
}

static int validate_pair(const ConfigTable *table, const char *object, const StrPair *pair,
                         Error **err) {
        _cleanup_error_ Error *reason = NULL;
        if (check_refusals(table, pair->key, err) < 0)
                return -1;
        const ConfigKey *key = config_key_find(table, pair->key);
        if (key == NULL)
                return refuse_key(table, object, pair, NULL, err);
        if (str_is_empty(pair->value))
                return (key->flags & KEY_REQUIRED) != 0
                               ? refuse_key(table, object, pair, "Required value", err)
                               : 0;
        if (key->check != NULL && key->check(key, pair->value, &reason) < 0)
                return refuse_key(table, object, pair, error_message(reason), err);
        return 0;
}

int config_validate_key(const ConfigTable *table, const char *object, const char *name,
                        const char *value, Error **err) {
        const StrPair pair = {.key = (char *) name, .value = (char *) value};
        return validate_pair(table, object, &pair, err);
}

static int validate_required(const ConfigTable *table, const char *object, const StrMap *config,
                             const char *except, Error **err) {
        ConfigCursor cursor = {};
        const ConfigKey *key;
        while ((key = config_next(table, &cursor)) != NULL) {
                bool required = (key->flags & (KEY_REQUIRED | KEY_PROPERTY)) == KEY_REQUIRED;
                if (!required || str_equal(key->name, except) || strmap_has(config, key->name))
                        continue;
                const StrPair pair = {.key = (char *) key->name};
                return refuse_key(table, object, &pair, "Required value", err);
        }
        return 0;
}

int config_validate(const ConfigTable *table, const char *object, const StrMap *config,
                    Error **err) {
        for (size_t i = 0; i < config->count; i++)
                if (validate_pair(table, object, &config->items[i], err) < 0)
                        return -1;
        return validate_required(table, object, config, NULL, err);
}

/* Known keys first: a wrong value is more telling than an unknown key. */
int config_validate_device(const StrMap *device, const char *subtype, Error **err) {
        const char *type = strmap_get(device, "type");
        if (subtype == NULL && str_equal(type, "nic"))
                subtype = strmap_get(device, "nictype");
        if (subtype == NULL && str_equal(type, "gpu"))
                subtype = strmap_has(device, "gputype") ? strmap_get(device, "gputype")
                                                        : "physical";
        const ConfigTable *table = config_device_table(type, subtype);
        if (table == NULL)
                return error_set(err, ERROR_INVALID, 0, "Unsupported device type");
        for (size_t i = 0; i < device->count; i++)
                if (config_key_find(table, device->items[i].key) != NULL &&
                    validate_pair(table, NULL, &device->items[i], err) < 0)
                        return -1;
        /* A managed network knows its own parent. */
        const char *except = strmap_has(device, "network") ? "parent" : NULL;
        if (validate_required(table, NULL, device, except, err) < 0)
                return -1;
        for (size_t i = 0; i < device->count; i++)
                if (validate_pair(table, NULL, &device->items[i], err) < 0)
                        return -1;
        return 0;
}
