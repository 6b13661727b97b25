/* nic, nictype=p2p: a veth pair that the administrator wires up on the host. */
#include "device/drivers/nic.h"

static int p2p_start(const DeviceContext *context, DeviceRun *run, Error **err) {
        _cleanup_nic_ Nic nic = {.context = context};
        if (nic_load(context, &nic, err) < 0 || nic_veth_start(&nic, NULL, run, err) < 0)
                return -1;
        _cleanup_free_ char *host = nic_host_name(&nic, run);
        return nic_routes_add(&nic, host, err);
}

static int p2p_update(const DeviceContext *context, const StrMap *before, Error **err) {
        _cleanup_nic_ Nic nic = {.context = context};
        const char *host = device_volatile(context, "host_name");
        if (context->process == NULL || host == NULL)
                return 0;
        nic_routes_remove(before, host);
        return nic_load(context, &nic, err) < 0 ? -1 : nic_routes_add(&nic, host, err);
}

static const char *const live_keys[] = {"ipv4.routes", "ipv6.routes", NULL};

const DeviceDriver device_nic_p2p = {
        .type = "nic",
        .subtype = "p2p",
        .live_keys = live_keys,
        .start = p2p_start,
        .plug = nic_plug,
        .update = p2p_update,
        .stop = nic_veth_stop,
        .is_nic = true,
};
