/* Clusters. */
#pragma once

#include "cli/cli.h"

/* An error unless the server is a member of a cluster. */
int cluster_check(Client *client, Error **err) _must_check_;

extern const Command command_cluster_group;
