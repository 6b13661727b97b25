#include "base/files.h"

#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define DEFAULT_READ_LIMIT ((size_t) 16 << 20)

int fd_read_all(int fd, size_t limit, char **ret_data, size_t *ret_size, Error **err) {
        _cleanup_strbuf_ StrBuf buffer = {};
        char block[16384];
        if (limit == 0)
                limit = DEFAULT_READ_LIMIT;
        for (;;) {
                ssize_t got = read(fd, block, sizeof block);
                if (got < 0 && errno == EINTR)
                        continue;
                if (got < 0)
                        return error_errno(err, errno, "Cannot read");
                if (got == 0)
                        break;
                if (buffer.length + (size_t) got > limit)
                        return error_set(err, ERROR_TOO_LARGE, 0, "Larger than %zu bytes", limit);
                strbuf_add_data(&buffer, block, (size_t) got);
        }
        if (ret_size != NULL)
                *ret_size = buffer.length;
        *ret_data = strbuf_take(&buffer);
        return 0;
}

int file_read(const char *path, size_t limit, char **ret_data, size_t *ret_size, Error **err) {
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0)
                return error_errno(err, errno, "Cannot open %s", path);
        if (fd_read_all(fd, limit, ret_data, ret_size, err) < 0)
                return error_prefix(err, "%s", path);
        return 0;
}

int fd_write_all(int fd, const void *data, size_t size, Error **err) {
        const char *rest = data;
        while (size > 0) {
                ssize_t put = write(fd, rest, size);
                if (put < 0 && errno == EINTR)
                        continue;
                if (put < 0)
                        return error_errno(err, errno, "Cannot write");
                rest += put;
                size -= (size_t) put;
        }
        return 0;
}

static int write_beside(const char *path, const void *data, size_t size, mode_t mode, bool durable,
                        Error **err) {
        _cleanup_close_ int fd =
                open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
        if (fd < 0)
                return error_errno(err, errno, "Cannot create %s", path);
        if (fchmod(fd, mode) < 0)
                return error_errno(err, errno, "Cannot set the mode of %s", path);
        if (fd_write_all(fd, data, size, err) < 0)
                return error_prefix(err, "%s", path);
        if (durable && fsync(fd) < 0)
                return error_errno(err, errno, "Cannot sync %s", path);
        return 0;
}

int file_write(const char *path, const void *data, size_t size, mode_t mode, bool durable,
               Error **err) {
        _cleanup_free_ char *beside = str_printf("%s.new", path);
        if (write_beside(beside, data, size, mode, durable, err) < 0) {
                (void) unlink(beside);
                return -1;
        }
        if (rename(beside, path) < 0) {
                int number = errno;
                (void) unlink(beside);
                return error_errno(err, number, "Cannot rename %s", beside);
        }
        return 0;
}

int file_write_text(const char *path, const char *text, Error **err) {
        return file_write(path, text, strlen(text), 0600, false, err);
}

bool path_exists(const char *path) {
        struct stat info;
        return lstat(path, &info) == 0;
}

bool path_is_directory(const char *path) {
        struct stat info;
        return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

char *path_join(const char *directory, const char *name) {
        return str_printf("%s%s%s", directory, str_has_suffix(directory, "/") ? "" : "/", name);
}

char *path_directory(const char *path) {
        const char *slash = strrchr(path, '/');
        if (slash == NULL)
                return str_dup(".");
        return str_ndup(path, slash == path ? 1 : (size_t) (slash - path));
}

const char *path_name(const char *path) {
        const char *slash = strrchr(path, '/');
        return slash != NULL ? slash + 1 : path;
}

int directory_make(const char *path, mode_t mode, Error **err) {
        if (mkdir(path, mode) < 0) {
                if (errno == EEXIST && path_is_directory(path))
                        return 0;
                return error_errno(err, errno, "Cannot make directory %s", path);
        }
        /* mkdir is subject to the umask. */
        if (chmod(path, mode) < 0)
                return error_errno(err, errno, "Cannot set the mode of %s", path);
        return 0;
}

int directory_make_all(const char *path, mode_t mode, Error **err) {
        if (path_is_directory(path))
                return 0;
        _cleanup_free_ char *parent = path_directory(path);
        if (!str_equal(parent, path) && directory_make_all(parent, 0755, err) < 0)
                return -1;
        return directory_make(path, mode, err);
}

int directory_list(const char *path, StrList *ret_names, Error **err) {
        DIR *directory = opendir(path);
        if (directory == NULL)
                return error_errno(err, errno, "Cannot open directory %s", path);
        StrList names = {};
        struct dirent *entry;
        while ((entry = readdir(directory)) != NULL)
                if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
                        strlist_add(&names, entry->d_name);
        closedir(directory);
        strlist_sort(&names);
        strlist_done(ret_names);
        *ret_names = names;
        return 0;
}

static int remove_entry(int directory, const char *name, dev_t device, Error **err);

static int remove_children(int directory, dev_t device, Error **err) {
        int copy = dup(directory);
        DIR *stream = copy >= 0 ? fdopendir(copy) : NULL;
        if (stream == NULL) {
                int number = errno;
                fd_close(&copy);
                return error_errno(err, number, "Cannot list a directory");
        }
        int result = 0;
        struct dirent *entry;
        while (result == 0 && (entry = readdir(stream)) != NULL)
                if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
                        result = remove_entry(directory, entry->d_name, device, err);
        closedir(stream);
        return result;
}

static int remove_directory(int parent, const char *name, dev_t device, Error **err) {
        _cleanup_close_ int fd =
                openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        struct stat info;
        if (fd < 0 || fstat(fd, &info) < 0)
                return errno == ENOENT ? 0 : error_errno(err, errno, "Cannot open %s", name);
        if (info.st_dev != device)
                return error_set(err, ERROR_BUSY, EXDEV, "%s is a mount point", name);
        /* Immutable or append-only flags are not cleared: removal then says why it failed. */
        if (remove_children(fd, device, err) < 0)
                return -1;
        if (unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
                return error_errno(err, errno, "Cannot remove directory %s", name);
        return 0;
}

static int remove_entry(int directory, const char *name, dev_t device, Error **err) {
        if (unlinkat(directory, name, 0) == 0 || errno == ENOENT)
                return 0;
        if (errno != EISDIR && errno != EPERM)
                return error_errno(err, errno, "Cannot remove %s", name);
        return remove_directory(directory, name, device, err);
}

int path_remove_all(const char *path, Error **err) {
        _cleanup_free_ char *parent = path_directory(path);
        _cleanup_close_ int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct stat info;
        if (fd < 0 || fstat(fd, &info) < 0)
                return errno == ENOENT ? 0 : error_errno(err, errno, "Cannot open %s", parent);
        struct stat top;
        dev_t device = info.st_dev;
        /* The top itself may be a subvolume or an empty mount's parent: its own device counts. */
        if (fstatat(fd, path_name(path), &top, AT_SYMLINK_NOFOLLOW) == 0)
                device = top.st_dev;
        if (remove_entry(fd, path_name(path), device, err) < 0)
                return error_prefix(err, "Removing %s", path);
        return 0;
}

int file_remove(const char *path, Error **err) {
        if (unlink(path) < 0 && errno != ENOENT)
                return error_errno(err, errno, "Cannot remove %s", path);
        return 0;
}

int file_symlink(const char *target, const char *path, Error **err) {
        _cleanup_free_ char *beside = str_printf("%s.new", path);
        (void) unlink(beside);
        if (symlink(target, beside) < 0)
                return error_errno(err, errno, "Cannot link %s", beside);
        if (rename(beside, path) < 0) {
                int number = errno;
                (void) unlink(beside);
                return error_errno(err, number, "Cannot rename %s", beside);
        }
        return 0;
}
