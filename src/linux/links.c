/* Making and changing links. */
#include "linux/links.h"

#include "base/memory.h"
#include "linux/links_private.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <net/if_arp.h>
#include <netlink/errno.h>
#include <netlink/route/link.h>
#include <netlink/route/link/veth.h>

int netlink_open(NetlinkSocket **ret, Error **err) {
        struct nl_sock *socket = nl_socket_alloc();
        if (socket == NULL)
                return error_set(err, ERROR_INTERNAL, 0, "Failed to make a netlink socket");
        int result = nl_connect(socket, NETLINK_ROUTE);
        if (result < 0) {
                nl_socket_free(socket);
                return netlink_error(err, result, "Failed to open a netlink socket");
        }
        *ret = socket;
        return 0;
}

int netlink_adopt(int fd, NetlinkSocket **ret, Error **err) {
        struct nl_sock *socket = nl_socket_alloc();
        int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        if (socket == NULL || copy < 0 || nl_socket_set_fd(socket, NETLINK_ROUTE, copy) < 0) {
                fd_close(&copy);
                nl_socket_free(socket);
                return error_set(err, ERROR_INTERNAL, 0, "Failed to take a netlink socket");
        }
        *ret = socket;
        return 0;
}

int netlink_error(Error **err, int result, const char *text) {
        static const int errno_of[] = {
                [NLE_EXIST] = EEXIST, [NLE_NODEV] = ENODEV, [NLE_OBJ_NOTFOUND] = ENODEV,
                [NLE_PERM] = EPERM, [NLE_NOACCESS] = EACCES, [NLE_BUSY] = EBUSY,
                [NLE_OPNOTSUPP] = EOPNOTSUPP, [NLE_INVAL] = EINVAL, [NLE_RANGE] = ERANGE,
                [NLE_NOADDR] = EADDRNOTAVAIL,
        };
        int code = result < 0 ? -result : result;
        int number = code < (int) ARRAY_SIZE(errno_of) ? errno_of[code] : 0;
        if (number == ENODEV)
                return error_set(err, ERROR_NOT_FOUND, number, "%s: No such device", text);
        if (number != 0)
                return error_errno(err, number, "%s", text);
        return error_set(err, ERROR_SYSTEM, 0, "%s: %s", text, nl_geterror(result));
}

static int failed(Error **err, int result, const char *verb, const char *name) {
        _cleanup_free_ char *text = str_printf("Failed to %s link \"%s\"", verb, name);
        return netlink_error(err, result, text);
}

typedef struct rtnl_link RtnlLink;
DEFINE_CLEANUP(RtnlLink, rtnl_link, rtnl_link_put)
#define _cleanup_link_ _cleanup_(rtnl_link_cleanup)
#define _cleanup_socket_ _cleanup_(netlink_socket_cleanup)

static int set_hwaddr(RtnlLink *link, const char *hwaddr, Error **err) {
        struct nl_addr *address = NULL;
        if (hwaddr == NULL)
                return 0;
        if (nl_addr_parse(hwaddr, AF_LLC, &address) < 0)
                return error_set(err, ERROR_INVALID, 0, "Bad hardware address \"%s\"", hwaddr);
        rtnl_link_set_addr(link, address);
        nl_addr_put(address);
        return 0;
}

static int set_basics(RtnlLink *link, const char *hwaddr, uint32_t mtu, Error **err) {
        if (mtu > 0)
                rtnl_link_set_mtu(link, mtu);
        return set_hwaddr(link, hwaddr, err);
}

static int add_link(RtnlLink *link, const char *name, Error **err) {
        _cleanup_socket_ NetlinkSocket *socket = NULL;
        if (netlink_open(&socket, err) < 0)
                return -1;
        int result = rtnl_link_add(socket, link, NLM_F_CREATE | NLM_F_EXCL);
        return result < 0 ? failed(err, result, "create", name) : 0;
}

int link_create_veth(const LinkVeth *veth, Error **err) {
        _cleanup_link_ RtnlLink *link = rtnl_link_veth_alloc();
        _cleanup_link_ RtnlLink *peer = link != NULL ? rtnl_link_veth_get_peer(link) : NULL;
        if (peer == NULL)
                return error_set(err, ERROR_INTERNAL, 0, "Failed to describe a veth pair");
        rtnl_link_set_name(link, veth->name);
        rtnl_link_set_name(peer, veth->peer);
        if (set_basics(link, veth->hwaddr, veth->mtu, err) < 0 ||
            set_basics(peer, veth->peer_hwaddr, veth->mtu, err) < 0)
                return -1;
        if (veth->queues > 0) {
                rtnl_link_set_num_tx_queues(link, veth->queues);
                rtnl_link_set_num_rx_queues(link, veth->queues);
                rtnl_link_set_num_tx_queues(peer, veth->queues);
                rtnl_link_set_num_rx_queues(peer, veth->queues);
        }
        return add_link(link, veth->name, err);
}

int link_create_bridge(const char *name, const char *hwaddr, uint32_t mtu, Error **err) {
        _cleanup_link_ RtnlLink *link = rtnl_link_alloc();
        int result = rtnl_link_set_type(link, "bridge");
        if (result < 0)
                return failed(err, result, "describe", name);
        rtnl_link_set_name(link, name);
        if (set_basics(link, hwaddr, mtu, err) < 0)
                return -1;
        return add_link(link, name, err);
}

/* One link by name, fresh from the kernel. */
static int get_link(NetlinkSocket *socket, const char *name, RtnlLink **ret, Error **err) {
        int result = rtnl_link_get_kernel(socket, 0, name, ret);
        return result < 0 ? failed(err, result, "find", name) : 0;
}

int link_delete(const char *name, Error **err) {
        _cleanup_socket_ NetlinkSocket *socket = NULL;
        _cleanup_link_ RtnlLink *link = rtnl_link_alloc();
        if (netlink_open(&socket, err) < 0)
                return -1;
        rtnl_link_set_name(link, name);
        int result = rtnl_link_delete(socket, link);
        if (result == -NLE_NODEV || result == -NLE_OBJ_NOTFOUND)
                return 0;
        return result < 0 ? failed(err, result, "delete", name) : 0;
}

int netlink_link_index(NetlinkSocket *socket, const char *name, int *ret, Error **err) {
        _cleanup_link_ RtnlLink *link = NULL;
        if (get_link(socket, name, &link, err) < 0)
                return -1;
        *ret = rtnl_link_get_ifindex(link);
        return 0;
}

int link_index(const char *name, int *ret, Error **err) {
        _cleanup_socket_ NetlinkSocket *socket = NULL;
        if (netlink_open(&socket, err) < 0)
                return -1;
        return netlink_link_index(socket, name, ret, err);
}

bool link_exists(const char *name) {
        int index;
        return link_index(name, &index, NULL) == 0;
}

static int set_master(NetlinkSocket *socket, RtnlLink *change, const char *master, Error **err) {
        _cleanup_link_ RtnlLink *bridge = NULL;
        if (master == NULL)
                return 0;
        if (master[0] == '\0') {
                rtnl_link_set_master(change, 0);
                return 0;
        }
        if (get_link(socket, master, &bridge, err) < 0)
                return -1;
        rtnl_link_set_master(change, rtnl_link_get_ifindex(bridge));
        return 0;
}

/* A renamed link must be down on older kernels, and a link that moves away takes its new name in
 * the same request, so that it cannot collide on either side. */
static int change_link(NetlinkSocket *socket, const char *name, const LinkChange *change,
                       Error **err) {
        _cleanup_link_ RtnlLink *link = NULL;
        _cleanup_link_ RtnlLink *wanted = rtnl_link_alloc();
        if (get_link(socket, name, &link, err) < 0)
                return -1;
        if (set_basics(wanted, change->hwaddr, change->mtu, err) < 0 ||
            set_master(socket, wanted, change->master, err) < 0)
                return -1;
        if (change->new_name != NULL)
                rtnl_link_set_name(wanted, change->new_name);
        if (change->netns_fd > 0)
                rtnl_link_set_ns_fd(wanted, change->netns_fd);
        if (change->up > 0)
                rtnl_link_set_flags(wanted, IFF_UP);
        else if (change->up < 0)
                rtnl_link_unset_flags(wanted, IFF_UP);
        int result = rtnl_link_change(socket, link, wanted, 0);
        return result < 0 ? failed(err, result, "change", name) : 0;
}

int link_change(const char *name, const LinkChange *change, Error **err) {
        _cleanup_socket_ NetlinkSocket *socket = NULL;
        if (netlink_open(&socket, err) < 0)
                return -1;
        return change_link(socket, name, change, err);
}

int link_change_inside(int socket_fd, const char *name, const LinkChange *change, Error **err) {
        _cleanup_socket_ NetlinkSocket *socket = NULL;
        if (netlink_adopt(socket_fd, &socket, err) < 0)
                return -1;
        return change_link(socket, name, change, err);
}
