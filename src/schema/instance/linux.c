/* linux.*: modules and parameters of the kernel. */
#include "schema/tables.h"

#include "schema/check.h"

const ConfigKey schema_instance_linux[] = {
        {.name = "linux.kernel_modules", .group = "miscellaneous",
         .type = "string", .check = check_kernel_modules, .flags = KEY_LIVE | KEY_CONTAINER,
         .condition = "container",
         .summary = "Kernel modules the host loads before the container starts",
         .text = "Names are separated by commas."},
        {.name = "linux.sysctl.*", .group = "miscellaneous",
         .type = "string", .flags = KEY_CONTAINER, .condition = "container",
         .summary = "A kernel parameter set inside the container at start",
         .text = "Only parameters that belong to a namespace of the container can be set."},
        {},
};
