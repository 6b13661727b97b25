/* nic, nictype=bridged, or on a managed bridge: a veth pair whose host end is a port of it. */
#include "device/drivers/nic.h"

#include "base/ip.h"
#include "base/log.h"
#include "base/memory.h"
#include "linux/link_kinds.h"
#include "linux/links.h"
#include "network/openvswitch.h"

#define DEFAULT_VLAN 1

/* --- checks --- */

/* Fixed addresses are given by the network's DHCP. */
static int check_address(const Nic *nic, const char *family, Error **err) {
        _cleanup_free_ char *key = str_printf("%s.address", family);
        _cleanup_free_ char *dhcp = str_printf("%s.dhcp", family);
        _cleanup_free_ char *filter = str_printf("security.%s_filtering", family);
        const char *value = nic_get(nic, key);
        const StrMap *network = &nic->network.config;
        bool filtered = str_is_true(nic_get(nic, filter));
        IpAddress address;
        IpSubnet subnet;
        if (value == NULL || str_equal(value, "none"))
                return 0;
        if (!nic->managed)
                return filtered ? 0
                                : error_set(err, ERROR_INVALID, 0,
                                            "Cannot use manually specified %s when using "
                                            "unmanaged parent bridge",
                                            key);
        const char *stateful = strmap_get(network, "ipv6.dhcp.stateful");
        bool served = !str_is_false(strmap_get(network, dhcp)) &&
                      ip_parse_subnet(strmap_get(network, key), &subnet);
        if (!served && !filtered)
                return error_set(err, ERROR_INVALID, 0,
                                 "Cannot specify \"%s\" when DHCP is disabled (unless using "
                                 "security.%s_filtering) on network \"%s\"",
                                 key, family, nic->network.name);
        if (str_equal(family, "ipv6") && !str_is_true(stateful) && !filtered)
                return error_set(err, ERROR_INVALID, 0,
                                 "Cannot specify \"%s\" when \"ipv6.dhcp.stateful\" is disabled "
                                 "(unless using security.%s_filtering) on network \"%s\"",
                                 key, family, nic->network.name);
        if (ip_parse_subnet(strmap_get(network, key), &subnet) && ip_parse(value, &address) &&
            !ip_subnet_has(&subnet, &address))
                return error_set(err, ERROR_INVALID, 0,
                                 "Device IP address \"%s\" not within network \"%s\" subnet", value,
                                 nic->network.name);
        return 0;
}

static int bridged_validate(const DeviceContext *context, Error **err) {
        _cleanup_nic_ Nic nic = {.context = context};
        if (nic_load(context, &nic, err) < 0)
                return -1;
        if (nic_get(&nic, "parent") == NULL)
                return error_set(err, ERROR_INVALID, 0,
                                 "Invalid value for device option \"parent\": Required value");
        if (check_address(&nic, "ipv4", err) < 0 || check_address(&nic, "ipv6", err) < 0)
                return -1;
        return nic_filter_check(&nic, err);
}

/* --- DHCP and DNS --- */

static const char *fixed_address(const Nic *nic, const char *key) {
        const char *value = nic_get(nic, key);
        return str_equal(value, "none") ? NULL : value;
}

static int tell_dhcp(const Nic *nic, Error **err) {
        const DeviceContext *context = nic->context;
        if (!nic->managed || nic_hwaddr(nic) == NULL)
                return 0;
        const NetworkHost host = {.disk_name = context->instance,
                                  .name = context->title,
                                  .device = context->name,
                                  .hwaddr = nic_hwaddr(nic),
                                  .ipv4 = fixed_address(nic, "ipv4.address"),
                                  .ipv6 = fixed_address(nic, "ipv6.address")};
        return network_host_set(context->networks, &nic->network, &host, err);
}

static int bridged_added(const DeviceContext *context, Error **err) {
        _cleanup_nic_ Nic nic = {.context = context};
        return nic_load(context, &nic, err) < 0 ? -1 : tell_dhcp(&nic, err);
}

static void bridged_removed(const DeviceContext *context) {
        _cleanup_nic_ Nic nic = {.context = context};
        if (nic_load(context, &nic, NULL) < 0 || !nic.managed)
                return;
        network_host_clear(context->networks, nic.network.name, context->instance, context->name);
        network_lease_forget(context->networks, &nic.network, nic_hwaddr(&nic));
}

/* --- VLANs and the like of the port --- */

static int add_tagged(const char *port, const char *list, Error **err) {
        _cleanup_strlist_ StrList ranges = {.items = NULL};
        strlist_split(&ranges, list, ", ", true);
        for (size_t i = 0; i < ranges.count; i++) {
                _cleanup_strlist_ StrList ends = {.items = NULL};
                uint64_t first, last;
                strlist_split(&ends, ranges.items[i], "-", false);
                if (!str_to_uint64(ends.items[0], &first) ||
                    !str_to_uint64(ends.items[ends.count - 1], &last))
                        continue;
                for (uint64_t vlan = first; vlan <= last; vlan++)
                        if (link_add_vlan(port, (unsigned) vlan, false, err) < 0)
                                return -1;
        }
        return 0;
}

static int set_native_vlans(const Nic *nic, const char *bridge, const char *port, Error **err) {
        _cleanup_linklist_ LinkList links = {.items = NULL};
        const char *vlan = nic_get(nic, "vlan"), *tagged = nic_get(nic, "vlan.tagged");
        if (vlan == NULL && tagged == NULL)
                return 0;
        if (link_list(0, &links, err) < 0)
                return -1;
        const LinkInfo *link = linklist_find(&links, bridge);
        if (link == NULL || !link->bridge.vlan_filtering)
                return error_set(err, ERROR_UNSUPPORTED, 0,
                                 "VLAN filtering is not enabled in parent bridge \"%s\"", bridge);
        /* The port's own VLAN takes the place of the bridge's. */
        unsigned old = link->bridge.default_vlan > 0 ? link->bridge.default_vlan : DEFAULT_VLAN;
        if (vlan != NULL && link_remove_vlan(port, old, err) < 0)
                return -1;
        if (vlan != NULL && !str_equal(vlan, "none") &&
            link_add_vlan(port, nic_number(nic, "vlan"), true, err) < 0)
                return -1;
        return tagged != NULL ? add_tagged(port, tagged, err) : 0;
}

static int set_port(const Nic *nic, const char *bridge, const char *port, bool openvswitch,
                    Error **err) {
        const char *vlan = nic_get(nic, "vlan"), *tagged = nic_get(nic, "vlan.tagged");
        bool isolated = str_is_true(nic_get(nic, "security.port_isolation"));
        if (openvswitch) {
                if (isolated)
                        return error_set(err, ERROR_INVALID, 0,
                                         "Open vSwitch bridges do not support port isolation");
                if (openvswitch_add_port(bridge, port, err) < 0)
                        return -1;
                return vlan == NULL && tagged == NULL
                               ? 0
                               : openvswitch_set_vlans(
                                         port, str_equal(vlan, "none") ? NULL : vlan, tagged, err);
        }
        if (isolated && link_set_isolated(port, true, err) < 0)
                return -1;
        return set_native_vlans(nic, bridge, port, err);
}

/* --- life --- */

static bool is_openvswitch(const Nic *nic, const char *bridge) {
        _cleanup_linklist_ LinkList links = {.items = NULL};
        if (nic->managed)
                return str_equal(strmap_get(&nic->network.config, "bridge.driver"),
                                 "openvswitch");
        if (link_list(0, &links, NULL) < 0)
                return false;
        const LinkInfo *link = linklist_find(&links, bridge);
        return link != NULL && !str_equal(link->kind, "bridge") && openvswitch_has_bridge(bridge);
}

static int bridged_start(const DeviceContext *context, DeviceRun *run, Error **err) {
        _cleanup_nic_ Nic nic = {.context = context};
        if (bridged_validate(context, err) < 0 || nic_load(context, &nic, err) < 0)
                return -1;
        const char *bridge = nic_get(&nic, "parent");
        if (!link_exists(bridge))
                return error_set(err, ERROR_INVALID, 0, "Parent device \"%s\" doesn't exist",
                                 bridge);
        bool openvswitch = is_openvswitch(&nic, bridge);
        if (tell_dhcp(&nic, err) < 0 ||
            nic_veth_start(&nic, openvswitch ? NULL : bridge, run, err) < 0)
                return -1;
        _cleanup_free_ char *port = nic_host_name(&nic, run);
        if (set_port(&nic, bridge, port, openvswitch, err) < 0 ||
            nic_filter_start(&nic, port, bridge, err) < 0)
                return -1;
        return nic_routes_add(&nic, bridge, err);
}

static void bridged_stop(const DeviceContext *context, StrMap *volatiles) {
        _cleanup_nic_ Nic nic = {.context = context};
        const char *port = device_volatile(context, "host_name");
        if (port != NULL && nic_load(context, &nic, NULL) == 0) {
                const char *bridge = nic_get(&nic, "parent");
                if (is_openvswitch(&nic, bridge))
                        (void) !openvswitch_remove_port(bridge, port, NULL);
                nic_routes_remove(&nic.config, bridge);
                nic_filter_stop(context, &nic.config, port, bridge);
        }
        nic_veth_stop(context, volatiles);
}

static int bridged_update(const DeviceContext *context, const StrMap *before, Error **err) {
        static const char *const addresses[] = {"ipv4.address", "ipv6.address"};
        _cleanup_nic_ Nic nic = {.context = context};
        if (nic_load(context, &nic, err) < 0 || tell_dhcp(&nic, err) < 0)
                return -1;
        for (size_t i = 0; nic.managed && i < ARRAY_SIZE(addresses); i++)
                if (!str_equal(strmap_get(before, addresses[i]), nic_get(&nic, addresses[i]))) {
                        network_lease_forget(context->networks, &nic.network, nic_hwaddr(&nic));
                        break;
                }
        if (context->process == NULL)
                return 0;
        const char *port = device_volatile(context, "host_name");
        if (port != NULL) {
                nic_filter_stop(context, before, port, nic_get(&nic, "parent"));
                if (nic_filter_start(&nic, port, nic_get(&nic, "parent"), err) < 0)
                        return -1;
        }
        nic_routes_remove(before, nic_get(&nic, "parent"));
        return nic_routes_add(&nic, nic_get(&nic, "parent"), err);
}

static const char *const live_keys[] = {"ipv4.address", "ipv4.routes", "ipv4.routes.external",
                                        "ipv6.address", "ipv6.routes", "ipv6.routes.external",
                                        "security.mac_filtering", "security.ipv4_filtering",
                                        "security.ipv6_filtering", NULL};

const DeviceDriver device_nic_bridged = {
        .type = "nic",
        .subtype = "bridged",
        .live_keys = live_keys,
        .validate = bridged_validate,
        .admit = nic_bridged_admit,
        .added = bridged_added,
        .removed = bridged_removed,
        .start = bridged_start,
        .plug = nic_plug,
        .update = bridged_update,
        .stop = bridged_stop,
        .is_nic = true,
};
