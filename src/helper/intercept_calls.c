/* mknod, setxattr, sched_setscheduler, sysinfo. */
#include "helper/intercept.h"

#include "base/files.h"
#include "base/memory.h"
#include "helper/child.h"
#include "linux/cgroup.h"
#include "linux/mounts.h"
#include "linux/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#define CAPABILITY(number) (UINT64_C(1) << (number))

/* Nodes that can do no harm whoever opens them. */
static const struct {
        unsigned major, minor;
        const char *host_path; /* NULL: a whiteout, which is never opened */
} harmless[] = {
        {0, 0, NULL},           {1, 3, "/dev/null"},    {1, 5, "/dev/zero"},
        {1, 7, "/dev/full"},    {1, 8, "/dev/random"},  {1, 9, "/dev/urandom"},
        {5, 0, "/dev/tty"},     {5, 1, "/dev/console"},
};

typedef struct Mknod {
        Intercept *intercept;
        char path[PATH_MAX];
        int directory_fd; /* a number of the caller's */
        mode_t mode;
        dev_t device;
        const char *host_path;
} Mknod;

static bool is_harmless(Mknod *call) {
        for (size_t i = 0; i < ARRAY_SIZE(harmless); i++)
                if ((call->mode & S_IFMT) == S_IFCHR &&
                    call->device == makedev(harmless[i].major, harmless[i].minor)) {
                        call->host_path = harmless[i].host_path;
                        return true;
                }
        return false;
}

/* What a caller may that has the capability over the container's files, and no more. */
static uint64_t file_capabilities(const TaskIdentity *caller) {
        uint64_t found = 0;
        static const int passed_on[] = {CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER,
                                        CAP_FSETID};
        for (size_t i = 0; i < ARRAY_SIZE(passed_on); i++)
                if (task_has_capability(caller, passed_on[i]))
                        found |= CAPABILITY(passed_on[i]);
        return found;
}

/* The directory that the last part of a path stands in; it has to belong to the container. */
static int open_parent(const Intercept *intercept, int base_fd, char *path, const char **ret_name) {
        struct stat info;
        char *slash = strrchr(path, '/');
        const char *parent = slash == NULL ? "." : slash == path ? "/" : path;
        *ret_name = slash != NULL ? slash + 1 : path;
        if (slash != NULL && slash != path)
                *slash = '\0';
        if (**ret_name == '\0')
                return -ENOENT;
        /* "/x" has lost its slash's place only in name. */
        int fd = openat(base_fd, parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        if (fstatat(fd, "", &info, AT_EMPTY_PATH) < 0 ||
            !intercept_owns(intercept, info.st_uid, info.st_gid)) {
                (void) close(fd);
                return -EPERM;
        }
        return fd;
}

/* A node on a file system without device nodes cannot be opened: the host's is mounted there. */
static int mount_node(const Mknod *call, int tree, int parent, const char *name) {
        const TaskIdentity *caller = &call->intercept->caller;
        _cleanup_close_ int file = -1;
        if (tree < 0 || task_become(caller->fsuid, caller->fsgid, file_capabilities(caller),
                                    NULL) < 0)
                return -EPERM;
        file = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (file < 0)
                return -errno;
        if (task_become_root(NULL) == 0 && mount_attach(tree, parent, name, NULL) == 0)
                return 0;
        (void) unlinkat(parent, name, 0);
        return -EPERM;
}

static int make_node(void *userdata) {
        Mknod *call = userdata;
        Intercept *intercept = call->intercept;
        const TaskIdentity *caller = &intercept->caller;
        _cleanup_close_ int base = -1, parent = -1, tree = -1;
        const char *name;
        if (task_open_directory(intercept->notify.proc_fd, call->directory_fd, &base, NULL) < 0 ||
            (call->host_path != NULL &&
             mount_clone(AT_FDCWD, call->host_path, 0, &tree, NULL) < 0) ||
            task_enter_files(intercept->notify.proc_fd, NULL) < 0 ||
            task_become(caller->fsuid, caller->fsgid,
                        file_capabilities(caller) | CAPABILITY(CAP_MKNOD), NULL) < 0)
                return -EPERM;
        parent = open_parent(intercept, base, call->path, &name);
        if (parent < 0)
                return parent;
        (void) umask(caller->umask);
        if (mknodat(parent, name, call->mode, call->device) < 0)
                return -errno;
        if (call->host_path == NULL || task_become_root(NULL) < 0)
                return 0;
        int probe = openat(parent, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
        if (probe >= 0 || errno != EACCES) {
                fd_close(&probe);
                return 0;
        }
        (void) unlinkat(parent, name, 0);
        return mount_node(call, tree, parent, name);
}

int intercept_mknod(Intercept *intercept) {
        const uint64_t *arguments = (const uint64_t *) intercept->notify.request.data.args;
        bool at = intercept->notify.call == NOTIFY_MKNODAT;
        Mknod call = {.intercept = intercept,
                      .directory_fd = at ? (int) arguments[0] : AT_FDCWD,
                      .mode = (mode_t) arguments[at + 1],
                      .device = (dev_t) arguments[at + 2]};
        if (!is_harmless(&call) || !task_has_capability(&intercept->caller, CAP_MKNOD) ||
            notify_read_text(&intercept->notify, arguments[at], call.path, sizeof call.path) < 0)
                return NOTIFY_CONTINUE;
        return child_run(make_node, &call);
}

typedef struct Setxattr {
        Intercept *intercept;
        char path[PATH_MAX];
        int flags;
} Setxattr;

#define OPAQUE "trusted.overlay.opaque"

static int set_opaque(void *userdata) {
        const Setxattr *call = userdata;
        const Intercept *intercept = call->intercept;
        _cleanup_close_ int base = -1, directory = -1;
        struct stat info;
        if (task_open_directory(intercept->notify.proc_fd, AT_FDCWD, &base, NULL) < 0 ||
            task_enter_files(intercept->notify.proc_fd, NULL) < 0)
                return -EPERM;
        directory = openat(base, call->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (directory < 0)
                return errno == ENOTDIR ? NOTIFY_CONTINUE : -errno;
        if (fstat(directory, &info) < 0 || !intercept_owns(intercept, info.st_uid, info.st_gid))
                return -EPERM;
        return fsetxattr(directory, OPAQUE, "y", 1, call->flags) < 0 ? -errno : 0;
}

int intercept_setxattr(Intercept *intercept) {
        const Notify *notify = &intercept->notify;
        const uint64_t *arguments = (const uint64_t *) notify->request.data.args;
        Setxattr call = {.intercept = intercept, .flags = (int) arguments[4]};
        char name[256], value;
        if (arguments[3] != 1 || !task_has_capability(&intercept->caller, CAP_SYS_ADMIN) ||
            notify_read_text(notify, arguments[1], name, sizeof name) < 0 ||
            !str_equal(name, OPAQUE) || notify_read(notify, arguments[2], &value, 1) < 0 ||
            value != 'y' ||
            notify_read_text(notify, arguments[0], call.path, sizeof call.path) < 0)
                return NOTIFY_CONTINUE;
        return child_run(set_opaque, &call);
}

typedef struct Schedule {
        int proc_fd;
        pid_t pid;
        int policy;
        struct sched_param param;
} Schedule;

static int set_scheduler(void *userdata) {
        const Schedule *call = userdata;
        return sched_setscheduler(call->pid, call->policy, &call->param) < 0 ? -errno : 0;
}

/* The number means something in the caller's pid namespace, where only a child can be. */
static int set_scheduler_inside(void *userdata) {
        const Schedule *call = userdata;
        if (task_enter_pids(call->proc_fd, NULL) < 0)
                return -EPERM;
        return child_run(set_scheduler, userdata);
}

int intercept_sched_setscheduler(Intercept *intercept) {
        const Notify *notify = &intercept->notify;
        const uint64_t *arguments = (const uint64_t *) notify->request.data.args;
        Schedule call = {.proc_fd = notify->proc_fd, .pid = (pid_t) arguments[0],
                         .policy = (int) arguments[1]};
        if (idmap_to_ns(&intercept->ids, false, intercept->caller.uid) != 0 ||
            idmap_to_ns(&intercept->ids, true, intercept->caller.gid) != 0 || call.pid < 0 ||
            call.policy < 0 ||
            notify_read(notify, arguments[2], &call.param, sizeof call.param) < 0)
                return NOTIFY_CONTINUE;
        if (call.pid != 0)
                return child_run(set_scheduler_inside, &call);
        call.pid = (pid_t) notify->request.pid;
        return child_run(set_scheduler, &call);
}

/* The load is the host's: nobody counts it for a group. */
static void fill_group(Intercept *intercept, struct sysinfo *info) {
        CgroupLayout layout = {.unified_mount = NULL};
        CgroupPaths paths = {.directories = {NULL}};
        CgroupUsage usage;
        pid_t init = intercept->notify.head.init_pid;
        _cleanup_free_ char *directory = path_directory(intercept->settings_file);
        _cleanup_free_ char *payload = str_printf("lxc.payload.%s", path_name(directory));
        if (cgroup_layout_load(NULL, NULL, &layout, NULL) < 0)
                return;
        if (cgroup_paths_load(&layout, init, payload, NULL, &paths, NULL) == 0) {
                cgroup_usage(&layout, &paths, &usage);
                if (usage.memory_limit > 0)
                        info->totalram = MIN_OF((uint64_t) usage.memory_limit, info->totalram);
                if (usage.memory >= 0)
                        info->freeram = info->totalram -
                                        MIN_OF((uint64_t) usage.memory, info->totalram);
                info->bufferram = info->sharedram = 0;
                if (usage.processes >= 0)
                        info->procs = (unsigned short) MIN_OF(usage.processes, USHRT_MAX);
                if (usage.swap >= 0)
                        info->freeswap = info->totalswap -
                                         MIN_OF((uint64_t) usage.swap, info->totalswap);
        }
        cgroup_paths_done(&paths);
        cgroup_layout_done(&layout);
}

int intercept_sysinfo(Intercept *intercept) {
        const Notify *notify = &intercept->notify;
        struct sysinfo info;
        uint64_t start;
        if (sysinfo(&info) < 0)
                return NOTIFY_CONTINUE;
        /* In bytes, whatever unit the host needs. */
        uint64_t unit = info.mem_unit;
        info.totalram *= unit;
        info.freeram *= unit;
        info.totalswap *= unit;
        info.freeswap *= unit;
        info.totalhigh = info.freehigh = 0;
        info.mem_unit = 1;
        if (procfs_start_time(notify->head.init_pid, &start, NULL) == 0)
                info.uptime -= MIN_OF((long) start / sysconf(_SC_CLK_TCK), info.uptime);
        fill_group(intercept, &info);
        if (notify_write(notify, notify->request.data.args[0], &info, sizeof info) < 0)
                return -errno;
        return 0;
}
