/* The registry: a new driver adds its line here. */
#include "storage/driver.h"

static const StorageDriver *const drivers[] = {
        &storage_driver_dir,
        &storage_driver_btrfs,
        &storage_driver_overlay,
};

const StorageDriver *const *storage_drivers(size_t *ret_count) {
        *ret_count = ARRAY_SIZE(drivers);
        return drivers;
}

const StorageDriver *storage_driver_find(const char *name) {
        for (size_t i = 0; i < ARRAY_SIZE(drivers); i++)
                if (str_equal(drivers[i]->name, name))
                        return drivers[i];
        return NULL;
}
