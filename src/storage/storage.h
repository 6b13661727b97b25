/* Pools and volumes. Thread-safe; every function may block. Records of volumes belong to the
 * callers' transactions, what is on disk to this folder. */
#pragma once

#include "database/database.h"
#include "storage/driver.h"

typedef struct Storage Storage;

/* `directory`: BERTH_DIR. */
Storage *storage_new(Database *database, const char *directory);
void storage_free(Storage *storage);
/* Mounts every pool; those that fail are logged and the rest goes on. */
void storage_start(Storage *storage);

/* Pools. ERROR_NOT_FOUND "Storage pool not found". The pool is the caller's copy. */
int storage_pool_find(Storage *storage, const char *name, StoragePool **ret, Error **err)
        _must_check_;
void storage_pool_free(StoragePool *pool);
DEFINE_CLEANUP(StoragePool, storage_pool, storage_pool_free)
int storage_pool_create(Storage *storage, const StoragePoolRow *row, Error **err) _must_check_;
int storage_pool_update(Storage *storage, const char *name, const char *description,
                        const StrMap *config, Error **err) _must_check_;
/* ERROR_IN_USE while a volume or a profile needs it. */
int storage_pool_delete(Storage *storage, const char *name, Error **err) _must_check_;
int storage_pool_usage(StoragePool *pool, StorageUsage *ret, Error **err) _must_check_;

/* Volumes. `project` and `name` make the name on disk; images have no project. */
StorageVolume *storage_volume_new(StoragePool *pool, StorageVolumeType type, const char *project,
                                  const char *name);
void storage_volume_free(StorageVolume *volume);
DEFINE_CLEANUP(StorageVolume, storage_volume, storage_volume_free)
/* "[PROJECT_]NAME". */
char *storage_instance_name(const char *project, const char *name);

typedef struct StorageImage {
        const char *fingerprint;
        const char *metadata; /* path of the unified tarball, or of the metadata of a split image */
        const char *rootfs;   /* path, NULL for a unified image */
        void (*progress)(void *userdata, uint64_t done, uint64_t total); /* may be NULL */
        void *userdata;
} StorageImage;

/* The root volume of an instance: made, or nothing is left. `image` NULL: empty, with rootfs/. The
 * link containers/NAME leads to it. */
int storage_instance_create(Storage *storage, StoragePool *pool, const char *project,
                            const char *name, const StorageImage *image, Error **err) _must_check_;
int storage_instance_delete(Storage *storage, StoragePool *pool, const char *project,
                            const char *name, Error **err) _must_check_; /* absent: fine */
int storage_instance_rename(Storage *storage, StoragePool *pool, const char *project,
                            const char *name, const char *to, Error **err) _must_check_;

/* The unpacked image that instances are copied from: made once however many ask at a time. */
int storage_image_ensure(Storage *storage, StoragePool *pool, const StorageImage *image,
                         Error **err) _must_check_;
/* Removes it from every pool. */
int storage_image_delete(Storage *storage, const char *fingerprint, Error **err) _must_check_;
