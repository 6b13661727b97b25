/* Copies of volumes: by the driver within a pool, by trees from one to another. */
#include "storage/storage_private.h"

#include "archive/copy.h"
#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "linux/mounts.h"

static const StorageVolumeOps *ops_of(const StorageVolume *volume) {
        return volume->pool->driver->volume;
}

static bool is_same_pool(const StorageVolume *a, const StorageVolume *b) {
        return str_equal(a->pool->row.name, b->pool->row.name);
}

/* The tree of the volume's directory; a root that is mounted in it is a tree of its own. */
static int fill(const StorageVolume *target, const StorageVolume *source,
                const StorageTransfer *transfer, Error **err) {
        _cleanup_free_ char *from_root = path_join(source->path, "rootfs");
        _cleanup_free_ char *to_root = path_join(target->path, "rootfs");
        const TreeCopy root = {from_root, to_root, transfer->progress, transfer->userdata, NULL};
        const TreeCopy all = {source->path, target->path, transfer->progress, transfer->userdata,
                              STORAGE_PRIVATE};
        if (tree_sync(&all, err) < 0)
                return -1;
        if (!mount_exists(from_root))
                return 0;
        return directory_make(to_root, 0755, err) < 0 ? -1 : tree_sync(&root, err);
}

static int fill_mounted(StorageVolume *target, StorageVolume *source,
                        const StorageTransfer *transfer, Error **err) {
        if (storage_volume_mount(source, err) < 0)
                return -1;
        int result = storage_volume_mount(target, err);
        if (result == 0)
                result = fill(target, source, transfer, err);
        /* Volumes stay as they are: somebody may be using them. */
        if (source->snapshot != NULL && storage_volume_unmount(source, NULL) < 0)
                log_warning("%s stays mounted", source->path);
        return result;
}

static int make_snapshot(const StorageVolumeCopy *copy, StorageVolume *snapshot,
                         StorageVolume *source, Error **err) {
        const StorageVolumeOps *ops = ops_of(snapshot);
        const StorageCapabilities *can = &snapshot->pool->driver->can;
        if (can->snapshot_copies && is_same_pool(snapshot, source))
                return ops->copy(snapshot, source, &copy->transfer, err);
        if (can->plain_snapshots)
                return ops->create(snapshot, err) < 0
                               ? -1
                               : fill_mounted(snapshot, source, &copy->transfer, err);
        /* The volume takes on the snapshots' contents one after the other. */
        if (fill_mounted(copy->target, source, &copy->transfer, err) < 0)
                return -1;
        return ops->create_snapshot(snapshot, err);
}

static int copy_snapshot(Storage *storage, const StorageVolumeCopy *copy, const char *name,
                         Error **err) {
        _cleanup_(storage_volume_cleanup) StorageVolume *source =
                storage_snapshot_new(copy->source, name);
        _cleanup_(storage_volume_cleanup) StorageVolume *snapshot =
                storage_snapshot_new(copy->target, name);
        if (storage_making_begin(storage, snapshot, err) < 0)
                return -1;
        return make_snapshot(copy, snapshot, source, err) < 0
                       ? storage_making_failed(storage, snapshot)
                       : 0;
}

/* `*ret_made`: how many there are to undo. */
static int copy_snapshots(Storage *storage, const StorageVolumeCopy *copy, size_t *ret_made,
                          Error **err) {
        for (*ret_made = 0; copy->snapshots != NULL && *ret_made < copy->snapshots->count;
             (*ret_made)++)
                if (copy_snapshot(storage, copy, copy->snapshots->items[*ret_made], err) < 0)
                        return -1;
        return 0;
}

static int copy_content(const StorageVolumeCopy *copy, bool exists, Error **err) {
        const StorageVolumeOps *ops = ops_of(copy->target);
        if (is_same_pool(copy->source, copy->target)) {
                if (!exists)
                        return ops->copy(copy->target, copy->source, &copy->transfer, err);
                if (ops->refresh != NULL)
                        return ops->refresh(copy->target, copy->source, &copy->transfer, err);
        }
        return fill_mounted(copy->target, copy->source, &copy->transfer, err);
}

static void undo_snapshots(Storage *storage, const StorageVolumeCopy *copy, size_t made) {
        while (made-- > 0) {
                _cleanup_(storage_volume_cleanup) StorageVolume *snapshot =
                        storage_snapshot_new(copy->target, copy->snapshots->items[made]);
                (void) storage_making_failed(storage, snapshot);
        }
}

int storage_volume_copy(Storage *storage, const StorageVolumeCopy *copy, Error **err) {
        bool exists = copy->refresh;
        size_t made = 0;
        int result = 0;
        if (!exists && storage_making_begin(storage, copy->target, err) < 0)
                return -1;
        if (!exists && !is_same_pool(copy->source, copy->target)) {
                result = ops_of(copy->target)->create(copy->target, err);
                exists = true;
        }
        if (result == 0 && copy->refresh && !is_same_pool(copy->source, copy->target))
                result = storage_volume_flatten(copy->target, err);
        if (result == 0)
                result = copy_snapshots(storage, copy, &made, err);
        if (result == 0)
                result = copy_content(copy, exists, err);
        if (result < 0 && copy->refresh)
                undo_snapshots(storage, copy, made);
        else if (result < 0)
                (void) storage_making_failed(storage, copy->target);
        return result;
}
