#include "base/files.h"
#include "base/memory.h"
#include "linux/beneath.h"
#include "linux/cgroup.h"
#include "linux/cpuset.h"
#include "linux/idmap.h"
#include "linux/message.h"
#include "linux/procfs.h"
#include "linux/xattrs.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_idmap_maps_both_ways(void **state) {
        _cleanup_idmap_ IdMap map = {};
        idmap_add_both(&map, 1000000, 0, 65536);
        assert_int_equal(map.count, 2);
        assert_int_equal(idmap_to_host(&map, false, 0), 1000000);
        assert_int_equal(idmap_to_host(&map, true, 65535), 1065535);
        assert_int_equal(idmap_to_host(&map, true, 65536), IDMAP_INVALID_ID);
        assert_int_equal(idmap_to_ns(&map, false, 1000033), 33);
        assert_int_equal(idmap_to_ns(&map, false, 33), IDMAP_INVALID_ID);
        _cleanup_free_ char *proc = idmap_to_proc(&map, true);
        assert_string_equal(proc, "0 1000000 65536\n");
}

static void test_idmap_json_is_lxds(void **state) {
        _cleanup_error_ Error *err = NULL;
        _cleanup_idmap_ IdMap map = {}, back = {};
        idmap_add_both(&map, 1000000, 0, 65536);
        _cleanup_free_ char *text = idmap_to_json(&map);
        assert_string_equal(text,
                            "[{\"Isuid\":true,\"Isgid\":false,\"Hostid\":1000000,\"Nsid\":0,"
                            "\"Maprange\":65536},{\"Isuid\":false,\"Isgid\":true,"
                            "\"Hostid\":1000000,\"Nsid\":0,\"Maprange\":65536}]");
        assert_int_equal(idmap_from_json(text, &back, &err), 0);
        assert_true(idmap_equal(&map, &back));
        IdMap empty = {};
        assert_int_equal(idmap_from_json("[]", &empty, &err), 0);
        assert_int_equal(empty.count, 0);
        assert_int_equal(idmap_from_json("{}", &empty, &err), -1);
        assert_int_equal(idmap_from_json("[{\"Isuid\":true,\"Maprange\":-1}]", &empty, NULL), -1);
}

static void test_raw_idmap_splits_the_map(void **state) {
        _cleanup_error_ Error *err = NULL;
        _cleanup_idmap_ IdMap map = {}, raw = {};
        idmap_add_both(&map, 1000000, 0, 65536);
        assert_int_equal(idmap_parse_raw("both 1000 1000\nuid 50-60 500-510\n", &raw, &err), 0);
        assert_int_equal(raw.count, 3);
        for (size_t i = 0; i < raw.count; i++)
                assert_int_equal(idmap_insert(&map, raw.items[i], &err), 0);
        _cleanup_strlist_ StrList lines = {};
        idmap_to_lxc(&map, &lines);
        _cleanup_free_ char *text = strlist_join(&lines, "\n");
        assert_string_equal(text, "u 0 1000000 500\nu 500 50 11\nu 511 1000511 489\n"
                                  "u 1000 1000 1\nu 1001 1001001 64535\n"
                                  "g 0 1000000 1000\ng 1000 1000 1\ng 1001 1001001 64535");
        assert_int_equal(idmap_to_host(&map, false, 505), 55);
        IdMapEntry taken = {.is_uid = true, .host_id = 1000000, .ns_id = 5, .range = 1};
        assert_int_equal(idmap_insert(&map, taken, &err), -1);
        assert_string_equal(err->message, "Host ID is in the range of subids");
}

static void test_raw_idmap_refuses(void **state) {
        static const char *const bad[] = {"both 1000", "user 1 1", "both 1-3 1-2", "both a 1",
                                          "both 5-3 5-3", "both 1 1 1", "uid -1 0",
                                          "uid 4294967295 0"};
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                IdMap map = {};
                assert_int_equal(idmap_parse_raw(bad[i], &map, NULL), -1);
        }
}

static void test_id_ranges(void **state) {
        IdRange range;
        assert_int_equal(id_range_parse(NULL, NULL, "root", &range, NULL), 0);
        assert_int_equal(range.uid_base, 1000000);
        assert_int_equal(range.count, 1000000000);
        assert_int_equal(id_range_parse("a:1:99999\nroot:5000:10\nroot:100000:10000001\n",
                                        "root:200000:65536\n", "root", &range, NULL),
                         0);
        assert_int_equal(range.uid_base, 100000);
        assert_int_equal(range.gid_base, 200000);
        assert_int_equal(range.count, 65536);
        assert_int_equal(id_range_parse("a:1:99999\n", "root:1:65536\n", "root", &range, NULL),
                         -1);
}

static void test_ranges_in_a_user_namespace(_unused_ void **state) {
        _cleanup_idmap_ IdMap host = {.items = NULL}, inner = {.items = NULL};
        _cleanup_idmap_ IdMap small = {.items = NULL};
        IdRange range = {.uid_base = 1000000, .gid_base = 1000000, .count = 1000000000};
        idmap_add_both(&host, 0, 0, 4294967295);
        assert_int_equal(id_range_within(&host, &range, NULL), 0);
        assert_int_equal(range.uid_base, 1000000);
        idmap_add_both(&inner, 1000000, 0, 10000000);
        assert_int_equal(id_range_within(&inner, &range, NULL), 0);
        assert_int_equal(range.uid_base, 65536);
        assert_int_equal(range.count, 10000000 - 65536);
        idmap_add_both(&small, 1000000, 0, 65536);
        assert_int_equal(id_range_within(&small, &range, NULL), -1);
}

static void test_isolated_blocks(void **state) {
        IdRange range = {.uid_base = 1000000, .gid_base = 1000000, .count = 65536 * 4};
        IdBlock taken[] = {{1131072, 65536}, {1065536, 65536}};
        IdBlock block;
        assert_int_equal(id_range_allocate(&range, NULL, 0, 0, 0, &block, NULL), 0);
        assert_int_equal(block.base, 1065536);
        assert_int_equal(id_range_allocate(&range, taken, 2, 65536, 0, &block, NULL), 0);
        assert_int_equal(block.base, 1196608);
        assert_int_equal(id_range_allocate(&range, taken, 1, 65536, 0, &block, NULL), 0);
        assert_int_equal(block.base, 1065536);
        assert_int_equal(id_range_allocate(&range, taken, 2, 65537, 0, &block, NULL), -1);
}

static const char v1_mounts[] =
        "24 30 0:22 / /sys/fs/cgroup ro - tmpfs tmpfs ro,mode=755\n"
        "25 24 0:23 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
        "26 24 0:24 / /sys/fs/cgroup/memory rw shared:5 - cgroup cgroup rw,memory\n"
        "27 24 0:25 / /sys/fs/cgroup/freezer rw - cgroup cgroup rw,freezer\n"
        "28 24 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate\n";

static void test_cgroup_v1_paths(void **state) {
        _cleanup_error_ Error *err = NULL;
        CgroupLayout layout;
        _cleanup_cgroup_paths_ CgroupPaths paths = {};
        assert_int_equal(cgroup_layout_load(v1_mounts, "/nowhere", &layout, &err), 0);
        assert_true(cgroup_has(&layout, CGROUP_CPUACCT));
        assert_false(layout.unified[CGROUP_MEMORY]);
        assert_false(cgroup_has(&layout, CGROUP_PIDS));
        static const char text[] = "5:memory:/lxc.payload.c1-2/system.slice\n"
                                   "4:cpu,cpuacct:/lxc.payload.c1-2\n"
                                   "3:freezer:/lxc.payload.c1x/y\n"
                                   "0::/lxc.payload.c1-2/init.scope\n";
        assert_int_equal(cgroup_paths_load(&layout, 1, "lxc.payload.c1", text, &paths, &err), 0);
        assert_string_equal(paths.directories[CGROUP_MEMORY],
                            "/nowhere/sys/fs/cgroup/memory/lxc.payload.c1-2");
        assert_string_equal(paths.directories[CGROUP_CPU],
                            "/nowhere/sys/fs/cgroup/cpu,cpuacct/lxc.payload.c1-2");
        assert_string_equal(paths.directories[CGROUP_FREEZER],
                            "/nowhere/sys/fs/cgroup/freezer/lxc.payload.c1x/y");
        assert_null(paths.directories[CGROUP_PIDS]);
        cgroup_layout_done(&layout);
}

static void put(const char *root, const char *path, const char *text) {
        _cleanup_free_ char *full = str_printf("%s/%s", root, path);
        _cleanup_free_ char *directory = path_directory(full);
        assert_int_equal(directory_make_all(directory, 0755, NULL), 0);
        assert_int_equal(file_write_text(full, text, NULL), 0);
}

static void test_cgroup_v2_figures(void **state) {
        char root[] = "/tmp/berth-cgroup-XXXXXX";
        assert_non_null(mkdtemp(root));
        put(root, "cg/cgroup.controllers", "cpu io memory pids\n");
        put(root, "cg/c1/memory.current", "4096\n");
        put(root, "cg/c1/memory.max", "max\n");
        put(root, "cg/c1/memory.swap.current", "0\n");
        put(root, "cg/c1/cpu.stat", "usage_usec 1500\nuser_usec 1000\n");
        put(root, "cg/c1/cgroup.procs", "11\n12\n");
        put(root, "cg/c1/sub/cgroup.procs", "13\n");
        put(root, "cg/c1/cgroup.events", "populated 1\nfrozen 1\n");
        CgroupLayout layout;
        _cleanup_cgroup_paths_ CgroupPaths paths = {};
        assert_int_equal(cgroup_layout_load("1 1 0:1 / /cg rw - cgroup2 none rw\n", root,
                                            &layout, NULL), 0);
        assert_true(layout.unified[CGROUP_FREEZER]);
        assert_int_equal(cgroup_paths_load(&layout, 1, NULL, "0::/c1\n", &paths, NULL), 0);
        CgroupUsage usage;
        cgroup_usage(&layout, &paths, &usage);
        assert_int_equal(usage.memory, 4096);
        assert_int_equal(usage.memory_limit, -1);
        assert_int_equal(usage.memory_peak, -1);
        assert_int_equal(usage.cpu_ns, 1500000);
        assert_int_equal(usage.processes, 3); /* counted: no pids.current there */
        assert_true(cgroup_is_frozen(&layout, &paths));
        cgroup_layout_done(&layout);
        assert_int_equal(path_remove_all(root, NULL), 0);
}

static uint32_t add_hundred(void *userdata, bool group, uint32_t id) {
        return id > 500 ? (uint32_t) -1 : id + (group ? 200 : 100);
}

static void test_acl_ids_are_mapped(void **state) {
        char acl[] = {2, 0, 0, 0, 1, 0, 7, 0, -1, -1, -1, -1, 2, 0, 7, 0, 5, 0, 0, 0,
                      8, 0, 4, 0, 6, 0, 0,  0};
        assert_int_equal(xattr_acl_map(acl, sizeof(acl), add_hundred, NULL, NULL), 0);
        assert_int_equal(acl[8], -1);
        assert_int_equal(acl[16], 105);
        assert_int_equal((unsigned char) acl[24], 206);
        acl[17] = 9;
        assert_int_equal(xattr_acl_map(acl, sizeof(acl), add_hundred, NULL, NULL), -1);
        assert_int_equal(xattr_acl_map(acl, 7, add_hundred, NULL, NULL), -1);
}

static void test_capability_roots(void **state) {
        char version2[20] = {1, 0, 0, 2, 4};
        char version3[24];
        size_t size;
        uint32_t root;
        assert_int_equal(xattr_capability_set_root(version2, 20, 1000000, version3, &size, NULL),
                         0);
        assert_int_equal(size, 24);
        assert_int_equal(version3[0], 1); /* the effective flag stays */
        assert_int_equal(xattr_capability_root(version3, 24, &root, NULL), 0);
        assert_int_equal(root, 1000000);
        assert_int_equal(xattr_capability_set_root(version3, 24, 0, version3, &size, NULL), 0);
        assert_int_equal(size, 20);
        assert_memory_equal(version3, version2, 20);
        assert_int_equal(xattr_capability_root(version2, 19, &root, NULL), -1);
}

static void test_beneath_stays_inside(void **state) {
        char base[] = "/tmp/berth-beneath-XXXXXX";
        assert_non_null(mkdtemp(base));
        put(base, "outside", "secret");
        put(base, "root/etc/file", "inside");
        _cleanup_free_ char *link = path_join(base, "root/link");
        assert_int_equal(file_symlink("/../outside", link, NULL), 0);
        _cleanup_free_ char *absolute = path_join(base, "root/abs");
        assert_int_equal(file_symlink("/etc/file", absolute, NULL), 0);
        _cleanup_free_ char *rootfs = path_join(base, "root");
        _cleanup_close_ int root = -1;
        assert_int_equal(beneath_open_root(rootfs, &root, NULL), 0);
        char *text = NULL;
        size_t size;
        assert_int_equal(beneath_read(root, "../../outside", 0, &text, &size, NULL), -1);
        assert_int_equal(beneath_read(root, "/link", 0, &text, &size, NULL), -1);
        assert_int_equal(beneath_read(root, "/abs", 0, &text, &size, NULL), 0);
        assert_string_equal(text, "inside");
        free(text);
        assert_int_equal(beneath_write(root, "/link", "x", 1, NULL, NULL), -1);
        assert_int_equal(beneath_make_directories(root, "/../a/../a/b", 0755, NULL), 0);
        struct stat info;
        assert_int_equal(beneath_stat(root, "a/b", false, &info, NULL), 0);
        assert_int_equal(beneath_remove_all(root, "/", NULL), -1);
        assert_int_equal(beneath_remove_all(root, "/a", NULL), 0);
        assert_int_equal(beneath_remove_all(root, "/a", NULL), 0);
        assert_int_equal(path_remove_all(base, NULL), 0);
}

static void test_messages_carry_fds(void **state) {
        int pair[2];
        assert_int_equal(message_pair(pair, NULL), 0);
        _cleanup_close_ int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
        assert_int_equal(message_send(pair[0], "hello", &file, 1, NULL), 0);
        _cleanup_message_ Message message = {};
        assert_int_equal(message_receive(pair[1], 1000, &message, NULL), 0);
        assert_string_equal(message.text, "hello");
        assert_int_equal(message.fd_count, 1);
        _cleanup_close_ int taken = message_take_fd(&message, 0);
        assert_true(taken >= 0);
        _cleanup_error_ Error *err = NULL;
        Message none;
        assert_int_equal(message_receive(pair[1], 5, &none, &err), -1);
        assert_int_equal(err->kind, ERROR_TIMEOUT);
        (void) close(pair[0]);
        assert_int_equal(message_receive(pair[1], 1000, &none, NULL), 0);
        assert_null(none.text);
        (void) close(pair[1]);
}

static void test_procfs_names_a_process(void **state) {
        uint64_t start;
        pid_t parent;
        assert_int_equal(procfs_start_time(getpid(), &start, NULL), 0);
        assert_true(procfs_is_alive(getpid(), start));
        assert_false(procfs_is_alive(getpid(), start + 1));
        assert_int_equal(procfs_parent(getpid(), &parent, NULL), 0);
        assert_int_equal(parent, getppid());
        int fd;
        assert_int_equal(procfs_open_pidfd(getpid(), start + 1, &fd, NULL), -1);
        assert_int_equal(procfs_open_pidfd(getpid(), start, &fd, NULL), 0);
        assert_false(pidfd_has_ended(fd));
        (void) close(fd);
        assert_int_equal(procfs_field("a: 1\nbc:\t 22 kB\n", "bc"), 22);
        assert_int_equal(procfs_field("a: 1\nbc:\t 22 kB\n", "b"), -1);
}

static void test_cpu_sets(_unused_ void **state) {
        static const char *const good[][2] = {{"0-1,3", "0-1,3"}, {"3, 0,1", "0-1,3"},
                                              {"", ""},           {"1023", "1023"},
                                              {"0-63,64", "0-64"}};
        static const char *const bad[] = {"1-0", "1024", "a", "1-", "-1", "0-99999999999"};
        CpuSet set;
        for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
                assert_true(cpuset_parse(good[i][0], &set));
                _cleanup_free_ char *text = cpuset_to_text(&set);
                assert_string_equal(text, good[i][1]);
        }
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                assert_false(cpuset_parse(bad[i], &set));
}

/* claims as "COUNT", "=PINNED" or "COUNT@PRESENT"; what each gets. */
static void spread(const char *online_text, const char *const *claims_text,
                   const char *const *expected) {
        CpuSet online;
        CpuClaim claims[8] = {{.count = 0}};
        size_t count = 0;
        assert_true(cpuset_parse(online_text, &online));
        for (; claims_text[count] != NULL; count++) {
                const char *text = claims_text[count], *present = strchr(text, '@');
                if (text[0] == '=')
                        assert_true(cpuset_parse(text + 1, &claims[count].pinned));
                else
                        claims[count].count = (unsigned) strtoul(text, NULL, 10);
                if (present != NULL)
                        assert_true(cpuset_parse(present + 1, &claims[count].cpus));
        }
        cpu_claims_spread(&online, claims, count);
        for (size_t i = 0; i < count; i++) {
                _cleanup_free_ char *text = cpuset_to_text(&claims[i].cpus);
                assert_string_equal(text, expected[i]);
        }
}

static void test_cpu_claims(_unused_ void **state) {
        spread("0-3", (const char *[]) {"1", "1", "2", NULL},
               (const char *[]) {"2", "3", "0-1"});
        spread("0-1", (const char *[]) {"=0", "1", NULL}, (const char *[]) {"0", "1"});
        spread("0-1", (const char *[]) {"1@1", "1@1", NULL}, (const char *[]) {"1", "0"});
        /* More than there are; pinned to what has gone; no wish at all. */
        spread("0-1", (const char *[]) {"9", "=7", "0", NULL},
               (const char *[]) {"0-1", "0-1", "0-1"});
        /* Without a wish it weighs nothing. */
        spread("0-1", (const char *[]) {"0", "1@0", NULL}, (const char *[]) {"0-1", "0"});
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_idmap_maps_both_ways),
                cmocka_unit_test(test_idmap_json_is_lxds),
                cmocka_unit_test(test_raw_idmap_splits_the_map),
                cmocka_unit_test(test_raw_idmap_refuses),
                cmocka_unit_test(test_id_ranges),
                cmocka_unit_test(test_ranges_in_a_user_namespace),
                cmocka_unit_test(test_isolated_blocks),
                cmocka_unit_test(test_cpu_sets),
                cmocka_unit_test(test_cpu_claims),
                cmocka_unit_test(test_cgroup_v1_paths),
                cmocka_unit_test(test_cgroup_v2_figures),
                cmocka_unit_test(test_acl_ids_are_mapped),
                cmocka_unit_test(test_capability_roots),
                cmocka_unit_test(test_beneath_stays_inside),
                cmocka_unit_test(test_messages_carry_fds),
                cmocka_unit_test(test_procfs_names_a_process),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
