/* jansson, made strict on the way in and like Go on the way out. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <jansson.h>

static inline void json_cleanup(json_t **value) {
        json_decref(*value);
}
#define _cleanup_json_ _cleanup_(json_cleanup)

/* Strict RFC 8259: no duplicate keys, no trailing text, at most 64 deep (jansson: 2048). The error
 * names line, column and what was wrong. */
int json_parse(const char *data, size_t size, json_t **ret, Error **err) _must_check_;

/* One line with sorted keys / in the order of insertion. Owned by the caller. */
char *json_dump_sorted(const json_t *value);
char *json_dump_compact(const json_t *value);
char *json_dump_pretty(const json_t *value); /* indented by 4, sorted */
/* Sorted, and < > & U+2028 U+2029 escaped as Go's encoder does: for hashes made of text. */
char *json_dump_go(const json_t *value);

/* The order of yaml.v2: numbers in names by value (eth2, eth10), letters behind all others. */
int json_compare_keys(const char *a, const char *b);
/* Puts the keys of an object, and of those inside it, into that order. Other values: nothing. */
void json_sort_keys(json_t *value);

/* A string whose bytes that are no UTF-8 become U+FFFD; NULL becomes "". */
json_t *json_string_lossy(const char *text);
json_t *json_from_strmap(const StrMap *map);
json_t *json_from_strlist(const StrList *list);
json_t *json_from_devicemap(const DeviceMap *map);
json_t *json_time(int64_t ns); /* RFC3339 text */

/* Reading members of a body. Absent or null: 0 and the output untouched. A wrong type is
 * ERROR_INVALID and names `key`. */
int json_get_string(const json_t *object, const char *key, char **ret, Error **err)
        _must_check_; /* frees and replaces *ret */
int json_get_bool(const json_t *object, const char *key, bool *ret, Error **err) _must_check_;
int json_get_int(const json_t *object, const char *key, int64_t *ret, Error **err) _must_check_;
/* Values may be strings, numbers and booleans (written as text), null removes the key when
 * `patch`. Without `patch` *ret is replaced, with it changed. */
int json_get_strmap(const json_t *object, const char *key, bool patch, StrMap *ret, Error **err)
        _must_check_;
int json_get_devicemap(const json_t *object, const char *key, bool patch, DeviceMap *ret,
                       Error **err) _must_check_;
int json_get_strlist(const json_t *object, const char *key, StrList *ret, Error **err)
        _must_check_;
int json_get_time(const json_t *object, const char *key, int64_t *ret_ns, Error **err)
        _must_check_;
bool json_has(const json_t *object, const char *key); /* there and not null */
