/* nic with "network": the network says of which kind it is, and that kind does the work. */
#include "device/drivers/nic.h"

#include "base/memory.h"
#include "schema/key.h"

static const struct {
        const char *type;
        const DeviceDriver *driver;
} kinds[] = {
        {"bridge", &device_nic_bridged},
        {"macvlan", &device_nic_macvlan},
        {"physical", &device_nic_physical},
        {"sriov", &device_nic_sriov},
};

int nic_find_by_network(const DeviceContext *context, const DeviceDriver **ret, Error **err) {
        _cleanup_nic_ Nic nic = {.context = context};
        if (nic_load(context, &nic, err) < 0)
                return -1;
        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
                if (str_equal(kinds[i].type, nic.network.type)) {
                        *ret = kinds[i].driver;
                        return 0;
                }
        return error_set(err, ERROR_INVALID, 0, "Unsupported network type \"%s\"",
                         nic.network.type);
}
