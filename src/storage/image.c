/* Image volumes: what instances are copied from. */
#include "storage/storage_private.h"

#include "archive/archive.h"
#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "database/storage_volumes.h"

static bool is_adoptable(const StorageVolume *volume, const char *rootfs) {
        ArchiveFormat format;
        return volume->pool->driver->volume->adopt_rootfs != NULL &&
               archive_detect(rootfs, &format, NULL) == 0 && format == ARCHIVE_SQUASHFS;
}

/* A unified tarball has rootfs/ in it, a split image's second file is the rootfs itself. */
static int unpack_image(StorageVolume *volume, const StorageImage *image, Error **err) {
        ArchiveUnpack unpack = {.source = image->metadata,
                                .target = volume->path,
                                .progress = image->progress,
                                .userdata = image->userdata};
        _cleanup_free_ char *rootfs = path_join(volume->path, "rootfs");
        _cleanup_free_ char *private = path_join(volume->path, STORAGE_PRIVATE);
        /* An image has no say in what is the driver's. */
        if (archive_unpack(&unpack, err) < 0 || path_remove_all(private, err) < 0)
                return -1;
        if (image->rootfs != NULL && is_adoptable(volume, image->rootfs))
                return volume->pool->driver->volume->adopt_rootfs(volume, image->rootfs, err);
        if (image->rootfs != NULL) {
                unpack.source = image->rootfs;
                unpack.target = rootfs;
                if (directory_make(rootfs, 0755, err) < 0 || archive_unpack(&unpack, err) < 0)
                        return -1;
        }
        if (!path_is_directory(rootfs))
                return error_set(err, ERROR_INVALID, 0, "Image is missing a rootfs");
        return 0;
}

static int record_image(Storage *storage, StoragePool *pool, const char *fingerprint,
                        Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_error_ Error *failed = NULL;
        StorageVolumeRow row = {.pool = pool->row.name,
                                .project = (char *) "default",
                                .name = (char *) fingerprint,
                                .type = STORAGE_VOLUME_IMAGE};
        int64_t id;
        if (database_begin(storage->database, DATABASE_WRITE, &tx, err) < 0)
                return -1;
        if (db_storage_volume_create(tx, &row, &id, &failed) < 0)
                return error_is(failed, ERROR_EXISTS) ? 0 : error_move(err, &failed);
        return transaction_commit(&tx, err);
}

/* Unpacks beside and renames, so that a volume of the final name is whole after any crash. */
static int make_image(Storage *storage, StoragePool *pool, const StorageImage *image,
                      const StorageVolume *final, Error **err) {
        _cleanup_(storage_volume_cleanup) StorageVolume *beside =
                storage_volume_beside(pool, STORAGE_VOLUME_IMAGE);
        const StorageVolumeOps *ops = pool->driver->volume;
        if (ops->create(beside, err) == 0 && unpack_image(beside, image, err) == 0 &&
            ops->rename(beside, final, err) == 0)
                return record_image(storage, pool, image->fingerprint, err);
        if (ops->delete(beside, NULL) < 0)
                log_warning("A half unpacked image stays at %s", beside->path);
        return -1;
}

int storage_image_ensure(Storage *storage, StoragePool *pool, const StorageImage *image,
                         Error **err) {
        _cleanup_free_ char *key = str_printf("%s/%s", pool->row.name, image->fingerprint);
        _cleanup_(storage_volume_cleanup) StorageVolume *volume =
                storage_volume_new(pool, STORAGE_VOLUME_IMAGE, NULL, image->fingerprint);
        int result = 0;
        if (storage_check_available(volume, err) < 0)
                return -1;
        if (path_is_directory(volume->path))
                return 0;
        storage_hold(storage, key);
        if (!path_is_directory(volume->path))
                result = make_image(storage, pool, image, volume, err);
        storage_release(storage, key);
        return result;
}

int storage_image_delete(Storage *storage, const char *fingerprint, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(storage_volume_row_list_done) StorageVolumeRowList list = {};
        if (database_begin(storage->database, DATABASE_WRITE, &tx, err) < 0 ||
            db_storage_volume_list(tx, NULL, NULL, STORAGE_VOLUME_IMAGE, &list, err) < 0)
                return -1;
        for (size_t i = 0; i < list.count; i++) {
                _cleanup_(storage_pool_cleanup) StoragePool *pool = NULL;
                if (!str_equal(list.items[i].name, fingerprint))
                        continue;
                if (storage_pool_find(storage, list.items[i].pool, &pool, err) < 0)
                        return -1;
                _cleanup_(storage_volume_cleanup) StorageVolume *volume =
                        storage_volume_new(pool, STORAGE_VOLUME_IMAGE, NULL, fingerprint);
                if (pool->driver->volume->delete(volume, err) < 0 ||
                    db_storage_volume_delete(tx, list.items[i].id, err) < 0)
                        return -1;
        }
        return transaction_commit(&tx, err);
}
