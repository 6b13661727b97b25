/* Structs and JSON through one table, so that no object is written or read by hand.
 *
 * A table is an array of JsonField rows ended by JSON_END, made with the macros below, which
 * refuse to compile when a member's C type does not fit its row. The order of the rows is the order
 * of the keys in JSON. C types of members:
 *
 *   JSON_STRING    char *       written "" when NULL
 *   JSON_INTEGER   int64_t      every width and sign of the API
 *   JSON_REAL      double
 *   JSON_BOOLEAN   bool
 *   JSON_TIME      int64_t      ns since 1970, TIME_ZERO ("0001-01-01T00:00:00Z") means unset
 *   JSON_STRMAP    StrMap       {} when empty; numbers and booleans are read as their text
 *   JSON_DEVICEMAP DeviceMap    {} when empty
 *   JSON_STRLIST   StrList      [] when empty, never null
 *   JSON_VALUE     json_t *     any JSON; null when NULL; the struct owns a reference
 *   JSON_OBJECT    T            a nested struct
 *   JSON_POINTER   T *          a nested struct on the heap; null when NULL
 *   JSON_LIST      TList        from JSON_DEFINE_LIST(T); [] when empty
 *   JSON_MAP       TMap         from JSON_DEFINE_MAP(T); {} when empty, in the order of adding
 *
 * A zeroed struct is valid and empty; note that a zeroed time is 1970: start from
 * json_struct_init(). All functions are pure, so thread-safe on separate structs. */
#pragma once

#include "base/times.h"
#include "json/json.h"
#include "json/writer.h"

typedef enum JsonFieldType {
        JSON_FIELD_STRING = 1,
        JSON_FIELD_INTEGER,
        JSON_FIELD_REAL,
        JSON_FIELD_BOOLEAN,
        JSON_FIELD_TIME,
        JSON_FIELD_STRMAP,
        JSON_FIELD_DEVICEMAP,
        JSON_FIELD_STRLIST,
        JSON_FIELD_VALUE,
        JSON_FIELD_OBJECT,
        JSON_FIELD_POINTER,
        JSON_FIELD_LIST,
        JSON_FIELD_MAP,
} JsonFieldType;

typedef enum JsonFieldFlags {
        JSON_OMIT_EMPTY = 1 << 0, /* left out when "", 0, false, empty, NULL or TIME_ZERO */
        JSON_IS_REQUIRED = 1 << 1, /* reading without JSON_PATCH fails when it is absent or null */
} JsonFieldFlags;

typedef struct JsonField {
        const char *name;
        JsonFieldType type;
        unsigned flags;
        size_t offset;
        const struct JsonField *fields; /* of the nested struct */
        size_t size;                    /* of the nested struct, of a map's entry */
        size_t value;                   /* offset of the struct in a map's entry */
} JsonField;

/* Flags for json_to_struct(). */
typedef enum JsonMode {
        JSON_REPLACE = 0,    /* PUT, POST: what is absent becomes empty */
        JSON_PATCH = 1 << 0, /* absent keys keep their value; maps merge, "" or null removes a
                              * map's key; a device is replaced whole */
        JSON_FROM_YAML = 1 << 1, /* scalars are text where text is wanted, yes/on are booleans */
} JsonMode;

/* A new object with the keys of the table. Never NULL. */
json_t *json_from_struct(const JsonField *fields, const void *data) _must_check_;
/* The same text without building a tree: for lists. Writes a whole {…}. */
void json_write_struct(JsonWriter *writer, const JsonField *fields, const void *data);
/* Only the "key":value pairs, so that the caller can add keys of its own. */
void json_write_members(JsonWriter *writer, const JsonField *fields, const void *data);

/* Reads `value` into an initialised struct. As Go does: unknown keys are ignored, a key in another
 * case is taken when the exact one is absent, null leaves the member empty. A wrong type is
 * ERROR_INVALID and names the path ("devices.eth0.mtu" must be a string). On failure the struct is
 * as it was. `mode`: JsonMode flags. */
int json_to_struct(const JsonField *fields, const json_t *value, void *data, unsigned mode,
                   Error **err) _must_check_;

/* Zeroes, and sets times to TIME_ZERO. `size` of the struct. */
void json_struct_init(const JsonField *fields, void *data, size_t size);
/* Frees what the members own, and leaves them empty (times at TIME_ZERO). */
void struct_done(const JsonField *fields, void *data);

/* Lists and maps of structs. ADD returns the new, initialised last element; the pointer is valid
 * until the next one. json_map_add returns the value of an entry, a present one for a known key. */
#define JSON_DEFINE_LIST(T)      \
        typedef struct T##List { \
                struct T *items; \
                size_t count;    \
                size_t capacity; \
        } T##List
#define JSON_DEFINE_MAP(T)            \
        typedef struct T##MapEntry {  \
                char *key;            \
                T value;              \
        } T##MapEntry;                \
        typedef struct T##Map {       \
                T##MapEntry *items;   \
                size_t count;         \
                size_t capacity;      \
        } T##Map
#define json_list_add(list, table) \
        ((__typeof__((list)->items)) json_list_add_item((list), (table), sizeof *(list)->items))
#define json_map_add(map, table, key)                                           \
        ((__typeof__(&(map)->items->value)) json_map_add_item(                  \
                (map), (table), (key), sizeof *(map)->items,                    \
                offsetof(__typeof__(*(map)->items), value)))
void *json_list_add_item(void *list, const JsonField *fields, size_t size);
void *json_map_add_item(void *map, const JsonField *fields, const char *key, size_t size,
                        size_t value);

/* Rows: JSON_STRING(ApiProfile, name, 0). The key is the member's name; the _AS forms give another
 * key: JSON_BOOLEAN_AS(ApiInstanceExecPost, wait_for_websocket, "wait-for-websocket", 0). */
#define JSON_TYPE_CHECK(S, member, T)                                                       \
        (0 * sizeof(char[__builtin_types_compatible_p(__typeof__(((S *) 0)->member), T) ? 1 \
                                                                                        : -1]))
#define JSON_PLAIN_ROW(S, member, key, T, kind, row_flags)            \
        {                                                             \
                .name = (key), .type = (kind), .flags = (row_flags),  \
                .offset = offsetof(S, member) + JSON_TYPE_CHECK(S, member, T) \
        }
#define JSON_STRING_AS(S, m, key, f) JSON_PLAIN_ROW(S, m, key, char *, JSON_FIELD_STRING, f)
#define JSON_INTEGER_AS(S, m, key, f) JSON_PLAIN_ROW(S, m, key, int64_t, JSON_FIELD_INTEGER, f)
#define JSON_REAL_AS(S, m, key, f) JSON_PLAIN_ROW(S, m, key, double, JSON_FIELD_REAL, f)
#define JSON_BOOLEAN_AS(S, m, key, f) JSON_PLAIN_ROW(S, m, key, bool, JSON_FIELD_BOOLEAN, f)
#define JSON_TIME_AS(S, m, key, f) JSON_PLAIN_ROW(S, m, key, int64_t, JSON_FIELD_TIME, f)
#define JSON_STRMAP_AS(S, m, key, f) JSON_PLAIN_ROW(S, m, key, StrMap, JSON_FIELD_STRMAP, f)
#define JSON_DEVICEMAP_AS(S, m, key, f) \
        JSON_PLAIN_ROW(S, m, key, DeviceMap, JSON_FIELD_DEVICEMAP, f)
#define JSON_STRLIST_AS(S, m, key, f) JSON_PLAIN_ROW(S, m, key, StrList, JSON_FIELD_STRLIST, f)
#define JSON_VALUE_AS(S, m, key, f) JSON_PLAIN_ROW(S, m, key, json_t *, JSON_FIELD_VALUE, f)
#define JSON_STRING(S, m, f) JSON_STRING_AS(S, m, #m, f)
#define JSON_INTEGER(S, m, f) JSON_INTEGER_AS(S, m, #m, f)
#define JSON_REAL(S, m, f) JSON_REAL_AS(S, m, #m, f)
#define JSON_BOOLEAN(S, m, f) JSON_BOOLEAN_AS(S, m, #m, f)
#define JSON_TIME(S, m, f) JSON_TIME_AS(S, m, #m, f)
#define JSON_STRMAP(S, m, f) JSON_STRMAP_AS(S, m, #m, f)
#define JSON_DEVICEMAP(S, m, f) JSON_DEVICEMAP_AS(S, m, #m, f)
#define JSON_STRLIST(S, m, f) JSON_STRLIST_AS(S, m, #m, f)
#define JSON_VALUE(S, m, f) JSON_VALUE_AS(S, m, #m, f)

#define JSON_NESTED_ROW(S, member, key, T, kind, nested, row_flags)           \
        {                                                                     \
                .name = (key), .type = (kind), .flags = (row_flags), nested,  \
                .offset = offsetof(S, member) + JSON_TYPE_CHECK(S, member, T) \
        }
#define JSON_NESTED_TABLE(T, table) .fields = (table), .size = sizeof(T)
#define JSON_OBJECT_AS(S, m, key, T, table, f) \
        JSON_NESTED_ROW(S, m, key, T, JSON_FIELD_OBJECT, JSON_NESTED_TABLE(T, table), f)
#define JSON_OBJECT(S, m, T, table, f) JSON_OBJECT_AS(S, m, #m, T, table, f)
#define JSON_POINTER(S, m, T, table, f) \
        JSON_NESTED_ROW(S, m, #m, T *, JSON_FIELD_POINTER, JSON_NESTED_TABLE(T, table), f)
#define JSON_LIST(S, m, T, table, f) \
        JSON_NESTED_ROW(S, m, #m, T##List, JSON_FIELD_LIST, JSON_NESTED_TABLE(T, table), f)
#define JSON_MAP(S, m, T, table, f)                                                          \
        {                                                                                    \
                .name = #m, .type = JSON_FIELD_MAP, .flags = (f), .fields = (table),         \
                .size = sizeof(T##MapEntry), .value = offsetof(T##MapEntry, value),          \
                .offset = offsetof(S, m) + JSON_TYPE_CHECK(S, m, T##Map)                     \
        }
#define JSON_END \
        {        \
                .name = NULL \
        }
