/* Shared by the drivers of the firewall, and for tests. */
#pragma once

#include "firewall/firewall.h"

/* What each driver does; the public functions call these with the lock held. A wish with nothing in
 * it clears. */
typedef struct FirewallDriver {
        const char *name;
        bool (*is_usable)(void);
        int (*network)(Firewall *firewall, const FirewallNetwork *network, Error **err);
        int (*network_clear)(Firewall *firewall, const char *network, Error **err);
        int (*forwards)(Firewall *firewall, const char *network, const FirewallForward *forwards,
                        size_t count, Error **err);
        int (*acls)(Firewall *firewall, const char *network, const FirewallAclRule *rules,
                    size_t count, Error **err);
        int (*acls_clear)(Firewall *firewall, const char *network, Error **err);
        int (*nic)(Firewall *firewall, const FirewallNic *nic, Error **err);
        int (*nic_clear)(Firewall *firewall, const FirewallNic *nic, Error **err);
        int (*proxy)(Firewall *firewall, const FirewallDevice *device,
                     const FirewallForward *forwards, size_t count, Error **err);
        int (*rpfilter)(Firewall *firewall, const FirewallDevice *device, const char *host_name,
                        Error **err); /* host_name NULL: clears */
} FirewallDriver;

extern const FirewallDriver firewall_nftables;

/* "PROJECT_INSTANCE.DEVICE", what chains may not have in their names replaced. */
char *firewall_device_label(const FirewallDevice *device);

/* The text of each change, for `nft -f`. */
void nft_plan_network(StrBuf *out, const FirewallNetwork *network);
void nft_plan_network_clear(StrBuf *out, const char *network);
void nft_plan_forwards(StrBuf *out, const char *network, const FirewallForward *forwards,
                       size_t count);
void nft_plan_acls(StrBuf *out, const char *network, const FirewallAclRule *rules, size_t count);
void nft_plan_acls_clear(StrBuf *out, const char *network);
void nft_plan_nic(StrBuf *out, const FirewallNic *nic);
void nft_plan_nic_clear(StrBuf *out, const FirewallNic *nic);
void nft_plan_proxy(StrBuf *out, const FirewallDevice *device, const FirewallForward *forwards,
                    size_t count);
void nft_plan_rpfilter(StrBuf *out, const FirewallDevice *device, const char *host_name);

/* Chains, for the plans. A chain with a hook is made new whole; one without is deleted. */
typedef struct NftChain {
        const char *family;   /* "inet", "bridge" */
        const char *prefix;   /* "fwd" */
        const char *hook;     /* "type filter hook forward priority filter; policy accept;" */
} NftChain;
/* Makes FAMILY table lxd and chain PREFIX.LABEL, empty; rules follow as lines of nft_rule(). */
void nft_chain(StrBuf *out, const NftChain *chain, const char *label);
void nft_chain_remove(StrBuf *out, const NftChain *chain, const char *label);
void nft_chains_remove(StrBuf *out, const NftChain *chains, size_t count, const char *label);
void nft_rule(StrBuf *out, const NftChain *chain, const char *label, const char *format, ...)
        _printf_(4, 5);

#define NFT_ICMP_ERRORS "{ destination-unreachable, time-exceeded, parameter-problem }"
/* Errors, and what neighbours, routers and group members need to say; "in" to us, "out" from us. */
#define NFT_ICMP6_IN                                                                            \
        "{ destination-unreachable, packet-too-big, time-exceeded, parameter-problem, "         \
        "nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert, mld2-listener-report }"
#define NFT_ICMP6_OUT                                                                           \
        "{ destination-unreachable, packet-too-big, time-exceeded, parameter-problem, "         \
        "echo-request, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert, "             \
        "mld2-listener-report }"
