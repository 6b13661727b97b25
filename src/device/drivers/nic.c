#include "device/drivers/nic.h"

#include "base/memory.h"
#include "base/units.h"
#include "linux/links.h"
#include "linux/routes.h"
#include "schema/key.h"

/* What an unset key of the nic means, by the type of its network. */
static const struct {
        const char *type, *key, *from;
} inherited[] = {
        {"bridge", "mtu", "bridge.mtu"},  {"macvlan", "parent", "parent"},
        {"macvlan", "mtu", "mtu"},        {"macvlan", "vlan", "vlan"},
        {"macvlan", "gvrp", "gvrp"},      {"sriov", "parent", "parent"},
        {"sriov", "mtu", "mtu"},          {"sriov", "vlan", "vlan"},
        {"physical", "parent", "parent"}, {"physical", "mtu", "mtu"},
        {"physical", "vlan", "vlan"},     {"physical", "gvrp", "gvrp"},
};

void nic_done(Nic *nic) {
        strmap_done(&nic->config);
        network_row_done(&nic->network);
}

static void inherit(Nic *nic) {
        const NetworkRow *row = &nic->network;
        if (str_equal(row->type, "bridge"))
                strmap_set(&nic->config, "parent", row->name);
        for (size_t i = 0; i < ARRAY_SIZE(inherited); i++) {
                const char *value = strmap_get(&row->config, inherited[i].from);
                if (str_equal(inherited[i].type, row->type) && !str_is_empty(value))
                        strmap_set(&nic->config, inherited[i].key, value);
        }
}

int nic_load(const DeviceContext *context, Nic *ret, Error **err) {
        const char *network = strmap_get(context->config, "network");
        const char *parent = strmap_get(context->config, "parent");
        *ret = (Nic) {.context = context};
        strmap_copy(&ret->config, context->config);
        if (str_is_empty(network)) {
                ret->managed = context->networks != NULL && !str_is_empty(parent) &&
                               network_find_interface(context->networks, parent, &ret->network,
                                                      NULL) == 0;
                return 0;
        }
        if (network_load(context->networks, context->project, network, &ret->network, err) < 0) {
                strmap_done(&ret->config);
                (void) error_prefix(err, "Failed to load network \"%s\" for project \"%s\"",
                                    network, context->project);
                return error_prefix(err, "Failed loading device \"%s\"", context->name);
        }
        ret->managed = true;
        inherit(ret);
        return 0;
}

const char *nic_get(const Nic *nic, const char *key) {
        const char *value = strmap_get(&nic->config, key);
        return str_is_empty(value) ? NULL : value;
}

const char *nic_get_of(const Nic *nic, const char *family, const char *key) {
        _cleanup_free_ char *name = str_printf("%s.%s", family, key);
        return nic_get(nic, name);
}

uint32_t nic_number(const Nic *nic, const char *key) {
        uint64_t number = 0;
        (void) str_to_uint64(nic_get(nic, key), &number);
        return (uint32_t) number;
}

const char *nic_hwaddr(const Nic *nic) {
        const char *hwaddr = nic_get(nic, "hwaddr");
        if (hwaddr == NULL)
                hwaddr = device_volatile(nic->context, "hwaddr");
        return str_is_empty(hwaddr) ? NULL : hwaddr;
}

char *nic_random_name(const char *prefix) {
        _cleanup_free_ char *digits = random_hex(4);
        return str_printf("%s%s", prefix, digits);
}

int nic_check_network_keys(const DeviceContext *context, Error **err) {
        _cleanup_nic_ Nic nic = {.context = context};
        static const char *const always[] = {"nictype", "parent", "mtu", "maas.subnet.ipv4",
                                             "maas.subnet.ipv6"};
        for (size_t i = 0; i < ARRAY_SIZE(always); i++)
                if (!str_is_empty(strmap_get(context->config, always[i])))
                        return error_set(err, ERROR_INVALID, 0,
                                         "Cannot use \"%s\" property in conjunction with "
                                         "\"network\" property",
                                         always[i]);
        if (nic_load(context, &nic, err) < 0)
                return -1;
        for (size_t i = 0; i < ARRAY_SIZE(inherited); i++)
                if (str_equal(inherited[i].type, nic.network.type) &&
                    !str_is_empty(strmap_get(context->config, inherited[i].key)))
                        return error_set(err, ERROR_INVALID, 0,
                                         "Cannot use \"%s\" property in conjunction with "
                                         "\"network\" property",
                                         inherited[i].key);
        return 0;
}

/* The name inside: as configured, else what it had before, else eth and its place. */
static char *inner_name(const Nic *nic) {
        const char *name = nic_get(nic, "name");
        if (name == NULL)
                name = device_volatile(nic->context, "name");
        return str_is_empty(name) ? str_printf("eth%u", nic->context->nic_index) : str_dup(name);
}

void nic_set_volatile(const Nic *nic, DeviceRun *run, const char *key, const char *value) {
        device_set_volatile(&run->volatiles, nic->context, key, value);
}

char *nic_host_name(const Nic *nic, const DeviceRun *run) {
        _cleanup_free_ char *key = str_printf("volatile.%s.host_name", nic->context->name);
        return str_dup(strmap_get(&run->volatiles, key));
}

void nic_add_lines(const Nic *nic, const char *link, DeviceRun *run) {
        unsigned index = nic->context->nic_index;
        run->link = str_dup(link);
        run->inner_name = inner_name(nic);
        strlist_printf(&run->lines, "lxc.net.%u.type = phys", index);
        strlist_printf(&run->lines, "lxc.net.%u.name = %s", index, run->inner_name);
        strlist_printf(&run->lines, "lxc.net.%u.flags = up", index);
        strlist_printf(&run->lines, "lxc.net.%u.link = %s", index, link);
        if (nic_get(nic, "name") == NULL && device_volatile(nic->context, "name") == NULL)
                nic_set_volatile(nic, run, "name", run->inner_name);
}

int nic_plug(const DeviceContext *context, const DeviceRun *run, Error **err) {
        _cleanup_close_ int netns = -1;
        if (run->link == NULL)
                return 0;
        if (runtime_open_netns(context->process, &netns, err) < 0)
                return -1;
        const LinkChange change = {.new_name = run->inner_name, .netns_fd = netns};
        return link_change(run->link, &change, err);
}

void nic_clear_volatile(const DeviceContext *context, StrMap *volatiles) {
        static const char *const keys[] = {"host_name", "last_state.created", "last_state.hwaddr",
                                           "last_state.mtu", "last_state.ip_addresses",
                                           "last_state.vf.id", "last_state.vf.hwaddr",
                                           "last_state.vf.parent", "last_state.vf.vlan",
                                           "last_state.vf.spoofcheck"};
        for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
                if (device_volatile(context, keys[i]) != NULL)
                        device_set_volatile(volatiles, context, keys[i], "");
}

static void collect_routes(const StrMap *config, StrList *ret) {
        static const char *const keys[] = {"ipv4.routes", "ipv6.routes", "ipv4.routes.external",
                                           "ipv6.routes.external"};
        for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
                strlist_split(ret, strmap_get(config, keys[i]), ", ", true);
}

int nic_routes_add(const Nic *nic, const char *link, Error **err) {
        _cleanup_strlist_ StrList list = {.items = NULL};
        collect_routes(&nic->config, &list);
        for (size_t i = 0; i < list.count; i++) {
                Route route = {.protocol = ROUTE_BOOT};
                if (ip_parse_subnet_or_address(list.items[i], &route.to) &&
                    route_add(link, &route, err) < 0) {
                        nic_routes_remove(&nic->config, link);
                        return -1;
                }
        }
        return 0;
}

void nic_routes_remove(const StrMap *config, const char *link) {
        _cleanup_strlist_ StrList list = {.items = NULL};
        collect_routes(config, &list);
        for (size_t i = 0; i < list.count; i++) {
                Route route = {.protocol = ROUTE_BOOT};
                if (ip_parse_subnet_or_address(list.items[i], &route.to))
                        (void) !route_remove(link, &route, NULL);
        }
}
