/* What a nic may send, as nft text. The bridge's own chains see each frame before it is forwarded
 * to another port or handed to the host. */
#include "firewall/firewall_private.h"

#include "base/memory.h"

#include <arpa/inet.h>
#include <string.h>

enum { IN, FORWARD, _NIC_CHAINS };

static const NftChain nic_chains[_NIC_CHAINS] = {
        [IN] = {"bridge", "in", "type filter hook input priority filter; policy accept;"},
        [FORWARD] = {"bridge", "fwd", "type filter hook forward priority filter; policy accept;"},
};

static const NftChain rpfilter_chain = {
        "inet", "prert", "type filter hook prerouting priority raw; policy accept;"};

/* One chain being written. */
typedef struct Writer {
        StrBuf *out;
        const NftChain *chain;
        const char *label;
        const FirewallNic *nic;
} Writer;

static void rule(const Writer *writer, const char *text) {
        nft_rule(writer->out, writer->chain, writer->label, "iifname \"%s\" %s",
                 writer->nic->host_name, text);
}

static void rule_with(const Writer *writer, const char *format, ...) _printf_(2, 3);

static void rule_with(const Writer *writer, const char *format, ...) {
        va_list arguments;
        va_start(arguments, format);
        _cleanup_free_ char *text = str_vprintf(format, arguments);
        va_end(arguments);
        rule(writer, text);
}

/* A neighbour's answer must name its own address at the usual place. With extension headers before
 * it the offsets would be the sender's choice: such packets have no honest use here. */
static void plan_mac(const Writer *writer) {
        char digits[13] = "";
        size_t used = 0;
        for (const char *c = writer->nic->hwaddr; *c != '\0' && used < sizeof digits - 1; c++)
                if (*c != ':')
                        digits[used++] = *c;
        rule_with(writer, "ether saddr != %s drop", writer->nic->hwaddr);
        rule_with(writer, "arp saddr ether != %s drop", writer->nic->hwaddr);
        rule(writer, "icmpv6 type { nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } "
                     "ip6 nexthdr != ipv6-icmp drop");
        rule_with(writer, "icmpv6 type nd-neighbor-advert @nh,528,48 != 0x%s drop", digits);
}

static void plan_ipv4(const Writer *writer) {
        const StrList *allowed = &writer->nic->ipv4;
        if (allowed->count > 0 && writer->chain == &nic_chains[IN])
                rule(writer, "ip saddr 0.0.0.0 ip daddr 255.255.255.255 udp dport 67 accept");
        for (size_t i = 0; i < allowed->count; i++) {
                rule_with(writer, "arp saddr ip %s accept", allowed->items[i]);
                rule_with(writer, "ip saddr %s accept", allowed->items[i]);
        }
        rule(writer, "ether type arp drop");
        rule(writer, "ether type ip drop");
}

/* The target of a neighbour's answer is one of `network`: its first bits compared as they lie in
 * the packet. */
static char *target_match(const char *network) {
        unsigned char bytes[16];
        const char *slash = strchr(network, '/');
        _cleanup_free_ char *address =
                str_ndup(network, slash != NULL ? (size_t) (slash - network) : strlen(network));
        int64_t bits = 128;
        if ((slash != NULL && (!str_to_int64(slash + 1, &bits) || bits < 1 || bits > 128)) ||
            inet_pton(AF_INET6, address, bytes) != 1)
                return NULL;
        /* The kernel compares whole bytes of a payload: shorter prefixes lose their last bits. */
        size_t size = (size_t) (bits / 8);
        if (size == 0)
                return NULL;
        _cleanup_free_ char *hex = hex_encode(bytes, size);
        return str_printf("@nh,384,%zu 0x%s", size * 8, hex);
}

static void plan_ipv6(const Writer *writer) {
        const StrList *allowed = &writer->nic->ipv6;
        if (allowed->count > 0 && writer->chain == &nic_chains[IN]) {
                rule(writer, "ip6 saddr fe80::/10 ip6 daddr ff02::1:2 udp dport 547 accept");
                rule(writer, "ip6 saddr fe80::/10 ip6 daddr ff02::2 icmpv6 type nd-router-solicit "
                             "accept");
        }
        if (allowed->count > 0)
                rule(writer, "icmpv6 type nd-router-advert drop");
        for (size_t i = 0; i < allowed->count; i++) {
                _cleanup_free_ char *target = target_match(allowed->items[i]);
                if (target != NULL)
                        rule_with(writer, "icmpv6 type nd-neighbor-advert %s accept", target);
                rule_with(writer, "ip6 saddr %s accept", allowed->items[i]);
        }
        rule(writer, "ether type ip6 drop");
}

void nft_plan_nic(StrBuf *out, const FirewallNic *nic) {
        _cleanup_free_ char *label = firewall_device_label(&nic->owner);
        for (size_t i = 0; i < _NIC_CHAINS; i++) {
                const Writer writer = {out, &nic_chains[i], label, nic};
                nft_chain(out, &nic_chains[i], label);
                plan_mac(&writer);
                if (nic->filter_ipv4)
                        plan_ipv4(&writer);
                if (nic->filter_ipv6)
                        plan_ipv6(&writer);
                if (nic->filter_ipv4 || nic->filter_ipv6)
                        rule(&writer, "ether type != { arp, ip, ip6 } drop");
        }
}

void nft_plan_nic_clear(StrBuf *out, const FirewallNic *nic) {
        _cleanup_free_ char *label = firewall_device_label(&nic->owner);
        nft_chains_remove(out, nic_chains, _NIC_CHAINS, label);
}

void nft_plan_rpfilter(StrBuf *out, const FirewallDevice *device, const char *host_name) {
        _cleanup_free_ char *label = firewall_device_label(device);
        if (host_name == NULL) {
                nft_chain_remove(out, &rpfilter_chain, label);
                return;
        }
        nft_chain(out, &rpfilter_chain, label);
        nft_rule(out, &rpfilter_chain, label, "iifname \"%s\" fib saddr . iif oif missing drop",
                 host_name);
}
