/* physical: an interface of the host as uplink; with a VLAN, one is made on top of it. */
#include "network/driver.h"

#include "base/memory.h"
#include "linux/link_kinds.h"
#include "linux/links.h"

#define CREATED_KEY "volatile.last_state.created"

static int physical_validate(Networks *networks, const NetworkRow *row, Error **err) {
        static const char *const families[] = {"ipv4", "ipv6"};
        for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
                _cleanup_free_ char *gateway = str_printf("%s.gateway", families[i]);
                _cleanup_free_ char *ranges = str_printf("%s.ovn.ranges", families[i]);
                _cleanup_strlist_ StrList list = {};
                IpAddress first, last;
                IpSubnet subnet;
                if (!ip_parse_subnet(strmap_get(&row->config, gateway), &subnet))
                        continue;
                strlist_split(&list, strmap_get(&row->config, ranges), ", ", true);
                for (size_t r = 0; r < list.count; r++)
                        if (!ip_parse_range(list.items[r], &first, &last) ||
                            !ip_subnet_has(&subnet, &first) || !ip_subnet_has(&subnet, &last))
                                return error_set(err, ERROR_INVALID, 0,
                                                 "Invalid value for network \"%s\" option \"%s\": "
                                                 "IP range \"%s\" does not fall within any of the "
                                                 "allowed networks",
                                                 row->name, ranges, list.items[r]);
        }
        return network_check_parent(networks, row, err);
}

static int physical_setup(Networks *networks, const NetworkRow *row, const NetworkRow *before,
                          Error **err) {
        const char *parent = strmap_get(&row->config, "parent");
        _cleanup_free_ char *interface = network_host_interface(row);
        uint64_t vlan = 0, mtu = 0;
        if (!link_exists(parent))
                return error_set(err, ERROR_INVALID, 0, "Parent interface \"%s\" not found",
                                 parent);
        (void) str_to_uint64(strmap_get(&row->config, "vlan"), &vlan);
        (void) str_to_uint64(strmap_get(&row->config, "mtu"), &mtu);
        const LinkSpec spec = {.kind = "vlan",
                               .name = interface,
                               .parent = parent,
                               .vlan = (uint32_t) vlan,
                               .gvrp = str_is_true(strmap_get(&row->config, "gvrp"))};
        if (vlan > 0 && !link_exists(interface) && link_create(&spec, err) < 0)
                return -1;
        const LinkChange change = {.mtu = (uint32_t) mtu, .up = 1};
        return link_change(interface, &change, err);
}

/* Only a VLAN link that was made for the network: others may use the parent. */
static int physical_clear(Networks *networks, const NetworkRow *row, Error **err) {
        _cleanup_free_ char *interface = network_host_interface(row);
        if (str_is_empty(strmap_get(&row->config, "vlan")) ||
            str_is_false(strmap_get(&row->config, CREATED_KEY)))
                return 0;
        return link_delete(interface, err);
}

/* Whether the VLAN's link is ours is known before the first setup, and kept. */
static int physical_fill(Networks *networks, NetworkRow *row, Error **err) {
        _cleanup_free_ char *interface = network_host_interface(row);
        if (str_is_empty(strmap_get(&row->config, "vlan")))
                (void) strmap_remove(&row->config, CREATED_KEY);
        else if (!strmap_has(&row->config, CREATED_KEY))
                strmap_set(&row->config, CREATED_KEY, link_exists(interface) ? "false" : "true");
        return 0;
}

const NetworkDriver network_driver_physical = {
        .type = "physical",
        .fill = physical_fill,
        .validate = physical_validate,
        .setup = physical_setup,
        .clear = physical_clear,
};
