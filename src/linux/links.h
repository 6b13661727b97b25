/* Network links over rtnetlink (libnl). Every call opens its own socket (20 µs), so all of it is
 * thread-safe and nothing is kept. Names are checked by the caller against IFNAMSIZ. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <sys/types.h>

typedef struct LinkVeth {
        const char *name, *peer;           /* both ends appear in our namespace */
        const char *hwaddr, *peer_hwaddr;  /* NULL: the kernel's choice */
        uint32_t mtu;                      /* 0: the kernel's choice */
        uint32_t queues;                   /* 0: the kernel's choice */
} LinkVeth;

int link_create_veth(const LinkVeth *veth, Error **err) _must_check_;
int link_create_bridge(const char *name, const char *hwaddr, uint32_t mtu, Error **err)
        _must_check_;
int link_delete(const char *name, Error **err) _must_check_; /* absent: fine */
bool link_exists(const char *name);
int link_index(const char *name, int *ret, Error **err) _must_check_;

/* Changes; a zero/NULL field stays as it is. */
typedef struct LinkChange {
        const char *new_name;
        const char *hwaddr;
        uint32_t mtu;
        const char *master;  /* "" takes it out of its bridge */
        int up;              /* 1 up, -1 down */
        int netns_fd;        /* > 0: moves it there */
} LinkChange;
int link_change(const char *name, const LinkChange *change, Error **err) _must_check_;

/* In the namespace that the routing socket is of. */
int link_change_inside(int socket_fd, const char *name, const LinkChange *change, Error **err)
        _must_check_;

typedef struct LinkAddress {
        char *family;  /* "inet", "inet6" */
        char *address; /* without prefix */
        char *netmask; /* prefix length as text */
        char *scope;   /* "global", "link", "local" */
} LinkAddress;

typedef struct LinkCounters {
        int64_t bytes_received, bytes_sent, packets_received, packets_sent;
        int64_t errors_received, errors_sent;
        int64_t packets_dropped_inbound, packets_dropped_outbound;
} LinkCounters;

/* Of a bridge. */
typedef struct LinkBridge {
        char id[24]; /* "8000.00163e055325" */
        bool stp, vlan_filtering;
        uint32_t forward_delay; /* hundredths of a second */
        uint32_t default_vlan;
} LinkBridge;

/* Of a bond. */
typedef struct LinkBond {
        const char *mode, *transmit_policy; /* as the kernel's documentation calls them */
        uint32_t up_delay, down_delay, mii_frequency;
} LinkBond;

typedef struct LinkInfo {
        char *name;
        int index;
        int peer_index;  /* IFLA_LINK in the other namespace; 0: none */
        char *host_name; /* of a veth whose other end is in our namespace; NULL else */
        char *hwaddr;    /* "" when it has none */
        char *kind;      /* "veth", "bridge", … ; "" for physical and loopback */
        uint32_t mtu;
        uint32_t master; /* index; 0: none */
        bool up;         /* LXD's state "up"/"down" */
        bool carrier;
        bool loopback, broadcast, point_to_point;
        bool has_device; /* a card, or what a bus has, stands behind it */
        uint32_t vlan;   /* of kind "vlan" */
        LinkBridge bridge;
        LinkBond bond;
        LinkAddress *addresses;
        size_t address_count;
        LinkCounters counters;
} LinkInfo;

typedef struct LinkList {
        LinkInfo *items;
        size_t count, capacity;
} LinkList;
void linklist_done(LinkList *list);
#define _cleanup_linklist_ _cleanup_(linklist_done)

/* Links with addresses and counters. pid 0: of our namespace; else of the namespace of that
 * process, asked through a namespace id, without entering it. */
int link_list(pid_t pid, LinkList *ret, Error **err) _must_check_;
/* One of ours; borrowed from the list, NULL: not there. */
const LinkInfo *linklist_find(const LinkList *list, const char *name);
