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

typedef enum StorageContentType {
        STORAGE_CONTENT_FILESYSTEM = 0,
        STORAGE_CONTENT_BLOCK = 1,
        STORAGE_CONTENT_ISO = 2,
} StorageContentType;

/* A volume, or a snapshot of one: then the name is VOLUME/SNAPSHOT. */
typedef struct StorageVolumeRow {
        int64_t id;
        int64_t volume_id; /* of a snapshot: its volume's; else 0 */
        char *pool;
        char *project;
        char *name;
        int64_t type;         /* StorageVolumeType */
        int64_t content_type; /* StorageContentType */
        char *description;
        int64_t expires_ns; /* of a snapshot; TIME_ZERO: never */
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
