/* environment.*: variables of the instance. */
#include "schema/tables.h"

#include "schema/check.h"

const ConfigKey schema_instance_environment[] = {
        {.name = "environment.*", .group = "miscellaneous",
         .type = "string", .flags = KEY_LIVE, .live_text = "yes (exec)",
         .summary = "An environment variable of the instance's init and of commands run in it",
         .text = "Live for commands started after the change."},
        {},
};
