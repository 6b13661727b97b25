/* Pairs of links, one end of which goes inside. */
#include "device/drivers/nic.h"

#include "base/log.h"
#include "base/memory.h"
#include "linux/link_kinds.h"
#include "linux/links.h"
#include "linux/sysctl.h"

/* Without an MTU of its own the pair has its bridge's. */
static uint32_t mtu_of(const Nic *nic, const char *bridge) {
        _cleanup_linklist_ LinkList links = {.items = NULL};
        uint32_t mtu = nic_number(nic, "mtu");
        if (mtu > 0 || bridge == NULL || link_list(0, &links, NULL) < 0)
                return mtu;
        const LinkInfo *link = linklist_find(&links, bridge);
        return link != NULL ? link->mtu : 0;
}

static int set_up(const Nic *nic, const char *bridge, const char *host, const char *peer,
                  Error **err) {
        uint32_t length = nic_number(nic, "queue.tx.length");
        const LinkChange change = {.master = bridge, .up = 1};
        if (length > 0 && (link_set_queue_length(host, length, err) < 0 ||
                           link_set_queue_length(peer, length, err) < 0))
                return -1;
        if (bridge != NULL) { /* a port needs no address */
                _cleanup_free_ char *path = str_printf("net/ipv6/conf/%s/disable_ipv6", host);
                if (sysctl_exists(path) && sysctl_set(path, "1", err) < 0)
                        return -1;
        }
        return link_change(host, &change, err);
}

int nic_veth_start(const Nic *nic, const char *bridge, DeviceRun *run, Error **err) {
        const char *wanted = nic_get(nic, "host_name");
        _cleanup_free_ char *host = wanted != NULL ? str_dup(wanted) : nic_random_name("veth");
        _cleanup_free_ char *peer = nic_random_name("veth");
        const LinkVeth veth = {.name = host,
                               .peer = peer,
                               .peer_hwaddr = nic_hwaddr(nic),
                               .mtu = mtu_of(nic, bridge)};
        if (link_create_veth(&veth, err) < 0)
                return -1;
        if (set_up(nic, bridge, host, peer, err) < 0) {
                (void) !link_delete(host, NULL);
                return -1;
        }
        nic_add_lines(nic, peer, run);
        nic_set_volatile(nic, run, "host_name", host);
        return 0;
}

void nic_veth_stop(const DeviceContext *context, StrMap *volatiles) {
        const char *host = device_volatile(context, "host_name");
        _cleanup_error_ Error *err = NULL;
        if (!str_is_empty(host) && link_delete(host, &err) < 0)
                log_warning("%s of %s stays behind: %s", host, context->instance,
                            error_message(err));
        nic_clear_volatile(context, volatiles);
}
