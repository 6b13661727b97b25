/* The ?filter= expression of collections: "status eq Running and config.image.os eq debian".
 *
 * LXD's grammar: clauses [not] FIELD OPERATOR VALUE joined by and/or, read left to right without
 * precedence. OPERATOR "ne" negates, any other word compares for equality. VALUE may be quoted when
 * it holds blanks. FIELD is a dotted path; a key that itself holds dots is found too. Text is
 * matched as a case-insensitive regular expression, anchored unless it brings its own ^ or $; one
 * that does not compile is compared as text. Other JSON types are compared with their text, so
 * "ephemeral eq true" works (LXD 5.0 never matched there). */
#pragma once

#include "base/error.h"

#include <jansson.h>

typedef struct Filter Filter;

/* ERROR_INVALID says which clause is broken. Empty text matches everything. */
int filter_parse(const char *text, Filter **ret, Error **err) _must_check_;
bool filter_match(const Filter *filter, const json_t *object);
void filter_free(Filter *filter); /* NULL is allowed */
DEFINE_CLEANUP(Filter, filter, filter_free)
