/* Root volumes of instances: the verbs on volumes, and the links that lead to them. */
#include "storage/storage_private.h"

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"

static StorageVolume *volume_of(const StorageInstance *instance) {
        return storage_volume_new(instance->pool, STORAGE_VOLUME_CONTAINER, instance->project,
                                  instance->name);
}

/* The instance's volume, or its snapshot's. */
static StorageVolume *target_of(const StorageInstance *instance) {
        StorageVolume *volume = volume_of(instance);
        if (instance->snapshot == NULL)
                return volume;
        StorageVolume *snapshot = storage_snapshot_new(volume, instance->snapshot);
        storage_volume_free(volume);
        return snapshot;
}

static char *link_path(const Storage *storage, const char *folder, const char *name) {
        return str_printf("%s/%s/%s", storage->directory, folder, name);
}

/* The other pool's volume of the same name may have it already. */
static int drop_link(const char *link, const char *target, Error **err) {
        char leads_to[4096];
        ssize_t size = readlink(link, leads_to, sizeof leads_to - 1);
        if (size < 0)
                return 0;
        leads_to[size] = '\0';
        return str_equal(leads_to, target) ? file_remove(link, err) : 0;
}

/* containers/NAME and, as long as there are snapshots, snapshots/NAME. */
static int set_links(const Storage *storage, const StorageVolume *volume, Error **err) {
        _cleanup_free_ char *link = link_path(storage, "containers", volume->name);
        _cleanup_free_ char *snapshots_link = link_path(storage, "snapshots", volume->name);
        _cleanup_free_ char *snapshots = storage_snapshots_path(volume);
        if (path_exists(volume->path) ? file_symlink(volume->path, link, err) < 0
                                      : drop_link(link, volume->path, err) < 0)
                return -1;
        return path_exists(snapshots) ? file_symlink(snapshots, snapshots_link, err)
                                      : drop_link(snapshots_link, snapshots, err);
}

static int create_empty(Storage *storage, StorageVolume *volume, Error **err) {
        _cleanup_free_ char *rootfs = path_join(volume->path, "rootfs");
        if (storage_volume_create(storage, volume, 0, err) < 0)
                return -1;
        return directory_make(rootfs, 0755, err) < 0 ? storage_making_failed(storage, volume) : 0;
}

static int create_from_image(Storage *storage, StorageVolume *volume, const StorageImage *image,
                             Error **err) {
        static const StorageTransfer silent = {};
        _cleanup_(storage_volume_cleanup) StorageVolume *source =
                storage_volume_new(volume->pool, STORAGE_VOLUME_IMAGE, NULL, image->fingerprint);
        if (storage_image_ensure(storage, volume->pool, image, err) < 0 ||
            storage_making_begin(storage, volume, err) < 0)
                return -1;
        return volume->pool->driver->volume->copy(volume, source, &silent, err) < 0
                       ? storage_making_failed(storage, volume)
                       : 0;
}

int storage_instance_create(Storage *storage, StoragePool *pool, const char *project,
                            const char *name, const StorageImage *image, Error **err) {
        _cleanup_(storage_volume_cleanup) StorageVolume *volume =
                storage_volume_new(pool, STORAGE_VOLUME_CONTAINER, project, name);
        if ((image == NULL ? create_empty(storage, volume, err)
                           : create_from_image(storage, volume, image, err)) < 0)
                return -1;
        if (set_links(storage, volume, err) == 0)
                return 0;
        (void) storage_making_failed(storage, volume);
        (void) !set_links(storage, volume, NULL);
        return -1;
}

int storage_instance_delete(Storage *storage, StoragePool *pool, const char *project,
                            const char *name, Error **err) {
        _cleanup_(storage_volume_cleanup) StorageVolume *volume =
                storage_volume_new(pool, STORAGE_VOLUME_CONTAINER, project, name);
        if (storage_volume_delete(storage, volume, err) < 0)
                return -1;
        return set_links(storage, volume, err);
}

int storage_instance_rename(Storage *storage, StoragePool *pool, const char *project,
                            const char *name, const char *to, Error **err) {
        _cleanup_(storage_volume_cleanup) StorageVolume *from =
                storage_volume_new(pool, STORAGE_VOLUME_CONTAINER, project, name);
        _cleanup_(storage_volume_cleanup) StorageVolume *renamed =
                storage_volume_new(pool, STORAGE_VOLUME_CONTAINER, project, to);
        if (storage_volume_rename(storage, from, renamed, err) < 0)
                return -1;
        if (set_links(storage, renamed, err) == 0)
                return set_links(storage, from, err);
        if (storage_volume_rename(storage, renamed, from, NULL) < 0)
                log_error("%s is now at %s", from->path, renamed->path);
        return -1;
}

int storage_instance_snapshot(Storage *storage, const StorageInstance *snapshot, Error **err) {
        _cleanup_(storage_volume_cleanup) StorageVolume *volume = volume_of(snapshot);
        _cleanup_(storage_volume_cleanup) StorageVolume *target = target_of(snapshot);
        if (storage_volume_snapshot(storage, target, err) < 0)
                return -1;
        return set_links(storage, volume, err) < 0 ? storage_making_failed(storage, target) : 0;
}

int storage_instance_snapshot_delete(Storage *storage, const StorageInstance *snapshot,
                                     Error **err) {
        _cleanup_(storage_volume_cleanup) StorageVolume *volume = volume_of(snapshot);
        _cleanup_(storage_volume_cleanup) StorageVolume *target = target_of(snapshot);
        if (storage_volume_delete(storage, target, err) < 0)
                return -1;
        return set_links(storage, volume, err);
}

int storage_instance_snapshot_rename(Storage *storage, const StorageInstance *snapshot,
                                     const char *to, Error **err) {
        StorageInstance other = *snapshot;
        other.snapshot = to;
        _cleanup_(storage_volume_cleanup) StorageVolume *from = target_of(snapshot);
        _cleanup_(storage_volume_cleanup) StorageVolume *renamed = target_of(&other);
        return storage_volume_rename(storage, from, renamed, err);
}

int storage_instance_restore(Storage *storage, const StorageInstance *snapshot, Error **err) {
        _cleanup_(storage_volume_cleanup) StorageVolume *target = target_of(snapshot);
        return storage_volume_restore(storage, target, err);
}

int storage_instance_copy(Storage *storage, const StorageCopy *copy, Error **err) {
        _cleanup_(storage_volume_cleanup) StorageVolume *source = target_of(&copy->source);
        _cleanup_(storage_volume_cleanup) StorageVolume *target = target_of(&copy->target);
        const StorageVolumeCopy spec = {.source = source,
                                        .target = target,
                                        .snapshots = copy->snapshots,
                                        .refresh = copy->refresh,
                                        .transfer = copy->transfer};
        if (storage_volume_copy(storage, &spec, err) < 0)
                return -1;
        if (set_links(storage, target, err) == 0)
                return 0;
        return copy->refresh ? -1 : storage_making_failed(storage, target);
}

int storage_instance_mount(const StorageInstance *instance, Error **err) {
        _cleanup_(storage_volume_cleanup) StorageVolume *volume = target_of(instance);
        return storage_volume_mount(volume, err);
}

int storage_instance_unmount(const StorageInstance *instance, Error **err) {
        _cleanup_(storage_volume_cleanup) StorageVolume *volume = target_of(instance);
        return storage_volume_unmount(volume, err);
}

int storage_instance_flatten(const StorageInstance *instance, Error **err) {
        _cleanup_(storage_volume_cleanup) StorageVolume *volume = target_of(instance);
        return storage_volume_flatten(volume, err);
}

int storage_instance_usage(const StorageInstance *instance, uint64_t *ret, Error **err) {
        _cleanup_(storage_volume_cleanup) StorageVolume *volume = target_of(instance);
        const StorageVolumeOps *ops = instance->pool->driver->volume;
        if (storage_check_available(volume, err) < 0)
                return -1;
        if (ops->usage == NULL)
                return error_set(err, ERROR_UNSUPPORTED, 0, "The driver does not count bytes");
        return ops->usage(volume, ret, err);
}

int storage_instance_set_size(const StorageInstance *instance, uint64_t bytes, Error **err) {
        _cleanup_(storage_volume_cleanup) StorageVolume *volume = target_of(instance);
        return storage_volume_set_size(volume, bytes, err);
}

void storage_instance_settled(Storage *storage, const StorageInstance *instance) {
        _cleanup_(storage_volume_cleanup) StorageVolume *volume = target_of(instance);
        storage_volume_settled(storage, volume);
}
