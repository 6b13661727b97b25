/* Brings the host to a bridge's plan: what is there already stays, what is not in the plan goes. */
#include "network/drivers/bridge/plan.h"

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "linux/links.h"
#include "linux/sysctl.h"
#include "network/openvswitch.h"
#include "network/driver.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>

#define DEFAULT_VLAN 1

static void fill_host(Networks *networks, BridgeHost *ret, char **ret_directory,
                      char **ret_default, const NetworkRow *row) {
        *ret_directory = network_path(networks, row->name);
        (void) !route_default_link(AF_INET, ret_default, NULL);
        *ret = (BridgeHost){.directory = *ret_directory,
                            .seed = networks->spec.seed,
                            .default_link = *ret_default,
                            .user = getpwnam("nobody") != NULL ? "nobody" : NULL,
                            .group = getgrnam("nogroup") != NULL ? "nogroup" : NULL,
                            .has_ipv6 = sysctl_exists("net/ipv6")};
}

static int make_plan(Networks *networks, const NetworkRow *row, BridgePlan *ret, Error **err) {
        _cleanup_free_ char *directory = NULL, *default_link = NULL;
        BridgeHost host;
        fill_host(networks, &host, &directory, &default_link, row);
        return bridge_plan(row, &host, ret, err);
}

/* --- config --- */

static int fill_family(Networks *networks, NetworkRow *row, const char *family, Error **err) {
        _cleanup_free_ char *key = str_printf("%s.address", family);
        _cleanup_free_ char *nat = str_printf("%s.nat", family), *subnet = NULL;
        const char *value = strmap_get(&row->config, key);
        bool is_new = row->id == 0;
        if (!str_equal(value, "auto") && !(is_new && value == NULL))
                return 0;
        int number = str_equal(family, "ipv4") ? AF_INET : AF_INET6;
        if (number == AF_INET6 && !sysctl_exists("net/ipv6")) {
                strmap_set(&row->config, key, "none");
                return 0;
        }
        if (network_free_subnet(networks, number, &subnet, err) < 0)
                return -1;
        strmap_set(&row->config, key, subnet);
        if (!strmap_has(&row->config, nat))
                strmap_set(&row->config, nat, "true");
        return 0;
}

static int bridge_fill(Networks *networks, NetworkRow *row, Error **err) {
        if (fill_family(networks, row, "ipv4", err) < 0)
                return -1;
        return fill_family(networks, row, "ipv6", err);
}

static int check_tunnels(const NetworkRow *row, Error **err) {
        _cleanup_strlist_ StrList names = {};
        bridge_tunnel_names(&row->config, &names);
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_free_ char *link = str_printf("%s-%s", row->name, names.items[i]);
                if (strlen(link) > 15)
                        return error_set(err, ERROR_INVALID, 0,
                                         "Network name too long for tunnel interface: %s", link);
        }
        return 0;
}

static int bridge_validate(Networks *networks, const NetworkRow *row, Error **err) {
        if (str_equal(strmap_get(&row->config, "bridge.mode"), "fan"))
                return error_set(err, ERROR_UNSUPPORTED, 0,
                                 "Invalid value for network \"%s\" option \"bridge.mode\": The fan "
                                 "needs a patched kernel that is not made any more; use "
                                 "\"standard\" with a vxlan tunnel",
                                 row->name);
        return check_tunnels(row, err);
}

/* --- the link --- */

static int make_link(const BridgePlan *plan, Error **err) {
        if (plan->openvswitch) {
                if (openvswitch_add_bridge(plan->name, plan->hwaddr, plan->mtu, err) < 0)
                        return -1;
        } else if (!link_exists(plan->name) &&
                   link_create_bridge(plan->name, plan->hwaddr, plan->mtu, err) < 0) {
                return -1;
        }
        const LinkChange change = {.hwaddr = plan->hwaddr, .mtu = plan->mtu};
        if (link_change(plan->name, &change, err) < 0)
                return -1;
        if (!plan->openvswitch &&
            link_set_vlan_filtering(plan->name, true, DEFAULT_VLAN, NULL) < 0)
                log_debug("Bridge %s is without VLANs: this kernel has none for bridges",
                          plan->name);
        return 0;
}

static int set_sysctls(const BridgePlan *plan, Error **err) {
        for (size_t i = 0; i < plan->sysctls.count; i++)
                if (sysctl_set(plan->sysctls.items[i].key, plan->sysctls.items[i].value, err) < 0)
                        return -1;
        return 0;
}

/* A host that forwards IPv6 takes no more routers' announcements, unless it is told to. */
static void keep_announcements(const BridgePlan *plan) {
        _cleanup_linklist_ LinkList links = {.items = NULL};
        if (!strmap_has(&plan->sysctls, "net/ipv6/conf/all/forwarding") ||
            link_list(0, &links, NULL) < 0)
                return;
        for (size_t i = 0; i < links.count; i++) {
                _cleanup_free_ char *path =
                        str_printf("net/ipv6/conf/%s/accept_ra", links.items[i].name);
                _cleanup_free_ char *value = NULL;
                if (sysctl_get(path, &value, NULL) == 0 && str_equal(value, "1"))
                        (void) !sysctl_set(path, "2", NULL);
        }
}

/* --- addresses and routes --- */

static bool is_planned(const BridgePlan *plan, const IpSubnet *address) {
        for (size_t i = 0; i < plan->address_count; i++)
                if (plan->addresses[i].bits == address->bits &&
                    ip_equal(&plan->addresses[i].address, &address->address))
                        return true;
        return false;
}

static int drop_addresses(const BridgePlan *plan, const LinkInfo *link, Error **err) {
        for (size_t i = 0; i < link->address_count; i++) {
                const LinkAddress *have = &link->addresses[i];
                _cleanup_free_ char *text = str_printf("%s/%s", have->address, have->netmask);
                IpSubnet address;
                if (!str_equal(have->scope, "global") || !ip_parse_subnet(text, &address) ||
                    is_planned(plan, &address))
                        continue;
                if (link_address_remove(plan->name, &address, err) < 0)
                        return -1;
        }
        return 0;
}

static bool is_planned_route(const BridgePlan *plan, const Route *route) {
        for (size_t i = 0; i < plan->route_count; i++) {
                const IpSubnet network = ip_network(&plan->routes[i].to);
                if (network.bits == route->to.bits &&
                    ip_equal(&network.address, &route->to.address))
                        return true;
        }
        return false;
}

static int drop_routes(const BridgePlan *plan, int index, Error **err) {
        _cleanup_route_list_ RouteList routes = {.items = NULL};
        if (routes_list(&routes, err) < 0)
                return -1;
        for (size_t i = 0; i < routes.count; i++) {
                const Route *route = &routes.items[i];
                if (route->link != index || route->protocol != ROUTE_STATIC ||
                    is_planned_route(plan, route))
                        continue;
                if (route_remove(plan->name, route, err) < 0)
                        return -1;
        }
        return 0;
}

static int set_addresses(const BridgePlan *plan, Error **err) {
        _cleanup_linklist_ LinkList links = {.items = NULL};
        if (link_list(0, &links, err) < 0)
                return -1;
        const LinkInfo *link = linklist_find(&links, plan->name);
        if (link == NULL)
                return error_set(err, ERROR_NOT_FOUND, 0, "Bridge \"%s\" has gone", plan->name);
        if (drop_addresses(plan, link, err) < 0 || drop_routes(plan, link->index, err) < 0)
                return -1;
        for (size_t i = 0; i < plan->address_count; i++)
                if (link_address_add(plan->name, &plan->addresses[i], err) < 0)
                        return -1;
        for (size_t i = 0; i < plan->route_count; i++)
                if (route_add(plan->name, &plan->routes[i], err) < 0)
                        return -1;
        return 0;
}

/* --- ports --- */

static int add_port(const BridgePlan *plan, const char *port, Error **err) {
        const LinkChange change = {.master = plan->name, .up = 1};
        const LinkChange up = {.up = 1};
        if (!plan->openvswitch)
                return link_change(port, &change, err);
        return openvswitch_add_port(plan->name, port, err) < 0 ? -1
                                                               : link_change(port, &up, err);
}

static void remove_port(const BridgePlan *plan, const char *port) {
        const LinkChange change = {.master = ""};
        if (plan->openvswitch)
                (void) !openvswitch_remove_port(plan->name, port, NULL);
        else
                (void) !link_change(port, &change, NULL);
}

static int check_unconfigured(const LinkInfo *link, Error **err) {
        for (size_t i = 0; i < link->address_count; i++)
                if (str_equal(link->addresses[i].scope, "global"))
                        return error_set(err, ERROR_INVALID, 0,
                                         "Only unconfigured network interfaces can be bridged");
        return 0;
}

/* "NAME" is there already; "NAME/PARENT/VLAN" is made. */
static int add_external(const BridgePlan *plan, const char *wish, Error **err) {
        _cleanup_linklist_ LinkList links = {.items = NULL};
        _cleanup_strlist_ StrList parts = {};
        uint64_t vlan = 0;
        strlist_split(&parts, wish, "/", false);
        if (parts.count == 3 && !link_exists(parts.items[0])) {
                (void) str_to_uint64(parts.items[2], &vlan);
                const LinkSpec spec = {.kind = "vlan",
                                       .name = parts.items[0],
                                       .parent = parts.items[1],
                                       .vlan = (uint32_t) vlan};
                if (link_create(&spec, err) < 0)
                        return -1;
        }
        if (link_list(0, &links, err) < 0)
                return -1;
        const LinkInfo *link = linklist_find(&links, parts.items[0]);
        if (link == NULL) {
                log_warning("Network %s is without the interface %s, which is not there",
                            plan->name, parts.items[0]);
                return 0;
        }
        if (check_unconfigured(link, err) < 0)
                return -1;
        return add_port(plan, link->name, err);
}

static int add_tunnel(const BridgePlan *plan, const BridgeTunnel *tunnel, Error **err) {
        /* What a tunnel is cannot be changed: it is made anew. */
        if (link_delete(tunnel->name, err) < 0 || link_create(&tunnel->spec, err) < 0)
                return -1;
        return add_port(plan, tunnel->name, err);
}

static void remove_tunnels(const NetworkRow *row) {
        _cleanup_strlist_ StrList names = {};
        bridge_tunnel_names(&row->config, &names);
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_free_ char *link = str_printf("%s-%s", row->name, names.items[i]);
                (void) !link_delete(link, NULL);
        }
}

static void remove_external(const BridgePlan *plan, const NetworkRow *before) {
        _cleanup_strlist_ StrList ports = {};
        strlist_split(&ports, strmap_get(&before->config, "bridge.external_interfaces"), ", ",
                      true);
        for (size_t i = 0; i < ports.count; i++) {
                _cleanup_strlist_ StrList parts = {};
                if (strlist_has(&plan->ports, ports.items[i]))
                        continue;
                strlist_split(&parts, ports.items[i], "/", false);
                remove_port(plan, parts.items[0]);
                if (parts.count == 3)
                        (void) !link_delete(parts.items[0], NULL);
        }
}

static bool tunnels_changed(const NetworkRow *row, const NetworkRow *before) {
        static const char *const also[] = {"bridge.mtu", "bridge.driver"};
        const StrMap *maps[] = {&row->config, &before->config};
        for (size_t m = 0; m < ARRAY_SIZE(maps); m++)
                for (size_t i = 0; i < maps[m]->count; i++) {
                        const char *key = maps[m]->items[i].key;
                        if (str_has_prefix(key, "tunnel.") &&
                            !str_equal(strmap_get(maps[0], key), strmap_get(maps[1], key)))
                                return true;
                }
        for (size_t i = 0; i < ARRAY_SIZE(also); i++)
                if (!str_equal(strmap_get(maps[0], also[i]), strmap_get(maps[1], also[i])))
                        return true;
        return false;
}

static int set_ports(const BridgePlan *plan, const NetworkRow *row, const NetworkRow *before,
                     Error **err) {
        if (before != NULL)
                remove_external(plan, before);
        for (size_t i = 0; i < plan->ports.count; i++)
                if (add_external(plan, plan->ports.items[i], err) < 0)
                        return -1;
        if (before != NULL && !tunnels_changed(row, before))
                return 0;
        if (before != NULL)
                remove_tunnels(before);
        for (size_t i = 0; i < plan->tunnel_count; i++)
                if (add_tunnel(plan, &plan->tunnels[i], err) < 0)
                        return -1;
        return 0;
}

/* --- the whole --- */

static bool wants_rules(const FirewallFamily *family) {
        return family->forward != FIREWALL_FORWARD_ANY || family->services ||
               family->nat_subnet != NULL;
}

/* A host without a packet filter can have networks that ask for none. */
static int set_firewall(Networks *networks, const BridgePlan *plan, Error **err) {
        const FirewallNetwork *wish = &plan->firewall;
        if (networks->spec.firewall == NULL)
                return 0;
        if (wants_rules(&wish->ipv4) || wants_rules(&wish->ipv6))
                return firewall_network_setup(networks->spec.firewall, wish, err);
        (void) !firewall_network_setup(networks->spec.firewall, wish, NULL);
        return 0;
}

static int carry_out(Networks *networks, const BridgePlan *plan, const NetworkRow *row,
                     const NetworkRow *before, Error **err) {
        _cleanup_free_ char *directory = network_path(networks, row->name);
        const LinkChange up = {.up = 1};
        if (directory_make_all(directory, 0711, err) < 0 || make_link(plan, err) < 0)
                return -1;
        keep_announcements(plan);
        if (set_sysctls(plan, err) < 0 || link_change(plan->name, &up, err) < 0 ||
            set_ports(plan, row, before, err) < 0 || set_addresses(plan, err) < 0 ||
            set_firewall(networks, plan, err) < 0)
                return -1;
        return dnsmasq_apply(networks->dnsmasqs, row->name, &plan->dnsmasq, err);
}

/* One driver cannot take over the other's bridge. */
static int replace_driver(const NetworkRow *row, const NetworkRow *before, Error **err) {
        const char *old = strmap_get(&before->config, "bridge.driver");
        const char *new = strmap_get(&row->config, "bridge.driver");
        bool was_ovs = str_equal(old, "openvswitch"), is_ovs = str_equal(new, "openvswitch");
        if (was_ovs == is_ovs)
                return 0;
        return was_ovs ? openvswitch_remove_bridge(row->name, err) : link_delete(row->name, err);
}

static int bridge_setup(Networks *networks, const NetworkRow *row, const NetworkRow *before,
                        Error **err) {
        _cleanup_bridge_plan_ BridgePlan plan = {};
        if (before != NULL && replace_driver(row, before, err) < 0)
                return -1;
        if (make_plan(networks, row, &plan, err) < 0)
                return -1;
        return carry_out(networks, &plan, row, before, err);
}

static int bridge_clear(Networks *networks, const NetworkRow *row, Error **err) {
        _cleanup_free_ char *directory = network_path(networks, row->name);
        const BridgePlan nothing = {
                .name = row->name,
                .openvswitch = str_equal(strmap_get(&row->config, "bridge.driver"),
                                         "openvswitch")};
        dnsmasq_stop(networks->dnsmasqs, row->name);
        remove_tunnels(row);
        remove_external(&nothing, row);
        if ((nothing.openvswitch ? openvswitch_remove_bridge(row->name, err)
                                 : link_delete(row->name, err)) < 0)
                return -1;
        _cleanup_error_ Error *failed = NULL;
        if (networks->spec.firewall != NULL &&
            firewall_network_clear(networks->spec.firewall, row->name, &failed) < 0)
                log_warning("Rules of network %s may stay behind: %s", row->name,
                            error_message(failed));
        return path_remove_all(directory, err);
}

const NetworkDriver network_driver_bridge = {
        .type = "bridge",
        .has_interface = true,
        .has_leases = true,
        .fill = bridge_fill,
        .validate = bridge_validate,
        .setup = bridge_setup,
        .clear = bridge_clear,
};
