/* Network forwards: traffic to an outside address is sent to instances of a bridge. They are in
 * force as long as the network runs. Thread-safe. */
#pragma once

#include "api/network_forward.h"
#include "database/network_objects.h"
#include "database/networks.h"
#include "firewall/firewall.h"

typedef struct Forwards Forwards;

Forwards *forwards_new(Database *database, Firewall *firewall); /* both borrowed */

/* ERROR_INVALID "Network driver "macvlan" does not support forwards". */
int forward_check_network(const NetworkRow *network, Error **err) _must_check_;
/* Addresses are brought into their canonical form; `ret_address`: the listen address so. */
int forward_create(Forwards *forwards, const NetworkRow *network, ApiNetworkForwardsPost *post,
                   char **ret_address, Error **err) _must_check_;
int forward_update(Forwards *forwards, const NetworkRow *network, const NetworkObjectRow *row,
                   ApiNetworkForwardPut *put, Error **err) _must_check_;
int forward_delete(Forwards *forwards, const NetworkRow *network, const NetworkObjectRow *row,
                   Error **err) _must_check_;
int forward_get(Forwards *forwards, const NetworkRow *network, const char *address,
                NetworkObjectRow *ret, Error **err) _must_check_;
int forward_list(Forwards *forwards, const NetworkRow *network, NetworkObjectRowList *ret,
                 Error **err) _must_check_;
/* `ret` is initialised by the caller. */
int forward_read(const NetworkObjectRow *row, ApiNetworkForward *ret, Error **err) _must_check_;
/* Ports that join a bridge with forwards need hairpin mode on this host. */
bool forward_wants_hairpin(void);
/* For a bridge that was set up: puts its forwards in force. */
int forward_apply_network(Forwards *forwards, const NetworkRow *network, Error **err)
        _must_check_;
