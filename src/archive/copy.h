/* Copying a tree as fast as the file system lets us: shared extents where it can (FICLONE), else
 * copies inside the kernel. The hot path of a launch on a pool without snapshots. */
#pragma once

#include "base/error.h"

/* `to` must not exist or be an empty directory. Keeps owners, modes, times, xattrs (and so ACLs and
 * file capabilities), hard links, holes and special files; does not follow links or cross mounts.
 * What was written before a failure stays for the caller to remove. */
int tree_copy(const char *from, const char *to, Error **err) _must_check_;
/* Disk bytes that a tree uses, hard links counted once. */
int tree_usage(const char *path, uint64_t *ret, Error **err) _must_check_;
