/* Devices: what they add to the liblxc configuration, and the names of their entries. */
#include "device/device.h"
#include "device/disk_limits.h"
#include "device/entries.h"

#include "base/files.h"
#include "base/memory.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <setjmp.h>
/* cmocka wants setjmp.h before */
#include <cmocka.h>

static const char *golden_directory;
static char scratch[] = "/tmp/berth-unit-device-XXXXXX";

static void ok(int result, Error **err) {
        if (result < 0)
                fail_msg("%s", error_message(*err));
}

static void add_pairs(StrMap *map, const char *const *pairs) {
        for (size_t i = 0; pairs[i] != NULL; i += 2)
                strmap_set(map, pairs[i], pairs[i + 1]);
}

/* Each device in turn, as the start of a container would see it. */
static const struct {
        const char *name;
        const char *pairs[15];
        bool privileged, nodes;
} plans[] = {
        {"bind", {"type", "disk", "path", "/mnt", "source", "/usr"}, false, false},
        {"blank", {"type", "disk", "path", "/a b", "source", "/usr", "readonly", "true", "shift",
                   "true"}, false, false},
        {"file", {"type", "disk", "path", "/etc/zero", "source", "/dev/zero"}, false, false},
        {"slave", {"type", "disk", "path", "/mnt", "source", "/usr", "recursive", "true",
                   "propagation", "rslave"}, false, false},
        {"options", {"type", "disk", "path", "/mnt", "source", "/usr", "raw.mount.options",
                     "nosuid,ro"}, false, false},
        {"optional", {"type", "disk", "path", "/mnt", "source", "/nowhere/at/all", "required",
                      "false"}, false, false},
        {"null", {"type", "unix-char", "source", "/dev/null", "path", "/dev/my null"}, false, true},
        {"numbers", {"type", "unix-block", "path", "/dev/x-y", "major", "7", "minor", "3", "mode",
                     "0600"}, true, true},
        {"later", {"type", "unix-char", "source", "/dev/not-there-yet", "required", "false"}, true,
         true},
        {"nothing", {"type", "none"}, false, false},
};

static void plan(size_t index, StrBuf *out) {
        _cleanup_strmap_ StrMap volatiles = {.items = NULL};
        _cleanup_devicemap_ DeviceMap devices = {.items = NULL};
        _cleanup_device_run_ DeviceRun run = {.link = NULL};
        _cleanup_error_ Error *error = NULL;
        static char mount[] = "/cg";
        const CgroupLayout cgroups = {.mounts = {[CGROUP_DEVICES] = mount}};
        add_pairs(devicemap_add(&devices, plans[index].name), plans[index].pairs);
        strmap_set(&volatiles, "volatile.idmap.next",
                   "[{\"Isuid\":true,\"Isgid\":true,\"Hostid\":1000000,\"Nsid\":0,"
                   "\"Maprange\":65536}]");
        const DeviceContext context = {.instance = "c1", .name = plans[index].name,
                                       .config = &devices.items[0].config, .devices = &devices,
                                       .volatiles = &volatiles, .directory = scratch,
                                       .host_root = "", .monitor = "/dev", .cgroups = &cgroups,
                                       .unprivileged = !plans[index].privileged};
        ok(device_validate(&context, &error), &error);
        ok(device_start(&context, &run, &error), &error);
        strbuf_printf(out, "# %s\n", plans[index].name);
        for (size_t i = 0; i < run.lines.count; i++) {
                const char *line = run.lines.items[i], *found = strstr(line, scratch);
                strbuf_printf(out, "%.*s%s%s\n", (int) (found != NULL ? found - line : 0), line,
                              found != NULL ? "/b/devices" : "",
                              found != NULL ? found + strlen(scratch) : line);
        }
        device_stop(&context, &volatiles);
}

static void test_plans(_unused_ void **state) {
        _cleanup_strbuf_ StrBuf found = {.data = NULL};
        _cleanup_free_ char *path = path_join(golden_directory, "devices.conf");
        _cleanup_free_ char *expected = NULL;
        _cleanup_error_ Error *error = NULL;
        _cleanup_strlist_ StrList left = {.items = NULL};
        if (geteuid() != 0)
                skip(); /* nodes are made */
        for (size_t i = 0; i < ARRAY_SIZE(plans); i++)
                plan(i, &found);
        if (getenv("UPDATE_GOLDEN") != NULL)
                ok(file_write(path, found.data, found.length, 0644, false, &error), &error);
        ok(file_read(path, 0, &expected, NULL, &error), &error);
        assert_string_equal(found.data, expected);
        ok(directory_list(scratch, &left, &error), &error);
        assert_int_equal(left.count, 0);
}

static const struct {
        const char *device, *path, *name;
} names[] = {
        {"test-dev1", "/tmp/testdev", "unix.test--dev1.tmp-testdev"},
        {"a", "/dev/bus/usb/001/002", "unix.a.dev-bus-usb-001-002"},
        {"a", "/dev/by-id/x-y", "unix.a.dev-by--id-x--y"},
        {"a.b", "/dev/x.y", "unix.a.b.dev-x.y"},
};

static void test_names(_unused_ void **state) {
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                _cleanup_strmap_ StrMap config = {.items = NULL};
                const DeviceContext context = {.instance = "c1", .name = names[i].device,
                                               .directory = "/d", .config = &config};
                _cleanup_free_ char *file = device_entry(&context, "unix", names[i].path);
                _cleanup_free_ char *target = device_entry_target(&context, "unix", names[i].name);
                assert_string_equal(path_name(file), names[i].name);
                assert_string_equal(target, names[i].path);
        }
}

/* "a" must not take away what is of "a.b". */
static void test_owner_of_entries(_unused_ void **state) {
        _cleanup_devicemap_ DeviceMap devices = {.items = NULL};
        _cleanup_strlist_ StrList found = {.items = NULL};
        _cleanup_error_ Error *error = NULL;
        (void) devicemap_add(&devices, "a");
        (void) devicemap_add(&devices, "a.b");
        DeviceContext context = {.instance = "c2", .name = "a.b", .directory = scratch,
                                 .config = &devices.items[1].config, .devices = &devices};
        _cleanup_free_ char *longer = device_entry(&context, "disk", "/mnt");
        context.name = "a";
        _cleanup_free_ char *shorter = device_entry(&context, "disk", "/srv");
        ok(device_entry_make(&context, longer, true, &error), &error);
        ok(device_entry_make(&context, shorter, false, &error), &error);
        ok(device_entries(&context, "disk", &found, &error), &error);
        assert_int_equal(found.count, 1);
        assert_string_equal(found.items[0], "disk.a.srv");
        assert_false(device_entry_is_shared(&context, "disk", "disk.a.srv"));
        assert_true(device_entry_is_shared(&context, "disk", "disk.a.mnt"));
        device_entries_clean(scratch, "c2");
        _cleanup_free_ char *directory = path_join(scratch, "c2");
        assert_false(path_exists(directory));
}

static void test_order(_unused_ void **state) {
        static const char *const devices_in[][3] = {
                {"a", "disk", "/srv/in"}, {"b", "disk", "/srv"}, {"c", "proxy", NULL},
                {"d", "nic", NULL},       {"e", "disk", "/"},    {"f", "unix-char", NULL},
        };
        _cleanup_devicemap_ DeviceMap devices = {.items = NULL};
        _cleanup_strbuf_ StrBuf found = {.data = NULL};
        for (size_t i = 0; i < ARRAY_SIZE(devices_in); i++) {
                StrMap *config = devicemap_add(&devices, devices_in[i][0]);
                strmap_set(config, "type", devices_in[i][1]);
                strmap_set(config, "path", devices_in[i][2]);
        }
        _cleanup_free_ size_t *order = device_order(&devices);
        for (size_t i = 0; i < devices.count; i++)
                strbuf_add(&found, devices.items[order[i]].name);
        assert_string_equal(found.data, "debafc");
}

/* /a and /b are on one disk, /c on another, /t on none. */
static int find_block(const char *path, BlockDevice *ret, Error **err) {
        if (str_equal(path, "/t"))
                return error_set(err, ERROR_UNSUPPORTED, 0, "no block device");
        *ret = (BlockDevice) {.major = 8, .minor = str_equal(path, "/c") ? 16 : 0};
        return 0;
}

static void add_disk(DeviceMap *devices, const char *source, const char *key, const char *value) {
        StrMap *config = devicemap_add(devices, source);
        bool root = str_equal(source, "/a");
        strmap_set(config, "type", "disk");
        strmap_set(config, "path", root ? "/" : source);
        strmap_set(config, root ? "pool" : "source", root ? "default" : source);
        strmap_set(config, key, value);
}

static const struct {
        const char *disks[3][3], *before[2][3];
        bool unified;
        const char *lines; /* NULL: refused */
} throttles[] = {
        {{{"/a", "limits.read", "10MB"}}, {{NULL}}, false,
         "blkio.throttle.read_bps_device 8:0 10000000"},
        {{{"/a", "limits.max", "100iops"}}, {{NULL}}, false,
         "blkio.throttle.read_iops_device 8:0 100\nblkio.throttle.write_iops_device 8:0 100"},
        {{{"/a", "limits.write", "10MiB"}, {"/b", "limits.write", "20MiB"},
          {"/c", "limits.read", "5iops"}}, {{NULL}}, false,
         "blkio.throttle.write_bps_device 8:0 15728640\nblkio.throttle.read_iops_device 8:16 5"},
        {{{"/a", "limits.read", "10MB"}}, {{"/c", "limits.write", "1MB"}}, false,
         "blkio.throttle.read_bps_device 8:0 10000000\nblkio.throttle.write_bps_device 8:16 0"},
        {{{"/a", "limits.max", "1MB"}}, {{"/a", "limits.read", "5iops"}}, true,
         "io.max 8:0 rbps=1000000 riops=max wbps=1000000"},
        {{{"/t", "limits.read", "1MB"}}, {{NULL}}, false, NULL},
        {{{"/t", "readonly", "true"}}, {{NULL}}, false, ""},
};

static void test_throttles(_unused_ void **state) {
        for (size_t i = 0; i < ARRAY_SIZE(throttles); i++) {
                _cleanup_devicemap_ DeviceMap devices = {.items = NULL}, before = {.items = NULL};
                _cleanup_strlist_ StrList plan = {.items = NULL};
                for (size_t d = 0; d < 3 && throttles[i].disks[d][0] != NULL; d++)
                        add_disk(&devices, throttles[i].disks[d][0], throttles[i].disks[d][1],
                                 throttles[i].disks[d][2]);
                for (size_t d = 0; d < 2 && throttles[i].before[d][0] != NULL; d++)
                        add_disk(&before, throttles[i].before[d][0], throttles[i].before[d][1],
                                 throttles[i].before[d][2]);
                const DiskLimitsSpec spec = {.devices = &devices, .before = &before, .root = "/a",
                                             .unified = throttles[i].unified, .find = find_block};
                int result = disk_limits_plan(&spec, &plan, NULL);
                _cleanup_free_ char *text = strlist_join(&plan, "\n");
                assert_int_equal(result, throttles[i].lines != NULL ? 0 : -1);
                if (result == 0)
                        assert_string_equal(text, throttles[i].lines);
        }
}

static void write_file(const char *root, const char *path, const char *text) {
        _cleanup_free_ char *full = str_printf("%s%s", root, path);
        _cleanup_free_ char *directory = path_directory(full);
        _cleanup_error_ Error *error = NULL;
        ok(directory_make_all(directory, 0755, &error), &error);
        ok(file_write_text(full, text, &error), &error);
}

/* NVIDIA's tools are told of all shares in one variable. */
static void test_mig(_unused_ void **state) {
        _cleanup_devicemap_ DeviceMap devices = {.items = NULL};
        _cleanup_strmap_ StrMap instance = {.items = NULL};
        _cleanup_free_ char *root = path_join(scratch, "host");
        _cleanup_free_ char *driver =
                str_printf("%s/sys/bus/pci/devices/0000:3b:00.0/driver", root);
        _cleanup_error_ Error *error = NULL;
        static const CgroupLayout cgroups;
        write_file(root, "/sys/bus/pci/devices/0000:3b:00.0/class", "0x030200\n");
        ok(file_symlink("../../drivers/nvidia", driver, &error), &error);
        write_file(root, "/proc/driver/nvidia/gpus/0000:3b:00.0/information",
                   "Model: A100\nDevice Minor: 0\n");
        write_file(root, "/proc/driver/nvidia/capabilities/gpu0/mig/gi1/ci0/access", "");
        add_pairs(devicemap_add(&devices, "a"),
                  (const char *[]) {"type", "gpu", "gputype", "mig", "mig.gi", "1", "mig.ci", "0",
                                    NULL});
        add_pairs(devicemap_add(&devices, "b"),
                  (const char *[]) {"type", "gpu", "gputype", "mig", "mig.uuid", "x-y", NULL});
        add_pairs(devicemap_add(&devices, "c"),
                  (const char *[]) {"type", "gpu", "gputype", "mig", "mig.gi", "2", "mig.ci", "0",
                                    NULL});
        strmap_set(&instance, "nvidia.runtime", "true");
        DeviceContext context = {.instance = "c1", .devices = &devices, .volatiles = &instance,
                                 .directory = scratch, .host_root = root, .monitor = "/dev",
                                 .cgroups = &cgroups, .unprivileged = true};
        for (size_t i = 0; i < devices.count; i++) {
                _cleanup_device_run_ DeviceRun run = {.link = NULL};
                context.name = devices.items[i].name;
                context.config = &devices.items[i].config;
                ok(device_validate(&context, &error), &error);
                int result = device_start(&context, &run, &error);
                if (i == 1)
                        assert_string_equal(run.lines.items[0], "lxc.environment = "
                                                                "NVIDIA_VISIBLE_DEVICES="
                                                                "MIG-/1/0,MIG-x-y");
                assert_int_equal(result, i == 2 ? -1 : 0);
        }
        assert_string_equal(error_message(error), "MIG device gi=2 ci=0 doesn't exist on GPU 0");
}

int main(_unused_ int argc, char **argv) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_plans),
                cmocka_unit_test(test_names),
                cmocka_unit_test(test_owner_of_entries),
                cmocka_unit_test(test_order),
                cmocka_unit_test(test_throttles),
                cmocka_unit_test(test_mig),
        };
        golden_directory = argv[1];
        if (mkdtemp(scratch) == NULL)
                return 1;
        int failed = cmocka_run_group_tests(tests, NULL, NULL);
        (void) !path_remove_all(scratch, NULL);
        return failed;
}
