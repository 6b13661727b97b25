/* A volume is a subvolume, a snapshot a read-only one. Limits go through the pool's root: a volume
 * that is over its limit refuses everything else. */
#include "storage/drivers/btrfs/btrfs_private.h"

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "linux/subvolume.h"
#include "process/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

static int btrfs_create(StorageVolume *volume, Error **err) {
        if (subvolume_create(volume->path, err) < 0)
                return -1;
        return chmod(volume->path, 0711) < 0
                       ? error_errno(err, errno, "Cannot make volume %s", volume->path)
                       : 0;
}

/* Limits are copied with the content: they are the other volume's. */
static int clear_limit(const StorageVolume *volume, Error **err) {
        SubvolumeQuota quota;
        uint64_t id;
        if (subvolume_id(volume->path, &id, err) < 0)
                return -1;
        if (subvolume_quota_get(volume->pool->path, id, &quota, NULL) < 0 || quota.limit == 0)
                return 0;
        return subvolume_quota_limit(volume->pool->path, id, 0, err);
}

static int snapshot(const StorageVolume *from, const char *to, bool readonly, Error **err) {
        return subvolume_snapshot(from->path, to, readonly, err);
}

static int btrfs_copy(StorageVolume *volume, const StorageVolume *source,
                      const StorageTransfer *transfer, Error **err) {
        if (snapshot(source, volume->path, volume->snapshot != NULL, err) < 0)
                return -1;
        return clear_limit(volume, err);
}

static int btrfs_create_snapshot(StorageVolume *volume, Error **err) {
        static const StorageTransfer silent = {};
        _cleanup_(storage_volume_cleanup) StorageVolume *parent = storage_volume_parent(volume);
        return btrfs_copy(volume, parent, &silent, err);
}

static int btrfs_delete(StorageVolume *volume, Error **err) {
        uint64_t id = 0;
        if (!subvolume_exists(volume->path))
                return path_remove_all(volume->path, err);
        if (subvolume_id(volume->path, &id, err) < 0 ||
            subvolume_delete(volume->path, err) < 0)
                return -1;
        subvolume_quota_forget(volume->pool->path, id);
        return 0;
}

static int exchange(const char *one, const char *other, Error **err) {
        if (renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE) < 0)
                return error_errno(err, errno, "Cannot replace volume %s", other);
        return 0;
}

/* A snapshot of the source takes the volume's place, with the limit that the volume had. */
static int btrfs_replace(StorageVolume *volume, const StorageVolume *source, Error **err) {
        _cleanup_(storage_volume_cleanup) StorageVolume *beside =
                storage_volume_beside(volume->pool, volume->type);
        const char *root = volume->pool->path;
        SubvolumeQuota quota = {.limit = 0}, other = {.limit = 0};
        uint64_t old_id, id;
        if (subvolume_id(volume->path, &old_id, err) < 0 ||
            snapshot(source, beside->path, false, err) < 0)
                return -1;
        int result = subvolume_id(beside->path, &id, err);
        if (result == 0 && subvolume_quota_get(root, old_id, &quota, NULL) == 0 &&
            subvolume_quota_get(root, id, &other, NULL) == 0 && quota.limit != other.limit)
                result = subvolume_quota_limit(root, id, quota.limit, err);
        if (result == 0)
                result = exchange(beside->path, volume->path, err);
        if (btrfs_delete(beside, NULL) < 0)
                log_warning("%s stays behind", beside->path);
        return result;
}

static int btrfs_restore(StorageVolume *volume, StorageVolume *source, Error **err) {
        return btrfs_replace(volume, source, err);
}

static int btrfs_refresh(StorageVolume *volume, const StorageVolume *source,
                         const StorageTransfer *transfer, Error **err) {
        return btrfs_replace(volume, source, err);
}

static int btrfs_rename(StorageVolume *volume, const StorageVolume *to, Error **err) {
        if (rename(volume->path, to->path) < 0)
                return error_errno(err, errno, "Cannot rename volume %s", volume->path);
        return 0;
}

static int btrfs_usage(StorageVolume *volume, uint64_t *ret, Error **err) {
        SubvolumeQuota quota;
        uint64_t id;
        if (subvolume_id(volume->path, &id, err) < 0)
                return -1;
        if (subvolume_quota_get(volume->pool->path, id, &quota, NULL) < 0)
                return error_set(err, ERROR_UNSUPPORTED, 0, "No quotas are on");
        *ret = quota.referenced;
        return 0;
}

static int btrfs_set_size(StorageVolume *volume, uint64_t bytes, Error **err) {
        const char *root = volume->pool->path;
        _cleanup_error_ Error *missing = NULL;
        SubvolumeQuota quota;
        uint64_t id;
        if (subvolume_id(volume->path, &id, err) < 0)
                return -1;
        if (subvolume_quota_get(root, id, &quota, &missing) < 0) {
                /* Counting costs: it begins with the first limit. */
                if (bytes == 0)
                        return 0;
                if (subvolume_quota_enable(root, err) < 0)
                        return -1;
        } else if (quota.limit == bytes) {
                return 0;
        }
        return subvolume_quota_limit(root, id, bytes, err);
}

static int btrfs_stream_send(StorageVolume *volume, const StorageVolume *parent, int fd,
                             Error **err) {
        _cleanup_strlist_ StrList nested = {};
        if (subvolume_list(volume->path, &nested, err) < 0)
                return -1;
        if (nested.count > 0)
                return error_set(err, ERROR_UNSUPPORTED, 0,
                                 "\"%s\" has the subvolume \"%s\" in it: a stream leaves it out",
                                 volume->title, nested.items[0]);
        return subvolume_send(volume->path, parent != NULL ? parent->path : NULL, fd, err);
}

/* The stream names the subvolume that it makes: it is received into a directory of its own. */
static int take_received(StorageVolume *volume, const char *directory, Error **err) {
        _cleanup_strlist_ StrList names = {};
        if (directory_list(directory, &names, err) < 0)
                return -1;
        if (names.count != 1)
                return error_set(err, ERROR_INVALID, 0, "The stream holds no subvolume");
        _cleanup_free_ char *path = path_join(directory, names.items[0]);
        if (volume->snapshot == NULL)
                return subvolume_snapshot(path, volume->path, false, err);
        /* A read-only subvolume cannot be moved; what has been received stays its parent. */
        return subvolume_snapshot(path, volume->path, true, err);
}

static int btrfs_stream_receive(StorageVolume *volume, int fd, Error **err) {
        _cleanup_(storage_volume_cleanup) StorageVolume *beside =
                storage_volume_beside(volume->pool, volume->type);
        const SpawnFd fds[] = {{fd, 0}};
        const SpawnSpec spec = {.argv = SPAWN_ARGV("btrfs", "receive", "-e", beside->path),
                                .fds = fds,
                                .fd_count = 1};
        _cleanup_process_ Process process = PROCESS_NONE;
        ProcessExit end;
        if (subvolume_create(beside->path, err) < 0)
                return -1;
        int result = process_spawn(&spec, &process, err);
        if (result == 0)
                result = process_wait(&process, -1, &end, err);
        if (result == 0 && end.code != 0)
                result = error_set(err, ERROR_INVALID, 0, "btrfs receive ended with %d", end.code);
        if (result == 0)
                result = take_received(volume, beside->path, err);
        if (btrfs_delete(beside, NULL) < 0)
                log_warning("%s stays behind", beside->path);
        return result;
}

const StorageVolumeOps btrfs_volume_ops = {
        .create = btrfs_create,
        .copy = btrfs_copy,
        .refresh = btrfs_refresh,
        .create_snapshot = btrfs_create_snapshot,
        .restore = btrfs_restore,
        .delete = btrfs_delete,
        .rename = btrfs_rename,
        .usage = btrfs_usage,
        .set_size = btrfs_set_size,
};

const StorageStreamOps btrfs_stream_ops = {
        .send = btrfs_stream_send,
        .receive = btrfs_stream_receive,
};
