#include "device/device.h"

#include "base/files.h"
#include "base/memory.h"
#include "device/drivers/nic.h"
#include "device/entries.h"
#include "device/nodes.h"
#include "linux/mounts.h"
#include "schema/key.h"

#include <ctype.h>
#include <string.h>

/* The registry: a new kind adds its line here. */
static const DeviceDriver *const drivers[] = {
        &device_disk,
        &device_gpu_mdev,
        &device_gpu_mig,
        &device_gpu_physical,
        &device_gpu_sriov,
        &device_nic_bridged,
        &device_nic_ipvlan,
        &device_nic_macvlan,
        &device_nic_p2p,
        &device_nic_physical,
        &device_nic_routed,
        &device_nic_sriov,
        &device_none,
        &device_pci,
        &device_proxy,
        &device_tpm,
        &device_unix_block,
        &device_unix_char,
        &device_unix_hotplug,
        &device_usb,
};

static const char *subtype_of(const StrMap *config) {
        const char *gputype = strmap_get(config, "gputype");
        if (str_equal(strmap_get(config, "type"), "gpu"))
                return str_is_empty(gputype) ? "physical" : gputype;
        return strmap_get(config, "nictype");
}

int device_find(const DeviceContext *context, const DeviceDriver **ret, Error **err) {
        const char *type = strmap_get(context->config, "type");
        const char *nictype = strmap_get(context->config, "nictype");
        const char *subtype = subtype_of(context->config);
        if (device_is_nic(context->config) &&
            !str_is_empty(strmap_get(context->config, "network")))
                return nic_find_by_network(context, ret, err);
        for (size_t i = 0; i < ARRAY_SIZE(drivers); i++)
                if (str_equal(drivers[i]->type, type) &&
                    (drivers[i]->subtype == NULL || str_equal(drivers[i]->subtype, subtype))) {
                        *ret = drivers[i];
                        return 0;
                }
        if (str_is_empty(type))
                return error_set(err, ERROR_INVALID, 0, "Missing device type");
        if (nictype != NULL)
                return error_set(err, ERROR_INVALID, 0, "Unsupported device type \"%s\" (nictype "
                                                        "\"%s\")", type, nictype);
        return error_set(err, ERROR_INVALID, 0, "Unsupported device type \"%s\"", type);
}

static int check_network_keys(const DeviceContext *context, Error **err) {
        bool on_network = device_is_nic(context->config) &&
                          !str_is_empty(strmap_get(context->config, "network"));
        return on_network ? nic_check_network_keys(context, err) : 0;
}

int device_validate(const DeviceContext *context, Error **err) {
        const DeviceDriver *driver;
        if (check_network_keys(context, err) < 0 || device_find(context, &driver, err) < 0 ||
            config_validate_device(context->config, driver->subtype, err) < 0 ||
            (driver->validate != NULL && driver->validate(context, err) < 0))
                return error_prefix(err, "Device validation failed for \"%s\"", context->name);
        return 0;
}

int device_admit(const DeviceContext *context, Error **err) {
        const DeviceDriver *driver;
        if (device_find(context, &driver, err) < 0)
                return -1;
        return driver->admit != NULL ? driver->admit(context, err) : 0;
}

int device_added(const DeviceContext *context, Error **err) {
        const DeviceDriver *driver;
        if (device_find(context, &driver, err) < 0)
                return -1;
        return driver->added != NULL ? driver->added(context, err) : 0;
}

void device_removed(const DeviceContext *context) {
        const DeviceDriver *driver;
        if (device_find(context, &driver, NULL) == 0 && driver->removed != NULL)
                driver->removed(context);
}

void device_run_done(DeviceRun *run) {
        strlist_done(&run->lines);
        strmap_done(&run->volatiles);
        strlist_done(&run->rules);
        for (size_t i = 0; i < run->mount_count; i++) {
                free(run->mounts[i].source);
                free(run->mounts[i].target);
        }
        free(run->mounts);
        free(run->link);
        free(run->inner_name);
        *run = (DeviceRun) {.link = NULL};
}

bool device_is_nic(const StrMap *config) {
        return str_equal(strmap_get(config, "type"), "nic");
}

bool device_is_root_disk(const StrMap *config) {
        return str_equal(strmap_get(config, "type"), "disk") &&
               str_equal(strmap_get(config, "path"), "/") &&
               str_is_empty(strmap_get(config, "source"));
}

const char *device_volatile(const DeviceContext *context, const char *key) {
        _cleanup_free_ char *name = str_printf("volatile.%s.%s", context->name, key);
        return strmap_get(context->volatiles, name);
}

void device_set_volatile(StrMap *volatiles, const DeviceContext *context, const char *key,
                         const char *value) {
        _cleanup_free_ char *name = str_printf("volatile.%s.%s", context->name, key);
        strmap_set(volatiles, name, value);
}

char *device_mount_escape(const char *path) {
        StrBuf escaped = {};
        for (const char *c = path; *c != '\0'; c++)
                if (isspace((unsigned char) *c) || *c == '\\')
                        strbuf_printf(&escaped, "\\%03o", (unsigned char) *c);
                else
                        strbuf_add_char(&escaped, *c);
        return strbuf_take(&escaped);
}

void device_run_mount(DeviceRun *run, const DeviceMount *mount) {
        mem_grow((void **) &run->mounts, &run->mount_capacity, run->mount_count + 1,
                 sizeof *run->mounts);
        DeviceMount *added = &run->mounts[run->mount_count++];
        *added = *mount;
        added->source = str_dup(mount->source);
        added->target = str_dup(mount->target);
}

const DeviceMountWord device_mount_words[5] = {
        {"ro", MOUNT_READONLY},
        {"nosuid", MOUNT_NOSUID},
        {"nodev", MOUNT_NODEV},
        {"noexec", MOUNT_NOEXEC},
        {"noatime", MOUNT_NOATIME},
};

const DeviceMountWord device_propagations[4] = {
        {"private", MOUNT_PRIVATE},
        {"shared", MOUNT_SHARED},
        {"slave", MOUNT_SLAVE},
        {"unbindable", MOUNT_UNBINDABLE},
};

static char *mount_line(const DeviceMount *mount) {
        _cleanup_free_ char *from = device_mount_escape(mount->source);
        _cleanup_free_ char *to = device_mount_escape(mount->target + strspn(mount->target, "/"));
        StrBuf line = {.data = NULL};
        strbuf_printf(&line, "lxc.mount.entry = %s %s none %s,create=%s", from, to,
                      mount->flags & MOUNT_RECURSIVE ? "rbind" : "bind",
                      mount->directory ? "dir" : "file");
        for (size_t i = 0; i < ARRAY_SIZE(device_mount_words); i++)
                if (mount->flags & device_mount_words[i].flag)
                        strbuf_printf(&line, ",%s", device_mount_words[i].name);
        if (mount->shift)
                strbuf_add(&line, ",idmap=container");
        const char *r = mount->flags & MOUNT_RECURSIVE ? "r" : "";
        for (size_t i = 0; i < ARRAY_SIZE(device_propagations); i++)
                if (mount->flags & device_propagations[i].flag)
                        strbuf_printf(&line, ",%s%s", r, device_propagations[i].name);
        strbuf_add(&line, " 0 0");
        return strbuf_take(&line);
}

/* What liblxc does at the start is what device_plug() does later. */
static void plan_lines(const DeviceContext *context, DeviceRun *run) {
        const CgroupLayout *cgroups = context->cgroups;
        for (size_t i = 0; i < run->mount_count; i++)
                strlist_take(&run->lines, mount_line(&run->mounts[i]));
        /* A user namespace cannot make nodes: only privileged containers have rules. */
        if (context->unprivileged ||
            (!cgroup_has(cgroups, CGROUP_DEVICES) && cgroups->unified_mount == NULL))
                return;
        for (size_t i = 0; i < run->rules.count; i++)
                strlist_printf(&run->lines, "lxc.%s.devices.allow = %s",
                               cgroup_has(cgroups, CGROUP_DEVICES) ? "cgroup" : "cgroup2",
                               run->rules.items[i]);
}

static int start_nodes(const DeviceContext *context, const DeviceDriver *driver, DeviceRun *run,
                       Error **err) {
        _cleanup_(device_nodes_done) DeviceNodes nodes = {.items = NULL};
        if (driver->nodes == NULL)
                return 0;
        if (driver->nodes(context, &nodes, err) < 0)
                return -1;
        return device_nodes_start(context, driver->prefix, &nodes, run, err);
}

/* Those mounts whose source is no entry itself get one that stands for them. */
static int make_entries(const DeviceContext *context, const DeviceDriver *driver,
                        const DeviceRun *run, Error **err) {
        for (size_t i = 0; driver->prefix != NULL && i < run->mount_count; i++) {
                const DeviceMount *mount = &run->mounts[i];
                _cleanup_free_ char *file = device_entry(context, driver->prefix, mount->target);
                if (!str_equal(file, mount->source) &&
                    device_entry_make(context, file, mount->directory, err) < 0)
                        return -1;
        }
        return 0;
}

int device_start(const DeviceContext *context, DeviceRun *run, Error **err) {
        const DeviceDriver *driver;
        if (device_find(context, &driver, err) < 0 ||
            (driver->start != NULL && driver->start(context, run, err) < 0) ||
            start_nodes(context, driver, run, err) < 0 ||
            make_entries(context, driver, run, err) < 0)
                return -1;
        plan_lines(context, run);
        return 0;
}

static int plug_parts(const DeviceContext *context, const DeviceRun *run, Error **err) {
        for (size_t i = 0; i < run->mount_count; i++) {
                const DeviceMount *from = &run->mounts[i];
                const RuntimeMount mount = {.source = from->source,
                                            .target = from->target,
                                            .flags = from->flags,
                                            .shift = from->shift};
                if (runtime_mount(context->runtime, context->process, &mount, err) < 0)
                        return error_prefix(err, "Failed to add mount for device inside container");
        }
        for (size_t i = 0; !context->unprivileged && i < run->rules.count; i++)
                if (runtime_device_rule(context->runtime, context->process, run->rules.items[i],
                                        true, err) < 0)
                        return error_prefix(err, "Failed to add cgroup rule for device");
        return 0;
}

int device_plug(const DeviceContext *context, const DeviceRun *run, Error **err) {
        const DeviceDriver *driver;
        if (device_find(context, &driver, err) < 0 || plug_parts(context, run, err) < 0 ||
            (driver->plug != NULL && driver->plug(context, run, err) < 0))
                return -1;
        return device_running(context, err);
}

int device_running(const DeviceContext *context, Error **err) {
        const DeviceDriver *driver;
        if (device_find(context, &driver, err) < 0)
                return -1;
        return driver->running != NULL ? driver->running(context, err) : 0;
}

int device_unplug(const DeviceContext *context, Error **err) {
        const DeviceDriver *driver;
        if (device_find(context, &driver, err) < 0 ||
            (driver->unplug != NULL && driver->unplug(context, err) < 0))
                return -1;
        return driver->prefix != NULL
                       ? device_nodes_remove(context, driver->prefix, NULL, NULL, err)
                       : 0;
}

void device_stop(const DeviceContext *context, StrMap *volatiles) {
        const DeviceDriver *driver;
        _cleanup_strlist_ StrList names = {.items = NULL};
        if (device_find(context, &driver, NULL) < 0)
                return;
        if (driver->stop != NULL)
                driver->stop(context, volatiles);
        if (driver->prefix == NULL || device_entries(context, driver->prefix, &names, NULL) < 0)
                return;
        for (size_t i = 0; i < names.count; i++)
                (void) !device_entry_remove(context, names.items[i], NULL);
}

static bool is_live_key(const DeviceDriver *driver, const char *key) {
        for (size_t i = 0; driver->live_keys[i] != NULL; i++)
                if (str_equal(driver->live_keys[i], key))
                        return true;
        return str_has_prefix(key, "user.");
}

/* Every key of `a` is in `b` with the same value, or may change. */
static bool is_within(const DeviceDriver *driver, const StrMap *a, const StrMap *b) {
        for (size_t i = 0; i < a->count; i++)
                if (!str_equal(a->items[i].value, strmap_get(b, a->items[i].key)) &&
                    !is_live_key(driver, a->items[i].key))
                        return false;
        return true;
}

bool device_can_update(const DeviceContext *context, const StrMap *other) {
        const DeviceDriver *driver, *old;
        DeviceContext before = *context;
        before.config = other;
        return device_find(context, &driver, NULL) == 0 && device_find(&before, &old, NULL) == 0 &&
               driver == old && driver->live_keys != NULL &&
               is_within(driver, other, context->config) &&
               is_within(driver, context->config, other);
}

int device_update(const DeviceContext *context, const StrMap *before, Error **err) {
        const DeviceDriver *driver;
        if (device_find(context, &driver, err) < 0)
                return -1;
        return driver->update != NULL ? driver->update(context, before, err) : 0;
}

DeviceFollow device_follows(const DeviceContext *context, StrList *paths) {
        const DeviceDriver *driver;
        if (device_find(context, &driver, NULL) < 0 || driver->follows == NULL)
                return DEVICE_FOLLOWS_NOTHING;
        return driver->follows(context, paths);
}

static void leave_out(DeviceNodes *nodes, const StrList *gone) {
        for (size_t i = nodes->count; i-- > 0;)
                if (strlist_has(gone, nodes->items[i].path)) {
                        free(nodes->items[i].path);
                        nodes->items[i] = nodes->items[--nodes->count];
                }
}

int device_sync(const DeviceContext *context, const StrList *gone, StrList *changed,
                Error **err) {
        _cleanup_(device_nodes_done) DeviceNodes nodes = {.items = NULL};
        _cleanup_device_run_ DeviceRun run = {.link = NULL};
        const DeviceDriver *driver;
        if (device_find(context, &driver, err) < 0)
                return -1;
        /* What is required may be missing by now: then it is gone. */
        (void) !driver->nodes(context, &nodes, NULL);
        leave_out(&nodes, gone);
        if (device_nodes_remove(context, driver->prefix, &nodes, changed, err) < 0)
                return -1;
        DeviceNodes new = device_nodes_new(context, driver->prefix, &nodes);
        for (size_t i = 0; i < new.count; i++)
                strlist_add(changed, new.items[i].path);
        int result = device_nodes_start(context, driver->prefix, &new, &run, err);
        free(new.items);
        if (result < 0 || plug_parts(context, &run, err) < 0) {
                (void) !device_nodes_remove(context, driver->prefix, NULL, changed, NULL);
                return -1;
        }
        return 0;
}

int device_recover(const DeviceContext *instance, Error **err) {
        _cleanup_strlist_ StrList names = {.items = NULL};
        if (device_entries_orphaned(instance, &names, err) < 0)
                return -1;
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_strlist_ StrList targets = {.items = NULL};
                device_entry_guess(names.items[i], &targets);
                for (size_t t = 0; t < targets.count; t++)
                        if (runtime_unmount(instance->runtime, instance->process, targets.items[t],
                                            err) < 0)
                                return -1;
                if (device_entry_remove(instance, names.items[i], err) < 0)
                        return -1;
        }
        return 0;
}

/* Disks first, the outer ones before those inside them; then by type, so that what belongs together
 * starts together; the root before all. */
static int compare(const DeviceEntry *a, const DeviceEntry *b) {
        static const char *const first[] = {"nic", "disk"};
        const char *type_a = strmap_get(&a->config, "type");
        const char *type_b = strmap_get(&b->config, "type");
        for (size_t i = 0; i < ARRAY_SIZE(first); i++)
                if (str_equal(type_a, first[i]) != str_equal(type_b, first[i]))
                        return str_equal(type_a, first[i]) ? -1 : 1;
        if (!str_equal(type_a, type_b))
                return type_a != NULL && type_b != NULL ? strcmp(type_b, type_a) : 0;
        const char *path_a = strmap_get(&a->config, "path");
        const char *path_b = strmap_get(&b->config, "path");
        if (str_equal(type_a, "disk") && path_a != NULL && path_b != NULL &&
            !str_equal(path_a, path_b))
                return strcmp(path_a, path_b);
        return strcmp(a->name, b->name);
}

static int by_start(const void *a, const void *b, void *userdata) {
        const DeviceMap *devices = userdata;
        return compare(&devices->items[*(const size_t *) a], &devices->items[*(const size_t *) b]);
}

size_t *device_order(const DeviceMap *devices) {
        size_t *order = mem_new_array(size_t, devices->count + 1);
        for (size_t i = 0; i < devices->count; i++)
                order[i] = i;
        qsort_r(order, devices->count, sizeof *order, by_start, (void *) devices);
        return order;
}
