/* Records of instances' backups. */
#pragma once

#include "database/database.h"

typedef struct InstanceBackupRow {
        int64_t id;
        int64_t instance_id;
        char *project, *instance;
        char *name; /* without the instance's */
        int64_t created_ns, expires_ns; /* TIME_ZERO: never */
        bool instance_only, optimized;
} InstanceBackupRow;

typedef struct InstanceBackupRowList {
        InstanceBackupRow *items;
        size_t count, capacity;
} InstanceBackupRowList;

void instance_backup_row_done(InstanceBackupRow *row);
void instance_backup_row_list_done(InstanceBackupRowList *list);

/* ERROR_NOT_FOUND "Load backup from database: Instance backup not found". */
int db_instance_backup_get(Transaction *tx, int64_t instance_id, const char *name,
                           InstanceBackupRow *ret, Error **err) _must_check_;
/* Of one instance, instance_id 0: of all, sorted by project, instance and name. */
int db_instance_backup_list(Transaction *tx, int64_t instance_id, InstanceBackupRowList *ret,
                            Error **err) _must_check_;
/* ERROR_EXISTS when the instance has one of that name. */
int db_instance_backup_create(Transaction *tx, const InstanceBackupRow *row, int64_t *ret_id,
                              Error **err) _must_check_;
int db_instance_backup_rename(Transaction *tx, int64_t id, const char *to, Error **err)
        _must_check_;
int db_instance_backup_delete(Transaction *tx, int64_t id, Error **err) _must_check_;
