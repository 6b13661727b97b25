/* Text: predicates, a growing buffer, lists and sorted maps of strings. */
#pragma once

#include "base/macros.h"

#include <stdarg.h>
#include <stdbool.h>

/* Predicates. NULL is an empty string to all of them. */
bool str_equal(const char *a, const char *b); /* two NULLs are equal, NULL and "" are too */
bool str_is_empty(const char *text);
bool str_has_prefix(const char *text, const char *prefix);
bool str_has_suffix(const char *text, const char *suffix);
bool str_equal_nocase(const char *a, const char *b);
/* Comparison whose time does not depend on the content: for secrets. */
bool str_equal_secret(const char *a, const char *b);

/* The text after `prefix`, or NULL when it does not start so. */
const char *str_after_prefix(const char *text, const char *prefix);

/* Strict decimal: the whole text must be a number in range, no sign for the unsigned one. */
bool str_to_int64(const char *text, int64_t *ret);
bool str_to_uint64(const char *text, uint64_t *ret);
/* LXD's words: 1 true yes on / 0 false no off (any case). Other text is not a boolean. */
bool str_to_bool(const char *text, bool *ret);
bool str_is_true(const char *text);
bool str_is_false(const char *text);

char *str_lower(const char *text);
char *str_trim(const char *text); /* copy without blanks at both ends */
char *hex_encode(const void *data, size_t size);
/* -1 unless the text is 2*size lower- or upper-case hex digits. */
int hex_decode(const char *text, void *ret, size_t size);

/* Percent encoding as RFC 3986 has it for one path segment or one query value. */
char *url_escape(const char *text);
/* NULL when a %-sequence is broken or decodes to NUL. `plus`: '+' means blank (queries). */
char *url_unescape(const char *text, size_t length, bool plus);

/* A growing buffer, always NUL-terminated once something was added. */
typedef struct StrBuf {
        char *data;
        size_t length;
        size_t capacity;
} StrBuf;

void strbuf_add(StrBuf *buffer, const char *text);
void strbuf_add_data(StrBuf *buffer, const void *data, size_t size);
void strbuf_add_char(StrBuf *buffer, char c);
void strbuf_printf(StrBuf *buffer, const char *format, ...) _printf_(2, 3);
void strbuf_truncate(StrBuf *buffer, size_t length);
char *strbuf_take(StrBuf *buffer); /* the text ("" when empty); the buffer is empty after */
void strbuf_done(StrBuf *buffer);
#define _cleanup_strbuf_ _cleanup_(strbuf_done)

/* A list of owned strings, `items[count]` is NULL once something was added. */
typedef struct StrList {
        char **items;
        size_t count;
        size_t capacity;
} StrList;

void strlist_add(StrList *list, const char *text);
void strlist_take(StrList *list, char *owned);
void strlist_printf(StrList *list, const char *format, ...) _printf_(2, 3);
bool strlist_has(const StrList *list, const char *text);
void strlist_remove(StrList *list, size_t index);
void strlist_sort(StrList *list);
void strlist_copy(StrList *to, const StrList *from); /* `to` is replaced */
bool strlist_equal(const StrList *a, const StrList *b);
char *strlist_join(const StrList *list, const char *separator);
/* Splits at any of `separators`; empty parts are kept unless `skip_empty`. Appends to `list`. */
void strlist_split(StrList *list, const char *text, const char *separators, bool skip_empty);
void strlist_done(StrList *list);
#define _cleanup_strlist_ _cleanup_(strlist_done)

/* A map of owned strings, sorted by key (the order that LXD's clients see). */
typedef struct StrPair {
        char *key;
        char *value;
} StrPair;

typedef struct StrMap {
        StrPair *items;
        size_t count;
        size_t capacity;
} StrMap;

const char *strmap_get(const StrMap *map, const char *key); /* NULL when absent */
bool strmap_has(const StrMap *map, const char *key);
void strmap_set(StrMap *map, const char *key, const char *value); /* value NULL removes */
void strmap_printf(StrMap *map, const char *key, const char *format, ...) _printf_(3, 4);
bool strmap_remove(StrMap *map, const char *key);
void strmap_copy(StrMap *to, const StrMap *from); /* `to` is replaced */
void strmap_merge(StrMap *to, const StrMap *from); /* keys of `from` win */
bool strmap_equal(const StrMap *a, const StrMap *b);
void strmap_done(StrMap *map);
#define _cleanup_strmap_ _cleanup_(strmap_done)

/* A sorted map of maps: an instance's or profile's devices. */
typedef struct DeviceEntry {
        char *name;
        StrMap config;
} DeviceEntry;

typedef struct DeviceMap {
        DeviceEntry *items;
        size_t count;
        size_t capacity;
} DeviceMap;

StrMap *devicemap_get(const DeviceMap *map, const char *name); /* NULL when absent */
StrMap *devicemap_add(DeviceMap *map, const char *name); /* the existing or a new empty one */
bool devicemap_remove(DeviceMap *map, const char *name);
void devicemap_copy(DeviceMap *to, const DeviceMap *from); /* `to` is replaced */
/* Whole devices of `from` replace those of the same name. */
void devicemap_merge(DeviceMap *to, const DeviceMap *from);
bool devicemap_equal(const DeviceMap *a, const DeviceMap *b);
void devicemap_done(DeviceMap *map);
#define _cleanup_devicemap_ _cleanup_(devicemap_done)

/* A hash table from string to a borrowed or owned pointer. */
typedef struct Table Table;
typedef void (*TableFree)(void *value);

Table *table_new(TableFree free_value); /* free_value NULL: values are borrowed */
void table_free(Table *table);
DEFINE_CLEANUP(Table, table, table_free)
void *table_get(const Table *table, const char *key);
void table_set(Table *table, const char *key, void *value); /* frees a replaced value */
void *table_take(Table *table, const char *key); /* removes without freeing; NULL when absent */
bool table_remove(Table *table, const char *key);
size_t table_count(const Table *table);
/* Iterates in no particular order: start with *cursor = 0; false at the end. No change
 * meanwhile. */
bool table_next(const Table *table, size_t *cursor, const char **ret_key, void **ret_value);
