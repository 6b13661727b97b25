/* nvidia.*: the NVIDIA driver in containers. */
#include "schema/tables.h"

#include "schema/check.h"

const ConfigKey schema_instance_nvidia[] = {
        {.name = "nvidia.driver.capabilities", .group = "nvidia",
         .type = "string", .default_value = "compute,utility", .flags = KEY_CONTAINER,
         .condition = "container",
         .summary = "What the guest may do with the NVIDIA driver",
         .text = "The value of `NVIDIA_DRIVER_CAPABILITIES` for the container hook."},
        {.name = "nvidia.require.cuda", .group = "nvidia",
         .type = "string", .flags = KEY_CONTAINER, .condition = "container",
         .summary = "CUDA versions the host must offer",
         .text = "A version expression such as `>=11.0`, the value of `NVIDIA_REQUIRE_CUDA`."},
        {.name = "nvidia.require.driver", .group = "nvidia",
         .type = "string", .flags = KEY_CONTAINER, .condition = "container",
         .summary = "Driver versions the host must offer",
         .text = "A version expression, the value of `NVIDIA_REQUIRE_DRIVER`."},
        {.name = "nvidia.runtime", .group = "nvidia",
         .type = "bool", .default_value = "false", .check = check_bool, .flags = KEY_CONTAINER,
         .condition = "container",
         .summary = "Bring the host's NVIDIA driver libraries into the container"},
        {},
};
