/* The plan of a start: liblxc configurations against the files in tests/golden (argument 1;
 * UPDATE_GOLDEN=1 writes them), limits, and the system call policy. */
#include "base/files.h"
#include "base/memory.h"
#include "device/device.h"
#include "instance/apparmor.h"
#include "instance/lxc_config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *golden_directory;

#define ok(expression)                                                          \
        do {                                                                    \
                Error *_error = NULL;                                           \
                Error **err = &_error;                                          \
                if ((expression) < 0)                                           \
                        fail_msg("%s: %s", #expression, error_message(_error)); \
        } while (0)

typedef struct Case {
        const char *name;
        const char *config[24]; /* key, value, … */
        bool privileged, shifted, unified, no_seccomp;
        const char *device_line, *apparmor, *nvidia_hook;
} Case;

static const Case cases[] = {
        {.name = "plain"},
        {.name = "shifted", .shifted = true},
        {.name = "privileged",
         .config = {"security.privileged", "true", "security.nesting", "true"},
         .privileged = true},
        {.name = "limits-v1",
         .config = {"limits.memory", "100MB", "limits.cpu", "0-1,3", "limits.processes", "50",
                    "limits.cpu.allowance", "25ms/100ms", "limits.kernel.nofile", "10:20",
                    "limits.hugepages.2MB", "4MB", "limits.hugepages.64KB", "64kB",
                    "limits.hugepages.1MB", "1MB", "limits.hugepages.1GB", "1GB",
                    "limits.disk.priority", "7"}},
        {.name = "limits-v2",
         .config = {"limits.memory", "10%", "limits.cpu", "2", "limits.cpu.allowance", "50%",
                    "limits.memory.swap", "false", "limits.cpu.priority", "5",
                    "limits.disk.priority", "0"},
         .unified = true},
        {.name = "extras",
         .apparmor = "berth-c1_</b>//&:berth-c1_<b>:",
         .nvidia_hook = "/usr/share/lxc/hooks/nvidia",
         .config = {"nvidia.require.cuda", ">=11.0", "environment.A", "b c",
                    "linux.sysctl.net.ipv4.ip_forward", "1", "raw.lxc",
                    "lxc.log.level = trace\nlxc.signal.halt = SIGPWR"},
         .no_seccomp = true,
         .device_line = "lxc.net.0.type = phys"},
};

static void fill_layout(CgroupLayout *layout, bool unified) {
        static char mount[] = "/sys/fs/cgroup";
        for (size_t i = 0; i < _CGROUP_CONTROLLER_MAX; i++) {
                layout->mounts[i] = mount;
                layout->unified[i] = unified;
        }
}

static void add_pairs(StrMap *map, const char *const *pairs) {
        for (size_t i = 0; pairs[i] != NULL; i += 2)
                strmap_set(map, pairs[i], pairs[i + 1]);
}

static char *render(const Case *test) {
        CgroupLayout layout = {.unified_mount = NULL};
        _cleanup_strmap_ StrMap config = {.items = NULL};
        _cleanup_strlist_ StrList lines = {.items = NULL}, devices = {.items = NULL};
        _cleanup_idmap_ IdMap map = {.items = NULL};
        fill_layout(&layout, test->unified);
        add_pairs(&config, test->config);
        if (!test->privileged)
                idmap_add_both(&map, 1000000, 0, 65536);
        if (test->device_line != NULL)
                strlist_add(&devices, test->device_line);
        const LxcConfigSpec spec = {
                .config = &config,
                .name = "c1",
                .architecture = "x86_64",
                .log_directory = "/b/logs/c1",
                .rootfs = "/b/storage-pools/default/containers/c1/rootfs",
                .stop_hook = "/b/berth-helper hook-stop /b/logs/c1",
                .seccomp_profile = test->no_seccomp ? NULL : "/b/security/seccomp/c1",
                .idmap = &map,
                .idmapped = !test->shifted,
                .cgroups = &layout,
                .memory_total = 1000000000,
                .memory_swap = true,
                .cpus = strmap_get(&config, "limits.cpu"),
                .disk_weight = test->unified ? "io.weight" : "blkio.bfq.weight",
                .device_lines = &devices,
                .apparmor = test->apparmor,
                .nvidia_hook = test->nvidia_hook,
                .seccomp_proxy = test->nvidia_hook != NULL ? "/b/security/7.notify" : NULL,
        };
        ok(lxc_config_plan(&spec, &lines, err));
        strlist_add(&lines, "");
        return strlist_join(&lines, "\n");
}

static void compare(const char *path, const char *text, char **ret_expected) {
        if (getenv("UPDATE_GOLDEN") != NULL)
                ok(file_write(path, text, strlen(text), 0644, false, err));
        ok(file_read(path, 0, ret_expected, NULL, err));
        assert_string_equal(text, *ret_expected);
}

static void test_configurations(_unused_ void **state) {
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_free_ char *path =
                        str_printf("%s/lxc-%s.conf", golden_directory, cases[i].name);
                _cleanup_free_ char *text = render(&cases[i]), *expected = NULL;
                compare(path, text, &expected);
        }
}

static const struct {
        const char *name, *namespace, *config[5];
} profiles[] = {
        {"plain", "berth-c1_<b>", {"raw.apparmor", "deny /secret rw,\n/extra r,"}},
        {"privileged", NULL, {"security.privileged", "true", "security.nesting", "true"}},
};

static void test_profiles(_unused_ void **state) {
        for (size_t i = 0; i < ARRAY_SIZE(profiles); i++) {
                _cleanup_strmap_ StrMap config = {.items = NULL};
                _cleanup_free_ char *expected = NULL, *path = NULL;
                add_pairs(&config, profiles[i].config);
                const ApparmorSpec spec = {.config = &config, .name = "berth-c1_</b>",
                                           .namespace = profiles[i].namespace};
                _cleanup_free_ char *text = apparmor_profile(&spec);
                path = str_printf("%s/apparmor-%s.profile", golden_directory, profiles[i].name);
                compare(path, text, &expected);
        }
}

static int plan(const char *const *pairs, CgroupSettings *ret, Error **err) {
        CgroupLayout layout = {.unified_mount = NULL};
        _cleanup_strmap_ StrMap config = {.items = NULL};
        fill_layout(&layout, false);
        add_pairs(&config, pairs);
        const LxcConfigSpec spec = {.config = &config, .name = "c1", .cgroups = &layout,
                                    .memory_total = 1 << 30};
        return cgroup_settings_plan(&spec, ret, err);
}

static const char *setting(const CgroupSettings *settings, const char *file) {
        for (size_t i = 0; i < settings->count; i++)
                if (str_equal(settings->items[i].file, file))
                        return settings->items[i].value;
        return NULL;
}

static void test_limits(_unused_ void **state) {
        _cleanup_(cgroup_settings_done) CgroupSettings settings = {.items = NULL};
        ok(plan((const char *[]) {"limits.memory", "64MiB", "limits.memory.enforce", "soft",
                                  "limits.cpu.priority", "0", NULL},
                &settings, err));
        /* Soft: no hard limit. */
        assert_null(setting(&settings, "memory.limit_in_bytes"));
        assert_string_equal(setting(&settings, "memory.soft_limit_in_bytes"), "67108864");
        assert_string_equal(setting(&settings, "cpu.shares"), "1014");
}

static void test_bad_limits(_unused_ void **state) {
        static const char *const bad[][3] = {{"limits.memory", "10x%", NULL},
                                             {"limits.memory", "much", NULL},
                                             {"limits.cpu.allowance", "ten", NULL}};
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                _cleanup_(cgroup_settings_done) CgroupSettings settings = {.items = NULL};
                _cleanup_error_ Error *error = NULL;
                assert_int_equal(plan(bad[i], &settings, &error), -1);
                assert_true(error_is(error, ERROR_INVALID));
        }
}

static char *policy(const char *key, const char *value) {
        _cleanup_strmap_ StrMap config = {.items = NULL};
        strmap_set(&config, key, value);
        return seccomp_policy(&config);
}

static void test_seccomp(_unused_ void **state) {
        _cleanup_free_ char *standard = policy("user.x", "y");
        _cleanup_free_ char *deny = policy("security.syscalls.deny", "mount errno 1");
        _cleanup_free_ char *old = policy("security.syscalls.blacklist", "mount errno 1");
        _cleanup_free_ char *allow = policy("security.syscalls.allow", "read");
        _cleanup_free_ char *off = policy("security.syscalls.deny_default", "false");
        _cleanup_free_ char *compat = policy("security.syscalls.deny_compat", "true");
        assert_non_null(strstr(standard, "2\ndenylist\nreject_force_umount\n"));
        assert_non_null(strstr(deny, "delete_module errno 38\nmount errno 1\n"));
        assert_string_equal(deny, old);
        assert_string_equal(allow, "2\nallowlist\nread\n");
        assert_null(off);
        assert_non_null(strstr(compat, "compat_sys_ioctl errno 38\n"));
        _cleanup_free_ char *mknod = policy("security.syscalls.intercept.mknod", "true");
        assert_non_null(strstr(mknod, "mknod notify [1,8192,SCMP_CMP_MASKED_EQ,61440]\n"));
        assert_non_null(strstr(mknod, "seccomp errno 22 [1,8,SCMP_CMP_MASKED_EQ,8]\n"));
        _cleanup_free_ char *no_mknod = policy("security.syscalls.intercept.mknod", "false");
        assert_string_equal(no_mknod, standard);
}

/* Devices: what is refused, and the mount line. */
static int check_device(const char *const *pairs, Error **err) {
        _cleanup_strmap_ StrMap config = {.items = NULL}, volatiles = {.items = NULL};
        add_pairs(&config, pairs);
        const DeviceContext context = {.instance = "c1", .name = "d", .config = &config,
                                       .volatiles = &volatiles};
        return device_validate(&context, err);
}

static void test_devices(_unused_ void **state) {
        static const struct {
                const char *pairs[9];
                bool valid;
        } devices[] = {
                {{"type", "none"}, true},
                {{"type", "disk", "path", "/", "pool", "default"}, true},
                {{"type", "disk", "path", "/"}, false},
                {{"type", "disk", "path", "/mnt", "source", "/nowhere/yet"}, true},
                {{"type", "disk", "path", "/mnt", "source", "relative"}, false},
                {{"type", "disk", "source", "/tmp"}, false},
                {{"type", "nic", "nictype", "bridged", "parent", "br0"}, true},
                {{"type", "nic", "nictype", "bridged"}, false},
                {{"type", "nic", "nictype", "p2p", "hwaddr", "nonsense"}, false},
                {{"type", "warp"}, false},
        };
        for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
                _cleanup_error_ Error *error = NULL;
                int result = check_device(devices[i].pairs, &error);
                if ((result == 0) != devices[i].valid)
                        fail_msg("device %zu: %s", i, error_message(error));
        }
}

int main(_unused_ int argc, char **argv) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_configurations), cmocka_unit_test(test_profiles),
                cmocka_unit_test(test_limits),
                cmocka_unit_test(test_bad_limits),     cmocka_unit_test(test_seccomp),
                cmocka_unit_test(test_devices),
        };
        golden_directory = argv[1];
        return cmocka_run_group_tests(tests, NULL, NULL);
}
