#include "linux/routes.h"

#include "base/memory.h"
#include "linux/links.h"
#include "linux/links_private.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/errno.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/neighbour.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>

typedef struct nl_addr NetlinkAddress;
DEFINE_CLEANUP(NetlinkAddress, netlink_address, nl_addr_put)
typedef struct rtnl_addr RtnlAddress;
DEFINE_CLEANUP(RtnlAddress, rtnl_address, rtnl_addr_put)
typedef struct rtnl_route RtnlRoute;
DEFINE_CLEANUP(RtnlRoute, rtnl_route, rtnl_route_put)
typedef struct rtnl_neigh RtnlNeighbour;
DEFINE_CLEANUP(RtnlNeighbour, rtnl_neighbour, rtnl_neigh_put)

static NetlinkAddress *address_new(const IpAddress *address, unsigned bits) {
        NetlinkAddress *made = nl_addr_build(address->family, address->bytes,
                                             ip_bits(address->family) / 8);
        nl_addr_set_prefixlen(made, (int) bits);
        return made;
}

static int fail(Error **err, int result, const char *what, const IpSubnet *subnet,
                const char *link) {
        _cleanup_free_ char *name = ip_format_subnet(subnet);
        _cleanup_free_ char *text = str_printf("Failed to %s %s on \"%s\"", what, name, link);
        return netlink_error(err, result, text);
}

static bool is_absent(int result) {
        return result == -NLE_OBJ_NOTFOUND || result == -NLE_NOADDR || result == -NLE_NODEV;
}

static int change_address(NetlinkSocket *socket, const char *link, const IpSubnet *address,
                          bool add, Error **err) {
        _cleanup_(rtnl_address_cleanup) RtnlAddress *change = rtnl_addr_alloc();
        _cleanup_(netlink_address_cleanup) NetlinkAddress *local =
                address_new(&address->address, address->bits);
        int index;
        if (netlink_link_index(socket, link, &index, err) < 0)
                return -1;
        rtnl_addr_set_ifindex(change, index);
        rtnl_addr_set_local(change, local);
        int result = add ? rtnl_addr_add(socket, change, 0) : rtnl_addr_delete(socket, change, 0);
        if (result >= 0 || (add ? result == -NLE_EXIST : is_absent(result)))
                return 0;
        return fail(err, result, add ? "add address" : "remove address", address, link);
}

int link_address_add(const char *link, const IpSubnet *address, Error **err) {
        _cleanup_(netlink_socket_cleanup) NetlinkSocket *socket = NULL;
        return netlink_open(&socket, err) < 0 ? -1
                                              : change_address(socket, link, address, true, err);
}

int link_address_remove(const char *link, const IpSubnet *address, Error **err) {
        _cleanup_(netlink_socket_cleanup) NetlinkSocket *socket = NULL;
        return netlink_open(&socket, err) < 0 ? -1
                                              : change_address(socket, link, address, false, err);
}

int link_address_inside(int socket_fd, const char *link, const IpSubnet *address, Error **err) {
        _cleanup_(netlink_socket_cleanup) NetlinkSocket *socket = NULL;
        return netlink_adopt(socket_fd, &socket, err) < 0
                       ? -1
                       : change_address(socket, link, address, true, err);
}

static int change_route(NetlinkSocket *socket, const char *link, const Route *route, bool add,
                        Error **err) {
        _cleanup_(rtnl_route_cleanup) RtnlRoute *change = rtnl_route_alloc();
        IpSubnet network = ip_network(&route->to);
        _cleanup_(netlink_address_cleanup) NetlinkAddress *to =
                address_new(&network.address, network.bits);
        int index;
        if (netlink_link_index(socket, link, &index, err) < 0)
                return -1;
        struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
        rtnl_route_nh_set_ifindex(hop, index);
        if (route->gateway.family != 0) {
                _cleanup_(netlink_address_cleanup) NetlinkAddress *gateway =
                        address_new(&route->gateway, ip_bits(route->gateway.family));
                rtnl_route_nh_set_gateway(hop, gateway);
        }
        rtnl_route_add_nexthop(change, hop);
        rtnl_route_set_family(change, (uint8_t) network.address.family);
        (void) rtnl_route_set_dst(change, to);
        rtnl_route_set_table(change, route->table != 0 ? route->table : ROUTE_TABLE_MAIN);
        rtnl_route_set_protocol(change, (uint8_t) route->protocol);
        bool direct = network.address.family == AF_INET && route->gateway.family == 0;
        rtnl_route_set_scope(change, direct ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE);
        int result = add ? rtnl_route_add(socket, change, NLM_F_CREATE | NLM_F_REPLACE)
                         : rtnl_route_delete(socket, change, 0);
        if (result >= 0 || (!add && is_absent(result)))
                return 0;
        return fail(err, result, add ? "add route" : "remove route", &route->to, link);
}

int route_add(const char *link, const Route *route, Error **err) {
        _cleanup_(netlink_socket_cleanup) NetlinkSocket *socket = NULL;
        return netlink_open(&socket, err) < 0 ? -1 : change_route(socket, link, route, true, err);
}

int route_remove(const char *link, const Route *route, Error **err) {
        _cleanup_(netlink_socket_cleanup) NetlinkSocket *socket = NULL;
        return netlink_open(&socket, err) < 0 ? -1 : change_route(socket, link, route, false, err);
}

int route_add_inside(int socket_fd, const char *link, const Route *route, Error **err) {
        _cleanup_(netlink_socket_cleanup) NetlinkSocket *socket = NULL;
        return netlink_adopt(socket_fd, &socket, err) < 0
                       ? -1
                       : change_route(socket, link, route, true, err);
}

void route_list_done(RouteList *list) {
        free(list->items);
        *list = (RouteList) {.items = NULL};
}

static void collect_route(struct nl_object *object, void *userdata) {
        RouteList *list = userdata;
        RtnlRoute *from = (RtnlRoute *) object;
        struct rtnl_nexthop *hop = rtnl_route_nexthop_n(from, 0);
        const NetlinkAddress *to = rtnl_route_get_dst(from);
        int family = rtnl_route_get_family(from);
        if (rtnl_route_get_type(from) != RTN_UNICAST || (family != AF_INET && family != AF_INET6))
                return;
        Route route = {.table = rtnl_route_get_table(from),
                       .protocol = rtnl_route_get_protocol(from),
                       .link = hop != NULL ? rtnl_route_nh_get_ifindex(hop) : 0};
        route.to.address.family = family;
        if (to != NULL) {
                size_t length = MIN_OF((size_t) nl_addr_get_len(to),
                                       sizeof route.to.address.bytes);
                memcpy(route.to.address.bytes, nl_addr_get_binary_addr(to), length);
                route.to.bits = (unsigned) nl_addr_get_prefixlen(to);
        }
        mem_grow((void **) &list->items, &list->capacity, list->count + 1, sizeof(Route));
        list->items[list->count++] = route;
}

int routes_list(RouteList *ret, Error **err) {
        _cleanup_(netlink_socket_cleanup) NetlinkSocket *socket = NULL;
        struct nl_cache *cache = NULL;
        RouteList list = {.items = NULL};
        if (netlink_open(&socket, err) < 0)
                return -1;
        int result = rtnl_route_alloc_cache(socket, AF_UNSPEC, 0, &cache);
        if (result < 0)
                return netlink_error(err, result, "Failed to list routes");
        nl_cache_foreach(cache, collect_route, &list);
        nl_cache_free(cache);
        *ret = list;
        return 0;
}

int route_default_link(int family, char **ret, Error **err) {
        _cleanup_route_list_ RouteList routes = {.items = NULL};
        _cleanup_linklist_ LinkList links = {.items = NULL};
        if (routes_list(&routes, err) < 0 || link_list(0, &links, err) < 0)
                return -1;
        for (size_t i = 0; i < routes.count; i++) {
                const Route *route = &routes.items[i];
                bool fits = route->to.bits == 0 && route->to.address.family == family &&
                            route->table == ROUTE_TABLE_MAIN;
                for (size_t l = 0; fits && l < links.count; l++)
                        if (links.items[l].index == route->link && !links.items[l].loopback) {
                                *ret = str_dup(links.items[l].name);
                                return 0;
                        }
        }
        return error_set(err, ERROR_NOT_FOUND, 0, "No default gateway for %s",
                         family == AF_INET ? "IPv4" : "IPv6");
}

static int change_proxy(const char *link, const IpAddress *address, bool add, Error **err) {
        _cleanup_(netlink_socket_cleanup) NetlinkSocket *socket = NULL;
        _cleanup_(rtnl_neighbour_cleanup) RtnlNeighbour *change = rtnl_neigh_alloc();
        const IpSubnet shown = {.address = *address, .bits = ip_bits(address->family)};
        _cleanup_(netlink_address_cleanup) NetlinkAddress *to = address_new(address, shown.bits);
        int index;
        if (netlink_open(&socket, err) < 0 || link_index(link, &index, err) < 0)
                return -1;
        rtnl_neigh_set_ifindex(change, index);
        rtnl_neigh_set_family(change, address->family);
        rtnl_neigh_set_flags(change, NTF_PROXY);
        (void) rtnl_neigh_set_dst(change, to);
        int result = add ? rtnl_neigh_add(socket, change, NLM_F_CREATE | NLM_F_REPLACE)
                         : rtnl_neigh_delete(socket, change, 0);
        if (result >= 0 || (!add && is_absent(result)))
                return 0;
        return fail(err, result, add ? "answer for" : "stop answering for", &shown, link);
}

int route_proxy_add(const char *link, const IpAddress *address, Error **err) {
        return change_proxy(link, address, true, err);
}

int route_proxy_remove(const char *link, const IpAddress *address, Error **err) {
        return change_proxy(link, address, false, err);
}
