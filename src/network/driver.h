/* What a type of network implements. Registry: drivers/drivers.c. */
#pragma once

#include "network/network_private.h"

typedef struct NetworkDriver {
        const char *type; /* "bridge" */
        bool has_interface; /* an interface of the network's own name is made */
        bool has_leases;
        bool in_projects;   /* may be in a project with features.networks */
        /* Each may be NULL: nothing to do. fill: automatic values of the config. validate: beyond
         * the key table. setup: from whatever state to what `row` says; `before` is the record as
         * it was set up, NULL when that is not known. clear: takes everything off the host; what
         * is not there is fine. */
        int (*fill)(Networks *networks, NetworkRow *row, Error **err);
        int (*validate)(Networks *networks, const NetworkRow *row, Error **err);
        int (*setup)(Networks *networks, const NetworkRow *row, const NetworkRow *before,
                     Error **err);
        int (*clear)(Networks *networks, const NetworkRow *row, Error **err);
} NetworkDriver;

/* ERROR_INVALID "Unknown driver". */
int network_driver_find(const char *type, const NetworkDriver **ret, Error **err) _must_check_;

extern const NetworkDriver network_driver_bridge;
extern const NetworkDriver network_driver_macvlan;
extern const NetworkDriver network_driver_physical;
extern const NetworkDriver network_driver_sriov;
