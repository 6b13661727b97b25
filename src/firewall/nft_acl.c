/* ACLs of bridge networks, as nft text. One chain "acl." has the rules; three chains send there
 * what comes to us, goes from us and passes through. */
#include "firewall/firewall_private.h"

#include "base/memory.h"

#include <string.h>

/* The chains that jump stand before the one they jump to, so that they go first. */
enum { ACL_IN, ACL_OUT, ACL_FORWARD, ACL, _ACL_CHAINS };

static const NftChain acl_chains[_ACL_CHAINS] = {
        [ACL_IN] = {"inet", "aclin", "type filter hook input priority filter; policy accept;"},
        [ACL_OUT] = {"inet", "aclout", "type filter hook output priority filter; policy accept;"},
        [ACL_FORWARD] = {"inet", "aclfwd",
                         "type filter hook forward priority filter; policy accept;"},
        [ACL] = {"inet", "acl", NULL},
};


/* What the host and its instances must be able to say to each other whatever the rules are. */
static const char *const always_in[] = {
        "tcp dport 53 accept",
        "udp dport 53 accept",
        "udp dport 67 accept",
        "udp dport 547 accept",
        "icmp type " NFT_ICMP_ERRORS " accept",
        "icmpv6 type " NFT_ICMP6_IN " accept",
};
static const char *const always_out[] = {
        "udp sport 67 accept",
        "udp sport 547 accept",
        "icmp type " NFT_ICMP_ERRORS " accept",
        "icmpv6 type " NFT_ICMP6_OUT " accept",
};

/* The addresses of one family out of a list, as a set; NULL when it has none of that family. */
static char *address_set(const char *list, bool ip6) {
        _cleanup_strlist_ StrList items = {}, kept = {};
        strlist_split(&items, list, ", ", true);
        for (size_t i = 0; i < items.count; i++)
                if ((strchr(items.items[i], ':') != NULL) == ip6)
                        strlist_add(&kept, items.items[i]);
        if (kept.count == 0)
                return NULL;
        _cleanup_free_ char *joined = strlist_join(&kept, ", ");
        return kept.count == 1 ? TAKE_PTR(joined) : str_printf("{ %s }", joined);
}

static void add_ports(StrBuf *match, const char *protocol, const char *word, const char *list) {
        _cleanup_strlist_ StrList items = {};
        if (str_is_empty(list))
                return;
        strlist_split(&items, list, ", ", true);
        _cleanup_free_ char *joined = strlist_join(&items, ", ");
        strbuf_printf(match, items.count == 1 ? " %s %s %s" : " %s %s { %s }", protocol, word,
                      joined);
}

static void add_icmp(StrBuf *match, const FirewallAclRule *rule, bool ip6) {
        const char *word = ip6 ? "icmpv6" : "icmp";
        if (str_is_empty(rule->icmp_type)) {
                strbuf_printf(match, " meta l4proto %s", ip6 ? "ipv6-icmp" : "icmp");
                return;
        }
        strbuf_printf(match, " %s type %s", word, rule->icmp_type);
        if (!str_is_empty(rule->icmp_code))
                strbuf_printf(match, " %s code %s", word, rule->icmp_code);
}

static void add_protocol(StrBuf *match, const FirewallAclRule *rule, bool ip6) {
        if (str_is_empty(rule->protocol))
                return;
        if (str_has_prefix(rule->protocol, "icmp")) {
                add_icmp(match, rule, ip6);
                return;
        }
        if (str_is_empty(rule->source_port) && str_is_empty(rule->destination_port))
                strbuf_printf(match, " meta l4proto %s", rule->protocol);
        add_ports(match, rule->protocol, "sport", rule->source_port);
        add_ports(match, rule->protocol, "dport", rule->destination_port);
}

/* Adds " ip saddr SET"; false when the rule names addresses, but none of this family. */
static bool add_subject(StrBuf *match, const char *word, const char *list, bool ip6) {
        if (str_is_empty(list))
                return true;
        _cleanup_free_ char *set = address_set(list, ip6);
        if (set != NULL)
                strbuf_printf(match, " %s %s %s", ip6 ? "ip6" : "ip", word, set);
        return set != NULL;
}

static void add_verdict(StrBuf *out, const FirewallAclRule *rule) {
        if (rule->log_name != NULL)
                strbuf_printf(out, " log prefix \"%s \"", rule->log_name);
        strbuf_printf(out, " %s", str_equal(rule->action, "allow") ? "accept" : rule->action);
}

/* A rule that says nothing of a family is one line; others one for each family they can match. */
static void plan_rule(StrBuf *out, const char *network, const FirewallAclRule *rule) {
        bool any_family = str_is_empty(rule->source) && str_is_empty(rule->destination) &&
                          !str_has_prefix(rule->protocol, "icmp");
        for (int ip6 = 0; ip6 <= (any_family ? 0 : 1); ip6++) {
                _cleanup_strbuf_ StrBuf line = {};
                if (str_equal(rule->protocol, ip6 ? "icmp4" : "icmp6"))
                        continue;
                strbuf_printf(&line, "%s \"%s\"", rule->ingress ? "oifname" : "iifname", network);
                if (!add_subject(&line, "saddr", rule->source, ip6) ||
                    !add_subject(&line, "daddr", rule->destination, ip6))
                        continue;
                add_protocol(&line, rule, ip6);
                add_verdict(&line, rule);
                nft_rule(out, &acl_chains[ACL], network, "%s", line.data);
        }
}

static void plan_entry(StrBuf *out, const char *network, int chain, const char *side) {
        bool incoming = chain == ACL_IN;
        const char *const *lines = incoming ? always_in : always_out;
        size_t count = incoming ? ARRAY_SIZE(always_in) : ARRAY_SIZE(always_out);
        for (size_t i = 0; i < count; i++)
                nft_rule(out, &acl_chains[chain], network, "%s \"%s\" %s", side, network, lines[i]);
        nft_rule(out, &acl_chains[chain], network, "%s \"%s\" jump acl.%s", side, network, network);
}

void nft_plan_acls(StrBuf *out, const char *network, const FirewallAclRule *rules, size_t count) {
        nft_chain(out, &acl_chains[ACL], network);
        nft_rule(out, &acl_chains[ACL], network, "ct state established,related accept");
        for (size_t i = 0; i < count; i++)
                plan_rule(out, network, &rules[i]);
        for (int c = ACL_IN; c <= ACL_FORWARD; c++)
                nft_chain(out, &acl_chains[c], network);
        plan_entry(out, network, ACL_IN, "iifname");
        plan_entry(out, network, ACL_OUT, "oifname");
        static const char *const sides[] = {"iifname", "oifname"};
        for (size_t i = 0; i < ARRAY_SIZE(sides); i++)
                nft_rule(out, &acl_chains[ACL_FORWARD], network, "%s \"%s\" jump acl.%s", sides[i],
                         network, network);
}

void nft_plan_acls_clear(StrBuf *out, const char *network) {
        nft_chains_remove(out, acl_chains, _ACL_CHAINS, network);
}
