/* Records of volumes' backups. */
#pragma once

#include "database/database.h"

typedef struct StorageVolumeBackupRow {
        int64_t id;
        int64_t volume_id;
        char *name; /* without the volume's */
        int64_t created_ns, expires_ns; /* TIME_ZERO: never */
        bool volume_only, optimized;
} StorageVolumeBackupRow;

typedef struct StorageVolumeBackupRowList {
        StorageVolumeBackupRow *items;
        size_t count, capacity;
} StorageVolumeBackupRowList;

void storage_volume_backup_row_done(StorageVolumeBackupRow *row);
void storage_volume_backup_row_list_done(StorageVolumeBackupRowList *list);

/* ERROR_NOT_FOUND "Storage volume backup not found". */
int db_storage_volume_backup_get(Transaction *tx, int64_t volume_id, const char *name,
                                 StorageVolumeBackupRow *ret, Error **err) _must_check_;
/* Of one volume, in the order in which they were made; volume_id 0: those of all that were to go
 * at `now_ns`. */
int db_storage_volume_backup_list(Transaction *tx, int64_t volume_id, int64_t now_ns,
                                  StorageVolumeBackupRowList *ret, Error **err) _must_check_;
/* ERROR_EXISTS when the volume has one of that name. */
int db_storage_volume_backup_create(Transaction *tx, const StorageVolumeBackupRow *row,
                                    int64_t *ret_id, Error **err) _must_check_;
int db_storage_volume_backup_rename(Transaction *tx, int64_t id, const char *to, Error **err)
        _must_check_;
int db_storage_volume_backup_delete(Transaction *tx, int64_t id, Error **err) _must_check_;
