/* Where a pool's file system is: in a loop file of ours, on a block device, or in a subvolume of
 * one that is mounted already, which is then bound to the pool's path. */
#include "storage/drivers/btrfs/btrfs_private.h"

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "linux/subvolume.h"
#include "linux/loopback.h"
#include "linux/mounts.h"
#include "process/spawn.h"
#include "storage/drivers/loop_file.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define MKFS_TIMEOUT_MS 600000

static const char *source_of(const StoragePool *pool) {
        const char *source = strmap_get(&pool->row.config, "source");
        return source != NULL ? source : "";
}

static bool is_block_device(const char *path) {
        struct stat info;
        return stat(path, &info) == 0 && S_ISBLK(info.st_mode);
}

static int format(const StoragePool *pool, const char *device, Error **err) {
        bool wipe = str_is_true(strmap_get(&pool->row.config, "source.wipe"));
        const SpawnSpec spec = {.argv = SPAWN_ARGV("mkfs.btrfs", "-q", "-L", pool->row.name, device,
                                                   wipe ? "-f" : NULL)};
        const SpawnLimits limits = {.timeout_ms = MKFS_TIMEOUT_MS};
        return spawn_run_checked(&spec, &limits, NULL, err);
}

static int mount_device(const StoragePool *pool, const char *device, Error **err) {
        const char *options = strmap_get(&pool->row.config, "btrfs.mount_options");
        _cleanup_free_ char *rest = NULL;
        unsigned flags;
        mount_parse_options(str_is_empty(options) ? "user_subvol_rm_allowed" : options, &flags,
                            &rest);
        return mount_filesystem("btrfs", device, pool->path, flags, rest, err);
}

static int mount_loop_file(const StoragePool *pool, Error **err) {
        _cleanup_free_ char *device = NULL;
        _cleanup_close_ int fd = -1;
        if (loopback_attach(source_of(pool), false, &device, &fd, err) < 0)
                return -1;
        return mount_device(pool, device, err);
}

/* A source without a slash is the UUID of a file system. */
static char *device_path(const char *source) {
        return source[0] == '/' ? str_dup(source) : str_printf("/dev/disk/by-uuid/%s", source);
}

static int btrfs_mount(StoragePool *pool, Error **err) {
        const char *source = source_of(pool);
        _cleanup_free_ char *device = device_path(source);
        struct stat info;
        if (mount_exists(pool->path) || str_equal(source, pool->path))
                return 0;
        if (stat(device, &info) < 0)
                return error_set(err, ERROR_UNAVAILABLE, errno,
                                 "Source \"%s\" of storage pool \"%s\" isn't there", source,
                                 pool->row.name);
        if (S_ISREG(info.st_mode))
                return mount_loop_file(pool, err);
        return S_ISBLK(info.st_mode) ? mount_device(pool, device, err)
                                     : mount_bind(source, pool->path, 0, err);
}

static int btrfs_unmount(StoragePool *pool, Error **err) {
        return mount_exists(pool->path) ? mount_remove(pool->path, false, err) : 0;
}

static int create_in_file(StoragePool *pool, Error **err) {
        if (storage_loop_create(pool, err) < 0)
                return -1;
        int result = format(pool, source_of(pool), err);
        if (result < 0)
                (void) error_prefix(err, "Failed to format sparse file");
        else
                result = btrfs_mount(pool, err);
        if (result < 0 && storage_loop_delete(pool, NULL) < 0)
                log_warning("%s stays behind", source_of(pool));
        return result;
}

/* The UUID finds the device under whatever name it gets; without udev there is only the name. */
static int create_on_device(StoragePool *pool, Error **err) {
        _cleanup_free_ char *uuid = NULL;
        if (format(pool, source_of(pool), err) < 0)
                return error_prefix(err, "Failed to format block device");
        if (subvolume_read_uuid(source_of(pool), &uuid, err) < 0)
                return -1;
        _cleanup_free_ char *path = device_path(uuid);
        if (path_exists(path))
                strmap_set(&pool->row.config, "source", uuid);
        return btrfs_mount(pool, err);
}

static int create_in_subvolume(StoragePool *pool, Error **err) {
        const char *source = source_of(pool);
        _cleanup_strlist_ StrList entries = {};
        if (subvolume_exists(source)) {
                if (directory_list(source, &entries, err) < 0)
                        return -1;
                if (entries.count > 0)
                        return error_set(err, ERROR_INVALID, 0,
                                         "Requested btrfs subvolume exists but is not empty");
                return btrfs_mount(pool, err);
        }
        _cleanup_free_ char *inside = str_printf("%s/", pool->directory);
        if (str_has_prefix(source, inside) && !str_equal(source, pool->path))
                return error_set(err, ERROR_INVALID, 0,
                                 "Only allowed source path under \"%s\" is \"%s\"",
                                 pool->directory, pool->path);
        _cleanup_free_ char *parent = path_directory(source);
        if (!subvolume_is_possible(parent))
                return error_set(err, ERROR_INVALID, 0,
                                 "Provided path does not reside on a btrfs filesystem");
        /* The pool's own directory was made by the core: a subvolume takes its place. */
        if (str_equal(source, pool->path) && rmdir(source) < 0)
                return error_errno(err, errno, "Cannot replace %s", source);
        if (subvolume_create(source, err) < 0)
                return -1;
        if (btrfs_mount(pool, err) == 0)
                return 0;
        if (subvolume_delete(source, NULL) < 0)
                log_warning("%s stays behind", source);
        return -1;
}

static int btrfs_create(StoragePool *pool, Error **err) {
        const char *source = source_of(pool);
        if (*source == '\0')
                return create_in_file(pool, err);
        strmap_set(&pool->row.config, "volatile.initial_source", source);
        if (*source != '/')
                return error_set(err, ERROR_INVALID, 0, "Invalid \"source\" property \"%s\": an "
                                 "absolute path is needed", source);
        return is_block_device(source) ? create_on_device(pool, err)
                                       : create_in_subvolume(pool, err);
}

static int empty(const char *directory, Error **err) {
        _cleanup_strlist_ StrList nested = {};
        if (subvolume_exists(directory) && subvolume_list(directory, &nested, err) < 0)
                return -1;
        for (size_t i = 0; i < nested.count; i++) {
                _cleanup_free_ char *path = path_join(directory, nested.items[i]);
                if (subvolume_delete(path, err) < 0)
                        return -1;
        }
        return storage_empty_directory(directory, err);
}

/* What is given back is empty; a subvolume goes, unless something else is mounted there. */
static int btrfs_delete(StoragePool *pool, Error **err) {
        const char *source = source_of(pool);
        bool in_file = storage_loop_is_source(pool);
        bool is_place = !in_file && subvolume_exists(source);
        if (!in_file && subvolume_exists(pool->path) && empty(pool->path, err) < 0)
                return -1;
        if (btrfs_unmount(pool, err) < 0)
                return -1;
        if (in_file)
                return storage_loop_delete(pool, err);
        return is_place && !mount_exists(source) ? subvolume_delete(source, err) : 0;
}

static int btrfs_update(StoragePool *pool, const StrMap *config, Error **err) {
        const char *size = strmap_get(config, "size");
        const char *options = strmap_get(config, "btrfs.mount_options");
        bool grown = false;
        if (!str_is_empty(size) &&
            !str_equal(size, strmap_get(&pool->row.config, "size"))) {
                if (!storage_loop_is_source(pool))
                        return error_set(err, ERROR_INVALID, 0,
                                         "Only pools in a loop file can be resized");
                if (storage_loop_resize(pool, size, &grown, err) < 0)
                        return -1;
        }
        if (grown && subvolume_grow(pool->path, err) < 0)
                return -1;
        if (str_equal(options, strmap_get(&pool->row.config, "btrfs.mount_options")))
                return 0;
        _cleanup_free_ char *rest = NULL;
        unsigned flags;
        mount_parse_options(str_is_empty(options) ? "user_subvol_rm_allowed" : options, &flags,
                            &rest);
        return mount_change(pool->path, flags, rest, err);
}

static int btrfs_usage(StoragePool *pool, StorageUsage *ret, Error **err) {
        struct statvfs info;
        if (statvfs(pool->path, &info) < 0)
                return error_errno(err, errno, "Cannot read the usage of %s", pool->path);
        *ret = (StorageUsage) {
                .space_total = (uint64_t) info.f_blocks * info.f_frsize,
                .space_used = (uint64_t) (info.f_blocks - info.f_bfree) * info.f_frsize,
        };
        return 0;
}

const StoragePoolOps btrfs_pool_ops = {
        .create = btrfs_create,
        .delete = btrfs_delete,
        .update = btrfs_update,
        .mount = btrfs_mount,
        .unmount = btrfs_unmount,
        .usage = btrfs_usage,
};
