/* agent.*: the agent in virtual machines. */
#include "schema/tables.h"

#include "schema/check.h"

const ConfigKey schema_instance_agent[] = {
        {.name = "agent.nic_config", .group = "miscellaneous",
         .type = "bool", .default_value = "false", .check = check_bool, .flags = KEY_VM,
         .condition = "virtual machine",
         .summary = "Give network interfaces in the guest the names and MTU of their devices",
         .text = "The agent in the guest does it; it needs the guest's networking to leave them "
                 "alone."},
        {},
};
