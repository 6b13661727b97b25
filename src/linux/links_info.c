/* What a link's kind says about it. */
#include "linux/links.h"

#include "base/memory.h"
#include "linux/links_private.h"

#include <linux/if_link.h>
#include <netlink/attr.h>
#include <stdio.h>

static uint32_t get_u32(struct nlattr *const *attributes, int type) {
        return attributes[type] != NULL ? nla_get_u32(attributes[type]) : 0;
}

static void read_bridge(struct nlattr *data, LinkInfo *link) {
        struct nlattr *nested[IFLA_BR_MAX + 1];
        if (nla_parse_nested(nested, IFLA_BR_MAX, data, NULL) < 0)
                return;
        link->bridge.stp = get_u32(nested, IFLA_BR_STP_STATE) != 0;
        link->bridge.forward_delay = get_u32(nested, IFLA_BR_FORWARD_DELAY);
        if (nested[IFLA_BR_VLAN_FILTERING] != NULL)
                link->bridge.vlan_filtering = nla_get_u8(nested[IFLA_BR_VLAN_FILTERING]) != 0;
        if (nested[IFLA_BR_VLAN_DEFAULT_PVID] != NULL)
                link->bridge.default_vlan = nla_get_u16(nested[IFLA_BR_VLAN_DEFAULT_PVID]);
        if (nested[IFLA_BR_BRIDGE_ID] == NULL || nla_len(nested[IFLA_BR_BRIDGE_ID]) < 8)
                return;
        const unsigned char *id = nla_data(nested[IFLA_BR_BRIDGE_ID]);
        (void) snprintf(link->bridge.id, sizeof link->bridge.id,
                        "%02x%02x.%02x%02x%02x%02x%02x%02x", id[0], id[1], id[2], id[3], id[4],
                        id[5], id[6], id[7]);
}

static void read_bond(struct nlattr *data, LinkInfo *link) {
        static const char *const modes[] = {"balance-rr",  "active-backup", "balance-xor",
                                            "broadcast",   "802.3ad",       "balance-tlb",
                                            "balance-alb"};
        static const char *const policies[] = {"layer2",   "layer3+4", "layer2+3",
                                               "encap2+3", "encap3+4", "vlan+srcmac"};
        struct nlattr *nested[IFLA_BOND_MAX + 1];
        if (nla_parse_nested(nested, IFLA_BOND_MAX, data, NULL) < 0)
                return;
        unsigned mode = nested[IFLA_BOND_MODE] != NULL ? nla_get_u8(nested[IFLA_BOND_MODE]) : 0;
        unsigned policy = nested[IFLA_BOND_XMIT_HASH_POLICY] != NULL
                                  ? nla_get_u8(nested[IFLA_BOND_XMIT_HASH_POLICY])
                                  : 0;
        link->bond = (LinkBond){
                .mode = mode < ARRAY_SIZE(modes) ? modes[mode] : "unknown",
                .transmit_policy = policy < ARRAY_SIZE(policies) ? policies[policy] : "unknown",
                .up_delay = get_u32(nested, IFLA_BOND_UPDELAY),
                .down_delay = get_u32(nested, IFLA_BOND_DOWNDELAY),
                .mii_frequency = get_u32(nested, IFLA_BOND_MIIMON)};
}

static void read_vlan(struct nlattr *data, LinkInfo *link) {
        struct nlattr *nested[IFLA_VLAN_MAX + 1];
        if (nla_parse_nested(nested, IFLA_VLAN_MAX, data, NULL) == 0 &&
            nested[IFLA_VLAN_ID] != NULL)
                link->vlan = nla_get_u16(nested[IFLA_VLAN_ID]);
}

static const struct {
        const char *kind;
        void (*read)(struct nlattr *data, LinkInfo *link);
} readers[] = {{"bridge", read_bridge}, {"bond", read_bond}, {"vlan", read_vlan}};

void link_read_kind(struct nlattr *link_info, LinkInfo *link) {
        struct nlattr *nested[IFLA_INFO_MAX + 1];
        if (link_info == NULL || nla_parse_nested(nested, IFLA_INFO_MAX, link_info, NULL) < 0 ||
            nested[IFLA_INFO_KIND] == NULL) {
                link->kind = str_dup("");
                return;
        }
        link->kind = str_dup(nla_get_string(nested[IFLA_INFO_KIND]));
        for (size_t i = 0; nested[IFLA_INFO_DATA] != NULL && i < ARRAY_SIZE(readers); i++)
                if (str_equal(readers[i].kind, link->kind))
                        readers[i].read(nested[IFLA_INFO_DATA], link);
}
