/* What a bridge network wants, as nft text. */
#include "firewall/firewall_private.h"

#include "base/memory.h"

enum { NAT, FORWARD, IN, OUT, _NETWORK_CHAINS };

static const NftChain network_chains[_NETWORK_CHAINS] = {
        [NAT] = {"inet", "pstrt", "type nat hook postrouting priority srcnat; policy accept;"},
        [FORWARD] = {"inet", "fwd", "type filter hook forward priority filter; policy accept;"},
        [IN] = {"inet", "in", "type filter hook input priority filter; policy accept;"},
        [OUT] = {"inet", "out", "type filter hook output priority filter; policy accept;"},
};

static void plan_nat(StrBuf *out, const FirewallNetwork *network) {
        const NftChain *chain = &network_chains[NAT];
        const FirewallFamily *families[] = {&network->ipv4, &network->ipv6};
        static const char *const words[] = {"ip", "ip6"};
        if (network->ipv4.nat_subnet == NULL && network->ipv6.nat_subnet == NULL) {
                nft_chain_remove(out, chain, network->name);
                return;
        }
        nft_chain(out, chain, network->name);
        for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
                const char *subnet = families[i]->nat_subnet, *address = families[i]->nat_address;
                const char *word = words[i];
                if (subnet == NULL)
                        continue;
                _cleanup_free_ char *target =
                        address != NULL ? str_printf("snat %s to %s", word, address)
                                        : str_dup("masquerade");
                nft_rule(out, chain, network->name, "%s saddr %s %s daddr != %s %s", word, subnet,
                         word, subnet, target);
        }
}

static void plan_forwarding(StrBuf *out, const FirewallNetwork *network) {
        const NftChain *chain = &network_chains[FORWARD];
        const FirewallForwarding wishes[] = {network->ipv4.forward, network->ipv6.forward};
        static const char *const families[] = {"ipv4", "ipv6"};
        static const char *const directions[] = {"oifname", "iifname"};
        nft_chain(out, chain, network->name);
        for (size_t i = 0; i < ARRAY_SIZE(wishes); i++)
                for (size_t k = 0; k < ARRAY_SIZE(directions); k++)
                        if (wishes[i] != FIREWALL_FORWARD_ANY)
                                nft_rule(out, chain, network->name, "meta nfproto %s %s \"%s\" %s",
                                         families[i], directions[k], network->name,
                                         wishes[i] == FIREWALL_FORWARD_ACCEPT ? "accept"
                                                                              : "reject");
}

/* What talks to the host: names for all, DHCP and ICMP of the families that have them. */
static void plan_services(StrBuf *out, const FirewallNetwork *network, bool incoming) {
        const NftChain *chain = &network_chains[incoming ? IN : OUT];
        const char *name = network->name;
        const char *side = incoming ? "iifname" : "oifname", *port = incoming ? "dport" : "sport";
        nft_chain(out, chain, name);
        nft_rule(out, chain, name, "%s \"%s\" tcp %s 53 accept", side, name, port);
        nft_rule(out, chain, name, "%s \"%s\" udp %s 53 accept", side, name, port);
        if (network->ipv4.services) {
                nft_rule(out, chain, name, "%s \"%s\" icmp type " NFT_ICMP_ERRORS " accept", side,
                         name);
                nft_rule(out, chain, name, "%s \"%s\" udp %s 67 accept", side, name, port);
        }
        if (network->ipv6.services) {
                nft_rule(out, chain, name, "%s \"%s\" icmpv6 type %s accept", side, name,
                         incoming ? NFT_ICMP6_IN : NFT_ICMP6_OUT);
                nft_rule(out, chain, name, "%s \"%s\" udp %s 547 accept", side, name, port);
        }
}

void nft_plan_network(StrBuf *out, const FirewallNetwork *network) {
        plan_nat(out, network);
        if (network->ipv4.forward == FIREWALL_FORWARD_ANY &&
            network->ipv6.forward == FIREWALL_FORWARD_ANY) {
                nft_chains_remove(out, network_chains + FORWARD, _NETWORK_CHAINS - FORWARD,
                              network->name);
                return;
        }
        plan_forwarding(out, network);
        plan_services(out, network, true);
        plan_services(out, network, false);
}

void nft_plan_network_clear(StrBuf *out, const char *network) {
        nft_chains_remove(out, network_chains, _NETWORK_CHAINS, network);
        nft_plan_forwards(out, network, NULL, 0);
        nft_plan_acls_clear(out, network);
}
