/* Copying a tree as fast as the file system lets us: shared extents where it can (FICLONE), else
 * copies inside the kernel. The hot path of a launch on a pool without snapshots. */
#pragma once

#include "base/error.h"

/* Called about once for each MiB or thousand entries with the bytes copied so far. */
typedef struct TreeCopy {
        const char *from, *to;
        void (*progress)(void *userdata, uint64_t done, uint64_t total); /* may be NULL; total 0 */
        void *userdata;
} TreeCopy;

/* `to` must not exist or be an empty directory. Keeps owners, modes, times, xattrs (and so ACLs and
 * file capabilities), hard links, holes and special files; does not follow links or cross mounts.
 * What was written before a failure stays for the caller to remove. */
int tree_copy(const TreeCopy *copy, Error **err) _must_check_;
/* Makes an existing tree equal to `from`: what is not there is removed, files whose size or time of
 * change differ are copied. A failure leaves something in between. */
int tree_sync(const TreeCopy *copy, Error **err) _must_check_;
/* One regular file, in the same way; `to` is replaced. */
int tree_copy_file(const char *from, const char *to, Error **err) _must_check_;
/* Disk bytes that a tree uses, hard links counted once. */
int tree_usage(const char *path, uint64_t *ret, Error **err) _must_check_;
