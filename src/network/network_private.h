/* The registry's inside, for the files of this folder. */
#pragma once

#include "network/network.h"

#include "base/ip.h"
#include "network/dnsmasq.h"

#include <pthread.h>

struct Networks {
        NetworksSpec spec;
        NetworkHooks hooks;
        char *directory; /* DIRECTORY/networks */
        pthread_mutex_t verbs; /* held by the one that changes networks */
        pthread_mutex_t lock;  /* of what follows */
        Table *unavailable;    /* by "PROJECT/NAME": those that could not be set up */
        Dnsmasqs *dnsmasqs;
};

/* networks/NAME. */
char *network_path(const Networks *networks, const char *name);
int network_list_all(Networks *networks, NetworkRowList *ret, Error **err) _must_check_;
bool network_has_address(const StrMap *config, const char *key); /* set and not "none" */
/* A free subnet's first address with its bits: "10.1.2.1/24". */
int network_free_subnet(Networks *networks, int family, char **ret, Error **err) _must_check_;
/* driver->setup() and what comes after it. */
int network_setup(Networks *networks, const NetworkRow *row, const NetworkRow *before,
                  Error **err) _must_check_;
/* The files of all nics on these networks, from the records. */
void network_hosts_rebuild(Networks *networks, const NetworkRowList *rows);
/* Another network has this parent. */
int network_check_parent(Networks *networks, const NetworkRow *row, Error **err) _must_check_;
