#include "instance/live.h"

#include "base/log.h"
#include "base/memory.h"
#include "instance/apparmor.h"
#include "instance/instance_private.h"

/* What a file of a control group holds when nothing limits. */
static const struct {
        const char *file, *value;
} unlimited[] = {
        {"memory.limit_in_bytes", "-1"},
        {"memory.memsw.limit_in_bytes", "-1"},
        {"memory.soft_limit_in_bytes", "-1"},
        {"memory.swappiness", "60"},
        {"memory.low", "0"},
        {"blkio.weight", "500"},
        {"blkio.bfq.weight", "100"},
        {"io.weight", "100"},
        {"io.bfq.weight", "100"},
        {"cpu.shares", "1024"},
        {"cpu.weight", "100"},
        {"cpu.max", "max 100000"},
        {"cpu.cfs_quota_us", "-1"},
        {"cpu.cfs_period_us", "100000"},
};

static char *unlimited_value(const char *file) {
        for (size_t i = 0; i < ARRAY_SIZE(unlimited); i++)
                if (str_equal(unlimited[i].file, file))
                        return str_dup(unlimited[i].value);
        return str_dup(str_has_suffix(file, "limit_in_bytes") ? "-1" : "max");
}

static const CgroupSetting *find(const CgroupSettings *settings, const CgroupSetting *like) {
        for (size_t i = 0; i < settings->count; i++)
                if (settings->items[i].controller == like->controller &&
                    str_equal(settings->items[i].file, like->file))
                        return &settings->items[i];
        return NULL;
}

static void add(CgroupSettings *settings, const CgroupSetting *like, char *owned_value) {
        mem_grow((void **) &settings->items, &settings->capacity, settings->count + 1,
                 sizeof *settings->items);
        settings->items[settings->count++] = (CgroupSetting) {
                .controller = like->controller, .file = str_dup(like->file), .value = owned_value};
}

static int plan_difference(Instances *instances, const Instance *before, const Instance *after,
                           CgroupSettings *ret, Error **err) {
        _cleanup_(cgroup_settings_done) CgroupSettings old = {.items = NULL}, new = {.items = NULL};
        const LxcConfigSpec old_spec = instance_lxc_spec(instances, before);
        const LxcConfigSpec new_spec = instance_lxc_spec(instances, after);
        if (cgroup_settings_plan(&old_spec, &old, err) < 0 ||
            cgroup_settings_plan(&new_spec, &new, err) < 0)
                return -1;
        for (size_t i = 0; i < new.count; i++) {
                const CgroupSetting *present = find(&old, &new.items[i]);
                if (present == NULL || !str_equal(present->value, new.items[i].value))
                        add(ret, &new.items[i], str_dup(new.items[i].value));
        }
        for (size_t i = 0; i < old.count; i++)
                if (find(&new, &old.items[i]) == NULL)
                        add(ret, &old.items[i], unlimited_value(old.items[i].file));
        return 0;
}

/* Which of two limits that bound each other must go first depends on the direction: what fails is
 * tried once more behind the others. */
static int apply_settings(const CgroupSettings *settings, const CgroupPaths *paths, Error **err) {
        _cleanup_strlist_ StrList done = {.items = NULL};
        for (int pass = 0; pass < 2; pass++)
                for (size_t i = 0; i < settings->count; i++) {
                        const CgroupSetting *setting = &settings->items[i];
                        Error **report = pass == 1 ? err : NULL;
                        if (strlist_has(&done, setting->file))
                                continue;
                        if (cgroup_set(paths, setting->controller, setting->file, setting->value,
                                       report) == 0)
                                strlist_add(&done, setting->file);
                        else if (pass == 1)
                                return error_prefix(err, "Failed to set %s to \"%s\"",
                                                    setting->file, setting->value);
                }
        return 0;
}

static bool apparmor_differs(const Instance *before, const Instance *after) {
        static const char *const keys[] = {"raw.apparmor", "security.nesting"};
        for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
                if (!str_equal(strmap_get(&before->config, keys[i]),
                               strmap_get(&after->config, keys[i])))
                        return true;
        return false;
}

static int change_limits(Instances *instances, const RuntimeProcess *process,
                         const Instance *before, const Instance *after, Error **err) {
        _cleanup_(cgroup_settings_done) CgroupSettings settings = {.items = NULL};
        _cleanup_cgroup_paths_ CgroupPaths paths = {.directories = {NULL}};
        if (plan_difference(instances, before, after, &settings, err) < 0)
                return -1;
        if (instance_set_network_priority(instances, before, after, process, err) < 0)
                return -1;
        if (apparmor_differs(before, after)) {
                _cleanup_free_ char *profile = NULL;
                if (instance_load_apparmor(instances, after, &profile, err) < 0)
                        return -1;
        }
        if (!str_equal(strmap_get(&before->config, "linux.kernel_modules"),
                       strmap_get(&after->config, "linux.kernel_modules")) &&
            instance_load_modules(after, err) < 0)
                return -1;
        if (seccomp_intercepts(&after->config) &&
            instance_write_intercept(instances, after, err) < 0)
                return -1;
        runner_claim_cpus(instances, after, NULL);
        instances_balance_cpus(instances);
        if (settings.count == 0)
                return 0;
        if (runtime_cgroups(instances->spec.runtime, process, &paths, err) < 0)
                return -1;
        return apply_settings(&settings, &paths, err);
}

/* As it is, or changed in place. */
static bool stays(const DeviceContext *context, const DeviceMap *others) {
        const StrMap *other = devicemap_get(others, context->name);
        return other != NULL && (strmap_equal(other, context->config) ||
                                 device_can_update(context, other));
}

static int check_pluggable(Instances *instances, const Instance *from, const Instance *to,
                           Error **err) {
        for (size_t i = 0; i < from->devices.count; i++) {
                const DeviceContext context =
                        instance_device_context(instances, from, &from->devices, i);
                const DeviceDriver *driver;
                if (stays(&context, &to->devices))
                        continue;
                if (device_find(&context, &driver, err) < 0)
                        return -1;
                const char *reason =
                        driver->needs_stop != NULL ? driver->needs_stop(&context) : NULL;
                if (reason != NULL)
                        return error_set(err, ERROR_BAD_STATE, 0, "Device \"%s\": %s",
                                         context.name, reason);
        }
        return 0;
}

static int unplug(Instances *instances, const RuntimeProcess *process, const Instance *before,
                  Instance *after, Error **err) {
        _cleanup_free_ size_t *order = device_order(&before->devices);
        for (size_t i = before->devices.count; i-- > 0;) {
                DeviceContext context =
                        instance_device_context(instances, before, &before->devices, order[i]);
                _cleanup_strmap_ StrMap changes = {.items = NULL};
                if (stays(&context, &after->devices))
                        continue;
                context.process = process;
                if (device_unplug(&context, err) < 0)
                        return error_prefix(err, "Failed to stop device \"%s\"", context.name);
                device_stop(&context, &changes);
                instance_apply_volatile(after, &changes);
        }
        return 0;
}

static int plug_one(const DeviceContext *context, Instance *after, Error **err) {
        _cleanup_device_run_ DeviceRun run = {.link = NULL};
        _cleanup_strmap_ StrMap ignored = {.items = NULL};
        int result = device_start(context, &run, err);
        instance_apply_volatile(after, &run.volatiles);
        if (result == 0)
                result = device_plug(context, &run, err);
        if (result == 0)
                return 0;
        (void) !device_unplug(context, NULL);
        device_stop(context, &ignored);
        instance_apply_volatile(after, &ignored);
        return -1;
}

static int plug(Instances *instances, const RuntimeProcess *process, const Instance *before,
                Instance *after, Error **err) {
        _cleanup_free_ size_t *order = device_order(&after->devices);
        for (size_t i = 0; i < after->devices.count; i++) {
                DeviceContext context =
                        instance_device_context(instances, after, &after->devices, order[i]);
                if (stays(&context, &before->devices))
                        continue;
                context.process = process;
                if (plug_one(&context, after, err) < 0)
                        return error_prefix(err, "Failed to start device \"%s\"", context.name);
        }
        return 0;
}

/* Those whose change needs no coming and going; `process` NULL: it does not run. */
int instance_update_devices(Instances *instances, const RuntimeProcess *process,
                            const Instance *before, Instance *after, Error **err) {
        if (instance_change_disks(instances, process, before, after, err) < 0)
                return -1;
        for (size_t i = 0; i < after->devices.count; i++) {
                DeviceContext context =
                        instance_device_context(instances, after, &after->devices, i);
                const StrMap *old = devicemap_get(&before->devices, context.name);
                if (old == NULL || strmap_equal(old, context.config) ||
                    !device_can_update(&context, old))
                        continue;
                context.process = process;
                if (device_update(&context, old, err) < 0)
                        return error_prefix(err, "Failed to update device \"%s\"", context.name);
        }
        return 0;
}

/* What has come goes, what has gone comes back; each as far as it can. */
static void put_back(Instances *instances, const RuntimeProcess *process, const Instance *before,
                     Instance *after) {
        _cleanup_(instance_cleanup) Instance *target = mem_new(Instance);
        instance_row_copy(&target->row, &before->row);
        strmap_copy(&target->config, &before->config);
        devicemap_copy(&target->devices, &before->devices);
        target->disk_name = str_dup(before->disk_name);
        (void) !unplug(instances, process, after, target, NULL);
        if (plug(instances, process, after, target, NULL) < 0)
                log_error("Devices of %s are missing until it is restarted", before->disk_name);
}

int instance_change_live(Instances *instances, const Instance *before, Instance *after,
                         Error **err) {
        _cleanup_(runtime_process_done) RuntimeProcess process = {.name = NULL};
        _cleanup_error_ Error *failed = NULL;
        if (check_pluggable(instances, before, after, err) < 0 ||
            check_pluggable(instances, after, before, err) < 0 ||
            instance_process(instances, before, &process, err) < 0)
                return -1;
        if (change_limits(instances, &process, before, after, &failed) < 0) {
                (void) !change_limits(instances, &process, after, before, NULL);
                return error_move(err, &failed);
        }
        if (unplug(instances, &process, before, after, &failed) == 0 &&
            plug(instances, &process, before, after, &failed) == 0 &&
            instance_update_devices(instances, &process, before, after, &failed) == 0)
                return 0;
        (void) !instance_update_devices(instances, &process, after, (Instance *) before, NULL);
        put_back(instances, &process, before, after);
        (void) !change_limits(instances, &process, after, before, NULL);
        return error_move(err, &failed);
}
