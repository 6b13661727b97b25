/* Destination translation for forwards of networks and for proxy devices, as nft text. */
#include "firewall/firewall_private.h"

enum { FORWARD_IN, FORWARD_OUT, FORWARD_BACK, _FORWARD_CHAINS };

static const NftChain forward_chains[_FORWARD_CHAINS] = {
        [FORWARD_IN] = {"inet", "fwdprert",
                        "type nat hook prerouting priority dstnat; policy accept;"},
        [FORWARD_OUT] = {"inet", "fwdout", "type nat hook output priority -100; policy accept;"},
        [FORWARD_BACK] = {"inet", "fwdpstrt",
                          "type nat hook postrouting priority srcnat; policy accept;"},
};

static const NftChain proxy_chains[_FORWARD_CHAINS] = {
        [FORWARD_IN] = {"inet", "prert",
                        "type nat hook prerouting priority dstnat; policy accept;"},
        [FORWARD_OUT] = {"inet", "out", "type nat hook output priority -100; policy accept;"},
        [FORWARD_BACK] = {"inet", "pstrt",
                          "type nat hook postrouting priority srcnat; policy accept;"},
};

/* A run of ports that stay the same is one rule; others are a rule each, or one map when they are
 * many. */
#define MAP_FROM 32

typedef struct Run {
        const FirewallForward *forward;
        size_t first, count;
        bool same; /* each listening port goes to the target's port of the same number */
} Run;

static Run next_run(const FirewallForward *forward, size_t first) {
        const uint16_t *listen = forward->listen_ports, *target = forward->target_ports;
        Run run = {forward, first, 1, listen[first] == target[first]};
        for (; first + run.count < forward->port_count; run.count++) {
                size_t i = first + run.count;
                bool same = listen[i] == target[i];
                if (same != run.same || (same && listen[i] != listen[i - 1] + 1))
                        break;
        }
        return run;
}

static const char *family_word(const FirewallForward *forward) {
        for (const char *c = forward->listen_address; *c != '\0'; c++)
                if (*c == ':')
                        return "ip6";
        return "ip";
}

static void plan_map(StrBuf *out, const NftChain *chain, const char *label, const Run *run) {
        const FirewallForward *forward = run->forward;
        const char *word = family_word(forward);
        StrBuf map = {};
        for (size_t i = run->first; i < run->first + run->count; i++)
                strbuf_printf(&map, "%s%u : %u", map.length > 0 ? ", " : "",
                              forward->listen_ports[i], forward->target_ports[i]);
        nft_rule(out, chain, label,
                 "%s daddr %s meta l4proto %s dnat %s to %s : %s dport map { %s }", word,
                 forward->listen_address, forward->protocol, word, forward->target_address,
                 forward->protocol, map.data);
        strbuf_done(&map);
}

static void plan_dnat_run(StrBuf *out, const NftChain *chain, const char *label, const Run *run) {
        const FirewallForward *forward = run->forward;
        const char *word = family_word(forward);
        bool is_ip6 = word[2] != '\0';
        if (run->same && run->count > 1) {
                nft_rule(out, chain, label, "%s daddr %s %s dport %u-%u dnat %s to %s", word,
                         forward->listen_address, forward->protocol,
                         forward->listen_ports[run->first],
                         forward->listen_ports[run->first + run->count - 1], word,
                         forward->target_address);
                return;
        }
        if (run->count >= MAP_FROM) {
                plan_map(out, chain, label, run);
                return;
        }
        for (size_t i = run->first; i < run->first + run->count; i++)
                nft_rule(out, chain, label, "%s daddr %s %s dport %u dnat %s to %s%s%s:%u", word,
                         forward->listen_address, forward->protocol, forward->listen_ports[i],
                         word, is_ip6 ? "[" : "", forward->target_address, is_ip6 ? "]" : "",
                         forward->target_ports[i]);
}

static void plan_dnat(StrBuf *out, const NftChain *chain, const char *label,
                      const FirewallForward *forward) {
        const char *word = family_word(forward);
        if (forward->protocol == NULL) {
                nft_rule(out, chain, label, "%s daddr %s dnat %s to %s", word,
                         forward->listen_address, word, forward->target_address);
                return;
        }
        for (size_t i = 0; i < forward->port_count;) {
                Run run = next_run(forward, i);
                plan_dnat_run(out, chain, label, &run);
                i += run.count;
        }
}

/* An instance that calls the address that leads to itself must get its answer through us. */
static void plan_hairpin(StrBuf *out, const NftChain *chain, const char *label,
                         const FirewallForward *forward) {
        const char *word = family_word(forward), *target = forward->target_address;
        StrBuf ports = {};
        if (forward->protocol == NULL) {
                nft_rule(out, chain, label, "%s saddr %s %s daddr %s masquerade", word, target,
                         word, target);
                return;
        }
        for (size_t i = 0, n; i < forward->port_count; i += n) {
                const uint16_t *first = &forward->target_ports[i];
                for (n = 1; i + n < forward->port_count && first[n] == first[n - 1] + 1; n++)
                        ;
                strbuf_truncate(&ports, 0);
                strbuf_printf(&ports, n > 1 ? "%u-%u" : "%u", first[0], first[n - 1]);
                nft_rule(out, chain, label, "%s saddr %s %s daddr %s %s dport %s masquerade", word,
                         target, word, target, forward->protocol, ports.data);
        }
        strbuf_done(&ports);
}

/* Rules with ports first: the ones without would take their packets. */
static void plan_translation(StrBuf *out, const NftChain chains[static _FORWARD_CHAINS],
                             const char *label, const FirewallForward *forwards, size_t count) {
        if (count == 0) {
                nft_chains_remove(out, chains, _FORWARD_CHAINS, label);
                return;
        }
        for (int c = 0; c < _FORWARD_CHAINS; c++) {
                nft_chain(out, &chains[c], label);
                for (int ports = 1; ports >= 0; ports--)
                        for (size_t i = 0; i < count; i++) {
                                if ((forwards[i].protocol != NULL) != (ports == 1))
                                        continue;
                                if (c == FORWARD_BACK)
                                        plan_hairpin(out, &chains[c], label, &forwards[i]);
                                else
                                        plan_dnat(out, &chains[c], label, &forwards[i]);
                        }
        }
}

void nft_plan_forwards(StrBuf *out, const char *network, const FirewallForward *forwards,
                       size_t count) {
        plan_translation(out, forward_chains, network, forwards, count);
}

void nft_plan_proxy(StrBuf *out, const FirewallDevice *device, const FirewallForward *forwards,
                    size_t count) {
        _cleanup_free_ char *label = firewall_device_label(device);
        plan_translation(out, proxy_chains, label, forwards, count);
}
