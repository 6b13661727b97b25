/* nic, nictype=physical, or on a physical network: an interface of the host itself, or a VLAN on
 * it, lent to the instance. */
#include "device/drivers/nic_parent.h"

#include "base/memory.h"
#include "linux/links.h"

static int physical_start(const DeviceContext *context, DeviceRun *run, Error **err) {
        _cleanup_nic_ Nic nic = {.context = context};
        if (nic_load(context, &nic, err) < 0 || nic_parent_start(&nic, run, err) < 0)
                return -1;
        _cleanup_free_ char *link = nic_parent_interface(&nic);
        if (nic_lend(&nic, link, run, err) < 0)
                return -1;
        nic_add_lines(&nic, link, run);
        return 0;
}

static void physical_stop(const DeviceContext *context, StrMap *volatiles) {
        _cleanup_nic_ Nic nic = {.context = context};
        if (device_volatile(context, "host_name") != NULL) {
                nic_take_back(context);
                if (nic_load(context, &nic, NULL) == 0)
                        nic_parent_stop(&nic);
        }
        nic_clear_volatile(context, volatiles);
}

const DeviceDriver device_nic_physical = {
        .type = "nic",
        .subtype = "physical",
        .start = physical_start,
        .plug = nic_plug,
        .unplug = nic_unplug,
        .stop = physical_stop,
        .is_nic = true,
};
