/* Files: whole reads and writes, directories, removal. Paths are ours (under the daemon's own
 * directory); what a container can influence goes through linux/beneath.h instead. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <sys/types.h>

/* The whole file, at most `limit` bytes (0: 16 MiB). *ret_size may be NULL. */
int file_read(const char *path, size_t limit, char **ret_data, size_t *ret_size, Error **err)
        _must_check_;
int fd_read_all(int fd, size_t limit, char **ret_data, size_t *ret_size, Error **err)
        _must_check_;
int fd_write_all(int fd, const void *data, size_t size, Error **err) _must_check_;

/* Writes beside `path`, fsyncs when `durable`, renames over it: readers see old or new. */
int file_write(const char *path, const void *data, size_t size, mode_t mode, bool durable,
               Error **err) _must_check_;
int file_write_text(const char *path, const char *text, Error **err) _must_check_; /* 0600 */

bool path_exists(const char *path); /* does not follow a final link */
bool path_is_directory(const char *path);
char *path_join(const char *directory, const char *name);
char *path_directory(const char *path); /* what is before the last slash, "." when none */
const char *path_name(const char *path); /* what is behind it */

int directory_make(const char *path, mode_t mode, Error **err) _must_check_; /* exists: fine */
int directory_make_all(const char *path, mode_t mode, Error **err) _must_check_;
int directory_list(const char *path, StrList *ret_names, Error **err) _must_check_; /* sorted */
/* Removes a file or a whole tree without following links or crossing mounts; absent: fine. */
int path_remove_all(const char *path, Error **err) _must_check_;
int file_remove(const char *path, Error **err) _must_check_; /* absent: fine */
int file_symlink(const char *target, const char *path, Error **err) _must_check_; /* replaces */
