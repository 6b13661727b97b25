/* Starting, and everything that ends a container. */
#include "runtime/runtime_private.h"

#include "base/files.h"
#include "base/memory.h"
#include "base/times.h"
#include "linux/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#define START_TIMEOUT_MS 60000
#define HALT_PATIENCE_NS (2 * NS_PER_SECOND)
#define POLL_US 10000
#define GROUP_TRIES 100

/* liblxc leaves groups behind when a start fails (the monitor ends in its own) and when the monitor
 * is killed (init goes with it). */
static bool remove_groups(const Runtime *runtime, const char *name) {
        _cleanup_free_ char *monitor = str_printf("lxc.monitor.%s", name);
        _cleanup_free_ char *payload = str_printf("lxc.payload.%s", name);
        bool gone = cgroup_remove_empty(&runtime->cgroups, monitor);
        return cgroup_remove_empty(&runtime->cgroups, payload) && gone;
}

/* The monitor of a failed start is about to end, and its group goes only then. */
static void remove_groups_soon(const Runtime *runtime, const char *name) {
        for (int tries = 0; tries < GROUP_TRIES && !remove_groups(runtime, name); tries++)
                (void) usleep(POLL_US);
}

int runtime_start(Runtime *runtime, const RuntimeStart *start, RuntimeProcess *ret, Error **err) {
        _cleanup_(helper_done) HelperCall call = HELPER_NONE;
        _cleanup_message_ Message message = {.text = NULL};
        _cleanup_free_ char *directory = runtime_directory(runtime, start->name);
        _cleanup_free_ char *target = path_join(directory, "stop-target");
        const char *argv[] = {"start", start->name, runtime->lxcpath, start->config_file,
                              start->log_file, directory, runtime->boot_id, NULL};
        int timeout = start->timeout_ms > 0 ? start->timeout_ms : START_TIMEOUT_MS;
        ProcessExit ignored;
        if (file_remove(target, err) < 0)
                return -1;
        if (helper_call(runtime, argv, NULL, 0, &call, err) < 0)
                return -1;
        if (helper_receive(&call, "started", timeout, &message, err) < 0) {
                helper_done(&call);
                call = HELPER_NONE;
                remove_groups_soon(runtime, start->name);
                return -1;
        }
        if (process_wait(&call.process, HELPER_TIMEOUT_MS, &ignored, err) < 0)
                return -1;
        return process_from_text(start->name, message.text, ret, err);
}

char *runtime_stop_hook(const Runtime *runtime, const char *name) {
        return str_printf("%s hook-stop %s/%s", runtime->helper, runtime->run_root, name);
}

bool runtime_take_reboot(Runtime *runtime, const char *name) {
        _cleanup_free_ char *directory = runtime_directory(runtime, name);
        _cleanup_free_ char *path = path_join(directory, "stop-target");
        _cleanup_free_ char *text = NULL;
        (void) remove_groups(runtime, name);
        if (file_read(path, 64, &text, NULL, NULL) < 0)
                return false;
        return file_remove(path, NULL) == 0 && str_equal(text, "reboot");
}

int runtime_open_monitor(const RuntimeProcess *process, int *ret_pidfd, Error **err) {
        return procfs_open_pidfd(process->monitor_pid, process->monitor_start, ret_pidfd, err);
}

static bool handles(const ProcSignals *signals, int number) {
        return ((signals->blocked | signals->caught) & (UINT64_C(1) << (number - 1))) != 0;
}

/* systemd blocks its signal to read it from a signalfd; liblxc looks for that. An init that was
 * just started handles neither signal, and what came now would be lost: it gets a moment. */
static int choose_halt_signal(const RuntimeProcess *process, int *ret, Error **err) {
        int systemd = SIGRTMIN + 3;
        int64_t end = time_monotonic_ns() + HALT_PATIENCE_NS;
        ProcSignals signals;
        for (;;) {
                if (procfs_signals(process->init_pid, &signals, err) < 0)
                        return -1;
                if (handles(&signals, systemd) || handles(&signals, SIGPWR) ||
                    time_monotonic_ns() > end)
                        break;
                (void) usleep(POLL_US);
        }
        *ret = handles(&signals, systemd) ? systemd : SIGPWR;
        return 0;
}

int runtime_shutdown(const RuntimeProcess *process, int halt_signal, Error **err) {
        _cleanup_close_ int pidfd = -1;
        if (procfs_open_pidfd(process->init_pid, process->init_start, &pidfd, err) < 0)
                return -1;
        if (halt_signal == 0 && choose_halt_signal(process, &halt_signal, err) < 0)
                return -1;
        return pidfd_signal(pidfd, halt_signal, err);
}

int runtime_cgroups(const Runtime *runtime, const RuntimeProcess *process, CgroupPaths *ret,
                    Error **err) {
        _cleanup_free_ char *payload =
                process->name != NULL ? str_printf("lxc.payload.%s", process->name) : NULL;
        return cgroup_paths_load(&runtime->cgroups, process->init_pid, payload, NULL, ret, err);
}

int runtime_kill(Runtime *runtime, const RuntimeProcess *process, Error **err) {
        _cleanup_close_ int pidfd = -1;
        _cleanup_cgroup_paths_ CgroupPaths paths = {.directories = {NULL}};
        _cleanup_error_ Error *gone = NULL;
        _cleanup_error_ Error *thaw = NULL;
        if (procfs_open_pidfd(process->init_pid, process->init_start, &pidfd, &gone) < 0)
                return error_is(gone, ERROR_NOT_FOUND) ? 0 : error_move(err, &gone);
        bool grouped = runtime_cgroups(runtime, process, &paths, NULL) == 0;
        /* With init, the kernel ends everything in its pid namespace. */
        if (pidfd_signal(pidfd, SIGKILL, &gone) < 0 && !error_is(gone, ERROR_NOT_FOUND))
                return error_move(err, &gone);
        /* What is frozen by v1 cannot even die; thawed, its group may be gone at once. */
        if (grouped && cgroup_is_frozen(&runtime->cgroups, &paths) &&
            cgroup_freeze(&runtime->cgroups, &paths, false, FREEZE_TIMEOUT_MS, &thaw) < 0 &&
            !error_is(thaw, ERROR_NOT_FOUND))
                return error_move(err, &thaw);
        return 0;
}

int runtime_wait_stopped(const RuntimeProcess *process, int timeout_ms, Error **err) {
        _cleanup_close_ int pidfd = -1;
        _cleanup_error_ Error *gone = NULL;
        if (runtime_open_monitor(process, &pidfd, &gone) < 0)
                return error_is(gone, ERROR_NOT_FOUND) ? 0 : error_move(err, &gone);
        if (!pidfd_wait(pidfd, timeout_ms))
                return error_set(err, ERROR_TIMEOUT, 0,
                                 "The container did not stop within %d ms", timeout_ms);
        return 0;
}

static int set_frozen(Runtime *runtime, const RuntimeProcess *process, bool freeze, Error **err) {
        _cleanup_cgroup_paths_ CgroupPaths paths = {.directories = {NULL}};
        if (runtime_cgroups(runtime, process, &paths, err) < 0)
                return -1;
        return cgroup_freeze(&runtime->cgroups, &paths, freeze, FREEZE_TIMEOUT_MS, err);
}

int runtime_freeze(Runtime *runtime, const RuntimeProcess *process, Error **err) {
        return set_frozen(runtime, process, true, err);
}

int runtime_unfreeze(Runtime *runtime, const RuntimeProcess *process, Error **err) {
        return set_frozen(runtime, process, false, err);
}

bool runtime_is_frozen(Runtime *runtime, const RuntimeProcess *process) {
        _cleanup_cgroup_paths_ CgroupPaths paths = {.directories = {NULL}};
        return runtime_cgroups(runtime, process, &paths, NULL) == 0 &&
               cgroup_is_frozen(&runtime->cgroups, &paths);
}

int runtime_usage(Runtime *runtime, const RuntimeProcess *process, CgroupUsage *ret,
                  Error **err) {
        _cleanup_cgroup_paths_ CgroupPaths paths = {.directories = {NULL}};
        if (runtime_cgroups(runtime, process, &paths, err) < 0)
                return -1;
        cgroup_usage(&runtime->cgroups, &paths, ret);
        return 0;
}

int runtime_open_netns(const RuntimeProcess *process, int *ret_fd, Error **err) {
        _cleanup_close_ int pidfd = -1;
        _cleanup_free_ char *path = str_printf("/proc/%d/ns/net", (int) process->init_pid);
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return error_errno(err, errno, "Failed to open the network namespace");
        /* Opened by number: certain only when the process is still the same one now. */
        if (procfs_open_pidfd(process->init_pid, process->init_start, &pidfd, err) < 0)
                return -1;
        *ret_fd = TAKE_FD(fd);
        return 0;
}
