/* Times in config: schedules ("@daily", "0 6 * * 1-5") and expiry ("1M 2H 3d"). Pure. */
#pragma once

#include "base/error.h"

#include <time.h>

/* A list, separated by ", ", of cron's five fields (with lists, ranges, steps and names: mon, jan)
 * and of `aliases`, blank-separated ones that are allowed ("@hourly @daily"). */
int schedule_check(const char *schedule, const char *aliases, Error **err) _must_check_;
/* Due in the minute of `now` (local time, filled by localtime_r). @startup and @never: never.
 * `subject`, an id, chooses the minute and hour that aliases leave open. */
bool schedule_is_due(const char *schedule, int64_t subject, const struct tm *now);
/* Due in one of the minutes (since 1970) after `last`, up to `now`: what a slow round or a
 * suspended host missed is made up for once, when it is not longer ago than an hour. */
bool schedule_was_due(const char *schedule, int64_t subject, int64_t last, int64_t now);
/* The schedule is a list that has this alias ("@startup"). */
bool schedule_has_alias(const char *schedule, const char *alias);

/* `from_ns` plus the expression, in calendar steps of local time. "" gives TIME_ZERO (never). */
int expiry_parse(const char *expression, int64_t from_ns, int64_t *ret_ns, Error **err)
        _must_check_;
