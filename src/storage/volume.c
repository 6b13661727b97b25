#include "storage/storage_private.h"

#include "archive/archive.h"
#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/units.h"
#include "database/storage_volumes.h"

#include <stdio.h>

static const char *const type_directories[] = {
        [STORAGE_VOLUME_CONTAINER] = "containers",
        [STORAGE_VOLUME_IMAGE] = "images",
        [STORAGE_VOLUME_CUSTOM] = "custom",
        [STORAGE_VOLUME_VIRTUAL_MACHINE] = "virtual-machines",
};

char *storage_instance_name(const char *project, const char *name) {
        return str_equal(project, "default") ? str_dup(name) : str_printf("%s_%s", project, name);
}

static StorageVolume *volume_on_disk(StoragePool *pool, StorageVolumeType type, char *owned_name) {
        StorageVolume *volume = mem_new(StorageVolume);
        volume->pool = pool;
        volume->type = type;
        volume->name = owned_name;
        volume->path = str_printf("%s/%s/%s", pool->path, type_directories[type], owned_name);
        return volume;
}

StorageVolume *storage_volume_new(StoragePool *pool, StorageVolumeType type, const char *project,
                                  const char *name) {
        char *on_disk = type == STORAGE_VOLUME_IMAGE    ? str_dup(name)
                        : type == STORAGE_VOLUME_CUSTOM ? str_printf("%s_%s", project, name)
                                                        : storage_instance_name(project, name);
        return volume_on_disk(pool, type, on_disk);
}

void storage_volume_free(StorageVolume *volume) {
        if (volume == NULL)
                return;
        free(volume->name);
        free(volume->path);
        free(volume);
}

/* A unified tarball has rootfs/ in it, a split image's second file is the rootfs itself. */
static int unpack_image(const StorageVolume *volume, const StorageImage *image, Error **err) {
        ArchiveUnpack unpack = {.source = image->metadata,
                                .target = volume->path,
                                .progress = image->progress,
                                .userdata = image->userdata};
        _cleanup_free_ char *rootfs = path_join(volume->path, "rootfs");
        if (archive_unpack(&unpack, err) < 0)
                return -1;
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
        _cleanup_free_ char *suffix = random_hex(4);
        _cleanup_(storage_volume_cleanup) StorageVolume *beside = volume_on_disk(
                pool, STORAGE_VOLUME_IMAGE, str_printf("%s.%s.tmp", image->fingerprint, suffix));
        const StorageVolumeOps *ops = &pool->driver->volume;
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
        pthread_mutex_lock(&storage->lock);
        while (table_get(storage->making, key) != NULL)
                pthread_cond_wait(&storage->changed, &storage->lock);
        bool there = path_is_directory(volume->path);
        if (!there)
                table_set(storage->making, key, storage);
        pthread_mutex_unlock(&storage->lock);
        if (there)
                return 0;
        result = make_image(storage, pool, image, volume, err);
        pthread_mutex_lock(&storage->lock);
        (void) table_take(storage->making, key);
        pthread_cond_broadcast(&storage->changed);
        pthread_mutex_unlock(&storage->lock);
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
                if (pool->driver->volume.delete(volume, err) < 0 ||
                    db_storage_volume_delete(tx, list.items[i].id, err) < 0)
                        return -1;
        }
        return transaction_commit(&tx, err);
}

static char *link_path(const Storage *storage, const char *name) {
        return str_printf("%s/containers/%s", storage->directory, name);
}

static int create_empty(StorageVolume *volume, Error **err) {
        _cleanup_free_ char *rootfs = path_join(volume->path, "rootfs");
        if (volume->pool->driver->volume.create(volume, err) < 0)
                return -1;
        return directory_make(rootfs, 0755, err);
}

static int create_from_image(Storage *storage, StorageVolume *volume, const StorageImage *image,
                             Error **err) {
        _cleanup_(storage_volume_cleanup) StorageVolume *source =
                storage_volume_new(volume->pool, STORAGE_VOLUME_IMAGE, NULL, image->fingerprint);
        if (storage_image_ensure(storage, volume->pool, image, err) < 0)
                return -1;
        return volume->pool->driver->volume.copy(volume, source, err);
}

int storage_instance_create(Storage *storage, StoragePool *pool, const char *project,
                            const char *name, const StorageImage *image, Error **err) {
        _cleanup_(storage_volume_cleanup) StorageVolume *volume =
                storage_volume_new(pool, STORAGE_VOLUME_CONTAINER, project, name);
        _cleanup_free_ char *link = link_path(storage, volume->name);
        int result = image == NULL ? create_empty(volume, err)
                                   : create_from_image(storage, volume, image, err);
        if (result == 0)
                result = file_symlink(volume->path, link, err);
        if (result < 0 && storage_instance_delete(storage, pool, project, name, NULL) < 0)
                log_warning("A half made volume stays at %s", volume->path);
        return result;
}

int storage_instance_delete(Storage *storage, StoragePool *pool, const char *project,
                            const char *name, Error **err) {
        _cleanup_(storage_volume_cleanup) StorageVolume *volume =
                storage_volume_new(pool, STORAGE_VOLUME_CONTAINER, project, name);
        _cleanup_free_ char *link = link_path(storage, volume->name);
        if (pool->driver->volume.delete(volume, err) < 0)
                return -1;
        return file_remove(link, err);
}

int storage_instance_rename(Storage *storage, StoragePool *pool, const char *project,
                            const char *name, const char *to, Error **err) {
        _cleanup_(storage_volume_cleanup) StorageVolume *from =
                storage_volume_new(pool, STORAGE_VOLUME_CONTAINER, project, name);
        _cleanup_(storage_volume_cleanup) StorageVolume *renamed =
                storage_volume_new(pool, STORAGE_VOLUME_CONTAINER, project, to);
        _cleanup_free_ char *old_link = link_path(storage, from->name);
        _cleanup_free_ char *new_link = link_path(storage, renamed->name);
        if (pool->driver->volume.rename(from, renamed, err) < 0)
                return -1;
        if (file_symlink(renamed->path, new_link, err) < 0) {
                (void) !pool->driver->volume.rename(renamed, from, NULL);
                return -1;
        }
        return file_remove(old_link, err);
}
