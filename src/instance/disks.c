/* What disks ask for beyond being there: throttles, and the size of the root disk. */
#include "instance/instance_private.h"

#include "base/memory.h"
#include "base/units.h"
#include "device/disk_limits.h"

#include <string.h>

static const DeviceEntry *root_disk(const Instance *instance) {
        for (size_t i = 0; i < instance->devices.count; i++)
                if (device_is_root_disk(&instance->devices.items[i].config))
                        return &instance->devices.items[i];
        return NULL;
}

static int plan_limits(Instances *instances, const DeviceMap *before, const Instance *instance,
                       StrList *ret, Error **err) {
        _cleanup_free_ char *volume = NULL;
        if (instance_volume_path(instances, instance, &volume, err) < 0)
                return -1;
        const DiskLimitsSpec spec = {.devices = &instance->devices,
                                     .before = before,
                                     .root = volume,
                                     .unified = instances->cgroups.unified[CGROUP_BLKIO]};
        if (disk_limits_plan(&spec, ret, err) < 0)
                return -1;
        if (ret->count > 0 && !cgroup_has(&instances->cgroups, CGROUP_BLKIO))
                return error_set(err, ERROR_UNSUPPORTED, 0, "Cannot apply disk limits as blkio "
                                                            "cgroup controller is missing");
        return 0;
}

int instance_disk_limits(Instances *instances, const Instance *instance, StrList *lines,
                         Error **err) {
        _cleanup_strlist_ StrList plan = {.items = NULL};
        if (plan_limits(instances, NULL, instance, &plan, err) < 0)
                return -1;
        for (size_t i = 0; i < plan.count; i++) {
                const char *value = strchr(plan.items[i], ' ');
                strlist_printf(lines, "lxc.%s.%.*s = %s",
                               instances->cgroups.unified[CGROUP_BLKIO] ? "cgroup2" : "cgroup",
                               (int) (value - plan.items[i]), plan.items[i], value + 1);
        }
        return 0;
}

static int change_limits(Instances *instances, const RuntimeProcess *process,
                         const Instance *before, const Instance *after, Error **err) {
        _cleanup_strlist_ StrList plan = {.items = NULL};
        _cleanup_cgroup_paths_ CgroupPaths paths = {.directories = {NULL}};
        if (plan_limits(instances, &before->devices, after, &plan, err) < 0)
                return -1;
        if (plan.count == 0)
                return 0;
        if (runtime_cgroups(instances->spec.runtime, process, &paths, err) < 0)
                return -1;
        for (size_t i = 0; i < plan.count; i++) {
                const char *value = strchr(plan.items[i], ' ');
                _cleanup_free_ char *file =
                        str_ndup(plan.items[i], (size_t) (value - plan.items[i]));
                if (cgroup_set(&paths, CGROUP_BLKIO, file, value + 1, err) < 0)
                        return error_prefix(err, "Failed to set disk limits");
        }
        return 0;
}

static int set_root_size(Instances *instances, const Instance *instance, Error **err) {
        _cleanup_(storage_pool_cleanup) StoragePool *pool = NULL;
        const DeviceEntry *root = root_disk(instance);
        const char *size = root != NULL ? strmap_get(&root->config, "size") : NULL;
        int64_t bytes = 0;
        if (root == NULL ||
            (!str_is_empty(size) && units_parse_bytes(size, &bytes, err) < 0) ||
            storage_pool_find(instances->spec.storage, strmap_get(&root->config, "pool"), &pool,
                              err) < 0)
                return root == NULL ? 0 : -1;
        const StorageInstance volume = {pool, instance->row.project, instance->row.name, NULL};
        return storage_instance_set_size(&volume, (uint64_t) bytes, err);
}

int instance_init_root_size(Instances *instances, const Instance *instance, Error **err) {
        const DeviceEntry *root = root_disk(instance);
        /* Without a size of its own it has the pool's default. */
        if (root == NULL || str_is_empty(strmap_get(&root->config, "size")))
                return 0;
        return set_root_size(instances, instance, err);
}

int instance_deferred_size(Instances *instances, const Instance *instance, StrMap *changes,
                           Error **err) {
        const DeviceEntry *root = root_disk(instance);
        if (root == NULL)
                return 0;
        _cleanup_free_ char *key = str_printf("volatile.%s.apply_quota", root->name);
        if (str_is_empty(strmap_get(&instance->config, key)))
                return 0;
        if (set_root_size(instances, instance, err) < 0)
                return error_prefix(err, "Failed to apply deferred quota from \"%s\"", key);
        strmap_set(changes, key, "");
        return 0;
}

/* What cannot shrink while it is mounted is done at the next start. */
static int change_size(Instances *instances, const Instance *before, Instance *after,
                       Error **err) {
        const DeviceEntry *old = root_disk(before), *new = root_disk(after);
        _cleanup_strmap_ StrMap changes = {.items = NULL};
        _cleanup_error_ Error *failed = NULL;
        if (old == NULL || new == NULL ||
            str_equal(strmap_get(&old->config, "size"), strmap_get(&new->config, "size")))
                return 0;
        _cleanup_free_ char *key = str_printf("volatile.%s.apply_quota", new->name);
        bool done = set_root_size(instances, after, &failed) == 0;
        if (!done && !error_is(failed, ERROR_IN_USE) && !error_is(failed, ERROR_BUSY))
                return error_move(err, &failed);
        strmap_set(&changes, key, done ? "" : "true");
        instance_apply_volatile(after, &changes);
        return 0;
}

int instance_change_disks(Instances *instances, const RuntimeProcess *process,
                          const Instance *before, Instance *after, Error **err) {
        if (change_size(instances, before, after, err) < 0)
                return -1;
        return process != NULL ? change_limits(instances, process, before, after, err) : 0;
}
