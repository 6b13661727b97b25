/* Interfaces of the host and their figures. */
#include "network/network_private.h"

#include "base/files.h"
#include "base/memory.h"
#include "linux/links.h"

void network_interface_list_done(NetworkInterfaceList *list) {
        for (size_t i = 0; i < list->count; i++)
                free(list->items[i].name);
        free(list->items);
        *list = (NetworkInterfaceList){};
}

static const char *interface_type(const LinkInfo *link) {
        static const char *const kinds[] = {"bridge", "bond", "vlan"};
        if (link->loopback)
                return "loopback";
        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
                if (str_equal(link->kind, kinds[i]))
                        return kinds[i];
        if (str_equal(link->kind, "openvswitch"))
                return "bridge";
        return link->has_device ? "physical" : "unknown";
}

int network_interfaces(NetworkInterfaceList *ret, Error **err) {
        _cleanup_linklist_ LinkList links = {.items = NULL};
        if (link_list(0, &links, err) < 0)
                return -1;
        for (size_t i = 0; i < links.count; i++) {
                const LinkInfo *link = &links.items[i];
                /* The ends of instances' nics come and go with them: they are no networks. */
                if (str_has_prefix(link->name, "veth"))
                        continue;
                mem_grow((void **) &ret->items, &ret->capacity, ret->count + 1,
                         sizeof *ret->items);
                ret->items[ret->count++] = (NetworkInterface){.name = str_dup(link->name),
                                                              .type = interface_type(link)};
        }
        return 0;
}

static void add_addresses(ApiNetworkState *state, const LinkInfo *link) {
        for (size_t i = 0; i < link->address_count; i++) {
                const LinkAddress *from = &link->addresses[i];
                ApiNetworkStateAddress *item =
                        json_list_add(&state->addresses, api_network_state_address_fields);
                item->family = str_dup(from->family);
                item->address = str_dup(from->address);
                item->netmask = str_dup(from->netmask);
                item->scope = str_dup(from->scope);
        }
}

static void add_ports(StrList *ret, const LinkList *links, const LinkInfo *master) {
        for (size_t i = 0; i < links->count; i++)
                if (links->items[i].master == (uint32_t) master->index)
                        strlist_add(ret, links->items[i].name);
}

static void add_bridge(ApiNetworkState *state, const LinkInfo *link, const LinkList *links) {
        state->bridge = mem_new(ApiNetworkStateBridge);
        *state->bridge = (ApiNetworkStateBridge){.id = str_dup(link->bridge.id),
                                                 .stp = link->bridge.stp,
                                                 .forward_delay = link->bridge.forward_delay,
                                                 .vlan_default = link->bridge.default_vlan,
                                                 .vlan_filtering = link->bridge.vlan_filtering};
        add_ports(&state->bridge->upper_devices, links, link);
}

static void add_bond(ApiNetworkState *state, const LinkInfo *link, const LinkList *links) {
        const LinkBond *bond = &link->bond;
        state->bond = mem_new(ApiNetworkStateBond);
        *state->bond = (ApiNetworkStateBond){.mode = str_dup(bond->mode),
                                             .transmit_policy = str_dup(bond->transmit_policy),
                                             .up_delay = bond->up_delay,
                                             .down_delay = bond->down_delay,
                                             .mii_frequency = bond->mii_frequency,
                                             .mii_state = str_dup(link->carrier ? "up" : "down")};
        add_ports(&state->bond->lower_devices, links, link);
}

static void add_vlan(ApiNetworkState *state, const LinkInfo *link, const LinkList *links) {
        state->vlan = mem_new(ApiNetworkStateVlan);
        state->vlan->vid = link->vlan;
        for (size_t i = 0; i < links->count; i++)
                if (links->items[i].index == link->peer_index)
                        str_replace(&state->vlan->lower_device, str_dup(links->items[i].name));
        if (state->vlan->lower_device == NULL)
                state->vlan->lower_device = str_dup("");
}

static const struct {
        const char *kind;
        void (*add)(ApiNetworkState *state, const LinkInfo *link, const LinkList *links);
} kinds[] = {{"bridge", add_bridge}, {"bond", add_bond}, {"vlan", add_vlan}};

int network_state(const char *interface, ApiNetworkState *ret, Error **err) {
        _cleanup_linklist_ LinkList links = {.items = NULL};
        if (link_list(0, &links, err) < 0)
                return -1;
        const LinkInfo *link = linklist_find(&links, interface);
        if (link == NULL)
                return error_set(err, ERROR_NOT_FOUND, 0, "Network interface \"%s\" not found",
                                 interface);
        const LinkCounters *counters = &link->counters;
        ret->counters = (ApiNetworkStateCounters){.bytes_received = counters->bytes_received,
                                                  .bytes_sent = counters->bytes_sent,
                                                  .packets_received = counters->packets_received,
                                                  .packets_sent = counters->packets_sent};
        ret->hwaddr = str_dup(link->loopback ? "" : link->hwaddr);
        ret->mtu = link->mtu;
        ret->state = str_dup(link->up ? "up" : "down");
        ret->type = str_dup(link->loopback         ? "loopback"
                            : link->point_to_point ? "point-to-point"
                            : link->broadcast      ? "broadcast"
                                                   : "unknown");
        add_addresses(ret, link);
        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
                if (str_equal(link->kind, kinds[i].kind))
                        kinds[i].add(ret, link, &links);
        return 0;
}
