/* Paths that a container can influence. openat2 with RESOLVE_IN_ROOT: absolute paths, ".." and
 * links are taken as if the given directory were "/"; nothing outside can be reached, magic links
 * of /proc are refused. Every function works relative to `root_fd`. Thread-safe. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <sys/stat.h>

/* `path` as the container would say it. flags/mode as open(2); O_CLOEXEC is added. */
int beneath_open(int root_fd, const char *path, int flags, mode_t mode, int *ret_fd, Error **err)
        _must_check_;
/* Opens the directory that holds the last part and returns that part ("." for the root itself):
 * for the *at() calls that do not follow a final link. */
int beneath_open_parent(int root_fd, const char *path, int *ret_fd, char **ret_name, Error **err)
        _must_check_;
int beneath_stat(int root_fd, const char *path, bool follow, struct stat *ret, Error **err)
        _must_check_;
int beneath_read(int root_fd, const char *path, size_t limit, char **ret_data, size_t *ret_size,
                 Error **err) _must_check_;
/* Creates or truncates a regular file, never through a link; sets mode (umask ignored) and, unless
 * -1, owner. `owner` NULL: as the file system makes it. */
typedef struct BeneathOwner {
        uid_t uid;
        gid_t gid;
        mode_t mode;
} BeneathOwner;
int beneath_write(int root_fd, const char *path, const void *data, size_t size,
                  const BeneathOwner *owner, Error **err) _must_check_;
int beneath_make_directories(int root_fd, const char *path, mode_t mode, Error **err)
        _must_check_;
int beneath_remove_all(int root_fd, const char *path, Error **err) _must_check_; /* absent: fine */
int beneath_open_root(const char *path, int *ret_fd, Error **err) _must_check_; /* O_PATH dir */
