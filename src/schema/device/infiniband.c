#include "schema/tables.h"

#include "schema/check.h"

const ConfigKey schema_device_infiniband[] = {
        {.name = "nictype", .group = "device-conf",
         .type = "string", .check = check_one_of, .allowed = "physical sriov",
         .flags = KEY_REQUIRED,
         .summary = "Hand over the device itself, or a virtual function of it"},
        {.name = "parent", .group = "device-conf",
         .type = "string", .check = check_interface, .flags = KEY_REQUIRED,
         .summary = "Device on the host"},
        {.name = "name", .group = "device-conf",
         .type = "string", .default_text = "the kernel's", .check = check_interface,
         .summary = "Name of the interface in the instance"},
        {.name = "hwaddr", .group = "device-conf",
         .type = "string", .default_text = "random", .check = check_infiniband_mac,
         .summary = "Hardware address, of 20 bytes or its last 8"},
        {.name = "mtu", .group = "device-conf",
         .type = "integer", .default_text = "that of the parent", .check = check_mtu,
         .summary = "MTU of the interface"},
        {},
};
