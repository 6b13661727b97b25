/* nic, nictype=macvlan, or on a macvlan network: a link of its own on an interface of the host. */
#include "device/drivers/nic_parent.h"

#include "base/memory.h"
#include "linux/link_kinds.h"
#include "linux/links.h"

static int macvlan_start(const DeviceContext *context, DeviceRun *run, Error **err) {
        _cleanup_nic_ Nic nic = {.context = context};
        if (nic_load(context, &nic, err) < 0 || nic_parent_start(&nic, run, err) < 0)
                return -1;
        _cleanup_free_ char *parent = nic_parent_interface(&nic), *link = nic_random_name("mac");
        const LinkSpec spec = {.kind = "macvlan",
                               .name = link,
                               .parent = parent,
                               .mode = "bridge",
                               .hwaddr = nic_hwaddr(&nic),
                               .mtu = nic_number(&nic, "mtu")};
        const LinkChange up = {.up = 1};
        if (link_create(&spec, err) < 0)
                return -1;
        nic_set_volatile(&nic, run, "host_name", link);
        nic_add_lines(&nic, link, run);
        return link_change(parent, &up, err);
}

static void macvlan_stop(const DeviceContext *context, StrMap *volatiles) {
        _cleanup_nic_ Nic nic = {.context = context};
        const char *link = device_volatile(context, "host_name");
        if (link != NULL) {
                (void) !link_delete(link, NULL); /* it is not here any more once it was inside */
                if (nic_load(context, &nic, NULL) == 0)
                        nic_parent_stop(&nic);
        }
        nic_clear_volatile(context, volatiles);
}

const DeviceDriver device_nic_macvlan = {
        .type = "nic",
        .subtype = "macvlan",
        .start = macvlan_start,
        .plug = nic_plug,
        .unplug = nic_unplug,
        .stop = macvlan_stop,
        .is_nic = true,
};
