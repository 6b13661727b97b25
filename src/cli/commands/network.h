/* Groups of commands below `berth network`. */
#pragma once

#include "cli/command.h"

extern const Command command_network_acl, command_network_forward, command_network_peer,
        command_network_zone, command_network_zone_record;
