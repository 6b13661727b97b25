/* nic, nictype=bridged: a veth pair whose host end is a port of an existing bridge. */
#include "device/drivers/nic.h"

#include "linux/links.h"

static int bridged_validate(const DeviceContext *context, Error **err) {
        if (str_is_empty(strmap_get(context->config, "parent")))
                return error_set(err, ERROR_INVALID, 0,
                                 "Invalid value for device option \"parent\": Required value");
        return 0;
}

static int bridged_start(const DeviceContext *context, DeviceRun *run, Error **err) {
        const char *parent = strmap_get(context->config, "parent");
        if (!link_exists(parent))
                return error_set(err, ERROR_INVALID, 0, "Parent device \"%s\" doesn't exist",
                                 parent);
        return nic_veth_start(context, parent, run, err);
}

const DeviceDriver device_nic_bridged = {
        .type = "nic",
        .subtype = "bridged",
        .validate = bridged_validate,
        .start = bridged_start,
        .plug = nic_veth_plug,
        .stop = nic_veth_stop,
        .is_nic = true,
};
