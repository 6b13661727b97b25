#include "linux/beneath.h"

#include "base/files.h"
#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

#define MAX_DEPTH 512

static int open_in_root(int root_fd, const char *path, int flags, mode_t mode) {
        struct open_how how = {
                .flags = (uint64_t) (unsigned) (flags | O_CLOEXEC),
                .mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? mode & 07777 : 0,
                .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
        };
        int fd;
        /* EAGAIN: something was renamed meanwhile and the kernel could not vouch for "..". */
        int tries = 32;
        do
                fd = (int) syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
        while (fd < 0 && (errno == EINTR || (errno == EAGAIN && --tries > 0)));
        return fd;
}

int beneath_open_root(const char *path, int *ret_fd, Error **err) {
        int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return error_errno(err, errno, "Failed to open %s", path);
        *ret_fd = fd;
        return 0;
}

int beneath_open(int root_fd, const char *path, int flags, mode_t mode, int *ret_fd, Error **err) {
        int fd = open_in_root(root_fd, path[0] != '\0' ? path : ".", flags, mode);
        if (fd < 0)
                return error_errno(err, errno, "Failed to open \"%s\"", path);
        *ret_fd = fd;
        return 0;
}

int beneath_open_parent(int root_fd, const char *path, int *ret_fd, char **ret_name,
                        Error **err) {
        size_t length = strlen(path);
        while (length > 0 && path[length - 1] == '/')
                length--;
        size_t start = length;
        while (start > 0 && path[start - 1] != '/')
                start--;
        _cleanup_free_ char *name = str_ndup(path + start, length - start);
        _cleanup_free_ char *parent = str_ndup(path, start);
        if (str_equal(name, "..") || str_equal(name, "."))
                return error_set(err, ERROR_INVALID, EINVAL, "Bad path \"%s\"", path);
        if (beneath_open(root_fd, parent, O_PATH | O_DIRECTORY, 0, ret_fd, err) < 0)
                return -1;
        *ret_name = name[0] != '\0' ? TAKE_PTR(name) : str_dup(".");
        return 0;
}

int beneath_stat(int root_fd, const char *path, bool follow, struct stat *ret, Error **err) {
        _cleanup_close_ int fd = -1;
        if (beneath_open(root_fd, path, O_PATH | (follow ? 0 : O_NOFOLLOW), 0, &fd, err) < 0)
                return -1;
        if (fstatat(fd, "", ret, AT_EMPTY_PATH) < 0)
                return error_errno(err, errno, "Failed to look at \"%s\"", path);
        return 0;
}

int beneath_read(int root_fd, const char *path, size_t limit, char **ret_data, size_t *ret_size,
                 Error **err) {
        _cleanup_close_ int fd = -1;
        /* A FIFO or device put in the file's place must not block or act. */
        if (beneath_open(root_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, &fd, err) < 0)
                return -1;
        struct stat info;
        if (fstat(fd, &info) < 0)
                return error_errno(err, errno, "Failed to look at \"%s\"", path);
        if (!S_ISREG(info.st_mode))
                return error_set(err, ERROR_INVALID, 0, "\"%s\" is not a regular file", path);
        return fd_read_all(fd, limit, ret_data, ret_size, err);
}

int beneath_write(int root_fd, const char *path, const void *data, size_t size,
                  const BeneathOwner *owner, Error **err) {
        _cleanup_close_ int fd = -1;
        int flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
        mode_t mode = owner != NULL ? owner->mode : 0600;
        if (beneath_open(root_fd, path, flags, mode, &fd, err) < 0)
                return -1;
        struct stat info;
        if (fstat(fd, &info) < 0)
                return error_errno(err, errno, "Failed to look at \"%s\"", path);
        if (!S_ISREG(info.st_mode))
                return error_set(err, ERROR_INVALID, 0, "\"%s\" is not a regular file", path);
        if (fd_write_all(fd, data, size, err) < 0)
                return -1;
        if (owner == NULL)
                return 0;
        if ((owner->uid != (uid_t) -1 || owner->gid != (gid_t) -1) &&
            fchown(fd, owner->uid, owner->gid) < 0)
                return error_errno(err, errno, "Failed to set the owner of \"%s\"", path);
        if (fchmod(fd, mode & 07777) < 0)
                return error_errno(err, errno, "Failed to set the mode of \"%s\"", path);
        return 0;
}

int beneath_make_directories(int root_fd, const char *path, mode_t mode, Error **err) {
        StrList parts = {0};
        StrBuf done = {0};
        int result = 0;
        strlist_split(&parts, path, "/", true);
        for (size_t i = 0; i < parts.count && result == 0; i++) {
                _cleanup_close_ int parent = -1;
                result = beneath_open(root_fd, done.length > 0 ? done.data : ".",
                                      O_PATH | O_DIRECTORY, 0, &parent, err);
                if (result == 0 && !str_equal(parts.items[i], "..") &&
                    mkdirat(parent, parts.items[i], mode) < 0 && errno != EEXIST)
                        result = error_errno(err, errno, "Failed to make directory \"%s\"", path);
                strbuf_add_char(&done, '/');
                strbuf_add(&done, parts.items[i]);
        }
        _cleanup_close_ int last = -1;
        if (result == 0)
                result = beneath_open(root_fd, path, O_PATH | O_DIRECTORY, 0, &last, err);
        strbuf_done(&done);
        strlist_done(&parts);
        return result;
}

static int remove_entry(int dir_fd, const char *name, int depth, Error **err);

static int remove_content(int fd, int depth, Error **err) {
        DIR *dir = fdopendir(fd);
        if (dir == NULL) {
                int number = errno;
                (void) close(fd);
                return error_errno(err, number, "Failed to read a directory");
        }
        int result = 0;
        struct dirent *entry;
        while (result == 0 && (entry = readdir(dir)) != NULL) {
                if (!str_equal(entry->d_name, ".") && !str_equal(entry->d_name, ".."))
                        result = remove_entry(dirfd(dir), entry->d_name, depth + 1, err);
        }
        (void) closedir(dir);
        return result;
}

static int remove_entry(int dir_fd, const char *name, int depth, Error **err) {
        if (depth > MAX_DEPTH)
                return error_set(err, ERROR_INVALID, ELOOP, "Directories are nested too deeply");
        if (unlinkat(dir_fd, name, 0) == 0 || errno == ENOENT)
                return 0;
        if (errno != EISDIR && errno != EPERM)
                return error_errno(err, errno, "Failed to remove \"%s\"", name);
        int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return error_errno(err, errno, "Failed to open \"%s\"", name);
        if (remove_content(fd, depth, err) < 0)
                return -1;
        if (unlinkat(dir_fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
                return error_errno(err, errno, "Failed to remove \"%s\"", name);
        return 0;
}

int beneath_remove_all(int root_fd, const char *path, Error **err) {
        _cleanup_close_ int parent = -1;
        _cleanup_free_ char *name = NULL;
        _cleanup_error_ Error *inner = NULL;
        if (beneath_open_parent(root_fd, path, &parent, &name, &inner) < 0)
                return error_is(inner, ERROR_NOT_FOUND) ? 0 : error_move(err, &inner);
        if (str_equal(name, "."))
                return error_set(err, ERROR_INVALID, EINVAL, "The root cannot be removed");
        return remove_entry(parent, name, 0, err);
}
