/* nic, nictype=routed: a pair whose host end is a router for fixed addresses; on the parent the
 * host answers for them (proxy ARP and NDP). */
#include "device/drivers/nic_parent.h"

#include "base/ip.h"
#include "base/memory.h"
#include "firewall/firewall.h"
#include "linux/links.h"
#include "linux/probe.h"
#include "linux/routes.h"
#include "linux/sysctl.h"

#define PROBE_TIMEOUT_MS 500

typedef struct Family {
        const char *name, *host_address, *route_scope;
        unsigned bits;
} Family;

static const Family families[] = {
        {"ipv4", "169.254.0.1", "0.0.0.0", 32},
        {"ipv6", "fe80::1", NULL, 128},
};

static void family_addresses(const Nic *nic, const Family *family, StrList *ret) {
        strlist_split(ret, nic_get_of(nic, family->name, "address"), ", ", true);
}

static const char *host_address(const Nic *nic, const Family *family) {
        const char *address = nic_get_of(nic, family->name, "host_address");
        return address != NULL ? address : family->host_address;
}

/* Somebody else on the parent's wire may have the address. */
static int probe(const Nic *nic, const char *parent, Error **err) {
        for (size_t f = 0; f < ARRAY_SIZE(families); f++) {
                _cleanup_strlist_ StrList list = {.items = NULL};
                if (str_is_false(nic_get_of(nic, families[f].name, "neighbor_probe")))
                        continue;
                family_addresses(nic, &families[f], &list);
                for (size_t i = 0; i < list.count; i++) {
                        IpAddress address;
                        if (ip_parse(list.items[i], &address) &&
                            probe_answers(&address, parent, PROBE_TIMEOUT_MS))
                                return error_set(err, ERROR_INVALID, 0,
                                                 "IP address \"%s\" is in use by another device on "
                                                 "\"%s\"",
                                                 list.items[i], parent);
                }
        }
        return 0;
}

static int routed_validate(const DeviceContext *context, Error **err) {
        _cleanup_nic_ Nic nic = {.context = context};
        if (nic_load(context, &nic, err) < 0)
                return -1;
        if (nic_get(&nic, "vlan") != NULL && nic_get(&nic, "parent") == NULL)
                return error_set(err, ERROR_INVALID, 0,
                                 "The vlan setting can only be used when combined with a parent "
                                 "interface");
        for (size_t f = 0; f < ARRAY_SIZE(families); f++)
                if (nic_get_of(&nic, families[f].name, "routes") != NULL &&
                    nic_get_of(&nic, families[f].name, "address") == NULL)
                        return error_set(err, ERROR_INVALID, 0,
                                         "%s.routes requires %s.address to be set",
                                         families[f].name, families[f].name);
        return 0;
}

/* --- the host's side --- */

static int add_host_routes(const Nic *nic, const Family *family, const char *host, Error **err) {
        _cleanup_strlist_ StrList list = {.items = NULL};
        _cleanup_free_ char *key = str_printf("%s.host_table", family->name);
        uint32_t table = nic_number(nic, key);
        family_addresses(nic, family, &list);
        for (size_t i = 0; i < list.count; i++) {
                Route route = {.protocol = ROUTE_BOOT};
                if (!ip_parse_subnet_or_address(list.items[i], &route.to))
                        continue;
                if (route_add(host, &route, err) < 0)
                        return -1;
                route.table = table;
                if (table > 0 && route_add(host, &route, err) < 0)
                        return -1;
        }
        return 0;
}

static int set_sysctl(const char *family, const char *host, const char *name, const char *value,
                      Error **err) {
        _cleanup_free_ char *path = str_printf("net/%s/conf/%s/%s", family, host, name);
        return sysctl_exists(path) ? sysctl_set(path, value, err) : 0;
}

static int set_up_host(const Nic *nic, const char *host, Error **err) {
        if (set_sysctl("ipv4", host, "forwarding", "1", err) < 0 ||
            set_sysctl("ipv6", host, "accept_ra", "0", err) < 0 ||
            set_sysctl("ipv6", host, "accept_dad", "0", err) < 0)
                return -1;
        for (size_t f = 0; f < ARRAY_SIZE(families); f++) {
                IpSubnet own = {.bits = families[f].bits};
                if (nic_get_of(nic, families[f].name, "address") == NULL)
                        continue;
                if (ip_parse(host_address(nic, &families[f]), &own.address) &&
                    link_address_add(host, &own, err) < 0)
                        return -1;
                if (add_host_routes(nic, &families[f], host, err) < 0)
                        return -1;
        }
        return nic_routes_add(nic, host, err);
}

static int set_proxies(const Nic *nic, const char *parent, bool on, Error **err) {
        for (size_t f = 0; f < ARRAY_SIZE(families); f++) {
                _cleanup_strlist_ StrList list = {.items = NULL};
                family_addresses(nic, &families[f], &list);
                for (size_t i = 0; i < list.count; i++) {
                        IpAddress address;
                        if (!ip_parse(list.items[i], &address))
                                continue;
                        if (on && route_proxy_add(parent, &address, err) < 0)
                                return -1;
                        if (!on)
                                (void) !route_proxy_remove(parent, &address, NULL);
                }
        }
        return 0;
}

static FirewallDevice firewall_device(const DeviceContext *context) {
        return (FirewallDevice) {.project = context->project,
                                 .instance = context->title,
                                 .device = context->name};
}

/* --- inside --- */

static void add_inner_lines(const Nic *nic, DeviceRun *run) {
        unsigned index = nic->context->nic_index;
        for (size_t f = 0; f < ARRAY_SIZE(families); f++) {
                const Family *family = &families[f];
                _cleanup_strlist_ StrList list = {.items = NULL};
                family_addresses(nic, family, &list);
                if (list.count > 0 && !str_equal(nic_get_of(nic, family->name, "gateway"), "none"))
                        strlist_printf(&run->lines, "lxc.net.%u.%s.gateway = %s", index,
                                       family->name, host_address(nic, family));
                for (size_t i = 0; i < list.count; i++)
                        strlist_printf(&run->lines, "lxc.net.%u.%s.address = %s/%u%s%s", index,
                                       family->name, list.items[i], family->bits,
                                       family->route_scope != NULL ? " " : "",
                                       family->route_scope != NULL ? family->route_scope : "");
        }
}

static int start_on_parent(const Nic *nic, DeviceRun *run, Error **err) {
        if (nic_get(nic, "parent") == NULL)
                return 0;
        if (nic_parent_start(nic, run, err) < 0)
                return -1;
        _cleanup_free_ char *parent = nic_parent_interface(nic);
        return nic_parent_check_sysctls(nic, parent, "Routed mode", err) < 0
                       ? -1
                       : probe(nic, parent, err);
}

static int routed_start(const DeviceContext *context, DeviceRun *run, Error **err) {
        _cleanup_nic_ Nic nic = {.context = context};
        struct Firewall *firewall = networks_firewall(context->networks);
        const FirewallDevice device = firewall_device(context);
        if (nic_load(context, &nic, err) < 0 || start_on_parent(&nic, run, err) < 0 ||
            nic_veth_start(&nic, NULL, run, err) < 0)
                return -1;
        _cleanup_free_ char *host = nic_host_name(&nic, run);
        _cleanup_free_ char *parent = nic_parent_interface(&nic);
        add_inner_lines(&nic, run);
        if (set_up_host(&nic, host, err) < 0 ||
            (parent != NULL && set_proxies(&nic, parent, true, err) < 0))
                return -1;
        return firewall != NULL ? firewall_nic_rpfilter(firewall, &device, host, err) : 0;
}

static void routed_stop(const DeviceContext *context, StrMap *volatiles) {
        _cleanup_nic_ Nic nic = {.context = context};
        struct Firewall *firewall = networks_firewall(context->networks);
        const FirewallDevice device = firewall_device(context);
        if (device_volatile(context, "host_name") != NULL) {
                if (firewall != NULL)
                        (void) !firewall_nic_rpfilter_clear(firewall, &device, NULL);
                if (nic_load(context, &nic, NULL) == 0 && nic_get(&nic, "parent") != NULL) {
                        _cleanup_free_ char *parent = nic_parent_interface(&nic);
                        (void) !set_proxies(&nic, parent, false, NULL);
                        nic_parent_stop(&nic);
                }
        }
        nic_veth_stop(context, volatiles);
}

/* What liblxc does from the lines at a start. */
static int configure_inside(const Nic *nic, int socket, const char *link, Error **err) {
        for (size_t f = 0; f < ARRAY_SIZE(families); f++) {
                const Family *family = &families[f];
                _cleanup_strlist_ StrList list = {.items = NULL};
                Route through = {.protocol = ROUTE_BOOT}, out = {.protocol = ROUTE_BOOT};
                family_addresses(nic, family, &list);
                if (list.count == 0)
                        continue;
                for (size_t i = 0; i < list.count; i++) {
                        IpSubnet address;
                        if (ip_parse_subnet_or_address(list.items[i], &address) &&
                            link_address_inside(socket, link, &address, err) < 0)
                                return -1;
                }
                if (str_equal(nic_get_of(nic, family->name, "gateway"), "none") ||
                    !ip_parse(host_address(nic, family), &out.gateway))
                        continue;
                through.to = (IpSubnet) {.address = out.gateway, .bits = family->bits};
                out.to.address.family = out.gateway.family;
                if (route_add_inside(socket, link, &through, err) < 0 ||
                    route_add_inside(socket, link, &out, err) < 0)
                        return -1;
        }
        return 0;
}

static int routed_plug(const DeviceContext *context, const DeviceRun *run, Error **err) {
        _cleanup_nic_ Nic nic = {.context = context};
        _cleanup_close_ int socket = -1;
        const LinkChange up = {.up = 1};
        if (nic_plug(context, run, err) < 0 || nic_load(context, &nic, err) < 0 ||
            runtime_open_netlink(context->runtime, context->process, &socket, err) < 0 ||
            link_change_inside(socket, run->inner_name, &up, err) < 0)
                return -1;
        return configure_inside(&nic, socket, run->inner_name, err);
}

const DeviceDriver device_nic_routed = {
        .type = "nic",
        .subtype = "routed",
        .validate = routed_validate,
        .start = routed_start,
        .plug = routed_plug,
        .stop = routed_stop,
        .is_nic = true,
};
