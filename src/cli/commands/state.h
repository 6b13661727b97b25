/* Changes of an instance's state, for commands that do more than that. */
#pragma once

#include "cli/cli.h"

typedef struct StateChange {
        const char *action; /* start, stop, restart, freeze, unfreeze */
        int64_t timeout;    /* seconds; -1: for ever */
        bool force;
        bool stateful;
        bool stateless; /* start: ignore saved state */
} StateChange;

int state_change_one(Cli *cli, Client *client, const char *name, const StateChange *change,
                     Error **err) _must_check_;
