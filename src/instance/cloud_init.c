/* cloud-init runs again when its instance-id changes: after a change of what it was told, or of the
 * names of the network interfaces. */
#include "instance/instance_private.h"

#include "base/memory.h"
#include "base/units.h"

static const char *const keys[] = {
        "cloud-init.network-config", "cloud-init.user-data", "cloud-init.vendor-data",
        "user.network-config",       "user.user-data",       "user.vendor-data",
};

static void nic_names(const Instance *instance, StrList *ret) {
        for (size_t i = 0; i < instance->devices.count; i++) {
                const DeviceEntry *device = &instance->devices.items[i];
                const char *name = strmap_get(&device->config, "name");
                if (device_is_nic(&device->config))
                        strlist_add(ret, !str_is_empty(name) ? name : device->name);
        }
        strlist_sort(ret);
}

void instance_renew_cloud_id(const Instance *before, const Instance *after, StrMap *changes) {
        _cleanup_strlist_ StrList old = {.items = NULL}, new = {.items = NULL};
        bool changed = false;
        for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
                changed = changed || !str_equal(strmap_get(&before->config, keys[i]),
                                                strmap_get(&after->config, keys[i]));
        nic_names(before, &old);
        nic_names(after, &new);
        if (!changed && strlist_equal(&old, &new))
                return;
        _cleanup_free_ char *id = random_uuid();
        strmap_set(changes, "volatile.cloud-init.instance-id", id);
}
