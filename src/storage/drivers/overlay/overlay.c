/* overlay: volumes as layers over images, on whatever file system is there. Only roots of instances
 * that came from an image have layers; everything else is as the dir driver has it. */
#include "storage/drivers/overlay/layers.h"

#include "archive/copy.h"
#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "linux/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define DIR_OPS (storage_driver_dir.volume)

static char *overlay_find_version(void) {
        _cleanup_free_ char *known = NULL;
        if (file_read("/proc/filesystems", 0, &known, NULL, NULL) < 0 ||
            strstr(known, "\toverlay\n") == NULL)
                return NULL;
        return str_dup("1");
}

static int copy_entry(const char *from, const char *to, Error **err) {
        const TreeCopy tree = {.from = from, .to = to};
        return path_is_directory(from) ? tree_copy(&tree, err) : tree_copy_file(from, to, err);
}

/* Of an image its metadata is copied, its root becomes the lower layer. */
static int copy_image(StorageVolume *volume, const StorageVolume *image, Error **err) {
        static const char *const names[] = {"metadata.yaml", "templates"};
        _cleanup_free_ char *rootfs = path_join(volume->path, "rootfs");
        if (DIR_OPS->create(volume, err) < 0 || directory_make(rootfs, 0755, err) < 0)
                return -1;
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                _cleanup_free_ char *from = path_join(image->path, names[i]);
                _cleanup_free_ char *to = path_join(volume->path, names[i]);
                if (path_exists(from) && copy_entry(from, to, err) < 0)
                        return -1;
        }
        return layer_create(volume, image->title, err);
}

/* Everything but what is mounted at rootfs/; the working directory is made anew. */
static int copy_layers(StorageVolume *volume, const StorageVolume *source,
                       const StorageTransfer *transfer, Error **err) {
        const TreeCopy copy = {source->path, volume->path, transfer->progress, transfer->userdata,
                               "rootfs"};
        _cleanup_free_ char *rootfs = path_join(volume->path, "rootfs");
        _cleanup_free_ char *work = layer_path(volume, "work");
        if (tree_copy(&copy, err) < 0 || path_remove_all(work, err) < 0 ||
            directory_make(work, 0700, err) < 0)
                return -1;
        return directory_make(rootfs, 0755, err);
}

static int overlay_copy(StorageVolume *volume, const StorageVolume *source,
                        const StorageTransfer *transfer, Error **err) {
        if (source->type == STORAGE_VOLUME_IMAGE)
                return copy_image(volume, source, err);
        return layer_has(source) ? copy_layers(volume, source, transfer, err)
                                 : DIR_OPS->copy(volume, source, transfer, err);
}

static int overlay_create_snapshot(StorageVolume *snapshot, Error **err) {
        static const StorageTransfer silent = {};
        _cleanup_(storage_volume_cleanup) StorageVolume *volume = storage_volume_parent(snapshot);
        return overlay_copy(snapshot, volume, &silent, err);
}

static int overlay_unmount(StorageVolume *volume, Error **err) {
        _cleanup_free_ char *rootfs = path_join(volume->path, "rootfs");
        return layer_has(volume) ? mount_remove(rootfs, false, err) : 0;
}

static int overlay_delete(StorageVolume *volume, Error **err) {
        _cleanup_free_ char *lower = NULL;
        if (volume->type == STORAGE_VOLUME_IMAGE && !layer_has(volume))
                return layer_retire(volume, err);
        if (layer_has(volume) && (layer_read_lower(volume, &lower, NULL) < 0 ||
                                  overlay_unmount(volume, err) < 0))
                log_warning("%s has a broken layer", volume->path);
        if (DIR_OPS->delete(volume, err) < 0)
                return -1;
        return lower != NULL ? layer_collect(volume->pool, lower, err) : 0;
}

/* Takes the volume's place; what was there goes. -1 when `result` is. */
static int replace(StorageVolume *volume, StorageVolume *beside, int result, Error **err) {
        if (result == 0)
                result = overlay_unmount(volume, err);
        if (result == 0 && renameat2(AT_FDCWD, beside->path, AT_FDCWD, volume->path,
                                     RENAME_EXCHANGE) < 0)
                result = error_errno(err, errno, "Cannot replace volume %s", volume->path);
        if (overlay_delete(beside, NULL) < 0)
                log_warning("%s stays behind", beside->path);
        return result;
}

static int overlay_refresh(StorageVolume *volume, const StorageVolume *source,
                           const StorageTransfer *transfer, Error **err) {
        _cleanup_(storage_volume_cleanup) StorageVolume *beside =
                storage_volume_beside(volume->pool, STORAGE_VOLUME_CONTAINER);
        return replace(volume, beside, overlay_copy(beside, source, transfer, err), err);
}

static int overlay_restore(StorageVolume *volume, StorageVolume *snapshot, Error **err) {
        static const StorageTransfer silent = {};
        return overlay_refresh(volume, snapshot, &silent, err);
}

static int overlay_rename(StorageVolume *volume, const StorageVolume *to, Error **err) {
        return DIR_OPS->rename(volume, to, err);
}

static int mount_layers(const StorageVolume *volume, const IdMap *map, Error **err) {
        _cleanup_free_ char *rootfs = path_join(volume->path, "rootfs");
        _cleanup_free_ char *upper = layer_path(volume, "upper");
        _cleanup_free_ char *work = layer_path(volume, "work");
        _cleanup_free_ char *fingerprint = NULL, *lower = NULL;
        if (layer_read_lower(volume, &fingerprint, err) < 0 ||
            layer_lower(volume->pool, fingerprint, &lower, err) < 0)
                return -1;
        if (volume->pool->runtime == NULL)
                return error_set(err, ERROR_UNSUPPORTED, 0, "Layers cannot be mounted here");
        const OverlaySpec spec = {.lower = lower,
                                  .upper = upper,
                                  .work = volume->snapshot == NULL ? work : NULL,
                                  .target = rootfs,
                                  .map = map};
        return runtime_mount_overlay(volume->pool->runtime, &spec, err);
}

/* `wanted` NULL: with the ids that the volume has. */
static int mount_held(StorageVolume *volume, const IdMap *wanted, Error **err) {
        _cleanup_free_ char *rootfs = path_join(volume->path, "rootfs");
        _cleanup_idmap_ IdMap present = {.items = NULL}, settled = {.items = NULL};
        bool mounted = mount_exists(rootfs);
        if (layer_settle_ids(volume, NULL, &present, err) < 0)
                return -1;
        if (mounted && (wanted == NULL || idmap_equal(wanted, &present)))
                return 0;
        if (mounted && mount_remove(rootfs, false, err) < 0)
                return -1;
        if (layer_settle_ids(volume, wanted, &settled, err) < 0)
                return -1;
        return mount_layers(volume, &settled, err);
}

static int mount_with(StorageVolume *volume, const IdMap *wanted, Error **err) {
        _cleanup_close_ int held = open(volume->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (held < 0 || flock(held, LOCK_EX) < 0)
                return error_errno(err, errno, "Cannot lock %s", volume->path);
        return mount_held(volume, wanted, err);
}

static int overlay_mount_volume(StorageVolume *volume, Error **err) {
        return layer_has(volume) ? mount_with(volume, NULL, err) : 0;
}

static int overlay_flatten(StorageVolume *volume, Error **err) {
        _cleanup_(storage_volume_cleanup) StorageVolume *beside =
                storage_volume_beside(volume->pool, STORAGE_VOLUME_CONTAINER);
        _cleanup_free_ char *from = path_join(volume->path, "rootfs");
        _cleanup_free_ char *to = path_join(beside->path, "rootfs");
        const TreeCopy all = {.from = volume->path, .to = beside->path, .skip = STORAGE_PRIVATE};
        const TreeCopy root = {.from = from, .to = to};
        if (!layer_has(volume))
                return 0;
        if (mount_with(volume, NULL, err) < 0)
                return -1;
        int result = tree_copy(&all, err);
        if (result == 0)
                result = tree_copy(&root, err);
        return replace(volume, beside, result, err);
}

static int overlay_mount_mapped(StorageVolume *volume, const IdMap *map, bool *ret_mapped,
                                Error **err) {
        *ret_mapped = layer_has(volume);
        return *ret_mapped ? mount_with(volume, map, err) : 0;
}

static int overlay_adopt_rootfs(StorageVolume *volume, const char *file, Error **err) {
        _cleanup_free_ char *to = path_join(volume->path, "rootfs.squashfs");
        _cleanup_free_ char *rootfs = path_join(volume->path, "rootfs");
        /* The file of the image never changes: a second name is as good as a copy. */
        if (link(file, to) < 0 && tree_copy_file(file, to, err) < 0)
                return -1;
        return directory_make(rootfs, 0755, err);
}

static int overlay_create(StorageVolume *volume, Error **err) {
        return DIR_OPS->create(volume, err);
}

static const StorageVolumeOps overlay_volume_ops = {
        .create = overlay_create,
        .copy = overlay_copy,
        .refresh = overlay_refresh,
        .create_snapshot = overlay_create_snapshot,
        .restore = overlay_restore,
        .delete = overlay_delete,
        .rename = overlay_rename,
        .mount = overlay_mount_volume,
        .unmount = overlay_unmount,
        .mount_mapped = overlay_mount_mapped,
        .flatten = overlay_flatten,
        .adopt_rootfs = overlay_adopt_rootfs,
};

const StorageDriver storage_driver_overlay = {
        .name = "overlay",
        .find_version = overlay_find_version,
        .can = {.cheap_copies = true, .snapshot_copies = true, .plain_snapshots = true},
        .pool = &storage_dir_pool_ops,
        .volume = &overlay_volume_ops,
};
