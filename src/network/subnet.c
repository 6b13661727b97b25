/* Subnets that nobody uses: not on an interface, not behind a route, not another network's. */
#include "network/network_private.h"

#include "base/memory.h"
#include "base/units.h"
#include "linux/links.h"
#include "linux/routes.h"

#define TRIES 100

typedef struct Subnets {
        IpSubnet *items;
        size_t count, capacity;
} Subnets;

static void add(Subnets *list, const IpSubnet *subnet) {
        mem_grow((void **) &list->items, &list->capacity, list->count + 1, sizeof(IpSubnet));
        list->items[list->count++] = *subnet;
}

static int add_host(Subnets *used, Error **err) {
        _cleanup_route_list_ RouteList routes = {.items = NULL};
        _cleanup_linklist_ LinkList links = {.items = NULL};
        IpSubnet subnet;
        if (routes_list(&routes, err) < 0 || link_list(0, &links, err) < 0)
                return -1;
        for (size_t i = 0; i < routes.count; i++)
                if (routes.items[i].to.bits > 0) /* a default route takes no subnet */
                        add(used, &routes.items[i].to);
        for (size_t i = 0; i < links.count; i++)
                for (size_t a = 0; a < links.items[i].address_count; a++) {
                        const LinkAddress *address = &links.items[i].addresses[a];
                        _cleanup_free_ char *text =
                                str_printf("%s/%s", address->address, address->netmask);
                        if (ip_parse_subnet(text, &subnet))
                                add(used, &subnet);
                }
        return 0;
}

static int add_networks(Networks *networks, Subnets *used, Error **err) {
        static const char *const keys[] = {"ipv4.address", "ipv6.address", "ipv4.routes",
                                           "ipv6.routes"};
        _cleanup_(network_row_list_done) NetworkRowList rows = {};
        IpSubnet subnet;
        if (network_list_all(networks, &rows, err) < 0)
                return -1;
        for (size_t i = 0; i < rows.count; i++)
                for (size_t k = 0; k < ARRAY_SIZE(keys); k++) {
                        _cleanup_strlist_ StrList parts = {};
                        strlist_split(&parts, strmap_get(&rows.items[i].config, keys[k]), ", ",
                                      true);
                        for (size_t p = 0; p < parts.count; p++)
                                if (ip_parse_subnet(parts.items[p], &subnet))
                                        add(used, &subnet);
                }
        return 0;
}

static IpSubnet random_subnet(int family) {
        IpSubnet subnet = {.address.family = family, .bits = family == AF_INET ? 24 : 64};
        unsigned char *bytes = subnet.address.bytes;
        if (family == AF_INET) {
                bytes[0] = 10;
                random_bytes(bytes + 1, 2);
                bytes[3] = 1;
        } else {
                bytes[0] = 0xfd;
                bytes[1] = 0x42;
                random_bytes(bytes + 2, 6);
                bytes[15] = 1;
        }
        return subnet;
}

static bool is_free(const Subnets *used, const IpSubnet *subnet) {
        for (size_t i = 0; i < used->count; i++)
                if (used->items[i].address.family == subnet->address.family &&
                    ip_subnets_overlap(&used->items[i], subnet))
                        return false;
        return true;
}

int network_free_subnet(Networks *networks, int family, char **ret, Error **err) {
        Subnets used = {};
        int result = add_host(&used, err);
        if (result == 0)
                result = add_networks(networks, &used, err);
        for (unsigned i = 0; result == 0 && i < TRIES; i++) {
                const IpSubnet subnet = random_subnet(family);
                if (is_free(&used, &subnet)) {
                        *ret = ip_format_subnet(&subnet);
                        free(used.items);
                        return 0;
                }
        }
        free(used.items);
        if (result < 0)
                return -1;
        return error_set(err, ERROR_UNAVAILABLE, 0,
                         "Failed to automatically find an unused %s subnet, manual configuration "
                         "required",
                         family == AF_INET ? "IPv4" : "IPv6");
}
