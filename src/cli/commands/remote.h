#pragma once

#include "cli/cli.h"

extern const Command command_remote_add;

/* ERROR_INVALID for what is no name, ERROR_EXISTS for one that is taken. */
int remote_check_name(const Cli *cli, const char *name, Error **err) _must_check_;
