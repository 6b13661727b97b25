#include "database/instance_backups.h"

#include "base/memory.h"

#define COLUMNS                                                                               \
        "SELECT b.id, b.instance_id, p.name, i.name, b.name, b.creation_date, b.expiry_date,"  \
        " b.container_only, b.optimized_storage FROM instances_backups AS b"                   \
        " JOIN instances AS i ON i.id = b.instance_id"                                         \
        " JOIN projects AS p ON p.id = i.project_id "

void instance_backup_row_done(InstanceBackupRow *row) {
        free(row->project);
        free(row->instance);
        free(row->name);
        *row = (InstanceBackupRow) {.id = 0};
}

void instance_backup_row_list_done(InstanceBackupRowList *list) {
        for (size_t i = 0; i < list->count; i++)
                instance_backup_row_done(&list->items[i]);
        free(list->items);
        *list = (InstanceBackupRowList) {.items = NULL};
}

static void fill(const DbCursor *cursor, InstanceBackupRow *row) {
        *row = (InstanceBackupRow) {.id = db_integer(cursor, 0),
                                    .instance_id = db_integer(cursor, 1),
                                    .project = str_dup(db_text(cursor, 2)),
                                    .instance = str_dup(db_text(cursor, 3)),
                                    .name = str_dup(db_text(cursor, 4)),
                                    .created_ns = db_time(cursor, 5),
                                    .expires_ns = db_time(cursor, 6),
                                    .instance_only = db_integer(cursor, 7) != 0,
                                    .optimized = db_integer(cursor, 8) != 0};
}

int db_instance_backup_get(Transaction *tx, int64_t instance_id, const char *name,
                           InstanceBackupRow *ret, Error **err) {
        _cleanup_cursor_ DbCursor cursor = {.statement = NULL};
        if (db_select(tx, &cursor, err, COLUMNS "WHERE b.instance_id = ? AND b.name = ?", "is",
                      instance_id, name) < 0)
                return -1;
        int found = db_next(&cursor, err);
        if (found == 0)
                return error_set(err, ERROR_NOT_FOUND, 0,
                                 "Load backup from database: Instance backup not found");
        if (found > 0)
                fill(&cursor, ret);
        return found < 0 ? -1 : 0;
}

int db_instance_backup_list(Transaction *tx, int64_t instance_id, InstanceBackupRowList *ret,
                            Error **err) {
        _cleanup_cursor_ DbCursor cursor = {.statement = NULL};
        _cleanup_(instance_backup_row_list_done) InstanceBackupRowList list = {.items = NULL};
        int found;
        if (db_select(tx, &cursor, err,
                      COLUMNS "WHERE b.instance_id BETWEEN ? AND ? ORDER BY p.name, i.name, b.name",
                      "ii", instance_id, instance_id != 0 ? instance_id : INT64_MAX) < 0)
                return -1;
        while ((found = db_next(&cursor, err)) > 0) {
                mem_grow((void **) &list.items, &list.capacity, list.count + 1,
                         sizeof *list.items);
                fill(&cursor, &list.items[list.count++]);
        }
        if (found < 0)
                return -1;
        *ret = list;
        list = (InstanceBackupRowList) {.items = NULL};
        return 0;
}

static int name_the_conflict(Error **failed, const char *name, Error **err) {
        if (!error_is(*failed, ERROR_EXISTS))
                return error_move(err, failed);
        error_free(*failed);
        return error_set(err, ERROR_EXISTS, 0, "Backup \"%s\" already exists", name);
}

int db_instance_backup_create(Transaction *tx, const InstanceBackupRow *row, int64_t *ret_id,
                              Error **err) {
        Error *failed = NULL;
        if (db_run(tx, &failed,
                   "INSERT INTO instances_backups (instance_id, name, creation_date, expiry_date,"
                   " container_only, optimized_storage) VALUES (?, ?, ?, ?, ?, ?)",
                   "isttbb", row->instance_id, row->name, row->created_ns, row->expires_ns,
                   row->instance_only, row->optimized) < 0)
                return name_the_conflict(&failed, row->name, err);
        *ret_id = db_last_id(tx);
        return 0;
}

int db_instance_backup_rename(Transaction *tx, int64_t id, const char *to, Error **err) {
        Error *failed = NULL;
        if (db_run(tx, &failed, "UPDATE instances_backups SET name = ? WHERE id = ?", "si", to,
                   id) == 0)
                return 0;
        return name_the_conflict(&failed, to, err);
}

int db_instance_backup_delete(Transaction *tx, int64_t id, Error **err) {
        return db_run(tx, err, "DELETE FROM instances_backups WHERE id = ?", "i", id);
}
