/* What belongs to networks and stands on them: ACLs, forwards, zones and their name server, made
 * and told when networks are set up. */
#pragma once

#include "firewall/firewall.h"
#include "rest/context.h"

/* Before networks_start(). Needs the database, firewall, networks, instances and workers of
 * `context` and fills in the rest. */
void daemon_network_parts(RestContext *context);
/* Serves as core.dns_address says. What cannot be is logged. */
void daemon_network_parts_start(RestContext *context);
/* From the configuration as it is to be. On failure the servers are as before. */
int daemon_network_parts_configure(RestContext *context, const StrMap *config, Error **err)
        _must_check_;
