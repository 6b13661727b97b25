/* nic, nictype=p2p: a veth pair that the administrator wires up on the host. */
#include "device/drivers/nic.h"

static int p2p_start(const DeviceContext *context, DeviceRun *run, Error **err) {
        return nic_veth_start(context, NULL, run, err);
}

const DeviceDriver device_nic_p2p = {
        .type = "nic",
        .subtype = "p2p",
        .start = p2p_start,
        .plug = nic_veth_plug,
        .stop = nic_veth_stop,
        .is_nic = true,
};
