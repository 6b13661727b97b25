/* restricted.*: which keys and devices the instances and profiles of a project may have. */
#include "project/project_private.h"

#include "base/memory.h"
#include "linux/idmap.h"
#include "schema/key.h"

#include <string.h>

bool project_is_restricted(const StrMap *config) {
        return str_is_true(strmap_get(config, "restricted"));
}

static const char *restriction(const StrMap *config, const char *key) {
        const char *value = config_value(&config_project, config, key);
        return value != NULL ? value : "";
}

/* Whose config or devices are looked at. */
typedef struct Subject {
        const StrMap *project;
        const char *project_name, *kind, *name;
        bool container, machine; /* both: a profile */
} Subject;

static const char *const interceptions[] = {
        "security.syscalls.intercept.bpf",       "security.syscalls.intercept.bpf.devices",
        "security.syscalls.intercept.mknod",     "security.syscalls.intercept.mount",
        "security.syscalls.intercept.mount.fuse", "security.syscalls.intercept.setxattr",
        "security.syscalls.intercept.sysinfo",
};

static bool is_listed(const char *const *list, size_t count, const char *key) {
        for (size_t i = 0; i < count; i++)
                if (str_equal(list[i], key))
                        return true;
        return false;
}

/* Those that reach past the container into the host. */
static bool is_low_level(const Subject *subject, const char *key) {
        static const char *const of_containers[] = {
                "boot.host_shutdown_timeout", "linux.kernel_modules", "raw.apparmor",
                "raw.lxc", "raw.seccomp", "security.devlxd.images", "security.idmap.base",
                "security.idmap.size",
        };
        static const char *const of_machines[] = {
                "boot.host_shutdown_timeout", "limits.memory.hugepages", "raw.qemu",
                "raw.qemu.conf",
        };
        if (subject->container &&
            (is_listed(of_containers, ARRAY_SIZE(of_containers), key) ||
             (str_has_prefix(key, "security.syscalls.intercept") &&
              !is_listed(interceptions, ARRAY_SIZE(interceptions), key))))
                return true;
        return subject->machine && is_listed(of_machines, ARRAY_SIZE(of_machines), key);
}

static bool may_low_level(const Subject *subject) {
        const StrMap *config = subject->project;
        return (!subject->container ||
                str_equal(restriction(config, "restricted.containers.lowlevel"), "allow")) &&
               (!subject->machine ||
                str_equal(restriction(config, "restricted.virtual-machines.lowlevel"), "allow"));
}

/* NULL: the value may stand. */
static const char *refuse_value(const Subject *subject, const char *key, const char *value) {
        const StrMap *config = subject->project;
        const char *privilege = restriction(config, "restricted.containers.privilege");
        const char *interception = restriction(config, "restricted.containers.interception");
        bool on = !str_is_empty(value) && !str_is_false(value);
        if (!subject->container)
                return NULL;
        if (is_listed(interceptions, ARRAY_SIZE(interceptions), key) && on &&
            str_equal(interception, "block"))
                return "Container syscall interception is forbidden";
        if (str_equal(key, "security.nesting") && str_is_true(value) &&
            str_equal(restriction(config, "restricted.containers.nesting"), "block"))
                return "Container nesting is forbidden";
        if (str_equal(key, "security.privileged") && str_is_true(value) &&
            !str_equal(privilege, "allow"))
                return "Privileged containers are forbidden";
        if (str_equal(key, "security.idmap.isolated") && !on && str_equal(privilege, "isolated"))
                return "Non-isolated containers are forbidden";
        return NULL;
}

/* "1000,2000-2999" has the whole of [first, first + count). */
static bool covers(const char *list, int64_t first, int64_t count) {
        _cleanup_strlist_ StrList items = {.items = NULL};
        strlist_split(&items, list, ",", true);
        for (size_t i = 0; i < items.count; i++) {
                _cleanup_free_ char *item = str_trim(items.items[i]);
                char *dash = strchr(item, '-');
                int64_t low, high;
                if (dash != NULL)
                        *dash = '\0';
                if (!str_to_int64(item, &low) ||
                    !str_to_int64(dash != NULL ? dash + 1 : item, &high))
                        continue;
                if (first >= low && first + count - 1 <= high)
                        return true;
        }
        return false;
}

static int check_raw_idmap(const Subject *subject, const char *value, Error **err) {
        _cleanup_idmap_ IdMap map = {.items = NULL};
        const char *uids = restriction(subject->project, "restricted.idmap.uid");
        const char *gids = restriction(subject->project, "restricted.idmap.gid");
        if (idmap_parse_raw(value, &map, err) < 0)
                return -1;
        for (size_t i = 0; i < map.count; i++) {
                const IdMapEntry *entry = &map.items[i];
                if ((entry->is_uid && !covers(uids, entry->host_id, entry->range)) ||
                    (entry->is_gid && !covers(gids, entry->host_id, entry->range)))
                        return error_set(err, ERROR_FORBIDDEN, 0,
                                         "Use of low-level \"raw.idmap\" element %zu on %s \"%s\" "
                                         "of project \"%s\" is forbidden",
                                         i, subject->kind, subject->name, subject->project_name);
        }
        return 0;
}

static int check_config(const Subject *subject, const StrMap *config, Error **err) {
        bool low_level = may_low_level(subject);
        for (size_t i = 0; i < config->count; i++) {
                const char *key = config->items[i].key, *value = config->items[i].value;
                if (!low_level && str_equal(key, "raw.idmap") && !str_is_empty(value)) {
                        if (check_raw_idmap(subject, value, err) < 0)
                                return -1;
                } else if (!low_level && is_low_level(subject, key) && !str_is_empty(value)) {
                        return error_set(err, ERROR_FORBIDDEN, 0,
                                         "Use of low-level config \"%s\" on %s \"%s\" of project "
                                         "\"%s\" is forbidden",
                                         key, subject->kind, subject->name,
                                         subject->project_name);
                }
                const char *reason = refuse_value(subject, key, value);
                if (reason != NULL)
                        return error_set(err, ERROR_FORBIDDEN, 0,
                                         "Invalid value \"%s\" for config \"%s\" on %s \"%s\" of "
                                         "project \"%s\": %s",
                                         value, key, subject->kind, subject->name,
                                         subject->project_name, reason);
        }
        return 0;
}

bool project_has_network_access(const StrMap *config, const char *network, bool managed) {
        _cleanup_strlist_ StrList allowed = {.items = NULL};
        const char *nics = restriction(config, "restricted.devices.nic");
        const char *access = restriction(config, "restricted.networks.access");
        if (!project_is_restricted(config))
                return true;
        if (str_equal(nics, "block") || (str_equal(nics, "managed") && !managed))
                return false;
        if (str_is_empty(access))
                return true;
        strlist_split(&allowed, access, ", ", true);
        return strlist_has(&allowed, network);
}

/* Without "." and ".." and doubled slashes; ends with a slash. */
static char *clean_path(const char *path) {
        _cleanup_strlist_ StrList parts = {.items = NULL}, kept = {.items = NULL};
        StrBuf text = {.data = NULL};
        strlist_split(&parts, path, "/", true);
        for (size_t i = 0; i < parts.count; i++) {
                if (str_equal(parts.items[i], ".."))
                        kept.count > 0 ? strlist_remove(&kept, kept.count - 1) : (void) 0;
                else if (!str_equal(parts.items[i], "."))
                        strlist_add(&kept, parts.items[i]);
        }
        strbuf_add_char(&text, '/');
        for (size_t i = 0; i < kept.count; i++)
                strbuf_printf(&text, "%s/", kept.items[i]);
        return strbuf_take(&text);
}

bool project_has_path_access(const StrMap *config, const char *path, char **ret_parent) {
        _cleanup_strlist_ StrList allowed = {.items = NULL};
        const char *paths = restriction(config, "restricted.devices.disk.paths");
        _cleanup_free_ char *wanted = clean_path(path != NULL ? path : "");
        if (ret_parent != NULL)
                *ret_parent = NULL;
        if (!project_is_restricted(config) || str_is_empty(paths))
                return true;
        strlist_split(&allowed, paths, ",", true);
        for (size_t i = 0; i < allowed.count; i++) {
                _cleanup_free_ char *parent = clean_path(allowed.items[i]);
                if (!str_has_prefix(wanted, parent))
                        continue;
                if (ret_parent != NULL)
                        *ret_parent = str_dup(allowed.items[i]);
                return true;
        }
        return false;
}

static const char *refuse_nic(const StrMap *project, const StrMap *device) {
        const char *value = restriction(project, "restricted.devices.nic");
        const char *network = strmap_get(device, "network"), *parent = strmap_get(device, "parent");
        if (str_equal(value, "block"))
                return "Network devices are forbidden";
        if (str_equal(value, "managed") && str_is_empty(network))
                return "Only managed network devices are allowed";
        if ((!str_is_empty(network) && !project_has_network_access(project, network, true)) ||
            (str_is_empty(network) && !str_is_empty(parent) &&
             !project_has_network_access(project, parent, false)))
                return "Network not allowed in project";
        return NULL;
}

static int refuse_disk(const StrMap *project, const StrMap *device, Error **err) {
        const char *value = restriction(project, "restricted.devices.disk");
        const char *source = strmap_get(device, "source");
        bool pooled = !str_is_empty(strmap_get(device, "pool"));
        if ((str_equal(strmap_get(device, "path"), "/") && pooled) ||
            (str_is_empty(strmap_get(device, "path")) && str_equal(source, "cloud-init:config")))
                return 0;
        if (str_equal(value, "block"))
                return error_set(err, ERROR_FORBIDDEN, 0, "Disk devices are forbidden");
        if (str_equal(value, "managed") && !pooled)
                return error_set(err, ERROR_FORBIDDEN, 0,
                                 "Attaching disks not backed by a pool is forbidden");
        if (str_equal(value, "allow") && !pooled && !project_has_path_access(project, source, NULL))
                return error_set(err, ERROR_FORBIDDEN, 0, "Disk source path \"%s\" not allowed",
                                 source != NULL ? source : "");
        return 0;
}

static const struct {
        const char *type, *key, *text;
} device_rows[] = {
        {"gpu", "restricted.devices.gpu", "GPU devices are forbidden"},
        {"infiniband", "restricted.devices.infiniband", "Infiniband devices are forbidden"},
        {"pci", "restricted.devices.pci", "PCI devices are forbidden"},
        {"proxy", "restricted.devices.proxy", "Proxy devices are forbidden"},
        {"unix-block", "restricted.devices.unix-block", "Unix block devices are forbidden"},
        {"unix-char", "restricted.devices.unix-char", "Unix character devices are forbidden"},
        {"unix-hotplug", "restricted.devices.unix-hotplug", "Unix hotplug devices are forbidden"},
        {"usb", "restricted.devices.usb", "USB devices are forbidden"},
};

static int check_device(const StrMap *project, const StrMap *device, Error **err) {
        const char *type = strmap_get(device, "type");
        if (str_equal(type, "disk"))
                return refuse_disk(project, device, err);
        const char *reason = str_equal(type, "nic") ? refuse_nic(project, device) : NULL;
        for (size_t i = 0; i < ARRAY_SIZE(device_rows); i++)
                if (str_equal(type, device_rows[i].type) &&
                    !str_equal(restriction(project, device_rows[i].key), "allow"))
                        reason = device_rows[i].text;
        return reason != NULL ? error_set(err, ERROR_FORBIDDEN, 0, "%s", reason) : 0;
}

static int check_subject(const Subject *subject, const StrMap *config, const DeviceMap *devices,
                         Error **err) {
        if (check_config(subject, config, err) < 0)
                return -1;
        for (size_t i = 0; i < devices->count; i++)
                if (check_device(subject->project, &devices->items[i].config, err) < 0)
                        return error_prefix(err, "Invalid device \"%s\" on %s \"%s\" of project "
                                                 "\"%s\"",
                                            devices->items[i].name, subject->kind, subject->name,
                                            subject->project_name);
        return 0;
}

int project_check_restrictions(const ProjectContent *content, Error **err) {
        Subject subject = {.project = &content->project.config,
                           .project_name = content->project.name};
        for (size_t i = 0; i < content->instances.count; i++) {
                const InstanceRow *row = &content->instances.items[i];
                subject.machine = row->type == INSTANCE_VIRTUAL_MACHINE;
                subject.container = !subject.machine;
                subject.kind = subject.machine ? "virtual-machine" : "container";
                subject.name = row->name;
                if (check_subject(&subject, &row->config, &row->devices, err) < 0)
                        return -1;
        }
        subject.container = subject.machine = true;
        subject.kind = "profile";
        for (size_t i = 0; i < content->profiles.count; i++) {
                const ProfileRow *row = &content->profiles.items[i];
                subject.name = row->name;
                if (check_subject(&subject, &row->config, &row->devices, err) < 0)
                        return -1;
        }
        return 0;
}

static bool is_safe_volatile(const char *key) {
        return str_equal(key, "volatile.apply_template") ||
               str_equal(key, "volatile.base_image") ||
               str_equal(key, "volatile.last_state.power") ||
               str_has_suffix(key, ".apply_quota") || str_has_suffix(key, ".hwaddr");
}

int project_check_volatile(const ProjectContent *content, const InstanceRow *row,
                           const StrMap *before, Error **err) {
        const bool machine = row->type == INSTANCE_VIRTUAL_MACHINE;
        const Subject subject = {.project = &content->project.config,
                                 .container = !machine,
                                 .machine = machine};
        if (!project_is_restricted(&content->project.config) || may_low_level(&subject))
                return 0;
        for (size_t i = 0; i < row->config.count; i++) {
                const StrPair *pair = &row->config.items[i];
                const char *old = before != NULL ? strmap_get(before, pair->key) : NULL;
                if (!str_has_prefix(pair->key, "volatile.") || is_safe_volatile(pair->key) ||
                    (old != NULL && str_equal(old, pair->value)))
                        continue;
                return error_set(err, ERROR_FORBIDDEN, 0,
                                 "%s \"%s\" on %s \"%s\" in project \"%s\" is forbidden",
                                 old != NULL ? "Changing" : "Setting", pair->key,
                                 machine ? "virtual-machine" : "container", row->name,
                                 content->project.name);
        }
        return 0;
}
