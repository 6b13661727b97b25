/* Shared by the files of forward/, and for tests. */
#pragma once

#include "base/ip.h"
#include "forward/forward.h"

/* Checks a forward and writes addresses and lists in their canonical form. */
int forward_check(const NetworkRow *network, const IpAddress *listen, ApiNetworkForwardPut *put,
                  Error **err) _must_check_;
/* What others have overlaps with the address: ERROR_INVALID with LXD's text. */
int forward_check_conflicts(Transaction *tx, const NetworkRow *network, const IpAddress *listen,
                            Error **err) _must_check_;

/* "80,90-92" as numbers; appends. false: not such a list. */
typedef struct PortList {
        uint16_t *items;
        size_t count, capacity;
} PortList;
void port_list_done(PortList *list);
#define _cleanup_port_list_ _cleanup_(port_list_done)
int port_list_parse(const char *text, PortList *ret, Error **err) _must_check_;
