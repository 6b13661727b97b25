/* nic, nictype=ipvlan: a link that shares the parent's hardware address. liblxc makes it, so it
 * comes only with a start. */
#include "device/drivers/nic_parent.h"

#include "base/ip.h"
#include "base/memory.h"
#include "linux/links.h"
#include "linux/routes.h"

typedef struct Family {
        const char *name;
        unsigned bits, default_bits; /* in mode l3s and l2 */
} Family;

static const Family families[] = {{"ipv4", 32, 24}, {"ipv6", 128, 64}};

static const char *mode_of(const Nic *nic) {
        const char *mode = nic_get(nic, "mode");
        return mode != NULL ? mode : "l3s";
}

static int ipvlan_validate(const DeviceContext *context, Error **err) {
        _cleanup_nic_ Nic nic = {.context = context};
        if (nic_load(context, &nic, err) < 0)
                return -1;
        bool switched = str_equal(mode_of(&nic), "l2");
        for (size_t f = 0; f < ARRAY_SIZE(families); f++) {
                const char *gateway = nic_get_of(&nic, families[f].name, "gateway");
                bool word = str_equal(gateway, "auto") || str_equal(gateway, "none");
                const char *addresses = nic_get_of(&nic, families[f].name, "address");
                if (gateway != NULL && word == switched)
                        return error_set(err, ERROR_INVALID, 0,
                                         "Invalid value for device option \"%s.gateway\": %s",
                                         families[f].name,
                                         switched ? "In mode l2 it must be an address"
                                                  : "In mode l3s it must be \"auto\" or \"none\"");
                if (!switched && addresses != NULL && strchr(addresses, '/') != NULL)
                        return error_set(err, ERROR_INVALID, 0,
                                         "Invalid value for device option \"%s.address\": A prefix "
                                         "length is of mode l2",
                                         families[f].name);
        }
        return 0;
}

static void add_family_lines(const Nic *nic, const Family *family, DeviceRun *run) {
        unsigned index = nic->context->nic_index;
        bool switched = str_equal(mode_of(nic), "l2");
        const char *gateway = nic_get_of(nic, family->name, "gateway");
        _cleanup_strlist_ StrList list = {.items = NULL};
        strlist_split(&list, nic_get_of(nic, family->name, "address"), ", ", true);
        if (list.count == 0)
                return;
        for (size_t i = 0; i < list.count; i++) {
                bool whole = strchr(list.items[i], '/') != NULL;
                _cleanup_free_ char *bits =
                        str_printf("/%u", switched ? family->default_bits : family->bits);
                strlist_printf(&run->lines, "lxc.net.%u.%s.address = %s%s", index, family->name,
                               list.items[i], whole ? "" : bits);
        }
        if (switched ? gateway != NULL : !str_equal(gateway, "none"))
                strlist_printf(&run->lines, "lxc.net.%u.%s.gateway = %s", index, family->name,
                               switched ? gateway : "dev");
}

/* In mode l3s the host routes to the addresses by the loopback and answers for them. */
static int set_host(const Nic *nic, const char *parent, bool on, Error **err) {
        if (str_equal(mode_of(nic), "l2"))
                return 0;
        for (size_t f = 0; f < ARRAY_SIZE(families); f++) {
                _cleanup_strlist_ StrList list = {.items = NULL};
                _cleanup_free_ char *key = str_printf("%s.host_table", families[f].name);
                uint32_t table = nic_number(nic, key);
                strlist_split(&list, nic_get_of(nic, families[f].name, "address"), ", ", true);
                for (size_t i = 0; i < list.count; i++) {
                        Route route = {.protocol = ROUTE_BOOT}, more = {.protocol = ROUTE_BOOT};
                        if (!ip_parse_subnet_or_address(list.items[i], &route.to))
                                continue;
                        more.to = route.to;
                        more.table = table;
                        /* The kernel answers only for what lies behind another link. */
                        if (on && (route_proxy_add(parent, &route.to.address, err) < 0 ||
                                   route_add("lo", &route, err) < 0 ||
                                   (table > 0 && route_add("lo", &more, err) < 0)))
                                return -1;
                        if (on)
                                continue;
                        (void) !route_proxy_remove(parent, &route.to.address, NULL);
                        (void) !route_remove("lo", &route, NULL);
                        if (table > 0)
                                (void) !route_remove("lo", &more, NULL);
                }
        }
        return 0;
}

static int ipvlan_start(const DeviceContext *context, DeviceRun *run, Error **err) {
        _cleanup_nic_ Nic nic = {.context = context};
        unsigned index = context->nic_index;
        if (nic_load(context, &nic, err) < 0 || nic_parent_start(&nic, run, err) < 0)
                return -1;
        _cleanup_free_ char *parent = nic_parent_interface(&nic);
        if (!str_equal(mode_of(&nic), "l2") &&
            nic_parent_check_sysctls(&nic, parent, "IPVLAN in L3S mode", err) < 0)
                return -1;
        nic_set_volatile(&nic, run, "host_name", parent);
        nic_add_lines(&nic, parent, run);
        /* A link of another kind than the common lines have. */
        str_replace(&run->lines.items[0], str_printf("lxc.net.%u.type = ipvlan", index));
        str_replace(&run->link, NULL);
        strlist_printf(&run->lines, "lxc.net.%u.ipvlan.mode = %s", index, mode_of(&nic));
        strlist_printf(&run->lines, "lxc.net.%u.ipvlan.isolation = bridge", index);
        if (nic_number(&nic, "mtu") > 0)
                strlist_printf(&run->lines, "lxc.net.%u.mtu = %s", index, nic_get(&nic, "mtu"));
        for (size_t f = 0; f < ARRAY_SIZE(families); f++)
                add_family_lines(&nic, &families[f], run);
        return set_host(&nic, parent, true, err);
}

static void ipvlan_stop(const DeviceContext *context, StrMap *volatiles) {
        _cleanup_nic_ Nic nic = {.context = context};
        const char *parent = device_volatile(context, "host_name");
        if (parent != NULL && nic_load(context, &nic, NULL) == 0) {
                (void) !set_host(&nic, parent, false, NULL);
                nic_parent_stop(&nic);
        }
        nic_clear_volatile(context, volatiles);
}

static const char *ipvlan_needs_stop(const DeviceContext *context) {
        return "Device cannot be added when instance is running";
}

const DeviceDriver device_nic_ipvlan = {
        .type = "nic",
        .subtype = "ipvlan",
        .validate = ipvlan_validate,
        .start = ipvlan_start,
        .stop = ipvlan_stop,
        .needs_stop = ipvlan_needs_stop,
        .is_nic = true,
};
