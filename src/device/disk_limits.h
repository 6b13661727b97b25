/* limits.read, limits.write and limits.max of disks: throttles of the block devices that their
 * files are on, for the whole instance. Disks on the same device share its mean, as LXD has it. */
#pragma once

#include "base/error.h"
#include "base/text.h"
#include "linux/blockdev.h"

/* Finds the device of a source; the root disk's is ROOT. */
typedef int (*DiskFindBlock)(const char *path, BlockDevice *ret, Error **err);

typedef struct DiskLimitsSpec {
        const DeviceMap *devices; /* expanded */
        const DeviceMap *before;  /* what is in force; NULL: nothing */
        const char *root;         /* a path on the root disk */
        bool unified;             /* cgroup v2: io.max */
        DiskFindBlock find;       /* NULL: blockdev_of_path() */
} DiskLimitsSpec;

/* "FILE VALUE" lines; a limit of `before` that is gone is lifted. */
int disk_limits_plan(const DiskLimitsSpec *spec, StrList *ret, Error **err) _must_check_;
