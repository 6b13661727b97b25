/* Names of instances and snapshots. */
#pragma once

#include "cli/cli.h"

/* "instance" or "instance/snapshot" to a new name of the same kind. */
int snapshot_rename(Cli *cli, Client *client, const char *from, const char *to, Error **err)
        _must_check_;
