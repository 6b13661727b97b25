/* Names that snapshots get by themselves. */
#pragma once

#include "base/error.h"
#include "base/text.h"

/* `pattern` is a template that knows creation_date; "%d", at most once, becomes the number behind
 * the highest in `taken`. A name without a number that is taken gets one: NAME-0. */
int snapshot_name_next(const char *pattern, int64_t now_ns, const StrList *taken, char **ret,
                       Error **err) _must_check_;
