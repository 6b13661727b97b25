/* Devices that come to an instance and go from it, whether it runs or not. */
#include "instance/instance_private.h"

#include "base/log.h"
#include "base/memory.h"

static bool is_same(const Instance *other, const DeviceEntry *device) {
        const StrMap *config = other != NULL ? devicemap_get(&other->devices, device->name) : NULL;
        return config != NULL && strmap_equal(config, &device->config);
}

/* The device is still where it was, though changed: what it has there stays. */
static bool is_in_place(const Instance *other, const DeviceEntry *device) {
        static const char *const keys[] = {"type", "nictype", "network", "parent"};
        const StrMap *config = other != NULL ? devicemap_get(&other->devices, device->name) : NULL;
        for (size_t i = 0; config != NULL && i < ARRAY_SIZE(keys); i++)
                if (!str_equal(strmap_get(config, keys[i]), strmap_get(&device->config, keys[i])))
                        return false;
        return config != NULL;
}

int instance_admit_devices(Instances *instances, const Instance *before, const Instance *after,
                           Error **err) {
        for (size_t i = 0; i < after->devices.count; i++) {
                const DeviceEntry *device = &after->devices.items[i];
                const DeviceContext context =
                        instance_device_context(instances, after, &after->devices, i);
                bool known = before != NULL &&
                             devicemap_get(&before->devices, device->name) != NULL;
                if (!is_same(before, device) && device_admit(&context, err) < 0)
                        return error_prefix(err, "Failed %s validation for device \"%s\"",
                                            known ? "update" : "add", device->name);
        }
        return 0;
}

void instance_devices_changed(Instances *instances, const Instance *before,
                              const Instance *after) {
        for (size_t i = 0; before != NULL && i < before->devices.count; i++) {
                const DeviceContext context =
                        instance_device_context(instances, before, &before->devices, i);
                if (!is_in_place(after, &before->devices.items[i]))
                        device_removed(&context);
        }
        for (size_t i = 0; after != NULL && i < after->devices.count; i++) {
                const DeviceContext context =
                        instance_device_context(instances, after, &after->devices, i);
                _cleanup_error_ Error *err = NULL;
                if (!is_same(before, &after->devices.items[i]) && device_added(&context, &err) < 0)
                        log_warning("Device %s of %s: %s", context.name, after->disk_name,
                                    error_message(err));
        }
}
