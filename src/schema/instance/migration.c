/* migration.*: moving running instances. */
#include "schema/tables.h"

#include "schema/check.h"

const ConfigKey schema_instance_migration[] = {
        {.name = "migration.incremental.memory", .group = "migration",
         .type = "bool", .default_value = "false", .check = check_bool,
         .flags = KEY_LIVE | KEY_CONTAINER, .condition = "container",
         .summary = "Copy memory in rounds while the container still runs",
         .text = "Shortens the time it stands still during a live move."},
        {.name = "migration.incremental.memory.goal", .group = "migration",
         .type = "integer", .default_value = "70", .check = check_uint32,
         .flags = KEY_LIVE | KEY_CONTAINER, .condition = "container",
         .summary = "Percentage of memory to have in place before the container stops"},
        {.name = "migration.incremental.memory.iterations", .group = "migration",
         .type = "integer", .default_value = "10", .check = check_uint32,
         .flags = KEY_LIVE | KEY_CONTAINER, .condition = "container",
         .summary = "Most rounds of memory copying before the container stops"},
        {.name = "migration.stateful", .group = "migration",
         .type = "bool", .default_value = "false", .check = check_bool, .flags = KEY_VM,
         .condition = "virtual machine",
         .summary = "Allow stateful stop, snapshots and live moves",
         .text = "Features that cannot be carried over are then refused."},
        {},
};
