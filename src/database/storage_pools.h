/* Pools, and the volumes in them. */
#pragma once

#include "database/database.h"

typedef enum StoragePoolState {
        STORAGE_POOL_PENDING = 0,
        STORAGE_POOL_CREATED = 1,
        STORAGE_POOL_ERRORED = 2,
} StoragePoolState;

typedef struct StoragePoolRow {
        int64_t id;
        char *name;
        char *driver;
        char *description;
        int64_t state; /* StoragePoolState */
        StrMap config;
} StoragePoolRow;

typedef struct StoragePoolRowList {
        StoragePoolRow *items;
        size_t count, capacity;
} StoragePoolRowList;

typedef enum StorageVolumeType {
        STORAGE_VOLUME_CONTAINER = 0,
        STORAGE_VOLUME_IMAGE = 1,
        STORAGE_VOLUME_CUSTOM = 2,
        STORAGE_VOLUME_VIRTUAL_MACHINE = 3,
} StorageVolumeType;

typedef struct StorageVolumeRow {
        int64_t id;
        char *pool;
        char *project;
        char *name;
        int64_t type;         /* StorageVolumeType */
        int64_t content_type; /* 0 filesystem, 1 block */
        char *description;
        StrMap config;
} StorageVolumeRow;

typedef struct StorageVolumeRowList {
        StorageVolumeRow *items;
        size_t count, capacity;
} StorageVolumeRowList;

void storage_pool_row_done(StoragePoolRow *row);
void storage_pool_row_list_done(StoragePoolRowList *list);
void storage_volume_row_done(StorageVolumeRow *row);
void storage_volume_row_list_done(StorageVolumeRowList *list);

/* ERROR_NOT_FOUND "Storage pool not found". */
int db_storage_pool_get(Transaction *tx, const char *name, StoragePoolRow *ret, Error **err)
        _must_check_;
int db_storage_pool_list(Transaction *tx, StoragePoolRowList *ret, Error **err) _must_check_;
int db_storage_pool_create(Transaction *tx, const StoragePoolRow *row, int64_t *ret_id,
                           Error **err) _must_check_;
int db_storage_pool_update(Transaction *tx, const StoragePoolRow *row, Error **err) _must_check_;
int db_storage_pool_set_state(Transaction *tx, int64_t id, StoragePoolState state, Error **err)
        _must_check_;
int db_storage_pool_delete(Transaction *tx, int64_t id, Error **err) _must_check_;
/* URLs of the volumes in it and of the profiles that name it. */
int db_storage_pool_used_by(Transaction *tx, const StoragePoolRow *row, StrList *ret, Error **err)
        _must_check_;

/* pool, project NULL: any; type -1: any. Sorted by type and name. */
int db_storage_volume_list(Transaction *tx, const char *pool, const char *project, int64_t type,
                           StorageVolumeRowList *ret, Error **err) _must_check_;
int db_storage_volume_get(Transaction *tx, const StorageVolumeRow *key, StorageVolumeRow *ret,
                          Error **err) _must_check_; /* key: pool, project, type, name */
int db_storage_volume_create(Transaction *tx, const StorageVolumeRow *row, int64_t *ret_id,
                             Error **err) _must_check_;
int db_storage_volume_update(Transaction *tx, const StorageVolumeRow *row, Error **err)
        _must_check_;
int db_storage_volume_rename(Transaction *tx, int64_t id, const char *to, Error **err)
        _must_check_;
int db_storage_volume_delete(Transaction *tx, int64_t id, Error **err) _must_check_;
