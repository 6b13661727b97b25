/* Values of JSON objects as lists show them. Missing ones are "", 0 and false. */
#pragma once

#include "base/macros.h"

#include <jansson.h>
#include <stdbool.h>

/* Borrowed. */
const char *field_text(const json_t *object, const char *key);
int64_t field_number(const json_t *object, const char *key);
bool field_bool(const json_t *object, const char *key);
json_t *field_get(const json_t *object, const char *key);    /* never NULL, maybe JSON's null */
size_t field_count(const json_t *object, const char *key); /* of an array or object */

/* Caller frees these. Times are "" when they mean "never". */
char *field_minute(const json_t *object, const char *key); /* 2006/01/02 15:04 UTC */
char *field_date(const json_t *object, const char *key);   /* Jan 2, 2006 at 3:04pm (UTC) */
char *field_upper(const json_t *object, const char *key);
char *field_joined(const json_t *object, const char *key, const char *separator);

/* A copy with only these keys (blank-separated), in this order; missing ones are left out.
 * Caller decrefs. */
json_t *field_pick(const json_t *object, const char *keys);
void field_set_text(json_t *object, const char *key, const char *text);
