#include "daemon/listen.h"

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define FIRST_PASSED_FD 3 /* SD_LISTEN_FDS_START */
#define BACKLOG 4096

static bool take_passed(int *ret_fd) {
        int64_t pid, count;
        bool mine = str_to_int64(getenv("LISTEN_PID"), &pid) && pid == getpid() &&
                    str_to_int64(getenv("LISTEN_FDS"), &count) && count >= 1;
        if (!mine)
                return false;
        *ret_fd = FIRST_PASSED_FD;
        (void) fcntl(*ret_fd, F_SETFD, FD_CLOEXEC);
        /* Children are not to think that they were activated. */
        (void) unsetenv("LISTEN_PID");
        (void) unsetenv("LISTEN_FDS");
        return true;
}

static int fill_address(const char *path, struct sockaddr_un *ret, Error **err) {
        *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
        if (strlen(path) >= sizeof ret->sun_path)
                return error_set(err, ERROR_INVALID, 0,
                                 "The path %s is longer than a socket's may be (%zu)", path,
                                 sizeof ret->sun_path - 1);
        memcpy(ret->sun_path, path, strlen(path) + 1);
        return 0;
}

static int remove_dead(const char *path, const struct sockaddr_un *address, Error **err) {
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd >= 0 && connect(fd, (const struct sockaddr *) address, sizeof *address) == 0)
                return error_set(err, ERROR_IN_USE, 0, "Another daemon serves %s", path);
        return file_remove(path, err);
}

static int set_owner(const char *path, const char *group, Error **err) {
        gid_t gid = 0;
        if (!str_is_empty(group)) {
                const struct group *entry = getgrnam(group);
                if (entry == NULL)
                        return error_set(err, ERROR_INVALID, 0, "The group \"%s\" doesn't exist",
                                         group);
                gid = entry->gr_gid;
        }
        if (chown(path, 0, gid) < 0 || chmod(path, 0660) < 0)
                return error_errno(err, errno, "Cannot set the owner of %s", path);
        return 0;
}

int daemon_listen_unix(const char *directory, const char *group, int *ret_fd, bool *ret_passed,
                       Error **err) {
        _cleanup_free_ char *path = path_join(directory, "unix.socket");
        struct sockaddr_un address;
        *ret_passed = take_passed(ret_fd);
        if (*ret_passed)
                return 0;
        if (fill_address(path, &address, err) < 0 || remove_dead(path, &address, err) < 0)
                return -1;
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0 || bind(fd, (const struct sockaddr *) &address, sizeof address) < 0)
                return error_errno(err, errno, "Cannot bind %s", path);
        if (set_owner(path, group, err) < 0)
                return -1;
        if (listen(fd, BACKLOG) < 0)
                return error_errno(err, errno, "Cannot listen on %s", path);
        *ret_fd = TAKE_FD(fd);
        return 0;
}
