/* Copying a tree as fast as the file system lets us: shared extents where it can (FICLONE), else
 * copies inside the kernel. The hot path of a launch on a pool without snapshots. */
#pragma once

#include "base/error.h"

#include <sys/stat.h>

/* What stands under this name at the top of a volume is its storage driver's: streams leave it out,
 * and refuse it. */
#define TREE_PRIVATE ".berth"

/* Called about once for each MiB or thousand entries with the bytes copied so far. */
typedef struct TreeCopy {
        const char *from, *to;
        void (*progress)(void *userdata, uint64_t done, uint64_t total); /* may be NULL; total 0 */
        void *userdata;
        const char *skip; /* an entry at the top that is left out, on both sides; may be NULL */
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
/* Where a tree ends: at other mounts, not at btrfs subvolumes, which only have another device. */
typedef struct TreePlace {
        dev_t device;
        uint64_t mount; /* its id */
} TreePlace;
int tree_place(int directory, TreePlace *ret, Error **err) _must_check_;
bool tree_leaves(const TreePlace *place, int directory, const char *name, const struct stat *info);
/* Disk bytes that a tree uses, hard links counted once. */
int tree_usage(const char *path, uint64_t *ret, Error **err) _must_check_;
