/* Mounts put into a running container (hot-plugged disks and device nodes). */
#include "helper/helper.h"

#include "base/files.h"
#include "base/memory.h"
#include "linux/beneath.h"
#include "linux/mounts.h"
#include "linux/procfs.h"
#include "linux/uevent.h"
#include "linux/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>

static int open_init(char **argv, int *ret_pidfd, pid_t *ret_pid, Error **err) {
        int64_t pid;
        uint64_t start;
        if (!str_to_int64(argv[0], &pid) || !str_to_uint64(argv[1], &start))
                return error_set(err, ERROR_INTERNAL, 0, "Bad process \"%s\"", argv[0]);
        *ret_pid = (pid_t) pid;
        return procfs_open_pidfd((pid_t) pid, start, ret_pidfd, err);
}

static int make_target(int root_fd, const char *target, bool directory, Error **err) {
        struct stat info;
        if (beneath_stat(root_fd, target, true, &info, NULL) == 0) {
                if (S_ISDIR(info.st_mode) == directory)
                        return 0;
                return error_set(err, ERROR_INVALID, 0, "\"%s\" is %s in the container", target,
                                 directory ? "not a directory" : "a directory");
        }
        if (directory)
                return beneath_make_directories(root_fd, target, 0711, err);
        _cleanup_free_ char *parent = path_directory(target);
        if (beneath_make_directories(root_fd, parent, 0711, err) < 0)
                return -1;
        return beneath_write(root_fd, target, "", 0, NULL, err);
}

/* Opened once: what is looked at is what is mounted. */
static int open_source(const char *source, struct stat *ret, int *ret_fd, Error **err) {
        _cleanup_close_ int fd = open(source, O_PATH | O_CLOEXEC);
        if (fd < 0 || fstatat(fd, "", ret, AT_EMPTY_PATH) < 0)
                return error_errno(err, errno, "Failed to find %s", source);
        *ret_fd = TAKE_FD(fd);
        return 0;
}

static int mount_into(char **argv, Error **err) {
        const char *source = argv[2], *target = argv[3];
        uint64_t flags = 0;
        _cleanup_close_ int pidfd = -1, mount_fd = -1, userns = -1, root = -1, place = -1;
        _cleanup_close_ int source_fd = -1;
        struct stat info;
        pid_t pid;
        if (!str_to_uint64(argv[4], &flags))
                return error_set(err, ERROR_INTERNAL, 0, "Bad mount flags");
        if (open_init(argv, &pidfd, &pid, err) < 0)
                return -1;
        if (open_source(source, &info, &source_fd, err) < 0 ||
            mount_clone(source_fd, "", (unsigned) flags, &mount_fd, err) < 0)
                return error_prefix(err, "%s", source);
        if (str_equal(argv[5], "1")) {
                _cleanup_free_ char *path = str_printf("/proc/%d/ns/user", (int) pid);
                userns = open(path, O_RDONLY | O_CLOEXEC);
                if (userns < 0)
                        return error_errno(err, errno, "Failed to open the user namespace");
        }
        if (mount_configure(mount_fd, (unsigned) flags, userns, err) < 0)
                return -1;
        if (namespaces_enter(pidfd, err) < 0 || beneath_open_root("/", &root, err) < 0 ||
            make_target(root, target, S_ISDIR(info.st_mode), err) < 0 ||
            beneath_open(root, target, O_PATH, 0, &place, err) < 0)
                return -1;
        return mount_attach(mount_fd, place, "", err);
}

/* What was made only to be mounted on. */
static void remove_empty(int parent, const char *name) {
        struct stat info;
        if (fstatat(parent, name, &info, AT_SYMLINK_NOFOLLOW) < 0)
                return;
        if (S_ISSOCK(info.st_mode) || (S_ISREG(info.st_mode) && info.st_size == 0))
                (void) unlinkat(parent, name, 0);
        if (S_ISDIR(info.st_mode))
                (void) unlinkat(parent, name, AT_REMOVEDIR);
}

static int unmount_from(char **argv, Error **err) {
        _cleanup_close_ int pidfd = -1, root = -1, parent = -1;
        _cleanup_free_ char *name = NULL;
        _cleanup_error_ Error *missing = NULL;
        pid_t pid;
        if (open_init(argv, &pidfd, &pid, err) < 0 || namespaces_enter(pidfd, err) < 0 ||
            beneath_open_root("/", &root, err) < 0)
                return -1;
        if (beneath_open_parent(root, argv[2], &parent, &name, &missing) < 0)
                return error_is(missing, ERROR_NOT_FOUND) ? 0 : error_move(err, &missing);
        if (fchdir(parent) < 0)
                return error_errno(err, errno, "Failed to enter a directory");
        if (umount2(name, UMOUNT_NOFOLLOW | MNT_DETACH) < 0 && errno != EINVAL && errno != ENOENT)
                return error_errno(err, errno, "Failed to unmount \"%s\"", argv[2]);
        remove_empty(parent, name);
        return 0;
}

static int answer(int result, const Error *error) {
        if (result < 0)
                return report_failure(error);
        (void) report(NULL, 0, "done");
        return 0;
}

int verb_mount(int argc, char **argv) {
        _cleanup_error_ Error *error = NULL;
        return answer(mount_into(argv, &error), error);
}

int verb_unmount(int argc, char **argv) {
        _cleanup_error_ Error *error = NULL;
        return answer(unmount_from(argv, &error), error);
}

static int send_uevent(char **argv, Error **err) {
        _cleanup_close_ int pidfd = -1;
        _cleanup_strlist_ StrList parts = {.items = NULL};
        pid_t pid;
        strlist_split(&parts, argv[2], "\n", true);
        if (open_init(argv, &pidfd, &pid, err) < 0)
                return -1;
        if (setns(pidfd, CLONE_NEWNET) < 0)
                return error_errno(err, errno, "Failed to enter the network namespace");
        return uevent_send(&parts, err);
}

int verb_uevent(int argc, char **argv) {
        _cleanup_error_ Error *error = NULL;
        return answer(send_uevent(argv, &error), error);
}

/* A routing socket belongs to the namespace that it was made in, wherever it goes. */
static int open_netlink(char **argv, int *ret_fd, Error **err) {
        _cleanup_close_ int pidfd = -1, fd = -1;
        const struct sockaddr_nl address = {.nl_family = AF_NETLINK};
        pid_t pid;
        if (open_init(argv, &pidfd, &pid, err) < 0)
                return -1;
        if (setns(pidfd, CLONE_NEWNET) < 0)
                return error_errno(err, errno, "Failed to enter the network namespace");
        fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
        if (fd < 0 || bind(fd, (const struct sockaddr *) &address, sizeof address) < 0)
                return error_errno(err, errno, "Failed to make a netlink socket");
        *ret_fd = TAKE_FD(fd);
        return 0;
}

int verb_netlink(int argc, char **argv) {
        _cleanup_error_ Error *error = NULL;
        _cleanup_close_ int fd = -1;
        if (open_netlink(argv, &fd, &error) < 0)
                return report_failure(error);
        return report(&fd, 1, "done") < 0;
}

/* Tries an idmapped mount that is never attached. */
static int probe_idmap(const char *path, Error **err) {
        _cleanup_idmap_ IdMap map = {0};
        _cleanup_close_ int userns = -1, mount_fd = -1;
        idmap_add_both(&map, IDMAP_DEFAULT_BASE, 0, IDMAP_ISOLATED_SIZE);
        if (userns_open(&map, &userns, err) < 0 ||
            mount_clone(AT_FDCWD, path, 0, &mount_fd, err) < 0)
                return -1;
        return mount_configure(mount_fd, 0, userns, err);
}

int verb_probe_idmap(int argc, char **argv) {
        _cleanup_error_ Error *error = NULL;
        return answer(probe_idmap(argv[0], &error), error);
}
