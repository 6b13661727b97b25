/* The host's packet filter: what networks, nics, forwards, ACLs and proxy devices want of it.
 *
 * Each function takes the whole wish of one object as data and replaces what that object had before
 * in one transaction of the kernel: readers see the old rules or the new ones. The same wish twice
 * is harmless; clearing what is not there is fine. Only tables of our own are
 * touched. Names of chains are LXD's.
 *
 * A Firewall is thread-safe. Strings are borrowed for the call. What goes into rules is checked
 * where it comes in (schema/); names are escaped here. */
#pragma once

#include "base/error.h"
#include "base/text.h"

typedef struct Firewall Firewall;

/* Chooses the driver: nftables; where the kernel has none each change fails. */
Firewall *firewall_new(void);
void firewall_free(Firewall *firewall);
DEFINE_CLEANUP(Firewall, firewall, firewall_free)
#define _cleanup_firewall_ _cleanup_(firewall_cleanup)
const char *firewall_driver_name(const Firewall *firewall); /* "nftables" */

typedef enum FirewallForwarding {
        FIREWALL_FORWARD_ANY,    /* no rule: ipvN.firewall is false, or there is no address */
        FIREWALL_FORWARD_ACCEPT,
        FIREWALL_FORWARD_REJECT, /* ipvN.routing is false */
} FirewallForwarding;

typedef struct FirewallFamily {
        FirewallForwarding forward;
        bool services;           /* accept DHCP and ICMP to us: ipvN.firewall and ipvN.dhcp */
        const char *nat_subnet;  /* "10.1.2.0/24"; NULL: no NAT */
        const char *nat_address; /* NULL: that of the outgoing interface */
        bool nat_append;         /* ipvN.nat.order=after; nftables has chains of its own for us */
} FirewallFamily;

/* A bridge network, whose interface has its name. DNS to us is accepted when one of the families
 * has a `forward` rule. */
typedef struct FirewallNetwork {
        const char *name;
        FirewallFamily ipv4, ipv6;
} FirewallNetwork;

int firewall_network_setup(Firewall *firewall, const FirewallNetwork *network, Error **err)
        _must_check_;
/* Everything of the network: also its forwards and ACLs. */
int firewall_network_clear(Firewall *firewall, const char *network, Error **err) _must_check_;

/* One destination translation. Ports pair up: listen_ports[i] goes to target_ports[i]. */
typedef struct FirewallForward {
        const char *listen_address;
        const char *target_address;
        const char *protocol; /* "tcp", "udp"; NULL: all traffic to the address, no ports */
        const uint16_t *listen_ports;
        const uint16_t *target_ports; /* as many */
        size_t port_count;
} FirewallForward;

/* The forwards of a network, all of them (none: clears). Those with ports go before those without,
 * whatever their order here. */
int firewall_network_forwards(Firewall *firewall, const char *network,
                              const FirewallForward *forwards, size_t count, Error **err)
        _must_check_;

/* One rule of an ACL as the network sees it. */
typedef struct FirewallAclRule {
        bool ingress;         /* to the instances; else from them */
        const char *action;   /* "allow", "reject", "drop" */
        const char *log_name; /* prefix of its log lines; NULL: not logged */
        const char *source, *destination; /* "10.0.0.0/8,192.0.2.1-192.0.2.9"; NULL: any */
        const char *protocol;             /* "tcp", "udp", "icmp4", "icmp6"; NULL: any */
        const char *source_port, *destination_port; /* "80,8000-8080"; NULL: any */
        const char *icmp_type, *icmp_code;          /* numbers; NULL: any */
} FirewallAclRule;

/* The ACLs of a network: what passes between its instances and the host or the world. DHCP, ICMP
 * errors and DNS to the host are always let through. `rules` in the order they are to be tried;
 * what no rule takes meets the two default ones, which are the last of the list. */
int firewall_network_acls(Firewall *firewall, const char *network, const FirewallAclRule *rules,
                          size_t count, Error **err) _must_check_;
int firewall_network_acls_clear(Firewall *firewall, const char *network, Error **err)
        _must_check_;

/* A device of an instance, which chains and comments are named after. */
typedef struct FirewallDevice {
        const char *project;  /* NULL or "default": not part of the name */
        const char *instance;
        const char *device;
} FirewallDevice;

/* What a bridged nic may send. A filter that is on with no address blocks its family. */
typedef struct FirewallNic {
        FirewallDevice owner;
        const char *host_name; /* the host's end of the pair */
        const char *hwaddr;    /* the only one allowed */
        const char *parent;    /* the bridge */
        bool filter_ipv4, filter_ipv6;
        StrList ipv4, ipv6; /* addresses or networks it may use */
} FirewallNic;

/* security.mac_filtering, and security.ipvN_filtering, which include it. */
int firewall_nic_filter(Firewall *firewall, const FirewallNic *nic, Error **err) _must_check_;
/* `nic` as it was set up; the addresses do not matter. */
int firewall_nic_clear(Firewall *firewall, const FirewallNic *nic, Error **err) _must_check_;

/* Proxy devices with nat=true: the host sends what arrives at an address to the instance. */
int firewall_proxy_nat(Firewall *firewall, const FirewallDevice *device,
                       const FirewallForward *forwards, size_t count, Error **err) _must_check_;
int firewall_proxy_clear(Firewall *firewall, const FirewallDevice *device, Error **err)
        _must_check_;

/* Reverse path filter of a routed nic: what comes from it must have an address that is routed to
 * it. */
int firewall_nic_rpfilter(Firewall *firewall, const FirewallDevice *device, const char *host_name,
                          Error **err) _must_check_;
int firewall_nic_rpfilter_clear(Firewall *firewall, const FirewallDevice *device, Error **err)
        _must_check_;
