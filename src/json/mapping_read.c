/* JSON into structs: a first pass checks all types, a second one takes the values and cannot fail,
 * so that a wrong body never leaves half a change. */
#include "json/mapping_private.h"

#include "base/memory.h"

#include <string.h>

/* The way down to what is looked at, for error texts. */
typedef struct Path {
        const struct Path *parent;
        const char *name;
} Path;

static void path_text(const Path *path, StrBuf *out) {
        if (path->parent != NULL)
                path_text(path->parent, out);
        if (path->name == NULL)
                return;
        if (out->length > 0)
                strbuf_add_char(out, '.');
        strbuf_add(out, path->name);
}

static int refuse(const Path *path, const char *wanted, Error **err) {
        _cleanup_strbuf_ StrBuf text = {};
        path_text(path, &text);
        if (text.length == 0)
                return error_set(err, ERROR_INVALID, 0, "The document must be %s", wanted);
        return error_set(err, ERROR_INVALID, 0, "\"%s\" must be %s", text.data, wanted);
}

/* Go's decoder falls back to a key that differs only in case. */
static json_t *find(const json_t *object, const char *name) {
        json_t *value = json_object_get(object, name);
        const char *key;
        json_t *other;
        if (value != NULL)
                return value;
        json_object_foreach((json_t *) object, key, other)
                if (str_equal_nocase(key, name))
                        return other;
        return NULL;
}

/* First pass. */

static int check_struct(const JsonField *fields, const json_t *value, unsigned mode,
                        const Path *path, Error **err);

static int check_text(const json_t *value, unsigned mode, const Path *path, Error **err) {
        bool scalar = json_is_number(value) || json_is_boolean(value);
        if ((mode & JSON_FROM_YAML) != 0 && scalar)
                return 0;
        if (!json_is_string(value))
                return refuse(path, "a string", err);
        if (strlen(json_string_value(value)) != json_string_length(value))
                return refuse(path, "a string without NUL", err);
        return 0;
}

static int check_boolean(const json_t *value, unsigned mode, const Path *path, Error **err) {
        bool ignored;
        if (json_is_boolean(value))
                return 0;
        if ((mode & JSON_FROM_YAML) != 0 && str_to_bool(json_string_value(value), &ignored))
                return 0;
        return refuse(path, "true or false", err);
}

static int check_time(const json_t *value, const Path *path, Error **err) {
        int64_t ignored;
        const char *text = json_string_value(value);
        if (text != NULL && time_parse_rfc3339(text, &ignored))
                return 0;
        return refuse(path, "a time like 2021-03-23T20:00:00Z", err);
}

/* Config values may come as numbers and booleans from hand-written YAML. */
static int check_strmap(const json_t *value, const Path *path, Error **err) {
        const char *key;
        json_t *item;
        if (!json_is_object(value))
                return refuse(path, "an object of strings", err);
        json_object_foreach((json_t *) value, key, item) {
                const Path inner = {path, key};
                if (!json_is_null(item) && check_text(item, JSON_FROM_YAML, &inner, err) < 0)
                        return -1;
        }
        return 0;
}

static int check_devicemap(const json_t *value, unsigned mode, const Path *path, Error **err) {
        const char *key;
        json_t *item;
        if (!json_is_object(value))
                return refuse(path, "an object of devices", err);
        json_object_foreach((json_t *) value, key, item) {
                const Path inner = {path, key};
                if (json_is_null(item) && (mode & JSON_PATCH) != 0)
                        continue;
                if (check_strmap(item, &inner, err) < 0)
                        return -1;
        }
        return 0;
}

static int check_array(const JsonField *field, const json_t *value, unsigned mode,
                       const Path *path, Error **err) {
        size_t index;
        json_t *item;
        if (!json_is_array(value))
                return refuse(path, "a list", err);
        json_array_foreach(value, index, item) {
                _cleanup_free_ char *name = str_printf("%zu", index);
                const Path inner = {path, name};
                int result = field->type == JSON_FIELD_STRLIST
                                     ? check_text(item, mode, &inner, err)
                                     : check_struct(field->fields, item, mode, &inner, err);
                if (result < 0)
                        return -1;
        }
        return 0;
}

static int check_map(const JsonField *field, const json_t *value, unsigned mode, const Path *path,
                     Error **err) {
        const char *key;
        json_t *item;
        if (!json_is_object(value))
                return refuse(path, "an object", err);
        json_object_foreach((json_t *) value, key, item) {
                const Path inner = {path, key};
                if (check_struct(field->fields, item, mode, &inner, err) < 0)
                        return -1;
        }
        return 0;
}

static int check_member(const JsonField *field, const json_t *value, unsigned mode,
                        const Path *path, Error **err) {
        switch (field->type) {
        case JSON_FIELD_STRING:
                return check_text(value, mode, path, err);
        case JSON_FIELD_INTEGER:
                return json_is_integer(value) ? 0 : refuse(path, "an integer", err);
        case JSON_FIELD_REAL:
                return json_is_number(value) ? 0 : refuse(path, "a number", err);
        case JSON_FIELD_BOOLEAN:
                return check_boolean(value, mode, path, err);
        case JSON_FIELD_TIME:
                return check_time(value, path, err);
        case JSON_FIELD_STRMAP:
                return check_strmap(value, path, err);
        case JSON_FIELD_DEVICEMAP:
                return check_devicemap(value, mode, path, err);
        case JSON_FIELD_STRLIST:
        case JSON_FIELD_LIST:
                return check_array(field, value, mode, path, err);
        case JSON_FIELD_VALUE:
                return 0;
        case JSON_FIELD_OBJECT:
        case JSON_FIELD_POINTER:
                return check_struct(field->fields, value, mode, path, err);
        case JSON_FIELD_MAP:
                return check_map(field, value, mode, path, err);
        }
        return 0;
}

static int check_struct(const JsonField *fields, const json_t *value, unsigned mode,
                        const Path *path, Error **err) {
        if (!json_is_object(value))
                return refuse(path, "an object", err);
        for (const JsonField *field = fields; field->name != NULL; field++) {
                const Path inner = {path, field->name};
                const json_t *item = find(value, field->name);
                bool required = (field->flags & JSON_IS_REQUIRED) != 0 && (mode & JSON_PATCH) == 0;
                if (item == NULL || json_is_null(item)) {
                        if (required)
                                return refuse(&inner, "given", err);
                        continue;
                }
                if (check_member(field, item, mode, &inner, err) < 0)
                        return -1;
        }
        return 0;
}

/* Second pass. */

static void take_struct(const JsonField *fields, const json_t *value, void *data, unsigned mode);

static char *scalar_text(const json_t *value) {
        if (json_is_null(value))
                return NULL;
        return json_is_string(value) ? str_dup(json_string_value(value))
                                     : json_dump_compact(value);
}

static void take_strmap(const json_t *value, StrMap *map, bool patch) {
        const char *key;
        json_t *item;
        if (!patch)
                strmap_done(map);
        json_object_foreach((json_t *) value, key, item) {
                _cleanup_free_ char *text = scalar_text(item);
                strmap_set(map, key, patch && str_is_empty(text) ? NULL : text);
        }
}

static void take_devicemap(const json_t *value, DeviceMap *map, bool patch) {
        const char *name;
        json_t *item;
        if (!patch)
                devicemap_done(map);
        json_object_foreach((json_t *) value, name, item) {
                (void) devicemap_remove(map, name);
                if (!json_is_null(item))
                        take_strmap(item, devicemap_add(map, name), false);
        }
}

static void take_strlist(const json_t *value, StrList *list) {
        size_t index;
        json_t *item;
        strlist_done(list);
        json_array_foreach(value, index, item)
                strlist_take(list, scalar_text(item));
}

static void take_boolean(const json_t *value, bool *ret) {
        if (json_is_boolean(value))
                *ret = json_is_true(value);
        else
                *ret = str_is_true(json_string_value(value));
}

static void take_list(const JsonField *field, const json_t *value, void *list, unsigned mode) {
        size_t index;
        json_t *item;
        json_member_done(field, list);
        json_array_foreach(value, index, item)
                take_struct(field->fields, item,
                            json_list_add_item(list, field->fields, field->size),
                            mode & ~(unsigned) JSON_PATCH);
}

static void take_map(const JsonField *field, const json_t *value, void *map, unsigned mode) {
        const char *key;
        json_t *item;
        if ((mode & JSON_PATCH) == 0)
                json_member_done(field, map);
        json_object_foreach((json_t *) value, key, item)
                take_struct(field->fields, item,
                            json_map_add_item(map, field->fields, key, field->size, field->value),
                            mode);
}

static void take_pointer(const JsonField *field, const json_t *value, void **target,
                         unsigned mode) {
        if (*target == NULL) {
                *target = mem_alloc(field->size);
                json_struct_init(field->fields, *target, field->size);
        }
        take_struct(field->fields, value, *target, mode);
}

static void take_member(const JsonField *field, json_t *value, void *member, unsigned mode) {
        bool patch = (mode & JSON_PATCH) != 0;
        switch (field->type) {
        case JSON_FIELD_STRING:
                return str_replace(member, scalar_text(value));
        case JSON_FIELD_INTEGER:
                *(int64_t *) member = json_integer_value(value);
                return;
        case JSON_FIELD_REAL:
                *(double *) member = json_number_value(value);
                return;
        case JSON_FIELD_BOOLEAN:
                return take_boolean(value, member);
        case JSON_FIELD_TIME:
                (void) time_parse_rfc3339(json_string_value(value), member);
                return;
        case JSON_FIELD_STRMAP:
                return take_strmap(value, member, patch);
        case JSON_FIELD_DEVICEMAP:
                return take_devicemap(value, member, patch);
        case JSON_FIELD_STRLIST:
                return take_strlist(value, member);
        case JSON_FIELD_VALUE:
                json_decref(*(json_t **) member);
                *(json_t **) member = json_incref(value);
                return;
        case JSON_FIELD_OBJECT:
                return take_struct(field->fields, value, member, mode);
        case JSON_FIELD_POINTER:
                return take_pointer(field, value, member, mode);
        case JSON_FIELD_LIST:
                return take_list(field, value, member, mode);
        case JSON_FIELD_MAP:
                return take_map(field, value, member, mode);
        }
}

static void take_struct(const JsonField *fields, const json_t *value, void *data, unsigned mode) {
        bool patch = (mode & JSON_PATCH) != 0;
        for (const JsonField *field = fields; field->name != NULL; field++) {
                json_t *item = find(value, field->name);
                bool given = item != NULL && !json_is_null(item);
                void *member = json_member(field, data);
                if (given)
                        take_member(field, item, member, mode);
                else if (!patch)
                        json_member_done(field, member);
        }
}

int json_to_struct(const JsonField *fields, const json_t *value, void *data, unsigned mode,
                   Error **err) {
        const Path root = {};
        if (check_struct(fields, value, mode, &root, err) < 0)
                return -1;
        take_struct(fields, value, data, mode);
        return 0;
}
