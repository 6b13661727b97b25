/* Time. Wall-clock times are int64_t nanoseconds since 1970 UTC; TIME_ZERO is Go's zero time
 * (0001-01-01T00:00:00Z), which LXD's clients read as "not set". */
#pragma once

#include "base/macros.h"

#include <stdbool.h>

#define TIME_ZERO INT64_MIN
#define TIME_TEXT_SIZE 48
#define NS_PER_SECOND INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)

int64_t time_now_ns(void);       /* wall clock */
int64_t time_monotonic_ns(void); /* for time-outs */

/* RFC3339 with as many fraction digits as needed, UTC ("…Z"), as Go prints it. Returns buffer. */
char *time_format_rfc3339(int64_t ns, char buffer[static TIME_TEXT_SIZE]);
/* Accepts fractions and zones. False when it is no such time. */
bool time_parse_rfc3339(const char *text, int64_t *ret_ns);
