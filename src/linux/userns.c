#include "linux/userns.h"

#include "base/files.h"
#include "base/memory.h"
#include "linux/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static int write_map(pid_t pid, const IdMap *map, bool group, Error **err) {
        _cleanup_free_ char *path = str_printf("/proc/%d/%s", (int) pid,
                                               group ? "gid_map" : "uid_map");
        _cleanup_free_ char *text = idmap_to_proc(map, group);
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);
        /* The kernel takes a map in one write only. */
        if (fd < 0 || write(fd, text, strlen(text)) < 0)
                return error_errno(err, errno, "Failed to write %s", path);
        return 0;
}

static int open_of_child(pid_t pid, const IdMap *map, int *ret_fd, Error **err) {
        _cleanup_free_ char *path = str_printf("/proc/%d/ns/user", (int) pid);
        if (write_map(pid, map, false, err) < 0 || write_map(pid, map, true, err) < 0)
                return -1;
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return error_errno(err, errno, "Failed to open a user namespace");
        *ret_fd = fd;
        return 0;
}

int userns_open(const IdMap *map, int *ret_fd, Error **err) {
        /* A process has to be in the new namespace while another one writes the map. A raw clone:
         * the child does nothing but wait for its end. */
        pid_t pid = (pid_t) syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);
        if (pid < 0)
                return error_errno(err, errno, "Failed to make a user namespace");
        if (pid == 0) {
                for (;;)
                        (void) pause();
        }
        int result = open_of_child(pid, map, ret_fd, err);
        (void) kill(pid, SIGKILL);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
                continue;
        return result;
}

static int become_root(Error **err) {
        if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
                return error_errno(err, errno, "Failed to become the container's root");
        return 0;
}

int userns_enter(int userns_fd, Error **err) {
        if (setns(userns_fd, CLONE_NEWUSER) < 0)
                return error_errno(err, errno, "Failed to enter a user namespace");
        return become_root(err);
}

int mountns_make_root(const char *rootfs, int userns_fd, Error **err) {
        _cleanup_close_ int fd = -1;
        if (unshare(CLONE_NEWNS) < 0)
                return error_errno(err, errno, "Failed to make a mount namespace");
        if (mount_make_private("/", err) < 0 || mount_clone(AT_FDCWD, rootfs, 0, &fd, err) < 0 ||
            mount_configure(fd, MOUNT_NOSUID | MOUNT_NODEV, userns_fd, err) < 0 ||
            mount_attach(fd, AT_FDCWD, rootfs, err) < 0)
                return -1;
        /* pivot_root(".", "."): the old root comes to lie on top of the new and is taken off. */
        if (chdir(rootfs) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 ||
            umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
                return error_errno(err, errno, "Failed to make %s the root", rootfs);
        return 0;
}

int namespaces_enter(int pidfd, Error **err) {
        if (setns(pidfd, CLONE_NEWUSER | CLONE_NEWNS) < 0 &&
            (errno != EINVAL || setns(pidfd, CLONE_NEWNS) < 0))
                return error_errno(err, errno, "Failed to enter the container");
        return become_root(err);
}
