/* Records of volumes, their snapshots and backups, and who uses them. */
#pragma once

#include "database/storage_pools.h"

/* Which volumes: NULL and -1 are any. Custom volumes belong to `custom_project`, those of instances
 * to `project`, those of images always to "default"; projects count only when both are given. */
typedef struct StorageVolumeQuery {
        const char *pool;
        const char *custom_project, *project;
        int64_t type;
        const char *name; /* of one volume */
        bool snapshots;   /* also their snapshots, each behind its volume */
} StorageVolumeQuery;

/* Sorted by type, name and project. */
int db_storage_volume_find(Transaction *tx, const StorageVolumeQuery *query,
                           StorageVolumeRowList *ret, Error **err) _must_check_;
/* The same without snapshots. pool, project NULL: any; type -1: any. */
int db_storage_volume_list(Transaction *tx, const char *pool, const char *project, int64_t type,
                           StorageVolumeRowList *ret, Error **err) _must_check_;
/* key: pool, project, type, name, the last of a volume or VOLUME/SNAPSHOT. ERROR_NOT_FOUND "Storage
 * pool volume not found". */
int db_storage_volume_get(Transaction *tx, const StorageVolumeRow *key, StorageVolumeRow *ret,
                          Error **err) _must_check_;
int db_storage_volume_create(Transaction *tx, const StorageVolumeRow *row, int64_t *ret_id,
                             Error **err) _must_check_;
/* Description and config; of a snapshot also when it expires. */
int db_storage_volume_update(Transaction *tx, const StorageVolumeRow *row, Error **err)
        _must_check_;
int db_storage_volume_rename(Transaction *tx, int64_t id, const char *to, Error **err)
        _must_check_;
/* To another pool, project and name. */
int db_storage_volume_move(Transaction *tx, int64_t id, const StorageVolumeRow *to, Error **err)
        _must_check_;
int db_storage_volume_delete(Transaction *tx, int64_t id, Error **err) _must_check_;

/* Snapshots. `row` has volume_id, the name behind the slash, description, expires_ns and config. */
int db_storage_volume_snapshot_create(Transaction *tx, const StorageVolumeRow *row,
                                      int64_t *ret_id, Error **err) _must_check_;
/* In the order in which they were made. */
int db_storage_volume_snapshot_list(Transaction *tx, int64_t volume_id, StorageVolumeRowList *ret,
                                    Error **err) _must_check_;
int db_storage_volume_snapshot_rename(Transaction *tx, int64_t id, const char *to, Error **err)
        _must_check_;
int db_storage_volume_snapshot_delete(Transaction *tx, int64_t id, Error **err) _must_check_;

/* A disk device of a pool's custom volume, of an instance or a profile. */
typedef struct StorageVolumeUser {
        int64_t owner_id; /* of the instance or profile */
        bool is_profile;
        char *project, *name; /* of the instance or profile */
        char *volume_project; /* the project whose volumes it sees */
        char *device;
        char *pool, *source, *path;
} StorageVolumeUser;

typedef struct StorageVolumeUserList {
        StorageVolumeUser *items;
        size_t count, capacity;
} StorageVolumeUserList;

void storage_volume_user_list_done(StorageVolumeUserList *list);
/* Those on `pool` (NULL: any): instances first, each sorted by project, name and device. */
int db_storage_volume_users(Transaction *tx, const char *pool, StorageVolumeUserList *ret,
                            Error **err) _must_check_;
bool storage_volume_user_uses(const StorageVolumeUser *user, const StorageVolumeRow *row);
/* Follows a volume that was renamed or moved. */
int db_storage_volume_user_update(Transaction *tx, const StorageVolumeUser *user, const char *pool,
                                  const char *source, Error **err) _must_check_;
