/* snapshots.*: schedule, names and expiry. */
#include "schema/tables.h"

#include "schema/check.h"

const ConfigKey schema_instance_snapshots[] = {
        {.name = "snapshots.expiry", .group = "snapshots",
         .type = "string", .check = check_expiry,
         .summary = "When snapshots are deleted, counted from their creation",
         .text = "Such as `1M 2H 3d 4w 5m 6y`, each unit at most once."},
        {.name = "snapshots.pattern", .group = "snapshots",
         .type = "string", .default_value = "snap%d",
         .summary = "Names of snapshots that are made without one",
         .text = "A template with `creation_date`, or text with `%d` for the next free number."},
        {.name = "snapshots.schedule", .group = "snapshots",
         .type = "string", .check = check_schedule,
         .allowed = "@hourly @daily @midnight @weekly @monthly @annually @yearly @startup @never",
         .summary = "When snapshots are taken by themselves",
         .text = "Five cron fields, or aliases such as `@daily`, separated by commas."},
        {.name = "snapshots.schedule.stopped", .group = "snapshots",
         .type = "bool", .default_value = "false", .check = check_bool,
         .summary = "Take scheduled snapshots of a stopped instance too"},
        {},
};
