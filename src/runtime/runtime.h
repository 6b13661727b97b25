/* The daemon's face of berth-helper: containers as processes. Everything that needs liblxc or a
 * namespace runs in a helper process; this folder starts it, talks to it over an inherited socket
 * and gives back fds and pids. It knows no instance, no database and no storage.
 *
 * The Runtime is read-only after runtime_new(): all functions are thread-safe and may block for as
 * long as the helper works, so they belong in workers. Names and lxcpath are liblxc's (PROJECT_NAME
 * on disk), see objects.md §12. */
#pragma once

#include "base/error.h"
#include "base/text.h"
#include "linux/cgroup.h"
#include "linux/idmap.h"
#include "linux/overlay.h"

#include <sys/types.h>

typedef struct Runtime Runtime;

/* `helper`: path of berth-helper; NULL: $BERTH_HELPER, else beside this executable, else the
 * installed one. `lxcpath`: absolute directory of containers/, `run_root`: the directory that has
 * one directory for each container (logs/, it must exist before the start), in which `runtime` (the
 * pids) and `stop-target` are kept. */
int runtime_new(const char *helper, const char *lxcpath, const char *run_root, Runtime **ret,
                Error **err) _must_check_;
void runtime_free(Runtime *runtime);
/* The path of berth-helper, for programs that start it themselves. */
const char *runtime_helper(const Runtime *runtime);
DEFINE_CLEANUP(Runtime, runtime, runtime_free)

/* A running container. start times make the pids unmistakable. */
typedef struct RuntimeProcess {
        char *name; /* owned; set by runtime_scan() and runtime_find() */
        pid_t init_pid, monitor_pid;
        uint64_t init_start, monitor_start;
} RuntimeProcess;
void runtime_process_done(RuntimeProcess *process);

typedef struct RuntimeProcessList {
        RuntimeProcess *items;
        size_t count, capacity;
} RuntimeProcessList;
void runtime_process_list_done(RuntimeProcessList *list);

typedef struct RuntimeStart {
        const char *name;
        const char *config_file; /* liblxc config; must set lxc.log.file to `log_file` */
        const char *log_file;
        int timeout_ms; /* 0: 60 s */
} RuntimeStart;

/* Returns when init runs. The monitor belongs to nobody: it outlives the daemon. On failure the
 * message holds liblxc's own first error lines. */
int runtime_start(Runtime *runtime, const RuntimeStart *start, RuntimeProcess *ret, Error **err)
        _must_check_;
/* "lxc.hook.post-stop" value for the config file of `name`; makes a reboot inside end as a stop
 * with the target noted, so that the daemon restarts with a fresh plan. */
char *runtime_stop_hook(const Runtime *runtime, const char *name);
/* Call it once a container has ended: removes the groups a killed monitor left, says whether the
 * container asked for a reboot, and forgets that. */
bool runtime_take_reboot(Runtime *runtime, const char *name);

/* The running ones: without asking a process for each. One that is half-way through starting or
 * stopping is listed only if its init lives. */
int runtime_scan(Runtime *runtime, RuntimeProcessList *ret, Error **err) _must_check_;
/* One of them; ERROR_NOT_FOUND when it does not run. */
int runtime_find(Runtime *runtime, const char *name, RuntimeProcess *ret, Error **err)
        _must_check_;
/* Polls readable when the container has ended completely (its monitor is gone, the stop hook ran).
 * Give it to the loop. */
int runtime_open_monitor(const RuntimeProcess *process, int *ret_pidfd, Error **err) _must_check_;

/* Asks init to shut down: `halt_signal` 0 picks as liblxc does, SIGRTMIN+3 when init handles it
 * (systemd), else SIGPWR; waits at most two seconds for an init that was just started to handle
 * one of them, not for its end. */
int runtime_shutdown(const RuntimeProcess *process, int halt_signal, Error **err) _must_check_;
/* Kills init and whatever is left; frozen containers too. Does not wait for the monitor. */
int runtime_kill(Runtime *runtime, const RuntimeProcess *process, Error **err) _must_check_;
/* Waits for the monitor's end. ERROR_TIMEOUT after timeout_ms; -1: for ever. */
int runtime_wait_stopped(const RuntimeProcess *process, int timeout_ms, Error **err)
        _must_check_;

int runtime_freeze(Runtime *runtime, const RuntimeProcess *process, Error **err) _must_check_;
int runtime_unfreeze(Runtime *runtime, const RuntimeProcess *process, Error **err) _must_check_;
bool runtime_is_frozen(Runtime *runtime, const RuntimeProcess *process);
/* Memory, CPU time and processes now; process->name must be set. */
int runtime_usage(Runtime *runtime, const RuntimeProcess *process, CgroupUsage *ret, Error **err)
        _must_check_;
/* Its cgroup directories, for limits (linux/cgroup.h). */
int runtime_cgroups(const Runtime *runtime, const RuntimeProcess *process, CgroupPaths *ret,
                    Error **err) _must_check_;

typedef struct RuntimeExec {
        const char *name;
        const char *config_file;
        const char *const *argv;        /* NULL-ended; looked up in the container's PATH */
        const char *const *environment; /* "K=V", NULL-ended: all that the command gets */
        const char *directory;          /* NULL: "/" */
        uid_t uid;                      /* inside */
        gid_t gid;
        int fds[3]; /* borrowed; ignored with `terminal` */
        bool terminal; /* a pty of the container's own devpts becomes its terminal */
        uint16_t columns, rows; /* 0: 80x24 */
} RuntimeExec;

/* A command that runs inside. */
typedef struct RuntimeChild RuntimeChild;
/* `ret_terminal`: the pty's master, with `terminal`; may be NULL else. An unknown program is no
 * failure: the child ends with 127 (126: not executable). */
int runtime_exec(Runtime *runtime, const RuntimeExec *exec, RuntimeChild **ret, int *ret_terminal,
                 Error **err) _must_check_;
/* Any thread may signal while another one waits. */
int runtime_child_signal(RuntimeChild *child, int signal, Error **err);
/* Exit code, or 128 + signal. ERROR_TIMEOUT keeps the child. */
int runtime_child_wait(RuntimeChild *child, int timeout_ms, int *ret_code, Error **err)
        _must_check_;
int runtime_child_fd(const RuntimeChild *child); /* polls readable when it has ended */
pid_t runtime_child_pid(const RuntimeChild *child); /* host pid of the command */
void runtime_child_free(RuntimeChild *child); /* kills what still runs */
DEFINE_CLEANUP(RuntimeChild, runtime_child, runtime_child_free)

/* The console: `ret_terminal` is the pty's master; the console is ours until `ret_lease` is
 * closed. */
int runtime_console(Runtime *runtime, const char *name, const char *config_file,
                    int *ret_terminal, int *ret_lease, Error **err) _must_check_;
/* The console's ring buffer (lxc.console.buffer.size). */
int runtime_console_log(Runtime *runtime, const char *name, const char *config_file, bool clear,
                        char **ret_data, size_t *ret_size, Error **err) _must_check_;

/* Puts `source` (a file or directory of the host) at `target` inside a running container, making
 * `target` when absent; `shift`: ids shown through the container's map. */
typedef struct RuntimeMount {
        const char *source, *target;
        unsigned flags; /* MountFlags of linux/mounts.h */
        bool shift;
} RuntimeMount;
int runtime_mount(Runtime *runtime, const RuntimeProcess *process, const RuntimeMount *mount,
                  Error **err) _must_check_;
/* Also removes `target` when it is an empty file or directory, or a socket, then. Not there:
 * fine. */
int runtime_unmount(Runtime *runtime, const RuntimeProcess *process, const char *target,
                    Error **err) _must_check_;
/* Allows or denies "c 10:229 rwm" in the devices control group, or in its program in v2. */
int runtime_device_rule(Runtime *runtime, const RuntimeProcess *process, const char *rule,
                        bool allow, Error **err) _must_check_;
/* News of a device for those who listen inside; parts as of linux/uevent.h. */
int runtime_send_uevent(Runtime *runtime, const RuntimeProcess *process, const StrList *parts,
                        Error **err) _must_check_;
/* Whether files below `path` can be shown through an idmapped mount (ext4, xfs, btrfs, tmpfs can,
 * overlay and FUSE cannot): really tried on a detached mount. */
bool runtime_can_idmap(Runtime *runtime, const char *path);
/* Mounts layers in the daemon's mount namespace. */
int runtime_mount_overlay(Runtime *runtime, const OverlaySpec *spec, Error **err) _must_check_;
/* For moving links in and out (linux/links.h). */
int runtime_open_netns(const RuntimeProcess *process, int *ret_fd, Error **err) _must_check_;
/* A routing socket of its network namespace, for the functions …_inside of linux/links.h. */
int runtime_open_netlink(Runtime *runtime, const RuntimeProcess *process, int *ret_fd,
                         Error **err) _must_check_;
