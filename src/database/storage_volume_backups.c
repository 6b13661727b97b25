#include "database/storage_volume_backups.h"

#include "base/memory.h"
#include "base/times.h"

#define SELECT                                                                              \
        "SELECT id, storage_volume_id, name, creation_date, expiry_date, volume_only,"      \
        " optimized_storage FROM storage_volumes_backups "

void storage_volume_backup_row_done(StorageVolumeBackupRow *row) {
        free(row->name);
        *row = (StorageVolumeBackupRow){};
}

void storage_volume_backup_row_list_done(StorageVolumeBackupRowList *list) {
        for (size_t i = 0; i < list->count; i++)
                storage_volume_backup_row_done(&list->items[i]);
        free(list->items);
        *list = (StorageVolumeBackupRowList){};
}

static void fill(const DbCursor *cursor, StorageVolumeBackupRow *row) {
        *row = (StorageVolumeBackupRow){.id = db_integer(cursor, 0),
                                        .volume_id = db_integer(cursor, 1),
                                        .name = str_dup(db_text(cursor, 2)),
                                        .created_ns = db_time(cursor, 3),
                                        .expires_ns = db_time(cursor, 4),
                                        .volume_only = db_integer(cursor, 5) != 0,
                                        .optimized = db_integer(cursor, 6) != 0};
}

int db_storage_volume_backup_get(Transaction *tx, int64_t volume_id, const char *name,
                                 StorageVolumeBackupRow *ret, Error **err) {
        _cleanup_cursor_ DbCursor cursor = {};
        if (db_select(tx, &cursor, err, SELECT "WHERE storage_volume_id = ? AND name = ?", "is",
                      volume_id, name) < 0)
                return -1;
        int found = db_next(&cursor, err);
        if (found == 0)
                return error_set(err, ERROR_NOT_FOUND, 0, "Storage volume backup not found");
        if (found < 0)
                return -1;
        fill(&cursor, ret);
        return 0;
}

int db_storage_volume_backup_list(Transaction *tx, int64_t volume_id, int64_t now_ns,
                                  StorageVolumeBackupRowList *ret, Error **err) {
        _cleanup_cursor_ DbCursor cursor = {};
        _cleanup_(storage_volume_backup_row_list_done) StorageVolumeBackupRowList list = {};
        int found;
        if (db_select(tx, &cursor, err,
                      volume_id != 0 ? SELECT "WHERE storage_volume_id = ? ORDER BY id"
                                     : SELECT "WHERE ? = 0 AND expiry_date IS NOT NULL"
                                              " ORDER BY id",
                      "i", volume_id) < 0)
                return -1;
        while ((found = db_next(&cursor, err)) > 0) {
                /* Times in text do not compare: fractions have the digits they need. */
                if (volume_id == 0 && db_time(&cursor, 4) > now_ns)
                        continue;
                mem_grow((void **) &list.items, &list.capacity, list.count + 1,
                         sizeof *list.items);
                fill(&cursor, &list.items[list.count++]);
        }
        if (found < 0)
                return -1;
        *ret = list;
        list = (StorageVolumeBackupRowList){};
        return 0;
}

static int name_the_conflict(const char *name, Error **failed, Error **err) {
        if (!error_is(*failed, ERROR_EXISTS))
                return error_move(err, failed);
        error_free(*failed);
        return error_set(err, ERROR_EXISTS, 0, "Backup \"%s\" already exists", name);
}

int db_storage_volume_backup_create(Transaction *tx, const StorageVolumeBackupRow *row,
                                    int64_t *ret_id, Error **err) {
        Error *failed = NULL;
        if (db_run(tx, &failed,
                   "INSERT INTO storage_volumes_backups (storage_volume_id, name, creation_date,"
                   " expiry_date, volume_only, optimized_storage) VALUES (?, ?, ?, ?, ?, ?)",
                   "isttbb", row->volume_id, row->name, row->created_ns, row->expires_ns,
                   row->volume_only, row->optimized) < 0)
                return name_the_conflict(row->name, &failed, err);
        *ret_id = db_last_id(tx);
        return 0;
}

int db_storage_volume_backup_rename(Transaction *tx, int64_t id, const char *to, Error **err) {
        Error *failed = NULL;
        if (db_run(tx, &failed, "UPDATE storage_volumes_backups SET name = ? WHERE id = ?", "si",
                   to, id) < 0)
                return name_the_conflict(to, &failed, err);
        return 0;
}

int db_storage_volume_backup_delete(Transaction *tx, int64_t id, Error **err) {
        return db_run(tx, err, "DELETE FROM storage_volumes_backups WHERE id = ?", "i", id);
}
