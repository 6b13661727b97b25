/* btrfs by its own calls: subvolumes, snapshots, quota groups, streams. No program is run. Paths
 * are the daemon's own. Thread-safe. */
#pragma once

#include "base/error.h"
#include "base/text.h"

bool subvolume_is_possible(const char *path); /* `path` lies on btrfs */
bool subvolume_exists(const char *path);

int subvolume_create(const char *path, Error **err) _must_check_;
/* `to` (not there yet) with the content of `from` and of the subvolumes in it. */
int subvolume_snapshot(const char *from, const char *to, bool readonly, Error **err)
        _must_check_;
/* With the subvolumes in it, read-only or not. Absent: fine. */
int subvolume_delete(const char *path, Error **err) _must_check_;
int subvolume_set_readonly(const char *path, bool readonly, Error **err) _must_check_;
/* Those in it, relative to `path`, parents before children. */
int subvolume_list(const char *path, StrList *ret, Error **err) _must_check_;
int subvolume_id(const char *path, uint64_t *ret, Error **err) _must_check_;

/* Quota groups 0/ID of subvolumes, reached through `root`, any path on the file system: a volume
 * over its limit refuses changes of the limit through itself. */
typedef struct SubvolumeQuota {
        uint64_t referenced; /* bytes */
        uint64_t limit;      /* of the referenced bytes; 0: none */
} SubvolumeQuota;
int subvolume_quota_enable(const char *root, Error **err) _must_check_; /* waits for the count */
/* ERROR_NOT_FOUND while quotas are off. */
int subvolume_quota_get(const char *root, uint64_t id, SubvolumeQuota *ret, Error **err)
        _must_check_;
int subvolume_quota_limit(const char *root, uint64_t id, uint64_t bytes, Error **err)
        _must_check_;
/* Of a subvolume that is gone; while the kernel still cleans up it stays. */
void subvolume_quota_forget(const char *root, uint64_t id);

/* The stream of a read-only subvolume; `parent` NULL: everything. Somebody must read `fd`. */
int subvolume_send(const char *path, const char *parent, int fd, Error **err) _must_check_;
/* Takes all of the device, after it has grown. */
int subvolume_grow(const char *path, Error **err) _must_check_;
/* The file system's UUID on a device or in an image file; ERROR_INVALID: it is no btrfs. */
int subvolume_read_uuid(const char *device, char **ret, Error **err) _must_check_;
