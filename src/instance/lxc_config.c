#include "instance/lxc_config.h"

#include "base/memory.h"
#include "device/device.h"
#include "schema/key.h"

#include <string.h>

/* Paths of the host that containers see where the host has them. */
const char *const lxc_config_binds[] = {
        "/dev/fuse",
        "/dev/net/tun",
        "/proc/sys/fs/binfmt_misc",
        "/sys/firmware/efi/efivars",
        "/sys/fs/fuse/connections",
        "/sys/fs/pstore",
        "/sys/kernel/config",
        "/sys/kernel/debug",
        "/sys/kernel/security",
        "/sys/kernel/tracing",
        NULL,
};

/* What lxcfs serves, as files of its mount. */
static const char *const lxcfs_files[] = {
        "proc/cpuinfo", "proc/diskstats", "proc/loadavg", "proc/meminfo",
        "proc/slabinfo", "proc/stat", "proc/swaps", "proc/uptime",
        "sys/devices/system/cpu/online",
};

/* Privileged containers get these device nodes and no others. */
static const char *const privileged_devices[] = {
        "b *:* m", "c *:* m", "c 136:* rwm", "c 1:3 rwm", "c 1:5 rwm", "c 1:7 rwm",
        "c 1:8 rwm", "c 1:9 rwm", "c 5:0 rwm", "c 5:1 rwm", "c 5:2 rwm", "c 10:229 rwm",
        "c 10:200 rwm",
};

static const char *get(const LxcConfigSpec *spec, const char *key) {
        return strmap_get(spec->config, key);
}

static bool is_privileged(const LxcConfigSpec *spec) {
        return spec->idmap == NULL || spec->idmap->count == 0;
}

static void plan_base(const LxcConfigSpec *spec, StrList *lines) {
        strlist_printf(lines, "lxc.log.file = %s/lxc.log", spec->log_directory);
        strlist_add(lines, "lxc.log.level = warn");
        strlist_add(lines, "lxc.console.buffer.size = auto");
        strlist_add(lines, "lxc.console.size = auto");
        strlist_printf(lines, "lxc.console.logfile = %s/console.log", spec->log_directory);
        strlist_printf(lines, "lxc.mount.auto = %s cgroup:mixed",
                       is_privileged(spec) ? "proc:mixed sys:mixed" : "proc:rw sys:rw");
        strlist_add(lines, "lxc.autodev = 1");
        strlist_add(lines, "lxc.pty.max = 1024");
        strlist_add(lines, "lxc.tty.max = 0");
        strlist_printf(lines, "lxc.arch = %s", spec->architecture);
        strlist_printf(lines, "lxc.uts.name = %s", spec->name);
        strlist_add(lines, "lxc.hook.version = 1");
        strlist_printf(lines, "lxc.hook.post-stop = %s", spec->stop_hook);
}

static void plan_mounts(const LxcConfigSpec *spec, StrList *lines) {
        for (size_t i = 0; lxc_config_binds[i] != NULL; i++) {
                const char *path = lxc_config_binds[i];
                if (spec->host_paths != NULL && !strlist_has(spec->host_paths, path))
                        continue;
                strlist_printf(lines, "lxc.mount.entry = %s %s none %s,optional 0 0", path,
                               path + 1,
                               str_has_prefix(path, "/dev/") ? "bind,create=file"
                                                             : "rbind,create=dir");
        }
        if (spec->devlxd != NULL && !str_is_false(get(spec, "security.devlxd"))) {
                _cleanup_free_ char *escaped = device_mount_escape(spec->devlxd);
                strlist_printf(lines, "lxc.mount.entry = %s dev/lxd none bind,create=dir 0 0",
                               escaped);
        }
        strlist_add(lines, is_privileged(spec) ? "lxc.mount.entry = mqueue dev/mqueue mqueue "
                                                 "rw,relatime,create=dir,optional 0 0"
                                               : "lxc.mount.entry = /dev/mqueue dev/mqueue none "
                                                 "rbind,create=dir,optional 0 0");
        if (str_is_true(get(spec, "security.nesting"))) {
                /* Nested user namespaces may mount proc and sys only where a full view exists. */
                strlist_add(lines, "lxc.mount.entry = proc dev/.lxc/proc proc "
                                   "create=dir,optional 0 0");
                strlist_add(lines, "lxc.mount.entry = sys dev/.lxc/sys sysfs "
                                   "create=dir,optional 0 0");
        }
        for (size_t i = 0; spec->lxcfs != NULL && i < ARRAY_SIZE(lxcfs_files); i++)
                strlist_printf(lines, "lxc.mount.entry = %s/%s %s none bind,optional 0 0",
                               spec->lxcfs, lxcfs_files[i], lxcfs_files[i]);
}

static void plan_devices_cgroup(const LxcConfigSpec *spec, StrList *lines) {
        const char *prefix = spec->cgroups->unified[CGROUP_DEVICES] ? "lxc.cgroup2" : "lxc.cgroup";
        strlist_printf(lines, "%s.devices.deny = a", prefix);
        for (size_t i = 0; i < ARRAY_SIZE(privileged_devices); i++)
                strlist_printf(lines, "%s.devices.allow = %s", prefix, privileged_devices[i]);
}

static void plan_security(const LxcConfigSpec *spec, StrList *lines) {
        if (is_privileged(spec)) {
                strlist_add(lines, "lxc.cap.drop = sys_time sys_module sys_rawio mac_admin "
                                   "mac_override");
                if (cgroup_has(spec->cgroups, CGROUP_DEVICES) || spec->cgroups->unified_mount)
                        plan_devices_cgroup(spec, lines);
        }
        if (spec->apparmor != NULL)
                strlist_printf(lines, "lxc.apparmor.profile = %s", spec->apparmor);
        if (spec->seccomp_profile != NULL)
                strlist_printf(lines, "lxc.seccomp.profile = %s", spec->seccomp_profile);
        if (spec->seccomp_proxy != NULL)
                strlist_printf(lines, "lxc.seccomp.notify.proxy = unix:%s", spec->seccomp_proxy);
        if (!is_privileged(spec)) {
                _cleanup_strlist_ StrList map = {.items = NULL};
                idmap_to_lxc(spec->idmap, &map);
                for (size_t i = 0; i < map.count; i++)
                        strlist_printf(lines, "lxc.idmap = %s", map.items[i]);
        }
}

/* Keys whose rest is the liblxc key's rest. */
static void plan_prefixed(const LxcConfigSpec *spec, StrList *lines) {
        static const struct {
                const char *key, *lxc;
        } prefixes[] = {
                {"limits.kernel.", "lxc.prlimit."},
                {"linux.sysctl.", "lxc.sysctl."},
        };
        for (size_t i = 0; i < spec->config->count; i++) {
                const StrPair *pair = &spec->config->items[i];
                const char *rest = str_after_prefix(pair->key, "environment.");
                if (rest != NULL)
                        strlist_printf(lines, "lxc.environment = %s=%s", rest, pair->value);
                for (size_t p = 0; p < ARRAY_SIZE(prefixes); p++) {
                        rest = str_after_prefix(pair->key, prefixes[p].key);
                        if (rest != NULL && !str_is_empty(pair->value))
                                strlist_printf(lines, "%s%s = %s", prefixes[p].lxc, rest,
                                               pair->value);
                }
        }
}

static void plan_nvidia(const LxcConfigSpec *spec, StrList *lines) {
        static const struct {
                const char *key, *variable;
        } variables[] = {
                {"nvidia.driver.capabilities", "NVIDIA_DRIVER_CAPABILITIES"},
                {"nvidia.require.cuda", "NVIDIA_REQUIRE_CUDA"},
                {"nvidia.require.driver", "NVIDIA_REQUIRE_DRIVER"},
        };
        if (spec->nvidia_hook == NULL)
                return;
        strlist_add(lines, "lxc.environment = NVIDIA_VISIBLE_DEVICES=none");
        for (size_t i = 0; i < ARRAY_SIZE(variables); i++) {
                const char *value = config_value(&config_instance, spec->config, variables[i].key);
                if (!str_is_empty(value))
                        strlist_printf(lines, "lxc.environment = %s=%s", variables[i].variable,
                                       value);
        }
        strlist_printf(lines, "lxc.hook.mount = %s", spec->nvidia_hook);
}

static int plan_cgroups(const LxcConfigSpec *spec, StrList *lines, Error **err) {
        _cleanup_(cgroup_settings_done) CgroupSettings settings = {.items = NULL};
        if (cgroup_settings_plan(spec, &settings, err) < 0)
                return -1;
        for (size_t i = 0; i < settings.count; i++) {
                const CgroupSetting *setting = &settings.items[i];
                bool unified = spec->cgroups->unified[setting->controller];
                strlist_printf(lines, "%s.%s = %s", unified ? "lxc.cgroup2" : "lxc.cgroup",
                               setting->file, setting->value);
        }
        return 0;
}

int lxc_config_plan(const LxcConfigSpec *spec, StrList *lines, Error **err) {
        plan_base(spec, lines);
        plan_mounts(spec, lines);
        plan_security(spec, lines);
        plan_prefixed(spec, lines);
        plan_nvidia(spec, lines);
        if (plan_cgroups(spec, lines, err) < 0)
                return -1;
        strlist_printf(lines, "lxc.rootfs.path = dir:%s", spec->rootfs);
        if (spec->idmapped && !is_privileged(spec))
                strlist_add(lines, "lxc.rootfs.options = idmap=container");
        for (size_t i = 0; spec->device_lines != NULL && i < spec->device_lines->count; i++)
                strlist_add(lines, spec->device_lines->items[i]);
        /* Last, so that the administrator's lines win. */
        strlist_split(lines, get(spec, "raw.lxc") != NULL ? get(spec, "raw.lxc") : "", "\n", true);
        return 0;
}
