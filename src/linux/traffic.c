/* Queueing disciplines over rtnetlink.
 *
 * To the instance: HTB with one class on the host's end. From it: packets arrive there, where
 * nothing can wait; they are policed, or redirected to an ifb whose HTB they wait in. The ifb's
 * name is made of the link's, so that it is found again without being remembered. libnl knows no
 * act_police, so the messages are put together here. */
#include "linux/traffic.h"

#include "base/memory.h"
#include "linux/links.h"
#include "linux/links_private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/route/link.h>
#include <string.h>

#define ROOT_HANDLE TC_H_MAKE(1 << 16, 0)
#define CLASS_MINOR 0x10
#define INGRESS_HANDLE TC_H_MAKE(TC_H_INGRESS, 0)
#define CREATE (NLM_F_CREATE | NLM_F_EXCL)
/* A 64 KiB packet of a veth must fit, and a timer's tick of traffic. */
#define BURST_MIN (128 * 1024)
#define IFB_PREFIX "ifb-"

typedef struct nl_msg NetlinkMessage;

static NetlinkMessage *message_new(int type, int flags, const struct tcmsg *header,
                                   const char *kind) {
        NetlinkMessage *message = nlmsg_alloc_simple(type, flags);
        if (message == NULL ||
            nlmsg_append(message, (void *) (uintptr_t) header, sizeof *header, NLMSG_ALIGNTO) < 0 ||
            (kind != NULL && nla_put_string(message, TCA_KIND, kind) < 0))
                abort();
        return message;
}

/* Sends and frees. */
static int message_done(NetlinkSocket *socket, NetlinkMessage *message, const char *what,
                        Error **err) {
        int result = nl_send_sync(socket, message);
        return result < 0 ? netlink_error(err, result, what) : 0;
}

static void put(NetlinkMessage *message, int attribute, const void *data, size_t size) {
        if (nla_put(message, attribute, (int) size, data) < 0)
                abort();
}

/* What may pass at once: what comes in a hundredth of a second, a whole packet at least. */
static uint64_t burst_of(uint64_t bytes_per_second) {
        return MAX_OF(bytes_per_second / 100, (uint64_t) BURST_MIN);
}

/* The time that `bytes` take, in ticks of the packet scheduler (64 ns). */
static uint32_t ticks_of(uint64_t bytes, uint64_t bytes_per_second) {
        __uint128_t ticks = (__uint128_t) bytes * 1000000000u / bytes_per_second / 64;
        return ticks > UINT32_MAX ? UINT32_MAX : (uint32_t) ticks;
}

static struct tc_ratespec rate_spec(uint64_t bytes_per_second) {
        return (struct tc_ratespec){
                .linklayer = TC_LINKLAYER_ETHERNET,
                .rate = bytes_per_second > UINT32_MAX ? UINT32_MAX : (uint32_t) bytes_per_second,
        };
}

static int add_htb(NetlinkSocket *socket, int index, uint64_t bits, Error **err) {
        const uint64_t rate = MAX_OF(bits / 8, (uint64_t) 1);
        /* A tick of 10 ms, or a packet. */
        const uint64_t burst = MAX_OF(rate / 100, (uint64_t) 1600);
        const struct tcmsg qdisc = {.tcm_ifindex = index, .tcm_parent = TC_H_ROOT,
                                    .tcm_handle = ROOT_HANDLE};
        const struct tc_htb_glob global = {.version = 3, .rate2quantum = 10,
                                           .defcls = CLASS_MINOR};
        NetlinkMessage *message = message_new(RTM_NEWQDISC, CREATE, &qdisc, "htb");
        struct nlattr *options = nla_nest_start(message, TCA_OPTIONS);
        put(message, TCA_HTB_INIT, &global, sizeof global);
        nla_nest_end(message, options);
        if (message_done(socket, message, "Failed to add a queue", err) < 0)
                return -1;
        const struct tcmsg class = {.tcm_ifindex = index, .tcm_parent = ROOT_HANDLE,
                                    .tcm_handle = ROOT_HANDLE | CLASS_MINOR};
        const struct tc_htb_opt limit = {.rate = rate_spec(rate), .ceil = rate_spec(rate),
                                         .buffer = ticks_of(burst, rate),
                                         .cbuffer = ticks_of(burst, rate),
                                         .quantum = (uint32_t) MIN_OF(MAX_OF(burst, 1514), 60000)};
        message = message_new(RTM_NEWTCLASS, CREATE, &class, "htb");
        options = nla_nest_start(message, TCA_OPTIONS);
        put(message, TCA_HTB_PARMS, &limit, sizeof limit);
        put(message, TCA_HTB_RATE64, &rate, sizeof rate);
        put(message, TCA_HTB_CEIL64, &rate, sizeof rate);
        nla_nest_end(message, options);
        return message_done(socket, message, "Failed to limit a queue", err);
}

static int remove_queues(NetlinkSocket *socket, int index, Error **err) {
        static const uint32_t parents[] = {TC_H_ROOT, TC_H_INGRESS};
        for (size_t i = 0; i < ARRAY_SIZE(parents); i++) {
                const struct tcmsg qdisc = {.tcm_ifindex = index, .tcm_parent = parents[i]};
                int result = nl_send_sync(socket, message_new(RTM_DELQDISC, 0, &qdisc, NULL));
                /* The default queue, and none, cannot be deleted. */
                if (result < 0 && result != -NLE_OBJ_NOTFOUND && result != -NLE_INVAL)
                        return netlink_error(err, result, "Failed to remove a queue");
        }
        return 0;
}

static int add_ingress(NetlinkSocket *socket, int index, Error **err) {
        const struct tcmsg qdisc = {.tcm_ifindex = index, .tcm_parent = TC_H_INGRESS,
                                    .tcm_handle = INGRESS_HANDLE};
        return message_done(socket, message_new(RTM_NEWQDISC, CREATE, &qdisc, "ingress"),
                            "Failed to add an ingress queue", err);
}

/* A filter that matches all that arrives; the caller adds what happens to it and ends `options`. */
static NetlinkMessage *match_all(int index, struct nlattr **ret_options) {
        const struct tcmsg filter = {.tcm_ifindex = index, .tcm_parent = INGRESS_HANDLE,
                                     .tcm_info = TC_H_MAKE(1 << 16, htons(ETH_P_ALL))};
        struct {
                struct tc_u32_sel selector;
                struct tc_u32_key key;
        } match = {.selector = {.flags = TC_U32_TERMINAL, .nkeys = 1}};
        NetlinkMessage *message = message_new(RTM_NEWTFILTER, CREATE, &filter, "u32");
        *ret_options = nla_nest_start(message, TCA_OPTIONS);
        put(message, TCA_U32_SEL, &match, sizeof match);
        return message;
}

/* ERROR_NOT_FOUND (ENOENT) when the kernel has no act_police. */
static int add_police(NetlinkSocket *socket, int index, uint64_t bits, Error **err) {
        const uint64_t rate = MAX_OF(bits / 8, (uint64_t) 1), burst = burst_of(rate);
        struct tc_police police = {.action = TC_POLICE_SHOT, .rate = rate_spec(rate),
                                   .burst = ticks_of(burst, rate), .mtu = 64 * 1024};
        uint32_t table[256];
        police.rate.cell_log = 8; /* the kernel wants the table, and computes without it */
        for (size_t i = 0; i < ARRAY_SIZE(table); i++)
                table[i] = ticks_of((i + 1) << 8, rate);
        struct nlattr *options;
        NetlinkMessage *message = match_all(index, &options);
        struct nlattr *nest = nla_nest_start(message, TCA_U32_POLICE);
        put(message, TCA_POLICE_TBF, &police, sizeof police);
        put(message, TCA_POLICE_RATE, table, sizeof table);
        put(message, TCA_POLICE_RATE64, &rate, sizeof rate);
        nla_nest_end(message, nest);
        nla_nest_end(message, options);
        return message_done(socket, message, "Failed to police a link", err);
}

static int add_redirect(NetlinkSocket *socket, int index, int to, Error **err) {
        const struct tc_mirred mirred = {.action = TC_ACT_STOLEN, .eaction = TCA_EGRESS_REDIR,
                                         .ifindex = (uint32_t) to};
        struct nlattr *options;
        NetlinkMessage *message = match_all(index, &options);
        struct nlattr *actions = nla_nest_start(message, TCA_U32_ACT);
        struct nlattr *action = nla_nest_start(message, 1);
        if (nla_put_string(message, TCA_ACT_KIND, "mirred") < 0)
                abort();
        struct nlattr *parameters = nla_nest_start(message, TCA_ACT_OPTIONS);
        put(message, TCA_MIRRED_PARMS, &mirred, sizeof mirred);
        nla_nest_end(message, parameters);
        nla_nest_end(message, action);
        nla_nest_end(message, actions);
        nla_nest_end(message, options);
        return message_done(socket, message, "Failed to redirect a link", err);
}

/* FNV-1a: names of links are at most 15 bytes, and so is the ifb's. */
static char *ifb_name(const char *link) {
        uint64_t hash = UINT64_C(0xcbf29ce484222325);
        for (const char *c = link; *c != '\0'; c++)
                hash = (hash ^ (unsigned char) *c) * UINT64_C(0x100000001b3);
        return str_printf(IFB_PREFIX "%011llx",
                          (unsigned long long) (hash & UINT64_C(0xfffffffffff)));
}

static int make_ifb(NetlinkSocket *socket, const char *name, int *ret_index, Error **err) {
        struct rtnl_link *ifb = rtnl_link_alloc();
        rtnl_link_set_name(ifb, name);
        rtnl_link_set_flags(ifb, rtnl_link_str2flags("up"));
        rtnl_link_set_txqlen(ifb, 1000);
        int result = rtnl_link_set_type(ifb, "ifb");
        if (result >= 0)
                result = rtnl_link_add(socket, ifb, CREATE);
        rtnl_link_put(ifb);
        if (result < 0)
                return netlink_error(err, result, "Failed to create a link to limit with");
        return link_index(name, ret_index, err);
}

static int limit_egress(NetlinkSocket *socket, const char *link, int index, uint64_t bits,
                        Error **err) {
        _cleanup_free_ char *ifb = ifb_name(link);
        Error *failed = NULL;
        int ifb_index;
        if (add_ingress(socket, index, err) < 0)
                return -1;
        if (add_police(socket, index, bits, &failed) == 0)
                return 0;
        if (!error_is(failed, ERROR_NOT_FOUND) && !error_is(failed, ERROR_UNSUPPORTED))
                return error_move(err, &failed);
        error_free(failed);
        if (make_ifb(socket, ifb, &ifb_index, err) < 0 ||
            add_htb(socket, ifb_index, bits, err) < 0)
                return -1;
        return add_redirect(socket, index, ifb_index, err);
}

static int remove_all(NetlinkSocket *socket, const char *link, int index, Error **err) {
        _cleanup_free_ char *ifb = ifb_name(link);
        if (index > 0 && remove_queues(socket, index, err) < 0)
                return -1;
        return link_delete(ifb, err);
}

int traffic_limit(const char *link, const TrafficLimits *limits, Error **err) {
        _cleanup_(netlink_socket_cleanup) NetlinkSocket *socket = NULL;
        int index;
        if (link_index(link, &index, err) < 0 || netlink_open(&socket, err) < 0 ||
            remove_all(socket, link, index, err) < 0)
                return -1;
        if ((limits->ingress > 0 && add_htb(socket, index, limits->ingress, err) < 0) ||
            (limits->egress > 0 && limit_egress(socket, link, index, limits->egress, err) < 0)) {
                (void) remove_all(socket, link, index, NULL);
                return error_prefix(err, "Failed to limit the bandwidth of \"%s\"", link);
        }
        return 0;
}

int traffic_clear(const char *link, Error **err) {
        _cleanup_(netlink_socket_cleanup) NetlinkSocket *socket = NULL;
        int index = 0;
        (void) !link_index(link, &index, NULL);
        if (netlink_open(&socket, err) < 0)
                return -1;
        return remove_all(socket, link, index, err);
}

void traffic_sweep(void) {
        _cleanup_linklist_ LinkList links = {};
        _cleanup_strlist_ StrList used = {};
        if (link_list(0, &links, NULL) < 0)
                return;
        for (size_t i = 0; i < links.count; i++)
                strlist_take(&used, ifb_name(links.items[i].name));
        for (size_t i = 0; i < links.count; i++)
                if (str_equal(links.items[i].kind, "ifb") &&
                    str_has_prefix(links.items[i].name, IFB_PREFIX) &&
                    !strlist_has(&used, links.items[i].name))
                        (void) !link_delete(links.items[i].name, NULL);
}
