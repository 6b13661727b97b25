/* Making links of the other kinds, and what only bridges and their ports have. */
#pragma once

#include "base/error.h"
#include "base/ip.h"
#include "base/text.h"

typedef struct LinkSpec {
        const char *kind; /* "macvlan", "ipvlan", "vlan", "vxlan", "gretap", "dummy" */
        const char *name, *hwaddr; /* hwaddr NULL: the kernel's choice */
        uint32_t mtu;              /* 0: the kernel's choice */
        const char *parent;        /* NULL where the kind does without */
        const char *mode;          /* of macvlan and ipvlan: "bridge", "l3s"… */
        uint32_t vlan;
        bool gvrp;
        IpAddress local, remote; /* of tunnels; vxlan: remote may be a multicast group */
        uint32_t id, port, ttl;  /* of tunnels; port 0: the kernel's */
} LinkSpec;

/* ERROR_UNSUPPORTED names the kind when the kernel does not know it. */
int link_create(const LinkSpec *spec, Error **err) _must_check_;

/* Switches VLAN filtering on or off; `default_vlan` 0 leaves it as it is. */
int link_set_vlan_filtering(const char *bridge, bool on, unsigned default_vlan, Error **err)
        _must_check_;
int link_set_isolated(const char *port, bool isolated, Error **err) _must_check_;
/* Frames may leave by the port that they came in by. */
int link_set_hairpin(const char *port, bool hairpin, Error **err) _must_check_;
/* VLAN membership of a port; untagged makes it the one of untagged traffic too. */
int link_add_vlan(const char *port, unsigned vlan, bool untagged, Error **err)
        _must_check_;
int link_remove_vlan(const char *port, unsigned vlan, Error **err) _must_check_;
/* How many packets may wait to be sent. */
int link_set_queue_length(const char *name, uint32_t length, Error **err) _must_check_;

/* A virtual function of an SR-IOV card, told through its physical function. */
typedef struct LinkVirtualFunction {
        unsigned index;
        const char *hwaddr; /* NULL: unchanged */
        unsigned vlan;      /* 0: none */
        bool spoof_check;
} LinkVirtualFunction;
int link_set_virtual_function(const char *parent, const LinkVirtualFunction *function,
                              Error **err) _must_check_;
