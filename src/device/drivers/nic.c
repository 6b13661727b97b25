#include "device/drivers/nic.h"

#include "base/memory.h"
#include "base/units.h"
#include "linux/links.h"

/* The name inside: as configured, else what it had before, else eth and its place. */
static char *inner_name(const DeviceContext *context) {
        const char *name = strmap_get(context->config, "name");
        if (str_is_empty(name))
                name = device_volatile(context, "name");
        return str_is_empty(name) ? str_printf("eth%u", context->nic_index) : str_dup(name);
}

static int make_pair(const DeviceContext *context, const char *bridge, const char *host,
                     const char *peer, Error **err) {
        uint64_t mtu = 0;
        const char *hwaddr = strmap_get(context->config, "hwaddr");
        (void) str_to_uint64(strmap_get(context->config, "mtu"), &mtu);
        if (hwaddr == NULL)
                hwaddr = device_volatile(context, "hwaddr");
        const LinkVeth veth = {.name = host,
                               .peer = peer,
                               .peer_hwaddr = hwaddr,
                               .mtu = (uint32_t) mtu};
        if (link_create_veth(&veth, err) < 0)
                return -1;
        const LinkChange change = {.master = bridge, .up = 1};
        if (link_change(host, &change, err) == 0)
                return 0;
        (void) !link_delete(host, NULL);
        return -1;
}

int nic_veth_start(const DeviceContext *context, const char *bridge, DeviceRun *run,
                   Error **err) {
        const char *wanted = strmap_get(context->config, "host_name");
        _cleanup_free_ char *digits = random_hex(4);
        _cleanup_free_ char *host = str_is_empty(wanted) ? str_printf("veth%s", digits)
                                                         : str_dup(wanted);
        _cleanup_free_ char *peer_digits = random_hex(4);
        _cleanup_free_ char *peer = str_printf("veth%s", peer_digits);
        _cleanup_free_ char *inner = inner_name(context);
        if (make_pair(context, bridge, host, peer, err) < 0)
                return -1;
        unsigned index = context->nic_index;
        strlist_printf(&run->lines, "lxc.net.%u.type = phys", index);
        strlist_printf(&run->lines, "lxc.net.%u.name = %s", index, inner);
        strlist_printf(&run->lines, "lxc.net.%u.flags = up", index);
        strlist_printf(&run->lines, "lxc.net.%u.link = %s", index, peer);
        run->link = TAKE_PTR(peer);
        run->inner_name = str_dup(inner);
        device_set_volatile(&run->volatiles, context, "host_name", host);
        if (str_is_empty(strmap_get(context->config, "name")) &&
            device_volatile(context, "name") == NULL)
                device_set_volatile(&run->volatiles, context, "name", inner);
        return 0;
}

void nic_veth_stop(const DeviceContext *context, StrMap *volatiles) {
        const char *host = device_volatile(context, "host_name");
        /* Deleting one end deletes the other, wherever it is. */
        if (!str_is_empty(host) && link_delete(host, NULL) == 0)
                device_set_volatile(volatiles, context, "host_name", "");
}

int nic_veth_plug(const DeviceContext *context, const DeviceRun *run, Error **err) {
        _cleanup_close_ int netns = -1;
        if (runtime_open_netns(context->process, &netns, err) < 0)
                return -1;
        const LinkChange change = {.new_name = run->inner_name, .netns_fd = netns};
        return link_change(run->link, &change, err);
}
