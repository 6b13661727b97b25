/* Block devices behind files. Thread-safe. */
#pragma once

#include "base/error.h"

typedef struct BlockDevice {
        uint32_t major, minor;
} BlockDevice;

/* What the file system of `path` is on, or the block device that `path` itself is; of a partition
 * its disk, because only disks can be throttled. ERROR_UNSUPPORTED when there is none (tmpfs,
 * overlay). */
int blockdev_of_path(const char *path, BlockDevice *ret, Error **err) _must_check_;
/* The size of its physical blocks; 0 when it cannot be asked. */
int64_t blockdev_physical_block(const char *node);
