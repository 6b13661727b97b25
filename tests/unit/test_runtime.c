/* Containers for real: started, entered, filled with files, frozen, rebooted, killed. The root file
 * system is made of busybox here; needs root, skips without. The helper's path is argument 1. */
#include "base/files.h"
#include "base/memory.h"
#include "base/times.h"
#include "base/units.h"
#include "linux/links.h"
#include "linux/mounts.h"
#include "linux/procfs.h"
#include "linux/shift.h"
#include "process/spawn.h"
#include "runtime/files.h"
#include "runtime/runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#define HOST_BASE 1000000
#define CONTAINER "berth-test-runtime"

typedef struct Box {
        char *base, *rootfs, *config, *log;
        Runtime *runtime;
        IdMap map;
        RuntimeProcess process; /* of the running container */
} Box;

static const char *helper_path;

/* Asserts success and shows the error else. */
#define ok(expression)                                                     \
        do {                                                               \
                Error *_error = NULL;                                      \
                Error **err = &_error;                                     \
                if ((expression) < 0)                                      \
                        fail_msg("%s: %s", #expression, error_message(_error)); \
        } while (0)

static void make_rootfs(const Box *box) {
        static const char *const directories[] = {"bin", "sbin", "etc", "proc", "sys", "dev",
                                                  "tmp", "root", "run"};
        static const char *const applets[] = {"sh", "ls", "cat", "true", "sleep", "id", "tty",
                                              "echo", "env", "kill", "pwd", "stat", "init"};
        for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
                _cleanup_free_ char *path = path_join(box->rootfs, directories[i]);
                ok(directory_make_all(path, 0755, err));
        }
        _cleanup_free_ char *busybox = str_printf("%s/bin/busybox", box->rootfs);
        SpawnSpec copy = {.argv = SPAWN_ARGV("cp", "/bin/busybox", busybox)};
        ok(spawn_run_checked(&copy, NULL, NULL, err));
        for (size_t i = 0; i < ARRAY_SIZE(applets); i++) {
                _cleanup_free_ char *path = str_printf("%s/bin/%s", box->rootfs, applets[i]);
                ok(file_symlink("busybox", path, err));
        }
        _cleanup_free_ char *init = str_printf("%s/sbin/init", box->rootfs);
        ok(file_symlink("../bin/busybox", init, err));
        _cleanup_free_ char *inittab = str_printf("%s/etc/inittab", box->rootfs);
        static const char table[] = "::sysinit:/bin/echo booted\nnull::respawn:/bin/sleep 1000\n";
        ok(file_write(inittab, table, strlen(table), 0644, false, err));
}

static void make_config(const Box *box) {
        _cleanup_free_ char *hook = runtime_stop_hook(box->runtime, CONTAINER);
        _cleanup_free_ char *text = str_printf(
                "lxc.uts.name = box\nlxc.rootfs.path = dir:%s\n"
                "lxc.rootfs.options = idmap=container\n"
                "lxc.idmap = u 0 %d 65536\nlxc.idmap = g 0 %d 65536\n"
                "lxc.tty.max = 0\nlxc.pty.max = 64\nlxc.autodev = 1\n"
                "lxc.console.buffer.size = auto\n"
                "lxc.mount.auto = proc:rw sys:rw cgroup:mixed\nlxc.net.0.type = empty\n"
                "lxc.log.file = %s\nlxc.log.level = warn\nlxc.hook.post-stop = %s\n",
                box->rootfs, HOST_BASE, HOST_BASE, box->log, hook);
        ok(file_write_text(box->config, text, err));
}

static int setup(void **state) {
        char base[] = "/var/tmp/berth-runtime-XXXXXX";
        if (mkdtemp(base) == NULL || chmod(base, 0711) < 0)
                return -1;
        Box *box = mem_new(Box);
        box->base = str_dup(base);
        box->rootfs = path_join(base, "rootfs");
        box->config = path_join(base, "run/" CONTAINER "/lxc.conf");
        box->log = path_join(base, "run/" CONTAINER "/lxc.log");
        _cleanup_free_ char *lxcpath = path_join(base, "containers");
        _cleanup_free_ char *run = path_join(base, "run");
        _cleanup_free_ char *own = path_join(run, CONTAINER);
        ok(directory_make_all(lxcpath, 0711, err));
        ok(directory_make_all(own, 0700, err));
        ok(runtime_new(helper_path, lxcpath, run, &box->runtime, err));
        idmap_add_both(&box->map, HOST_BASE, 0, 65536);
        make_rootfs(box);
        make_config(box);
        *state = box;
        return 0;
}

static int teardown(void **state) {
        Box *box = *state;
        RuntimeProcess left;
        if (runtime_find(box->runtime, CONTAINER, &left, NULL) == 0) {
                ok(runtime_kill(box->runtime, &left, err));
                ok(runtime_wait_stopped(&left, 10000, err));
                runtime_process_done(&left);
        }
        runtime_process_done(&box->process);
        runtime_free(box->runtime);
        idmap_done(&box->map);
        ok(path_remove_all(box->base, err));
        free(box->base);
        free(box->rootfs);
        free(box->config);
        free(box->log);
        free(box);
        return 0;
}

static void start(Box *box) {
        RuntimeStart spec = {.name = CONTAINER, .config_file = box->config,
                             .log_file = box->log};
        runtime_process_done(&box->process);
        ok(runtime_start(box->runtime, &spec, &box->process, err));
}

static void stop(Box *box) {
        ok(runtime_kill(box->runtime, &box->process, err));
        ok(runtime_wait_stopped(&box->process, 10000, err));
}

/* Runs a command inside, returns its output and code. */
static char *inside(Box *box, const char *script, bool terminal, int *ret_code) {
        static const char *const environment[] = {"PATH=/bin:/sbin", "HOME=/root", NULL};
        int out[2];
        assert_int_equal(pipe2(out, O_CLOEXEC), 0);
        RuntimeExec exec = {.name = CONTAINER, .config_file = box->config,
                            .argv = SPAWN_ARGV("sh", "-c", script), .environment = environment,
                            .fds = {-1, out[1], out[1]}, .terminal = terminal};
        RuntimeChild *child;
        int master = -1;
        ok(runtime_exec(box->runtime, &exec, &child, &master, err));
        (void) close(out[1]);
        char *text = NULL;
        if (terminal) {
                StrBuf seen = {};
                char buffer[256];
                ssize_t count;
                while ((count = read(master, buffer, sizeof(buffer))) > 0)
                        strbuf_add_data(&seen, buffer, (size_t) count);
                text = strbuf_take(&seen);
                (void) close(master);
        } else {
                ok(fd_read_all(out[0], 0, &text, NULL, err));
        }
        (void) close(out[0]);
        ok(runtime_child_wait(child, 10000, ret_code, err));
        runtime_child_free(child);
        return text;
}

static void test_start_is_found_and_stops(void **state) {
        Box *box = *state;
        start(box);
        assert_true(procfs_is_alive(box->process.monitor_pid, box->process.monitor_start));
        RuntimeProcess found;
        ok(runtime_find(box->runtime, CONTAINER, &found, err));
        assert_int_equal(found.init_pid, box->process.init_pid);
        assert_int_equal(found.monitor_pid, box->process.monitor_pid);
        runtime_process_done(&found);

        /* Without the record the helper finds it over liblxc's socket. */
        _cleanup_free_ char *record = path_join(box->base, "run/" CONTAINER "/runtime");
        ok(file_remove(record, err));
        RuntimeProcessList list;
        ok(runtime_scan(box->runtime, &list, err));
        assert_int_equal(list.count, 1);
        assert_int_equal(list.items[0].init_pid, box->process.init_pid);
        runtime_process_list_done(&list);

        RuntimeStart again = {.name = CONTAINER, .config_file = box->config,
                              .log_file = box->log};
        RuntimeProcess second;
        assert_int_equal(runtime_start(box->runtime, &again, &second, NULL), -1);
        stop(box);
        assert_int_equal(runtime_find(box->runtime, CONTAINER, &found, NULL), -1);
        assert_false(runtime_take_reboot(box->runtime, CONTAINER));
}

static void test_failed_start_says_why(void **state) {
        Box *box = *state;
        _cleanup_free_ char *init = path_join(box->rootfs, "sbin/init");
        _cleanup_free_ char *aside = path_join(box->rootfs, "sbin/aside");
        assert_int_equal(rename(init, aside), 0);
        RuntimeStart spec = {.name = CONTAINER, .config_file = box->config,
                             .log_file = box->log};
        _cleanup_error_ Error *error = NULL;
        assert_int_equal(runtime_start(box->runtime, &spec, &box->process, &error), -1);
        assert_non_null(strstr(error->message, "/sbin/init"));
        assert_int_equal(rename(aside, init), 0);
}

static void test_exec(void **state) {
        Box *box = *state;
        int code;
        start(box);
        char *text = inside(box, "id -u; pwd; env; cat /proc/self/uid_map; exit 3", false, &code);
        assert_int_equal(code, 3);
        assert_non_null(strstr(text, "0\n/\n"));
        assert_non_null(strstr(text, "HOME=/root\n"));
        assert_null(strstr(text, "BERTH"));
        assert_non_null(strstr(text, "1000000"));
        free(text);
        text = inside(box, "tty; test -t 0 && echo yes", true, &code);
        assert_int_equal(code, 0);
        assert_string_equal(text, "/dev/pts/1\r\nyes\r\n");
        free(text);
        free(inside(box, "kill -9 $$", false, &code));
        assert_int_equal(code, 128 + SIGKILL);
        stop(box);
}

static void test_exec_codes_and_signals(void **state) {
        Box *box = *state;
        int code;
        start(box);
        static const char *const programs[][2] = {{"no-such-program", NULL}, {"/etc", NULL}};
        static const char *const environment[] = {"PATH=/bin", NULL};
        RuntimeExec exec = {.name = CONTAINER, .config_file = box->config,
                            .environment = environment, .fds = {-1, -1, -1}};
        RuntimeChild *child;
        for (int i = 0; i < 2; i++) {
                exec.argv = programs[i];
                ok(runtime_exec(box->runtime, &exec, &child, NULL, err));
                ok(runtime_child_wait(child, 10000, &code, err));
                assert_int_equal(code, i == 0 ? 127 : 126);
                runtime_child_free(child);
        }
        exec.argv = SPAWN_ARGV("sleep", "1000");
        ok(runtime_exec(box->runtime, &exec, &child, NULL, err));
        assert_int_equal(runtime_child_wait(child, 50, &code, NULL), -1);
        ok(runtime_child_signal(child, SIGTERM, err));
        ok(runtime_child_wait(child, 10000, &code, err));
        assert_int_equal(code, 128 + SIGTERM);
        runtime_child_free(child);

        /* Letting go of it kills it. */
        ok(runtime_exec(box->runtime, &exec, &child, NULL, err));
        pid_t pid = runtime_child_pid(child);
        uint64_t started;
        ok(procfs_start_time(pid, &started, err));
        runtime_child_free(child);
        assert_false(procfs_is_alive(pid, started));
        stop(box);
}

static void test_freeze_usage_and_links(void **state) {
        Box *box = *state;
        start(box);
        CgroupUsage usage;
        ok(runtime_usage(box->runtime, &box->process, &usage, err));
        assert_true(usage.memory > 0);
        assert_true(usage.processes >= 1);
        LinkList links = {};
        ok(link_list(box->process.init_pid, &links, err));
        assert_int_equal(links.count, 1);
        assert_string_equal(links.items[0].name, "lo");
        linklist_done(&links);
        ok(runtime_freeze(box->runtime, &box->process, err));
        assert_true(runtime_is_frozen(box->runtime, &box->process));
        ok(runtime_unfreeze(box->runtime, &box->process, err));
        assert_false(runtime_is_frozen(box->runtime, &box->process));
        ok(runtime_freeze(box->runtime, &box->process, err));
        stop(box); /* also when frozen */
}

static void test_reboot_is_left_to_the_caller(void **state) {
        Box *box = *state;
        int code;
        start(box);
        free(inside(box, "kill -TERM 1", false, &code)); /* busybox init reboots */
        ok(runtime_wait_stopped(&box->process, 20000, err));
        assert_true(runtime_take_reboot(box->runtime, CONTAINER));
        assert_false(runtime_take_reboot(box->runtime, CONTAINER));
}

static void test_killed_monitor_leaves_nothing(void **state) {
        Box *box = *state;
        RuntimeProcess found;
        start(box);
        assert_int_equal(kill(box->process.monitor_pid, SIGKILL), 0);
        ok(runtime_wait_stopped(&box->process, 5000, err));
        for (int i = 0; i < 500 && procfs_is_alive(box->process.init_pid,
                                                   box->process.init_start); i++)
                (void) usleep(10000);
        assert_false(procfs_is_alive(box->process.init_pid, box->process.init_start));
        assert_int_equal(runtime_find(box->runtime, CONTAINER, &found, NULL), -1);
        assert_false(runtime_take_reboot(box->runtime, CONTAINER));
        start(box);
        stop(box);
}

static void test_console(void **state) {
        Box *box = *state;
        int terminal, lease;
        char *text = NULL;
        size_t size = 0;
        start(box);
        ok(runtime_console(box->runtime, CONTAINER, box->config, &terminal, &lease, err));
        assert_int_equal(isatty(terminal), 1);
        assert_int_equal(runtime_console(box->runtime, CONTAINER, box->config, &terminal, &lease,
                                         NULL), -1);
        (void) close(terminal);
        (void) close(lease);
        ok(runtime_console_log(box->runtime, CONTAINER, box->config, true, &text, &size, err));
        free(text);
        stop(box);
}

static void test_mount_into(void **state) {
        Box *box = *state;
        int code;
        _cleanup_free_ char *source = path_join(box->base, "source");
        _cleanup_free_ char *file = path_join(source, "file");
        ok(directory_make(source, 0755, err));
        ok(file_write_text(file, "hello\n", err));
        start(box);
        RuntimeMount mount = {.source = source, .target = "/mnt/a", .shift = true};
        ok(runtime_mount(box->runtime, &box->process, &mount, err));
        char *text = inside(box, "cat /mnt/a/file; stat -c %u /mnt/a/file", false, &code);
        assert_string_equal(text, "hello\n0\n");
        free(text);
        ok(runtime_unmount(box->runtime, &box->process, "/mnt/a", err));
        text = inside(box, "test -e /mnt/a || echo gone", false, &code);
        assert_string_equal(text, "gone\n");
        free(text);
        stop(box);
}

static void use_files(Box *box, FilesSession *session) {
        FilesStat info;
        FilesFile *file;
        size_t size = (size_t) 3 << 20, count, offset = 0;
        ok(files_mkdir(session, "/root/d", 0750, err));
        ok(files_symlink(session, "/../../../etc/passwd", "/root/d/l", err));
        char *data = mem_alloc(size), *back = mem_alloc(size + 1);
        random_bytes(data, size);
        ok(files_open(session, "/root/d/f", FILES_WRITE | FILES_CREATE, 0640, &file, err));
        ok(files_write(file, 0, data, size, err));
        ok(files_close(file, err));
        ok(files_set_owner(session, "/root/d/f", 33, 34, 0640, err));
        ok(files_stat(session, "/root/d/f", &info, err));
        assert_int_equal(info.size, size);
        assert_int_equal(info.uid, 33);
        assert_int_equal(info.gid, 34);
        assert_int_equal(info.mode, 0640);
        ok(files_open(session, "/root/d/f", FILES_READ, 0, &file, err));
        do {
                ok(files_read(file, offset, back + offset, size + 1 - offset, &count, err));
                offset += count;
        } while (count > 0);
        ok(files_close(file, err));
        assert_int_equal(offset, size);
        assert_memory_equal(data, back, size);
        free(data);
        free(back);
        _cleanup_error_ Error *error = NULL;
        /* The link's target does not exist inside, whatever the host has. */
        assert_int_equal(files_open(session, "/root/d/l", FILES_READ, 0, &file, &error), -1);
        assert_int_equal(error->kind, ERROR_NOT_FOUND);
        _cleanup_strlist_ StrList names = {};
        ok(files_list(session, "/../root/d", &names, err));
        assert_int_equal(names.count, 2);
        assert_int_equal(files_remove(session, "/root/d", NULL), -1);
        ok(files_remove(session, "/root/d/f", err));
        ok(files_remove(session, "/root/d/l", err));
        ok(files_remove(session, "/root/d", err));
}

static void test_files_running_and_stopped(void **state) {
        Box *box = *state;
        FilesSession *session;
        RuntimeFiles stopped = {.rootfs = box->rootfs, .idmap = &box->map, .idmapped = true};
        ok(files_session_new(box->runtime, &stopped, &session, err));
        use_files(box, session);
        files_session_free(session);
        RuntimeFiles privileged = {.rootfs = box->rootfs};
        ok(files_session_new(box->runtime, &privileged, &session, err));
        use_files(box, session);
        files_session_free(session);
        start(box);
        RuntimeFiles running = {.process = &box->process};
        ok(files_session_new(box->runtime, &running, &session, err));
        use_files(box, session);
        stop(box);
        files_session_free(session);
}

static void test_shift_there_and_back(void **state) {
        Box *box = *state;
        struct stat info;
        _cleanup_free_ char *tree = path_join(box->base, "tree");
        _cleanup_free_ char *file = path_join(tree, "a/file");
        _cleanup_free_ char *link = path_join(tree, "a/link");
        _cleanup_free_ char *hard = path_join(tree, "hard");
        _cleanup_free_ char *directory = path_join(tree, "a");
        ok(directory_make_all(directory, 0755, err));
        ok(file_write_text(file, "x", err));
        assert_int_equal(chown(file, 7, 8), 0);
        assert_int_equal(chmod(file, 06755), 0);
        ok(file_symlink("/etc/passwd", link, err));
        assert_int_equal(linkat(AT_FDCWD, file, AT_FDCWD, hard, 0), 0);
        ShiftSpec there = {.to = &box->map}, back = {.from = &box->map};
        ok(shift_tree(tree, &there, err));
        assert_int_equal(stat(file, &info), 0);
        assert_int_equal(info.st_uid, HOST_BASE + 7);
        assert_int_equal(info.st_gid, HOST_BASE + 8);
        assert_int_equal(info.st_mode & 07777, 06755);
        assert_int_equal(lstat(link, &info), 0);
        assert_int_equal(info.st_uid, HOST_BASE);
        assert_int_equal(stat("/etc/passwd", &info), 0);
        assert_int_equal(info.st_uid, 0);
        there.resume = true;
        ok(shift_tree(tree, &there, err));
        assert_int_equal(stat(file, &info), 0);
        assert_int_equal(info.st_uid, HOST_BASE + 7);
        there.resume = false;
        assert_int_equal(shift_tree(tree, &there, NULL), -1); /* outside the map */
        ok(shift_tree(tree, &back, err));
        assert_int_equal(stat(hard, &info), 0);
        assert_int_equal(info.st_uid, 7);
}

int main(int argc, char **argv) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_failed_start_says_why),
                cmocka_unit_test(test_start_is_found_and_stops),
                cmocka_unit_test(test_exec),
                cmocka_unit_test(test_exec_codes_and_signals),
                cmocka_unit_test(test_freeze_usage_and_links),
                cmocka_unit_test(test_reboot_is_left_to_the_caller),
                cmocka_unit_test(test_killed_monitor_leaves_nothing),
                cmocka_unit_test(test_console),
                cmocka_unit_test(test_mount_into),
                cmocka_unit_test(test_files_running_and_stopped),
                cmocka_unit_test(test_shift_there_and_back),
        };
        helper_path = argc > 1 ? argv[1] : NULL;
        if (geteuid() != 0 || access("/bin/busybox", X_OK) < 0) {
                puts("skip runtime # needs root and /bin/busybox");
                return 0;
        }
        if (argc > 2)
                cmocka_set_test_filter(argv[2]);
        return cmocka_run_group_tests(tests, setup, teardown);
}
