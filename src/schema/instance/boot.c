/* boot.*: starting and stopping with the host. */
#include "schema/tables.h"

#include "schema/check.h"

const ConfigKey schema_instance_boot[] = {
        {.name = "boot.autostart", .group = "boot",
         .type = "bool", .check = check_bool,
         .summary = "Start the instance when the daemon starts",
         .text = "Unset, the instance comes back if it ran when the daemon stopped. `true` always "
                 "starts it, `false` never does."},
        {.name = "boot.autostart.delay", .group = "boot",
         .type = "integer", .default_value = "0", .check = check_integer, .minimum = 0,
         .maximum = 86400,
         .summary = "Seconds to wait after this instance before the next one starts"},
        {.name = "boot.autostart.priority", .group = "boot",
         .type = "integer", .default_value = "0", .check = check_integer,
         .summary = "Place in the order of starting",
         .text = "Instances with a greater number start earlier."},
        {.name = "boot.autorestart", .group = "boot",
         .type = "bool", .default_value = "false", .check = check_bool, .condition = "container",
         .summary = "Start the instance again when its init ends unexpectedly",
         .text = "A stop that somebody asked for is not repeated. After several crashes in a row "
                 "the pauses grow, and at last the instance stays down."},
        {.name = "boot.host_shutdown_timeout", .group = "boot",
         .type = "integer", .default_value = "30", .check = check_integer, .minimum = 0,
         .maximum = 86400, .flags = KEY_LIVE,
         .summary = "Seconds given to a clean stop when the host shuts down",
         .text = "What still runs then is stopped by force."},
        {.name = "boot.stop.priority", .group = "boot",
         .type = "integer", .default_value = "0", .check = check_integer,
         .summary = "Place in the order of stopping at host shutdown",
         .text = "Instances with a greater number stop earlier."},
        {},
};
