#include "database/instance_snapshots.h"

#include "base/memory.h"
#include "base/times.h"

#define COLUMNS                                                                               \
        "SELECT s.id, s.instance_id, p.name, i.name, s.name, s.description, s.creation_date,"  \
        " s.expiry_date, s.stateful FROM instances_snapshots AS s"                             \
        " JOIN instances AS i ON i.id = s.instance_id"                                         \
        " JOIN projects AS p ON p.id = i.project_id "
#define CONFIG_INSERT                                                                          \
        "INSERT INTO instances_snapshots_config (instance_snapshot_id, key, value)"            \
        " VALUES (?, ?, ?)"

static const DbDeviceSql device_sql = {
        .select = "SELECT d.id, d.name, d.type, c.key, c.value FROM instances_snapshots_devices"
                  " AS d LEFT JOIN instances_snapshots_devices_config AS c"
                  " ON c.instance_snapshot_device_id = d.id"
                  " WHERE d.instance_snapshot_id = ? ORDER BY d.name",
        .delete = "DELETE FROM instances_snapshots_devices WHERE instance_snapshot_id = ?",
        .insert = "INSERT INTO instances_snapshots_devices (instance_snapshot_id, name, type)"
                  " VALUES (?, ?, ?)",
        .insert_config = "INSERT INTO instances_snapshots_devices_config"
                         " (instance_snapshot_device_id, key, value) VALUES (?, ?, ?)",
};

void instance_snapshot_row_done(InstanceSnapshotRow *row) {
        free(row->project);
        free(row->instance);
        free(row->name);
        free(row->description);
        strmap_done(&row->config);
        devicemap_done(&row->devices);
        *row = (InstanceSnapshotRow) {.id = 0};
}

void instance_snapshot_row_list_done(InstanceSnapshotRowList *list) {
        for (size_t i = 0; i < list->count; i++)
                instance_snapshot_row_done(&list->items[i]);
        free(list->items);
        *list = (InstanceSnapshotRowList) {.items = NULL};
}

static void fill(const DbCursor *cursor, InstanceSnapshotRow *row) {
        *row = (InstanceSnapshotRow) {.id = db_integer(cursor, 0),
                                      .instance_id = db_integer(cursor, 1),
                                      .project = str_dup(db_text(cursor, 2)),
                                      .instance = str_dup(db_text(cursor, 3)),
                                      .name = str_dup(db_text(cursor, 4)),
                                      .description = str_dup(db_text(cursor, 5)),
                                      .created_ns = db_time(cursor, 6),
                                      .expiry_ns = db_time(cursor, 7),
                                      .stateful = db_integer(cursor, 8) != 0};
}

int db_instance_snapshot_get(Transaction *tx, int64_t instance_id, const char *name,
                             InstanceSnapshotRow *ret, Error **err) {
        _cleanup_cursor_ DbCursor cursor = {.statement = NULL};
        _cleanup_(instance_snapshot_row_done) InstanceSnapshotRow row = {.id = 0};
        if (db_select(tx, &cursor, err, COLUMNS "WHERE s.instance_id = ? AND s.name = ?", "is",
                      instance_id, name) < 0)
                return -1;
        int found = db_next(&cursor, err);
        if (found == 0)
                return error_set(err, ERROR_NOT_FOUND, 0, "Instance snapshot not found");
        if (found < 0)
                return -1;
        fill(&cursor, &row);
        if (db_load_map(tx, &row.config,
                        "SELECT key, value FROM instances_snapshots_config"
                        " WHERE instance_snapshot_id = ?",
                        row.id, err) < 0 ||
            db_load_devices(tx, &row.devices, &device_sql, row.id, err) < 0)
                return -1;
        *ret = row;
        row = (InstanceSnapshotRow) {.id = 0};
        return 0;
}

static void take_config(void *row, const DbCursor *cursor) {
        db_take_pair(&((InstanceSnapshotRow *) row)->config, cursor);
}

static void take_device(void *row, const DbCursor *cursor) {
        db_take_device(&((InstanceSnapshotRow *) row)->devices, cursor);
}

static int merge_all(Transaction *tx, int64_t instance_id, InstanceSnapshotRowList *list,
                     Error **err) {
        _cleanup_free_ DbOwner *items = mem_new_array(DbOwner, list->count);
        for (size_t i = 0; i < list->count; i++)
                items[i] = (DbOwner) {list->items[i].id, &list->items[i]};
        DbOwners owners = {.items = items,
                           .count = list->count,
                           .first = instance_id,
                           .last = instance_id != 0 ? instance_id : INT64_MAX};
        if (db_merge(tx, &owners,
                     "SELECT s.id, c.key, c.value FROM instances_snapshots_config AS c"
                     " JOIN instances_snapshots AS s ON s.id = c.instance_snapshot_id"
                     " WHERE s.instance_id BETWEEN ? AND ? ORDER BY s.id, c.key",
                     take_config, err) < 0)
                return -1;
        return db_merge(tx, &owners,
                        "SELECT s.id, d.name, d.type, c.key, c.value"
                        " FROM instances_snapshots_devices AS d"
                        " JOIN instances_snapshots AS s ON s.id = d.instance_snapshot_id"
                        " LEFT JOIN instances_snapshots_devices_config AS c"
                        " ON c.instance_snapshot_device_id = d.id"
                        " WHERE s.instance_id BETWEEN ? AND ? ORDER BY s.id, d.name",
                        take_device, err);
}

static InstanceSnapshotRow *add(InstanceSnapshotRowList *list) {
        mem_grow((void **) &list->items, &list->capacity, list->count + 1, sizeof *list->items);
        return &list->items[list->count++];
}

int db_instance_snapshot_list(Transaction *tx, int64_t instance_id, InstanceSnapshotRowList *ret,
                              Error **err) {
        _cleanup_cursor_ DbCursor cursor = {.statement = NULL};
        _cleanup_(instance_snapshot_row_list_done) InstanceSnapshotRowList list = {.items = NULL};
        int found;
        if (db_select(tx, &cursor, err,
                      COLUMNS "WHERE s.instance_id BETWEEN ? AND ? ORDER BY p.name, i.name, s.id",
                      "ii", instance_id, instance_id != 0 ? instance_id : INT64_MAX) < 0)
                return -1;
        while ((found = db_next(&cursor, err)) > 0)
                fill(&cursor, add(&list));
        if (found < 0 || (list.count > 0 && merge_all(tx, instance_id, &list, err) < 0))
                return -1;
        *ret = list;
        list = (InstanceSnapshotRowList) {.items = NULL};
        return 0;
}

int db_instance_snapshot_names(Transaction *tx, int64_t instance_id, StrList *ret, Error **err) {
        _cleanup_cursor_ DbCursor cursor = {.statement = NULL};
        int found;
        if (db_select(tx, &cursor, err,
                      "SELECT name FROM instances_snapshots WHERE instance_id = ? ORDER BY id",
                      "i", instance_id) < 0)
                return -1;
        while ((found = db_next(&cursor, err)) > 0)
                strlist_add(ret, db_text(&cursor, 0));
        return found;
}

/* Times are compared here and not in SQL: they are text, of any zone and any number of digits. */
int db_instance_snapshot_expired(Transaction *tx, int64_t now_ns, InstanceSnapshotRowList *ret,
                                 Error **err) {
        _cleanup_cursor_ DbCursor cursor = {.statement = NULL};
        _cleanup_(instance_snapshot_row_list_done) InstanceSnapshotRowList list = {.items = NULL};
        int found;
        if (db_select(tx, &cursor, err, COLUMNS "WHERE s.expiry_date IS NOT NULL ORDER BY s.id",
                      "") < 0)
                return -1;
        while ((found = db_next(&cursor, err)) > 0) {
                int64_t expiry_ns = db_time(&cursor, 7);
                if (expiry_ns != TIME_ZERO && expiry_ns <= now_ns)
                        fill(&cursor, add(&list));
        }
        if (found < 0)
                return -1;
        *ret = list;
        list = (InstanceSnapshotRowList) {.items = NULL};
        return 0;
}

static int name_the_conflict(Error **failed, const char *text, Error **err) {
        if (!error_is(*failed, ERROR_EXISTS))
                return error_move(err, failed);
        error_free(*failed);
        *failed = NULL;
        return error_set(err, ERROR_EXISTS, 0, "%s", text);
}

int db_instance_snapshot_create(Transaction *tx, const InstanceSnapshotRow *row, int64_t *ret_id,
                                Error **err) {
        Error *failed = NULL;
        if (db_run(tx, &failed,
                   "INSERT INTO instances_snapshots (instance_id, name, creation_date, stateful,"
                   " description, expiry_date) VALUES (?, ?, ?, ?, ?, ?)",
                   "istbst", row->instance_id, row->name, row->created_ns, row->stateful,
                   row->description != NULL ? row->description : "", row->expiry_ns) < 0)
                return name_the_conflict(&failed,
                                         "Add snapshot info to the database: This "
                                         "\"instances_snapshots\" entry already exists",
                                         err);
        *ret_id = db_last_id(tx);
        if (db_store_map(tx, *ret_id, &row->config,
                         "DELETE FROM instances_snapshots_config WHERE instance_snapshot_id = ?",
                         CONFIG_INSERT, err) < 0)
                return -1;
        return db_store_devices(tx, *ret_id, &row->devices, &device_sql, err);
}

int db_instance_snapshot_rename(Transaction *tx, int64_t id, const char *to, Error **err) {
        Error *failed = NULL;
        _cleanup_free_ char *taken = str_printf("Name \"%s\" already in use", to);
        if (db_run(tx, &failed, "UPDATE instances_snapshots SET name = ? WHERE id = ?", "si", to,
                   id) == 0)
                return 0;
        return name_the_conflict(&failed, taken, err);
}

int db_instance_snapshot_set_expiry(Transaction *tx, int64_t id, int64_t expiry_ns, Error **err) {
        return db_run(tx, err, "UPDATE instances_snapshots SET expiry_date = ? WHERE id = ?", "ti",
                      expiry_ns, id);
}

int db_instance_snapshot_delete(Transaction *tx, int64_t id, Error **err) {
        return db_run(tx, err, "DELETE FROM instances_snapshots WHERE id = ?", "i", id);
}
