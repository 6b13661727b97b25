/* dir: plain directories on whatever file system is there. Works everywhere; copies copy. A pool
 * with a `source` elsewhere has that directory bind-mounted at its path. */
#include "storage/storage_private.h"

#include "archive/copy.h"
#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "linux/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <stdio.h>

/* The directory that is bound to the pool's path, or NULL when the path is the pool itself. */
static const char *dir_source(const StoragePool *pool) {
        const char *source = strmap_get(&pool->row.config, "source");
        return str_is_empty(source) || str_equal(source, pool->path) ? NULL : source;
}

static bool is_same_directory(const char *a, const char *b) {
        struct stat x, y;
        return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
               x.st_ino == y.st_ino;
}

static int dir_mount_pool(StoragePool *pool, Error **err) {
        const char *source = dir_source(pool);
        if (source == NULL || is_same_directory(source, pool->path))
                return 0;
        if (!path_is_directory(source))
                return error_set(err, ERROR_UNAVAILABLE, 0, "Source path \"%s\" isn't a directory",
                                 source);
        return mount_bind(source, pool->path, MOUNT_RECURSIVE, err);
}

static int dir_unmount_pool(StoragePool *pool, Error **err) {
        const char *source = dir_source(pool);
        if (source == NULL || !is_same_directory(source, pool->path))
                return 0;
        return mount_remove(pool->path, true, err);
}

static int dir_create_pool(StoragePool *pool, Error **err) {
        const char *source = dir_source(pool);
        _cleanup_strlist_ StrList entries = {};
        if (source == NULL) {
                strmap_set(&pool->row.config, "source", pool->path);
                return 0;
        }
        strmap_set(&pool->row.config, "volatile.initial_source", source);
        if (!path_is_directory(source))
                return error_set(err, ERROR_INVALID, 0, "Source path \"%s\" doesn't exist", source);
        if (directory_list(source, &entries, err) < 0)
                return -1;
        if (entries.count > 0)
                return error_set(err, ERROR_INVALID, 0, "Source path \"%s\" isn't empty", source);
        return dir_mount_pool(pool, err);
}

/* The core removes the pool's own directory; what lies at a foreign source is emptied here. */
static int dir_delete_pool(StoragePool *pool, Error **err) {
        if (!path_is_directory(pool->path))
                return 0;
        return storage_empty_directory(pool->path, err) < 0 ? -1 : dir_unmount_pool(pool, err);
}

static int dir_usage_pool(StoragePool *pool, StorageUsage *ret, Error **err) {
        struct statvfs info;
        if (statvfs(pool->path, &info) < 0)
                return error_errno(err, errno, "Cannot read the usage of %s", pool->path);
        *ret = (StorageUsage){
                .space_total = (uint64_t) info.f_blocks * info.f_frsize,
                .space_used = (uint64_t) (info.f_blocks - info.f_bfree) * info.f_frsize,
                .inodes_total = info.f_files,
                .inodes_used = info.f_files - info.f_ffree,
        };
        return 0;
}

static int dir_create_volume(StorageVolume *volume, Error **err) {
        if (mkdir(volume->path, 0711) < 0)
                return error_errno(err, errno, "Cannot make volume %s", volume->path);
        if (chmod(volume->path, 0711) < 0) /* whatever the umask is */
                return error_errno(err, errno, "Cannot set the mode of %s", volume->path);
        return 0;
}

static int dir_copy_volume(StorageVolume *volume, const StorageVolume *source,
                           const StorageTransfer *transfer, Error **err) {
        const TreeCopy copy = {source->path, volume->path, transfer->progress, transfer->userdata};
        return tree_copy(&copy, err);
}

static int dir_create_snapshot(StorageVolume *snapshot, Error **err) {
        static const StorageTransfer silent = {};
        _cleanup_(storage_volume_cleanup) StorageVolume *volume = storage_volume_parent(snapshot);
        return dir_copy_volume(snapshot, volume, &silent, err);
}

/* Out of sight in one step, so that what stands at its path is whole. */
static int dir_delete_volume(StorageVolume *volume, Error **err) {
        _cleanup_(storage_volume_cleanup) StorageVolume *beside =
                storage_volume_beside(volume->pool, volume->type);
        if (!path_exists(volume->path))
                return 0;
        if (rename(volume->path, beside->path) < 0)
                return error_errno(err, errno, "Cannot remove volume %s", volume->path);
        return path_remove_all(beside->path, err);
}

/* A whole copy takes the volume's place; what was there goes afterwards. */
static int dir_restore_volume(StorageVolume *volume, StorageVolume *snapshot, Error **err) {
        static const StorageTransfer silent = {};
        _cleanup_(storage_volume_cleanup) StorageVolume *beside =
                storage_volume_beside(volume->pool, volume->type);
        int result = dir_copy_volume(beside, snapshot, &silent, err);
        if (result == 0 && renameat2(AT_FDCWD, beside->path, AT_FDCWD, volume->path,
                                     RENAME_EXCHANGE) < 0)
                result = error_errno(err, errno, "Cannot replace volume %s", volume->path);
        if (path_remove_all(beside->path, NULL) < 0)
                log_warning("%s stays behind", beside->path);
        return result;
}

static int dir_rename_volume(StorageVolume *volume, const StorageVolume *to, Error **err) {
        if (rename(volume->path, to->path) < 0)
                return error_errno(err, errno, "Cannot rename volume %s", volume->path);
        return 0;
}

const StoragePoolOps storage_dir_pool_ops = {
        .create = dir_create_pool,
        .delete = dir_delete_pool,
        .mount = dir_mount_pool,
        .unmount = dir_unmount_pool,
        .usage = dir_usage_pool,
};

static const StorageVolumeOps dir_volume_ops = {
        .create = dir_create_volume,
        .copy = dir_copy_volume,
        .create_snapshot = dir_create_snapshot,
        .restore = dir_restore_volume,
        .delete = dir_delete_volume,
        .rename = dir_rename_volume,
};

const StorageDriver storage_driver_dir = {
        .name = "dir",
        .version = "1",
        .can = {.snapshot_copies = true, .plain_snapshots = true},
        .pool = &storage_dir_pool_ops,
        .volume = &dir_volume_ops,
};
