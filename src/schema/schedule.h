/* Times in config: schedules ("@daily", "0 6 * * 1-5") and expiry ("1M 2H 3d"). Pure. */
#pragma once

#include "base/error.h"

#include <time.h>

/* `aliases`: blank-separated ones that are allowed ("@hourly @daily"); a list of them is separated
 * by commas. Else five cron fields, with lists, ranges, steps and names (mon, jan). */
int schedule_check(const char *schedule, const char *aliases, Error **err) _must_check_;
/* Due in the minute of `now` (local time, filled by localtime_r). @startup and @never: never. */
bool schedule_is_due(const char *schedule, const struct tm *now);
/* The schedule is a list that has this alias ("@startup"). */
bool schedule_has_alias(const char *schedule, const char *alias);

/* `from_ns` plus the expression, in calendar steps of local time. "" gives TIME_ZERO (never). */
int expiry_parse(const char *expression, int64_t from_ns, int64_t *ret_ns, Error **err)
        _must_check_;
