#include "linux/task.h"

#include "base/files.h"
#include "base/memory.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* The numbers of a line of /proc/PID/status. */
static size_t numbers(const char *text, const char *key, int base, uint64_t *ret, size_t count) {
        const char *line = strstr(text, key);
        size_t found = 0;
        if (line == NULL)
                return 0;
        for (const char *at = line + strlen(key); found < count; found++) {
                char *end;
                ret[found] = strtoull(at, &end, base);
                if (end == at)
                        break;
                at = end;
        }
        return found;
}

static int read_at(int proc_fd, const char *name, char **ret, Error **err) {
        _cleanup_close_ int fd = openat(proc_fd, name, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return error_errno(err, errno, "Failed to open the process's %s", name);
        return fd_read_all(fd, 65536, ret, NULL, err);
}

int task_identity(int proc_fd, TaskIdentity *ret, Error **err) {
        _cleanup_free_ char *text = NULL;
        uint64_t uids[4], gids[4], one = 0, mask = 0, capabilities = 0;
        struct stat info;
        if (read_at(proc_fd, "status", &text, err) < 0)
                return -1;
        if (numbers(text, "\nUid:", 10, uids, 4) < 4 || numbers(text, "\nGid:", 10, gids, 4) < 4 ||
            numbers(text, "\nTgid:", 10, &one, 1) < 1 ||
            numbers(text, "\nUmask:", 8, &mask, 1) < 1 ||
            numbers(text, "\nCapEff:", 16, &capabilities, 1) < 1)
                return error_set(err, ERROR_INTERNAL, 0, "Cannot read a process's status");
        if (fstatat(proc_fd, "ns/user", &info, 0) < 0)
                return error_errno(err, errno, "Failed to find the user namespace");
        *ret = (TaskIdentity) {.uid = (uid_t) uids[1], .fsuid = (uid_t) uids[3],
                               .gid = (gid_t) gids[1], .fsgid = (gid_t) gids[3],
                               .group = (pid_t) one, .umask = (mode_t) mask,
                               .capabilities = capabilities, .userns = info.st_ino};
        return 0;
}

bool task_has_capability(const TaskIdentity *identity, int capability) {
        return (identity->capabilities >> capability & 1) != 0;
}

int task_open_directory(int proc_fd, int directory_fd, int *ret_fd, Error **err) {
        _cleanup_free_ char *name = directory_fd == AT_FDCWD ? str_dup("cwd")
                                                             : str_printf("fd/%d", directory_fd);
        int fd = openat(proc_fd, name, O_PATH | O_CLOEXEC);
        if (fd < 0)
                return error_errno(err, errno, "Failed to open a process's directory");
        *ret_fd = fd;
        return 0;
}

static int become_rooted(int root_fd, Error **err) {
        if (fchdir(root_fd) < 0 || chroot(".") < 0)
                return error_errno(err, errno, "Failed to take a process's root");
        return 0;
}

int task_enter_files(int proc_fd, Error **err) {
        _cleanup_close_ int root = openat(proc_fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
        _cleanup_close_ int mounts = openat(proc_fd, "ns/mnt", O_RDONLY | O_CLOEXEC);
        if (root < 0 || mounts < 0)
                return error_errno(err, errno, "Failed to open a process's root");
        if (setns(mounts, CLONE_NEWNS) < 0)
                return error_errno(err, errno, "Failed to enter a mount namespace");
        return become_rooted(root, err);
}

int task_enter_pids(int proc_fd, Error **err) {
        _cleanup_close_ int pids = openat(proc_fd, "ns/pid", O_RDONLY | O_CLOEXEC);
        if (pids < 0 || setns(pids, CLONE_NEWPID) < 0)
                return error_errno(err, errno, "Failed to enter a pid namespace");
        return 0;
}

int task_enter_all(int proc_fd, Error **err) {
        /* The user namespace first: it is what allows the others. */
        static const char *const names[] = {"ns/user", "ns/mnt", "ns/pid", "ns/net",
                                            "ns/ipc",  "ns/uts", "ns/cgroup"};
        _cleanup_close_ int root = openat(proc_fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
        _cleanup_close_ int directory = openat(proc_fd, "cwd", O_PATH | O_CLOEXEC);
        int fds[ARRAY_SIZE(names)], result = 0;
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                fds[i] = openat(proc_fd, names[i], O_RDONLY | O_CLOEXEC);
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                if (result == 0 && (fds[i] < 0 || setns(fds[i], 0) < 0))
                        result = error_errno(err, errno, "Failed to enter %s", names[i]);
                fd_close(&fds[i]);
        }
        if (result < 0 || root < 0 || become_rooted(root, err) < 0)
                return -1;
        if (directory >= 0)
                (void) !fchdir(directory);
        if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
                return error_errno(err, errno, "Failed to become the container's root");
        return 0;
}

static int set_effective(uint64_t wanted, bool all, Error **err) {
        struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
        struct __user_cap_data_struct data[2];
        if (syscall(SYS_capget, &head, data) < 0)
                return error_errno(err, errno, "Failed to read capabilities");
        for (size_t i = 0; i < 2; i++) {
                uint32_t half = (uint32_t) (wanted >> (32 * i));
                data[i].effective = all ? data[i].permitted : data[i].permitted & half;
        }
        if (syscall(SYS_capset, &head, data) < 0)
                return error_errno(err, errno, "Failed to set capabilities");
        return 0;
}

int task_become(uid_t fsuid, gid_t fsgid, uint64_t capabilities, Error **err) {
        (void) setfsgid(fsgid);
        (void) setfsuid(fsuid);
        /* They return the old id whether they did it or not. */
        if (setfsgid((gid_t) -1) != (int) fsgid || setfsuid((uid_t) -1) != (int) fsuid)
                return error_set(err, ERROR_FORBIDDEN, EPERM, "Failed to become another user");
        return set_effective(capabilities, false, err);
}

int task_become_root(Error **err) {
        (void) setfsuid(0);
        (void) setfsgid(0);
        return set_effective(0, true, err);
}
