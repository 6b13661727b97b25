#include "network/driver.h"

#include "base/macros.h"

static const NetworkDriver *const drivers[] = {
        &network_driver_bridge,
        &network_driver_macvlan,
        &network_driver_physical,
        &network_driver_sriov,
};

int network_driver_find(const char *type, const NetworkDriver **ret, Error **err) {
        for (size_t i = 0; i < ARRAY_SIZE(drivers); i++)
                if (str_equal(drivers[i]->type, type)) {
                        *ret = drivers[i];
                        return 0;
                }
        return error_set(err, ERROR_INVALID, 0, "Unknown driver");
}
