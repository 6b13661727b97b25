/* Links with addresses and counters, also of another namespace: the kernel answers for any
 * namespace that has an id in ours (RTM_NEWNSID gives it one), so nobody has to enter it.
 * Source: rtnetlink(7), linux/net/core/net_namespace.c. */
#include "linux/links.h"

#include "base/memory.h"
#include "linux/links_private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

static void link_info_done(LinkInfo *link) {
        for (size_t i = 0; i < link->address_count; i++) {
                free(link->addresses[i].family);
                free(link->addresses[i].address);
                free(link->addresses[i].netmask);
                free(link->addresses[i].scope);
        }
        free(link->addresses);
        free(link->name);
        free(link->host_name);
        free(link->hwaddr);
        free(link->kind);
}

void linklist_done(LinkList *list) {
        for (size_t i = 0; i < list->count; i++)
                link_info_done(&list->items[i]);
        free(list->items);
        *list = (LinkList) {.items = NULL};
}

static char *format_hwaddr(struct nlattr *attribute) {
        StrBuf text = {0};
        const unsigned char *bytes = attribute != NULL ? nla_data(attribute) : NULL;
        for (int i = 0; bytes != NULL && i < nla_len(attribute); i++)
                strbuf_printf(&text, "%s%02x", i > 0 ? ":" : "", bytes[i]);
        return strbuf_take(&text);
}

/* The same numbers that `ip -s link` and /proc/net/dev show. */
static void read_counters(struct nlattr *attribute, LinkCounters *counters) {
        struct rtnl_link_stats64 stats = {0};
        if (attribute == NULL)
                return;
        memcpy(&stats, nla_data(attribute),
               MIN_OF(sizeof(stats), (size_t) nla_len(attribute)));
        *counters = (LinkCounters) {
                .bytes_received = (int64_t) stats.rx_bytes,
                .bytes_sent = (int64_t) stats.tx_bytes,
                .packets_received = (int64_t) stats.rx_packets,
                .packets_sent = (int64_t) stats.tx_packets,
                .errors_received = (int64_t) stats.rx_errors,
                .errors_sent = (int64_t) stats.tx_errors,
                .packets_dropped_inbound = (int64_t) stats.rx_dropped,
                .packets_dropped_outbound = (int64_t) stats.tx_dropped,
        };
}

static int on_link(struct nl_msg *message, void *userdata) {
        LinkList *list = userdata;
        struct nlmsghdr *header = nlmsg_hdr(message);
        struct nlattr *attributes[IFLA_MAX + 1];
        const struct ifinfomsg *info = nlmsg_data(header);
        if (header->nlmsg_type != RTM_NEWLINK ||
            nlmsg_parse(header, sizeof(*info), attributes, IFLA_MAX, NULL) < 0 ||
            attributes[IFLA_IFNAME] == NULL)
                return NL_OK;
        mem_grow((void **) &list->items, &list->capacity, list->count + 1, sizeof(LinkInfo));
        LinkInfo *link = &list->items[list->count++];
        *link = (LinkInfo) {
                .name = str_dup(nla_get_string(attributes[IFLA_IFNAME])),
                .index = info->ifi_index,
                .peer_index = attributes[IFLA_LINK] != NULL
                                      ? (int) nla_get_u32(attributes[IFLA_LINK])
                                      : 0,
                .hwaddr = info->ifi_type == ARPHRD_LOOPBACK
                                  ? str_dup("")
                                  : format_hwaddr(attributes[IFLA_ADDRESS]),
                .mtu = attributes[IFLA_MTU] != NULL ? nla_get_u32(attributes[IFLA_MTU]) : 0,
                .master = attributes[IFLA_MASTER] != NULL ? nla_get_u32(attributes[IFLA_MASTER])
                                                          : 0,
                .up = (info->ifi_flags & IFF_UP) != 0,
                .loopback = (info->ifi_flags & IFF_LOOPBACK) != 0,
                .broadcast = (info->ifi_flags & IFF_BROADCAST) != 0,
                .point_to_point = (info->ifi_flags & IFF_POINTOPOINT) != 0,
                .carrier = (info->ifi_flags & IFF_RUNNING) != 0,
                .has_device = attributes[IFLA_PARENT_DEV_NAME] != NULL,
        };
        link_read_kind(attributes[IFLA_LINKINFO], link);
        read_counters(attributes[IFLA_STATS64], &link->counters);
        return NL_OK;
}

static const char *scope_name(unsigned char scope) {
        switch (scope) {
        case RT_SCOPE_UNIVERSE:
                return "global";
        case RT_SCOPE_LINK:
                return "link";
        case RT_SCOPE_HOST:
                return "local";
        default:
                return "unknown";
        }
}

static void add_address(LinkInfo *link, const struct ifaddrmsg *info, struct nlattr *address) {
        char text[INET6_ADDRSTRLEN];
        if (inet_ntop(info->ifa_family, nla_data(address), text, sizeof(text)) == NULL)
                return;
        link->addresses = mem_resize(link->addresses, link->address_count + 1,
                                     sizeof(LinkAddress));
        link->addresses[link->address_count++] = (LinkAddress) {
                .family = str_dup(info->ifa_family == AF_INET ? "inet" : "inet6"),
                .address = str_dup(text),
                .netmask = str_printf("%u", info->ifa_prefixlen),
                .scope = str_dup(scope_name(info->ifa_scope)),
        };
}

static int on_address(struct nl_msg *message, void *userdata) {
        LinkList *list = userdata;
        struct nlmsghdr *header = nlmsg_hdr(message);
        struct nlattr *attributes[IFA_MAX + 1];
        const struct ifaddrmsg *info = nlmsg_data(header);
        if (header->nlmsg_type != RTM_NEWADDR ||
            (info->ifa_family != AF_INET && info->ifa_family != AF_INET6) ||
            nlmsg_parse(header, sizeof(*info), attributes, IFA_MAX, NULL) < 0)
                return NL_OK;
        /* IFA_LOCAL is our end where IFA_ADDRESS is the peer's. */
        struct nlattr *address = attributes[IFA_LOCAL] != NULL ? attributes[IFA_LOCAL]
                                                               : attributes[IFA_ADDRESS];
        for (size_t i = 0; address != NULL && i < list->count; i++) {
                if (list->items[i].index == (int) info->ifa_index)
                        add_address(&list->items[i], info, address);
        }
        return NL_OK;
}

typedef int (*DumpCallback)(struct nl_msg *message, void *userdata);

/* `netnsid` < 0: our own namespace. */
static int dump(NetlinkSocket *socket, int type, int netnsid, DumpCallback callback,
                LinkList *list, Error **err) {
        struct nl_msg *message = nlmsg_alloc_simple(type, NLM_F_DUMP);
        struct ifinfomsg link = {.ifi_family = AF_UNSPEC};
        struct ifaddrmsg address = {.ifa_family = AF_UNSPEC};
        bool links = type == RTM_GETLINK;
        if (links)
                (void) nlmsg_append(message, &link, sizeof(link), NLMSG_ALIGNTO);
        else
                (void) nlmsg_append(message, &address, sizeof(address), NLMSG_ALIGNTO);
        if (netnsid >= 0)
                (void) nla_put_s32(message, links ? IFLA_TARGET_NETNSID : IFA_TARGET_NETNSID,
                                   netnsid);
        (void) nl_socket_modify_cb(socket, NL_CB_VALID, NL_CB_CUSTOM, callback, list);
        int result = nl_send_auto(socket, message);
        nlmsg_free(message);
        if (result >= 0)
                result = nl_recvmsgs_default(socket);
        return result < 0 ? netlink_error(err, result, "Failed to list links") : 0;
}

static int on_nsid(struct nl_msg *message, void *userdata) {
        int *ret = userdata;
        struct nlattr *attributes[NETNSA_MAX + 1];
        if (nlmsg_parse(nlmsg_hdr(message), sizeof(struct rtgenmsg), attributes, NETNSA_MAX,
                        NULL) == 0 &&
            attributes[NETNSA_NSID] != NULL)
                *ret = nla_get_s32(attributes[NETNSA_NSID]);
        return NL_OK;
}

static struct nl_msg *nsid_message(int type, int netns_fd) {
        struct nl_msg *message = nlmsg_alloc_simple(type, NLM_F_REQUEST);
        struct rtgenmsg header = {.rtgen_family = AF_UNSPEC};
        (void) nlmsg_append(message, &header, sizeof(header), NLMSG_ALIGNTO);
        (void) nla_put_u32(message, NETNSA_FD, (uint32_t) netns_fd);
        return message;
}

static int get_nsid(NetlinkSocket *socket, int netns_fd, int *ret, Error **err) {
        *ret = -1;
        struct nl_msg *message = nsid_message(RTM_GETNSID, netns_fd);
        (void) nl_socket_modify_cb(socket, NL_CB_VALID, NL_CB_CUSTOM, on_nsid, ret);
        int result = nl_send_auto(socket, message);
        nlmsg_free(message);
        if (result >= 0)
                result = nl_recvmsgs_default(socket);
        if (result >= 0) /* the acknowledgement */
                result = nl_wait_for_ack(socket);
        return result < 0 ? netlink_error(err, result, "Failed to ask for a namespace's id") : 0;
}

/* The id of a namespace in ours, given to it when it has none yet. Ids go with their namespace. */
static int netns_id(NetlinkSocket *socket, int netns_fd, int *ret, Error **err) {
        if (get_nsid(socket, netns_fd, ret, err) < 0)
                return -1;
        if (*ret >= 0)
                return 0;
        struct nl_msg *message = nsid_message(RTM_NEWNSID, netns_fd);
        (void) nla_put_s32(message, NETNSA_NSID, -1);
        int result = nl_send_sync(socket, message); /* frees the message */
        /* Somebody else may have given it one meanwhile. */
        if (result < 0 && result != -NLE_EXIST)
                return netlink_error(err, result, "Failed to give a namespace an id");
        if (get_nsid(socket, netns_fd, ret, err) < 0)
                return -1;
        return *ret >= 0 ? 0 : error_set(err, ERROR_SYSTEM, 0, "A namespace has no id");
}

static int open_netns(pid_t pid, int *ret_fd, Error **err) {
        _cleanup_free_ char *path = str_printf("/proc/%d/ns/net", (int) pid);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return error_errno(err, errno, "Failed to open the network namespace");
        *ret_fd = fd;
        return 0;
}

/* The host's end of each veth: its index is what the container's end calls its link. */
static int add_host_names(NetlinkSocket *socket, LinkList *list, Error **err) {
        _cleanup_linklist_ LinkList host = {.items = NULL};
        bool wanted = false;
        for (size_t i = 0; i < list->count; i++)
                wanted |= str_equal(list->items[i].kind, "veth");
        if (!wanted)
                return 0;
        if (dump(socket, RTM_GETLINK, -1, on_link, &host, err) < 0)
                return -1;
        for (size_t i = 0; i < list->count; i++) {
                LinkInfo *link = &list->items[i];
                for (size_t j = 0; j < host.count; j++) {
                        if (str_equal(link->kind, "veth") &&
                            host.items[j].index == link->peer_index &&
                            host.items[j].peer_index == link->index)
                                str_replace(&link->host_name, str_dup(host.items[j].name));
                }
        }
        return 0;
}

/* Without strict checking the kernel ignores the target of an address dump and answers for our own
 * namespace. */
static int open_strict(NetlinkSocket **ret, Error **err) {
        int on = 1;
        if (netlink_open(ret, err) < 0)
                return -1;
        if (setsockopt(nl_socket_get_fd(*ret), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on,
                       sizeof(on)) < 0)
                return error_errno(err, errno, "Failed to set up a netlink socket");
        return 0;
}

int link_list(pid_t pid, LinkList *ret, Error **err) {
        _cleanup_(netlink_socket_cleanup) NetlinkSocket *socket = NULL;
        _cleanup_linklist_ LinkList list = {.items = NULL};
        int netnsid = -1;
        if (open_strict(&socket, err) < 0)
                return -1;
        if (pid != 0) {
                _cleanup_close_ int netns = -1;
                if (open_netns(pid, &netns, err) < 0 ||
                    netns_id(socket, netns, &netnsid, err) < 0)
                        return -1;
        }
        if (dump(socket, RTM_GETLINK, netnsid, on_link, &list, err) < 0 ||
            dump(socket, RTM_GETADDR, netnsid, on_address, &list, err) < 0)
                return -1;
        if (pid != 0 && add_host_names(socket, &list, err) < 0)
                return -1;
        *ret = list;
        list = (LinkList) {.items = NULL};
        return 0;
}

const LinkInfo *linklist_find(const LinkList *list, const char *name) {
        for (size_t i = 0; i < list->count; i++)
                if (str_equal(list->items[i].name, name))
                        return &list->items[i];
        return NULL;
}
