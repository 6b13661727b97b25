/* Everything that a bridge network is on the host, as data. Pure: what depends on the host comes in
 * through the parameters. */
#pragma once

#include "firewall/firewall.h"
#include "linux/link_kinds.h"
#include "linux/routes.h"
#include "network/dnsmasq.h"

/* A port that is a tunnel to other hosts; strings owned. */
typedef struct BridgeTunnel {
        char *kind, *name, *parent;
        LinkSpec spec; /* borrows them */
} BridgeTunnel;

typedef struct BridgePlan {
        const char *name;
        bool openvswitch;
        char *hwaddr;
        uint32_t mtu;
        StrMap sysctls; /* of this link and of the host */
        IpSubnet addresses[2];
        size_t address_count;
        Route *routes;
        size_t route_count;
        StrList ports; /* bridge.external_interfaces: NAME, or NAME/PARENT/VLAN */
        BridgeTunnel *tunnels;
        size_t tunnel_count;
        DnsmasqPlan dnsmasq;
        FirewallNetwork firewall;
        char *nat_subnets[2];
} BridgePlan;

typedef struct BridgeHost {
        const char *directory; /* networks/NAME */
        const char *user, *group; /* dnsmasq's; NULL: stays root */
        const char *seed;      /* for a hardware address that stays */
        const char *default_link; /* of the default route: for multicast; NULL: there is none */
        bool has_ipv6;
} BridgeHost;

void bridge_plan_done(BridgePlan *plan);
#define _cleanup_bridge_plan_ _cleanup_(bridge_plan_done)
/* `row` must outlive the plan. */
int bridge_plan(const NetworkRow *row, const BridgeHost *host, BridgePlan *ret, Error **err)
        _must_check_;
/* The names of the tunnels in the config: the NAME of tunnel.NAME.*. */
void bridge_tunnel_names(const StrMap *config, StrList *ret);
/* One line a fact, for tests and logs. */
void bridge_plan_print(const BridgePlan *plan, StrBuf *out);
