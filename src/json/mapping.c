#include "json/mapping.h"

#include "base/memory.h"
#include "json/mapping_private.h"

#include <math.h>
#include <string.h>

static const char *entry_key(const JsonItems *items, const JsonField *field, size_t index) {
        return *(char **) (void *) (items->items + index * field->size);
}

static void *entry_value(const JsonItems *items, const JsonField *field, size_t index) {
        return items->items + index * field->size + field->value;
}

static bool is_empty(const JsonField *field, const void *member) {
        switch (field->type) {
        case JSON_FIELD_STRING:
                return str_is_empty(*(char *const *) member);
        case JSON_FIELD_INTEGER:
                return *(const int64_t *) member == 0;
        case JSON_FIELD_REAL:
                return fpclassify(*(const double *) member) == FP_ZERO;
        case JSON_FIELD_BOOLEAN:
                return !*(const bool *) member;
        case JSON_FIELD_TIME:
                return *(const int64_t *) member == TIME_ZERO;
        case JSON_FIELD_STRMAP:
                return ((const StrMap *) member)->count == 0;
        case JSON_FIELD_DEVICEMAP:
                return ((const DeviceMap *) member)->count == 0;
        case JSON_FIELD_STRLIST:
                return ((const StrList *) member)->count == 0;
        case JSON_FIELD_VALUE:
        case JSON_FIELD_POINTER:
                return *(void *const *) member == NULL;
        case JSON_FIELD_LIST:
        case JSON_FIELD_MAP:
                return ((const JsonItems *) member)->count == 0;
        case JSON_FIELD_OBJECT:
                return false;
        }
        return false;
}

static bool is_left_out(const JsonField *field, const void *data) {
        return (field->flags & JSON_OMIT_EMPTY) != 0 &&
               is_empty(field, json_const_member(field, data));
}

/* As a tree. */

static json_t *list_tree(const JsonField *field, const JsonItems *list) {
        json_t *array = json_array();
        for (size_t i = 0; i < list->count; i++)
                json_array_append_new(
                        array, json_from_struct(field->fields, list->items + i * field->size));
        return array;
}

static json_t *map_tree(const JsonField *field, const JsonItems *map) {
        json_t *object = json_object();
        for (size_t i = 0; i < map->count; i++)
                json_object_set_new(object, entry_key(map, field, i),
                                    json_from_struct(field->fields, entry_value(map, field, i)));
        return object;
}

static json_t *pointer_tree(const JsonField *field, const void *target) {
        return target != NULL ? json_from_struct(field->fields, target) : json_null();
}

static json_t *value_tree(json_t *value) {
        return value != NULL ? json_incref(value) : json_null();
}

/* A whole number has no point, as Go writes it. */
static json_t *real_tree(double value) {
        if (!isfinite(value))
                return json_integer(0);
        return value >= -1e15 && value <= 1e15 && !(value < floor(value) || value > floor(value))
                       ? json_integer((json_int_t) value)
                       : json_real(value);
}

static json_t *member_tree(const JsonField *field, const void *member) {
        switch (field->type) {
        case JSON_FIELD_STRING:
                return json_string_lossy(*(char *const *) member);
        case JSON_FIELD_INTEGER:
                return json_integer(*(const int64_t *) member);
        case JSON_FIELD_REAL:
                return real_tree(*(const double *) member);
        case JSON_FIELD_BOOLEAN:
                return json_boolean(*(const bool *) member);
        case JSON_FIELD_TIME:
                return json_time(*(const int64_t *) member);
        case JSON_FIELD_STRMAP:
                return json_from_strmap(member);
        case JSON_FIELD_DEVICEMAP:
                return json_from_devicemap(member);
        case JSON_FIELD_STRLIST:
                return json_from_strlist(member);
        case JSON_FIELD_VALUE:
                return value_tree(*(json_t *const *) member);
        case JSON_FIELD_OBJECT:
                return json_from_struct(field->fields, member);
        case JSON_FIELD_POINTER:
                return pointer_tree(field, *(void *const *) member);
        case JSON_FIELD_LIST:
                return list_tree(field, member);
        case JSON_FIELD_MAP:
                return map_tree(field, member);
        }
        return json_null();
}

json_t *json_from_struct(const JsonField *fields, const void *data) {
        json_t *object = json_object();
        for (const JsonField *field = fields; field->name != NULL; field++)
                if (!is_left_out(field, data))
                        json_object_set_new(object, field->name,
                                            member_tree(field, json_const_member(field, data)));
        return object;
}

/* As text. */

static void write_list(JsonWriter *writer, const JsonField *field, const JsonItems *list) {
        json_writer_array_begin(writer);
        for (size_t i = 0; i < list->count; i++)
                json_write_struct(writer, field->fields, list->items + i * field->size);
        json_writer_array_end(writer);
}

static void write_map(JsonWriter *writer, const JsonField *field, const JsonItems *map) {
        json_writer_object_begin(writer);
        for (size_t i = 0; i < map->count; i++) {
                json_writer_key(writer, entry_key(map, field, i));
                json_write_struct(writer, field->fields, entry_value(map, field, i));
        }
        json_writer_object_end(writer);
}

static void write_pointer(JsonWriter *writer, const JsonField *field, const void *target) {
        if (target != NULL)
                json_write_struct(writer, field->fields, target);
        else
                json_writer_null(writer);
}

static void write_member(JsonWriter *writer, const JsonField *field, const void *member) {
        switch (field->type) {
        case JSON_FIELD_STRING:
                return json_writer_string(writer, *(char *const *) member);
        case JSON_FIELD_INTEGER:
                return json_writer_integer(writer, *(const int64_t *) member);
        case JSON_FIELD_REAL:
                return json_writer_real(writer, *(const double *) member);
        case JSON_FIELD_BOOLEAN:
                return json_writer_boolean(writer, *(const bool *) member);
        case JSON_FIELD_TIME:
                return json_writer_time(writer, *(const int64_t *) member);
        case JSON_FIELD_STRMAP:
                return json_writer_strmap(writer, member);
        case JSON_FIELD_DEVICEMAP:
                return json_writer_devicemap(writer, member);
        case JSON_FIELD_STRLIST:
                return json_writer_strlist(writer, member);
        case JSON_FIELD_VALUE:
                return json_writer_value(writer, *(json_t *const *) member);
        case JSON_FIELD_OBJECT:
                return json_write_struct(writer, field->fields, member);
        case JSON_FIELD_POINTER:
                return write_pointer(writer, field, *(void *const *) member);
        case JSON_FIELD_LIST:
                return write_list(writer, field, member);
        case JSON_FIELD_MAP:
                return write_map(writer, field, member);
        }
}

void json_write_members(JsonWriter *writer, const JsonField *fields, const void *data) {
        for (const JsonField *field = fields; field->name != NULL; field++) {
                if (is_left_out(field, data))
                        continue;
                json_writer_key(writer, field->name);
                write_member(writer, field, json_const_member(field, data));
        }
}

void json_write_struct(JsonWriter *writer, const JsonField *fields, const void *data) {
        json_writer_object_begin(writer);
        json_write_members(writer, fields, data);
        json_writer_object_end(writer);
}

/* Life of a struct. */

void json_struct_init(const JsonField *fields, void *data, size_t size) {
        if (size > 0)
                memset(data, 0, size);
        for (const JsonField *field = fields; field->name != NULL; field++) {
                if (field->type == JSON_FIELD_TIME)
                        *(int64_t *) json_member(field, data) = TIME_ZERO;
                else if (field->type == JSON_FIELD_OBJECT)
                        json_struct_init(field->fields, json_member(field, data), 0);
        }
}

static void items_done(const JsonField *field, JsonItems *items) {
        bool map = field->type == JSON_FIELD_MAP;
        for (size_t i = 0; i < items->count; i++) {
                struct_done(field->fields, map ? entry_value(items, field, i)
                                               : items->items + i * field->size);
                if (map)
                        free(*(char **) (void *) (items->items + i * field->size));
        }
        free(items->items);
        *items = (JsonItems){};
}

static void pointer_done(const JsonField *field, void **target) {
        if (*target != NULL)
                struct_done(field->fields, *target);
        free(*target);
        *target = NULL;
}

void json_member_done(const JsonField *field, void *member) {
        switch (field->type) {
        case JSON_FIELD_STRING:
                return str_replace(member, NULL);
        case JSON_FIELD_INTEGER:
                *(int64_t *) member = 0;
                return;
        case JSON_FIELD_REAL:
                *(double *) member = 0;
                return;
        case JSON_FIELD_BOOLEAN:
                *(bool *) member = false;
                return;
        case JSON_FIELD_TIME:
                *(int64_t *) member = TIME_ZERO;
                return;
        case JSON_FIELD_STRMAP:
                return strmap_done(member);
        case JSON_FIELD_DEVICEMAP:
                return devicemap_done(member);
        case JSON_FIELD_STRLIST:
                return strlist_done(member);
        case JSON_FIELD_VALUE:
                json_decref(*(json_t **) member);
                *(json_t **) member = NULL;
                return;
        case JSON_FIELD_OBJECT:
                return struct_done(field->fields, member);
        case JSON_FIELD_POINTER:
                return pointer_done(field, member);
        case JSON_FIELD_LIST:
        case JSON_FIELD_MAP:
                return items_done(field, member);
        }
}

void struct_done(const JsonField *fields, void *data) {
        for (const JsonField *field = fields; field->name != NULL; field++)
                json_member_done(field, json_member(field, data));
}

void *json_list_add_item(void *list, const JsonField *fields, size_t size) {
        JsonItems *items = list;
        mem_grow((void **) &items->items, &items->capacity, items->count + 1, size);
        void *item = items->items + items->count++ * size;
        json_struct_init(fields, item, size);
        return item;
}

void *json_map_add_item(void *map, const JsonField *fields, const char *key, size_t size,
                        size_t value) {
        JsonItems *items = map;
        for (size_t i = 0; i < items->count; i++)
                if (str_equal(*(char **) (void *) (items->items + i * size), key))
                        return items->items + i * size + value;
        mem_grow((void **) &items->items, &items->capacity, items->count + 1, size);
        char *entry = items->items + items->count++ * size;
        memset(entry, 0, size);
        *(char **) (void *) entry = str_dup(key);
        json_struct_init(fields, entry + value, size - value);
        return entry + value;
}
