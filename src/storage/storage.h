/* Pools and volumes. Thread-safe; every function may block. Records of volumes belong to the
 * callers' transactions, what is on disk to this folder. */
#pragma once

#include "database/database.h"
#include "storage/driver.h"

typedef struct Storage Storage;

/* `directory`: BERTH_DIR. `runtime` mounts layers; NULL: drivers that need it fail. */
Storage *storage_new(Database *database, Runtime *runtime, const char *directory);
void storage_free(Storage *storage);
/* Mounts every pool; those that fail are logged, get a warning and are tried again by
 * storage_retry(); the rest goes on. */
void storage_start(Storage *storage);
void storage_retry(Storage *storage);
/* NULL: the driver cannot work on this host. Valid as long as `storage`. */
const char *storage_driver_version(Storage *storage, const StorageDriver *driver);

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
bool storage_pool_is_available(Storage *storage, const char *name); /* its backend is there */
int storage_pool_usage(StoragePool *pool, StorageUsage *ret, Error **err) _must_check_;

/* Volumes: a StorageVolume says which, whether it is there or not. `project` and `name` make the
 * name on disk; images have no project. The pool must outlive it. */
StorageVolume *storage_volume_new(StoragePool *pool, StorageVolumeType type, const char *project,
                                  const char *name);
/* A snapshot of the volume. */
StorageVolume *storage_snapshot_new(const StorageVolume *volume, const char *snapshot);
void storage_volume_free(StorageVolume *volume);
DEFINE_CLEANUP(StorageVolume, storage_volume, storage_volume_free)
/* "[PROJECT_]NAME". */
char *storage_instance_name(const char *project, const char *name);
/* root.img of a block or ISO volume. */
char *storage_volume_image_path(const StorageVolume *volume);

/* Verbs on volumes and their snapshots. What fails leaves things as they were. Callers exclude each
 * other for one volume, and check names and records. What a verb makes is noted in a journal until
 * storage_volume_settled(): what has no record when the daemon starts goes away again. */

/* An empty tree, or root.img of `size` bytes; for a tree size 0 means no limit. */
int storage_volume_create(Storage *storage, StorageVolume *volume, uint64_t size, Error **err)
        _must_check_;
/* A volume with all its snapshots, or one snapshot. Absent: fine. */
int storage_volume_delete(Storage *storage, StorageVolume *volume, Error **err) _must_check_;
/* A volume with its snapshots, or a snapshot; to a name in the same pool. */
int storage_volume_rename(Storage *storage, StorageVolume *volume, StorageVolume *to, Error **err)
        _must_check_;
/* Takes the snapshot that `snapshot` names. */
int storage_volume_snapshot(Storage *storage, StorageVolume *snapshot, Error **err) _must_check_;
/* Makes its volume's content that of the snapshot. */
int storage_volume_restore(Storage *storage, StorageVolume *snapshot, Error **err) _must_check_;

/* A copy, within a pool or from one to another. */
typedef struct StorageVolumeCopy {
        StorageVolume *source; /* a volume, or a snapshot */
        StorageVolume *target; /* a volume; not there yet unless `refresh` */
        const StrList *snapshots; /* of the source volume, oldest first, that the target gets too
                                   * (it has none of these names); may be NULL */
        bool refresh; /* the target exists and becomes equal to the source */
        StorageTransfer transfer;
} StorageVolumeCopy;
int storage_volume_copy(Storage *storage, const StorageVolumeCopy *copy, Error **err) _must_check_;

/* Counted by the driver, else by a walk of the tree. */
int storage_volume_usage(StorageVolume *volume, uint64_t *ret, Error **err) _must_check_;
/* Limits a tree (0: no limit; does nothing where the driver has no limits), grows root.img. */
int storage_volume_set_size(StorageVolume *volume, uint64_t bytes, Error **err) _must_check_;
/* Makes the files reachable at volume->path, which they may be already. */
int storage_volume_mount(StorageVolume *volume, Error **err) _must_check_;
int storage_volume_unmount(StorageVolume *volume, Error **err) _must_check_;
/* Its record is about to go: a crash behind that takes the volume too. */
int storage_volume_unsettled(Storage *storage, const StorageVolume *volume, Error **err)
        _must_check_;
/* The same with the ids of a map; see driver.h. */
int storage_volume_mount_mapped(StorageVolume *volume, const IdMap *map, bool *ret_mapped,
                                Error **err) _must_check_;
/* Before the files of a volume are replaced by others at volume->path: layers are merged. */
int storage_volume_flatten(StorageVolume *volume, Error **err) _must_check_;
/* Its record is committed: the journal forgets it. */
void storage_volume_settled(Storage *storage, const StorageVolume *volume);

typedef struct StorageImage {
        const char *fingerprint;
        const char *metadata; /* path of the unified tarball, or of the metadata of a split image */
        const char *rootfs;   /* path, NULL for a unified image */
        StorageProgress progress; /* may be NULL */
        void *userdata;
} StorageImage;

/* The same for root volumes of instances, with the links containers/NAME and snapshots/NAME.
 * `image` NULL: an empty tree with rootfs/. */
int storage_instance_create(Storage *storage, StoragePool *pool, const char *project,
                            const char *name, const StorageImage *image, Error **err) _must_check_;
int storage_instance_delete(Storage *storage, StoragePool *pool, const char *project,
                            const char *name, Error **err) _must_check_; /* absent: fine */
int storage_instance_rename(Storage *storage, StoragePool *pool, const char *project,
                            const char *name, const char *to, Error **err) _must_check_;
/* Which snapshot (NULL: the instance itself) of which instance. */
typedef struct StorageInstance {
        StoragePool *pool;
        const char *project, *name, *snapshot;
} StorageInstance;
int storage_instance_snapshot(Storage *storage, const StorageInstance *snapshot, Error **err)
        _must_check_;
int storage_instance_snapshot_delete(Storage *storage, const StorageInstance *snapshot,
                                     Error **err) _must_check_; /* absent: fine */
int storage_instance_snapshot_rename(Storage *storage, const StorageInstance *snapshot,
                                     const char *to, Error **err) _must_check_;
int storage_instance_restore(Storage *storage, const StorageInstance *snapshot, Error **err)
        _must_check_;
typedef struct StorageCopy {
        StorageInstance source; /* its snapshot, or NULL: the instance */
        StorageInstance target;
        const StrList *snapshots; /* as in StorageVolumeCopy */
        bool refresh;
        StorageTransfer transfer;
} StorageCopy;
int storage_instance_copy(Storage *storage, const StorageCopy *copy, Error **err) _must_check_;
int storage_instance_mount(const StorageInstance *instance, Error **err) _must_check_;
int storage_instance_unmount(const StorageInstance *instance, Error **err) _must_check_;
int storage_instance_flatten(const StorageInstance *instance, Error **err) _must_check_;
/* ERROR_UNSUPPORTED where nothing counts the bytes: no tree is walked. */
int storage_instance_usage(const StorageInstance *instance, uint64_t *ret, Error **err)
        _must_check_;
int storage_instance_set_size(const StorageInstance *instance, uint64_t bytes, Error **err)
        _must_check_;
void storage_instance_settled(Storage *storage, const StorageInstance *instance);

/* The unpacked image that instances are copied from: made once however many ask at a time. */
int storage_image_ensure(Storage *storage, StoragePool *pool, const StorageImage *image,
                         Error **err) _must_check_;
/* Removes it from every pool. */
int storage_image_delete(Storage *storage, const char *fingerprint, Error **err) _must_check_;
