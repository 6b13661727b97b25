/* Addresses, routes and proxy neighbours of links, over rtnetlink. Every call opens its own
 * socket; all are thread-safe. */
#pragma once

#include "base/error.h"
#include "base/ip.h"
#include "base/text.h"

int link_address_add(const char *link, const IpSubnet *address, Error **err)
        _must_check_; /* there: fine */
int link_address_remove(const char *link, const IpSubnet *address, Error **err)
        _must_check_; /* absent: fine */

typedef enum RouteProtocol { /* who made a route, as `ip route` shows it */
        ROUTE_BOOT = 3,
        ROUTE_STATIC = 4,
} RouteProtocol;

#define ROUTE_TABLE_MAIN 254

typedef struct Route {
        IpSubnet to;
        uint32_t table;    /* 0: main */
        unsigned protocol; /* RouteProtocol, or another number of the kernel */
        IpAddress gateway; /* family 0: none, the link itself */
        int link;          /* index; filled by routes_list() */
} Route;

typedef struct RouteList {
        Route *items;
        size_t count, capacity;
} RouteList;

void route_list_done(RouteList *list);
#define _cleanup_route_list_ _cleanup_(route_list_done)

/* One that is there is replaced. */
int route_add(const char *link, const Route *route, Error **err) _must_check_;
int route_remove(const char *link, const Route *route, Error **err)
        _must_check_; /* absent: fine */
/* In the namespace that a routing socket is of. */
int link_address_inside(int socket_fd, const char *link, const IpSubnet *address, Error **err)
        _must_check_;
int route_add_inside(int socket_fd, const char *link, const Route *route, Error **err)
        _must_check_;
/* Unicast routes of both families in all tables. A default route has 0 bits. */
int routes_list(RouteList *ret, Error **err) _must_check_;
/* The link of the default route. ERROR_NOT_FOUND "No default gateway for IPv4". */
int route_default_link(int family, char **ret, Error **err) _must_check_;

/* Answers for `address` on `link` (proxy ARP, proxy NDP). There or absent already: fine. */
int route_proxy_add(const char *link, const IpAddress *address, Error **err) _must_check_;
int route_proxy_remove(const char *link, const IpAddress *address, Error **err) _must_check_;
