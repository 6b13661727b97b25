#include "linux/link_kinds.h"

#include "base/memory.h"
#include "linux/links.h"
#include "linux/links_private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <linux/if_vlan.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <stdio.h>

typedef struct nl_msg NetlinkMessage;

typedef struct ModeName {
        const char *name;
        uint32_t value;
} ModeName;

static uint32_t mode_of(const ModeName *modes, size_t count, const char *name) {
        for (size_t i = 0; i < count; i++)
                if (str_equal(modes[i].name, name))
                        return modes[i].value;
        return modes[0].value;
}

static void put_macvlan(NetlinkMessage *message, const LinkSpec *spec, int parent) {
        static const ModeName modes[] = {{"bridge", MACVLAN_MODE_BRIDGE},
                                         {"private", MACVLAN_MODE_PRIVATE},
                                         {"vepa", MACVLAN_MODE_VEPA},
                                         {"passthru", MACVLAN_MODE_PASSTHRU}};
        nla_put_u32(message, IFLA_MACVLAN_MODE, mode_of(modes, ARRAY_SIZE(modes), spec->mode));
}

static void put_ipvlan(NetlinkMessage *message, const LinkSpec *spec, int parent) {
        static const ModeName modes[] = {
                {"l3s", IPVLAN_MODE_L3S}, {"l3", IPVLAN_MODE_L3}, {"l2", IPVLAN_MODE_L2}};
        nla_put_u16(message, IFLA_IPVLAN_MODE,
                    (uint16_t) mode_of(modes, ARRAY_SIZE(modes), spec->mode));
}

static void put_vlan(NetlinkMessage *message, const LinkSpec *spec, int parent) {
        struct ifla_vlan_flags flags = {.flags = spec->gvrp ? VLAN_FLAG_GVRP : 0,
                                        .mask = VLAN_FLAG_GVRP};
        nla_put_u16(message, IFLA_VLAN_ID, (uint16_t) spec->vlan);
        nla_put(message, IFLA_VLAN_FLAGS, sizeof flags, &flags);
}

static void put_address(NetlinkMessage *message, int type4, int type6, const IpAddress *address) {
        if (address->family != 0)
                nla_put(message, address->family == AF_INET ? type4 : type6,
                        (int) ip_bits(address->family) / 8, address->bytes);
}

static void put_vxlan(NetlinkMessage *message, const LinkSpec *spec, int parent) {
        nla_put_u32(message, IFLA_VXLAN_ID, spec->id);
        put_address(message, IFLA_VXLAN_GROUP, IFLA_VXLAN_GROUP6, &spec->remote);
        put_address(message, IFLA_VXLAN_LOCAL, IFLA_VXLAN_LOCAL6, &spec->local);
        if (parent > 0)
                nla_put_u32(message, IFLA_VXLAN_LINK, (uint32_t) parent);
        nla_put_u8(message, IFLA_VXLAN_TTL, (uint8_t) spec->ttl);
        if (spec->port > 0)
                nla_put_u16(message, IFLA_VXLAN_PORT, htons((uint16_t) spec->port));
        nla_put_u8(message, IFLA_VXLAN_LEARNING, 1);
}

static void put_gretap(NetlinkMessage *message, const LinkSpec *spec, int parent) {
        put_address(message, IFLA_GRE_LOCAL, IFLA_GRE_LOCAL, &spec->local);
        put_address(message, IFLA_GRE_REMOTE, IFLA_GRE_REMOTE, &spec->remote);
        nla_put_u8(message, IFLA_GRE_TTL, (uint8_t) spec->ttl);
        nla_put_u8(message, IFLA_GRE_PMTUDISC, 1);
}

static const struct {
        const char *kind, *kernel6; /* its name for IPv6 where that is another */
        void (*put)(NetlinkMessage *message, const LinkSpec *spec, int parent);
        bool parent_in_data; /* IFLA_LINK names no parent */
} kinds[] = {
        {"macvlan", NULL, put_macvlan, false}, {"ipvlan", NULL, put_ipvlan, false},
        {"vlan", NULL, put_vlan, false},       {"vxlan", NULL, put_vxlan, true},
        {"gretap", "ip6gretap", put_gretap, true}, {"dummy", NULL, NULL, true},
};

static NetlinkMessage *link_message(int type, int flags, int family, int index) {
        NetlinkMessage *message = nlmsg_alloc_simple(type, flags);
        struct ifinfomsg header = {.ifi_family = (unsigned char) family, .ifi_index = index};
        (void) nlmsg_append(message, &header, sizeof header, NLMSG_ALIGNTO);
        return message;
}

/* Sends and waits for the kernel's answer; takes the message. */
static int send_message(NetlinkMessage *message, const char *verb, const char *name,
                        Error **err) {
        _cleanup_(netlink_socket_cleanup) NetlinkSocket *socket = NULL;
        if (netlink_open(&socket, err) < 0) {
                nlmsg_free(message);
                return -1;
        }
        int result = nl_send_sync(socket, message);
        if (result >= 0)
                return 0;
        _cleanup_free_ char *text = str_printf("Failed to %s \"%s\"", verb, name);
        return netlink_error(err, result, text);
}

static bool parse_hwaddr(const char *text, unsigned char ret[6]) {
        return sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", &ret[0], &ret[1], &ret[2],
                      &ret[3], &ret[4], &ret[5]) == 6;
}

static int put_basics(NetlinkMessage *message, const LinkSpec *spec, Error **err) {
        unsigned char hwaddr[6];
        nla_put_string(message, IFLA_IFNAME, spec->name);
        if (spec->mtu > 0)
                nla_put_u32(message, IFLA_MTU, spec->mtu);
        if (spec->hwaddr == NULL)
                return 0;
        if (!parse_hwaddr(spec->hwaddr, hwaddr))
                return error_set(err, ERROR_INVALID, 0, "Bad hardware address \"%s\"",
                                 spec->hwaddr);
        nla_put(message, IFLA_ADDRESS, sizeof hwaddr, hwaddr);
        return 0;
}

int link_create(const LinkSpec *spec, Error **err) {
        _cleanup_error_ Error *failed = NULL;
        size_t kind = 0;
        int parent = 0;
        while (kind < ARRAY_SIZE(kinds) && !str_equal(kinds[kind].kind, spec->kind))
                kind++;
        if (kind == ARRAY_SIZE(kinds))
                return error_set(err, ERROR_INTERNAL, 0, "Unknown kind of link \"%s\"",
                                 spec->kind);
        if (spec->parent != NULL && link_index(spec->parent, &parent, err) < 0)
                return -1;
        NetlinkMessage *message =
                link_message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, AF_UNSPEC, 0);
        if (put_basics(message, spec, err) < 0) {
                nlmsg_free(message);
                return -1;
        }
        if (parent > 0 && !kinds[kind].parent_in_data)
                nla_put_u32(message, IFLA_LINK, (uint32_t) parent);
        bool six = spec->remote.family == AF_INET6 && kinds[kind].kernel6 != NULL;
        struct nlattr *info = nla_nest_start(message, IFLA_LINKINFO);
        nla_put_string(message, IFLA_INFO_KIND, six ? kinds[kind].kernel6 : spec->kind);
        struct nlattr *data = nla_nest_start(message, IFLA_INFO_DATA);
        if (kinds[kind].put != NULL)
                kinds[kind].put(message, spec, parent);
        nla_nest_end(message, data);
        nla_nest_end(message, info);
        if (send_message(message, "create link", spec->name, &failed) == 0)
                return 0;
        if (failed->number == EOPNOTSUPP)
                return error_set(err, ERROR_UNSUPPORTED, EOPNOTSUPP,
                                 "Failed to create link \"%s\": this kernel has no links of kind "
                                 "\"%s\"",
                                 spec->name, spec->kind);
        return error_move(err, &failed);
}

int link_set_vlan_filtering(const char *bridge, bool on, unsigned default_vlan, Error **err) {
        int index;
        if (link_index(bridge, &index, err) < 0)
                return -1;
        NetlinkMessage *message = link_message(RTM_NEWLINK, 0, AF_UNSPEC, index);
        struct nlattr *info = nla_nest_start(message, IFLA_LINKINFO);
        nla_put_string(message, IFLA_INFO_KIND, "bridge");
        struct nlattr *data = nla_nest_start(message, IFLA_INFO_DATA);
        nla_put_u8(message, IFLA_BR_VLAN_FILTERING, on);
        if (default_vlan > 0)
                nla_put_u16(message, IFLA_BR_VLAN_DEFAULT_PVID, (uint16_t) default_vlan);
        nla_nest_end(message, data);
        nla_nest_end(message, info);
        return send_message(message, "set VLAN filtering of", bridge, err);
}

static int set_port_flag(const char *port, int flag, bool on, const char *verb, Error **err) {
        int index;
        if (link_index(port, &index, err) < 0)
                return -1;
        NetlinkMessage *message = link_message(RTM_SETLINK, 0, AF_BRIDGE, index);
        struct nlattr *info = nla_nest_start(message, IFLA_PROTINFO | NLA_F_NESTED);
        nla_put_u8(message, flag, on);
        nla_nest_end(message, info);
        return send_message(message, verb, port, err);
}

int link_set_isolated(const char *port, bool isolated, Error **err) {
        return set_port_flag(port, IFLA_BRPORT_ISOLATED, isolated, "isolate port", err);
}

int link_set_hairpin(const char *port, bool hairpin, Error **err) {
        return set_port_flag(port, IFLA_BRPORT_MODE, hairpin, "set hairpin mode of", err);
}

static int change_vlan(const char *port, int type, unsigned vlan, unsigned flags, Error **err) {
        struct bridge_vlan_info info = {.vid = (uint16_t) vlan, .flags = (uint16_t) flags};
        int index;
        if (link_index(port, &index, err) < 0)
                return -1;
        NetlinkMessage *message = link_message(type, 0, AF_BRIDGE, index);
        struct nlattr *nest = nla_nest_start(message, IFLA_AF_SPEC);
        nla_put(message, IFLA_BRIDGE_VLAN_INFO, sizeof info, &info);
        nla_nest_end(message, nest);
        return send_message(message, "change VLANs of", port, err);
}

int link_add_vlan(const char *port, unsigned vlan, bool untagged, Error **err) {
        return change_vlan(port, RTM_SETLINK, vlan,
                           untagged ? BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED : 0, err);
}

int link_remove_vlan(const char *port, unsigned vlan, Error **err) {
        return change_vlan(port, RTM_DELLINK, vlan, 0, err);
}

int link_set_queue_length(const char *name, uint32_t length, Error **err) {
        int index;
        if (link_index(name, &index, err) < 0)
                return -1;
        NetlinkMessage *message = link_message(RTM_NEWLINK, 0, AF_UNSPEC, index);
        nla_put_u32(message, IFLA_TXQLEN, length);
        return send_message(message, "set the queue length of", name, err);
}

int link_set_virtual_function(const char *parent, const LinkVirtualFunction *function,
                              Error **err) {
        struct ifla_vf_mac mac = {.vf = function->index};
        struct ifla_vf_vlan vlan = {.vf = function->index, .vlan = function->vlan};
        struct ifla_vf_spoofchk spoof = {.vf = function->index,
                                         .setting = function->spoof_check};
        int index;
        if (link_index(parent, &index, err) < 0)
                return -1;
        if (function->hwaddr != NULL && !parse_hwaddr(function->hwaddr, mac.mac))
                return error_set(err, ERROR_INVALID, 0, "Bad hardware address \"%s\"",
                                 function->hwaddr);
        NetlinkMessage *message = link_message(RTM_SETLINK, 0, AF_UNSPEC, index);
        struct nlattr *list = nla_nest_start(message, IFLA_VFINFO_LIST);
        struct nlattr *info = nla_nest_start(message, IFLA_VF_INFO);
        if (function->hwaddr != NULL)
                nla_put(message, IFLA_VF_MAC, sizeof mac, &mac);
        nla_put(message, IFLA_VF_VLAN, sizeof vlan, &vlan);
        nla_put(message, IFLA_VF_SPOOFCHK, sizeof spoof, &spoof);
        nla_nest_end(message, info);
        nla_nest_end(message, list);
        return send_message(message, "set up a virtual function of", parent, err);
}
