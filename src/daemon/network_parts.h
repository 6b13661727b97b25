/* What belongs to networks and stands on them: ACLs… made, and told when networks are set up. */
#pragma once

#include "firewall/firewall.h"
#include "rest/context.h"

/* Before networks_start(). Needs the database, firewall, networks and instances of `context` and
 * fills in the rest. */
void daemon_network_parts(RestContext *context);
