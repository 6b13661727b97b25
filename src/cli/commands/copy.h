/* Copies of instances, within one server and between two. */
#pragma once

#include "cli/cli.h"

/* What is copied, and where to. */
typedef struct CopyPlan {
        Client *client;
        Client *other; /* the target's server; NULL: the same */
        char *source;  /* "instance" or "instance/snapshot" */
        char *target;  /* "" lets the server find a name */
        json_t *object;
        bool move;
} CopyPlan;

/* The URL of an instance or snapshot. Caller frees. */
char *copy_source_path(const char *source);
/* Brings it to the other server. `path` is that of the target's collection, `body` the request
 * without "source". *ret_operation: the target's last state (caller's). */
int copy_between(Cli *cli, CopyPlan *plan, const char *path, json_t *body,
                 json_t **ret_operation, Error **err) _must_check_;
