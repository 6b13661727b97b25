#include "database/warnings.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/times.h"
#include "base/units.h"

static const struct {
        WarningType type;
        const char *text;
        const char *severity;
} types[] = {
        {WARNING_MISSING_BLKIO_WEIGHT, "Couldn't find the CGroup blkio.weight", "low"},
        {WARNING_MISSING_NETWORK_PRIORITY, "Couldn't find the CGroup network priority controller",
         "low"},
        {WARNING_APPARMOR_NOT_AVAILABLE, "AppArmor support has been disabled", "low"},
        {WARNING_NETWORK_UNAVAILABLE, "Network unavailable", "high"},
        {WARNING_INSTANCE_AUTOSTART_FAILURE, "Failed to autostart instance", "low"},
        {WARNING_STORAGE_POOL_UNAVAILABLE, "Storage pool unavailable", "high"},
};

static const char *const status_names[] = {
        [WARNING_NEW] = "new",
        [WARNING_ACKNOWLEDGED] = "acknowledged",
        [WARNING_RESOLVED] = "resolved",
};

/* The numbers are those of WarningEntity. */
#define SELECT                                                                                     \
        "SELECT w.uuid, IFNULL(p.name, ''), w.type_code, w.status, w.last_message,"                \
        " w.first_seen_date, w.last_seen_date, w.count,"                                           \
        " CASE w.entity_type_code"                                                                 \
        " WHEN 3 THEN (SELECT '/1.0/projects/' || name FROM projects WHERE id = w.entity_id)"      \
        " WHEN 5 THEN (SELECT '/1.0/instances/' || name FROM instances WHERE id = w.entity_id)"    \
        " WHEN 8 THEN (SELECT '/1.0/networks/' || name FROM networks WHERE id = w.entity_id)"      \
        " WHEN 12 THEN (SELECT '/1.0/storage-pools/' || name FROM storage_pools"                   \
        " WHERE id = w.entity_id) END"                                                             \
        " FROM warnings AS w LEFT JOIN projects AS p ON p.id = w.project_id "

#define SAME "type_code = ? AND IFNULL(entity_type_code, -1) = ? AND IFNULL(entity_id, -1) = ?"

void warning_row_done(WarningRow *row) {
        free(row->uuid);
        free(row->project);
        free(row->entity_url);
        free(row->message);
        *row = (WarningRow){};
}

void warning_row_list_done(WarningRowList *list) {
        for (size_t i = 0; i < list->count; i++)
                warning_row_done(&list->items[i]);
        free(list->items);
        *list = (WarningRowList){};
}

static void fill(const DbCursor *cursor, WarningRow *row) {
        int64_t status = db_integer(cursor, 3);
        const char *project = db_text(cursor, 1), *url = db_text(cursor, 8);
        bool elsewhere = !str_is_empty(project) && !str_equal(project, "default");
        *row = (WarningRow){
                .uuid = str_dup(db_text(cursor, 0)),
                .project = str_dup(project),
                .type = "Undefined warning",
                .severity = "low",
                .status = status >= WARNING_NEW && status <= WARNING_RESOLVED
                                  ? status_names[status]
                                  : "new",
                .message = str_dup(db_text(cursor, 4)),
                .first_seen_ns = db_time(cursor, 5),
                .last_seen_ns = db_time(cursor, 6),
                .count = db_integer(cursor, 7),
                .entity_url = elsewhere && !str_is_empty(url)
                                      ? str_printf("%s?project=%s", url, project)
                                      : str_dup(url)};
        for (size_t i = 0; i < ARRAY_SIZE(types); i++)
                if ((int64_t) types[i].type == db_integer(cursor, 2)) {
                        row->type = types[i].text;
                        row->severity = types[i].severity;
                }
}

int db_warning_list(Transaction *tx, const char *project, WarningRowList *ret, Error **err) {
        _cleanup_cursor_ DbCursor cursor = {};
        _cleanup_(warning_row_list_done) WarningRowList list = {};
        int row;
        if (db_select(tx, &cursor, err,
                      SELECT "WHERE ?1 IS NULL OR p.name IS NULL OR p.name = ?1 ORDER BY w.id", "s",
                      project) < 0)
                return -1;
        while ((row = db_next(&cursor, err)) > 0) {
                mem_grow((void **) &list.items, &list.capacity, list.count + 1,
                         sizeof *list.items);
                fill(&cursor, &list.items[list.count++]);
        }
        if (row < 0)
                return -1;
        *ret = list;
        list = (WarningRowList){};
        return 0;
}

int db_warning_get(Transaction *tx, const char *uuid, WarningRow *ret, Error **err) {
        _cleanup_cursor_ DbCursor cursor = {};
        if (db_select(tx, &cursor, err, SELECT "WHERE w.uuid = ?", "s", uuid) < 0)
                return -1;
        int row = db_next(&cursor, err);
        if (row == 0)
                return error_set(err, ERROR_NOT_FOUND, 0, "Warning not found");
        if (row < 0)
                return -1;
        fill(&cursor, ret);
        return 0;
}

int db_warning_set_status(Transaction *tx, const char *uuid, WarningStatus status, Error **err) {
        return db_run(tx, err, "UPDATE warnings SET status = ?, updated_date = ? WHERE uuid = ?",
                      "its", (int64_t) status, time_now_ns(), uuid);
}

int db_warning_delete(Transaction *tx, const char *uuid, Error **err) {
        return db_run(tx, err, "DELETE FROM warnings WHERE uuid = ?", "s", uuid);
}

static int64_t entity_id(WarningEntity entity, int64_t id) {
        return entity == WARNING_OF_HOST ? -1 : id;
}

int db_warning_raise(Transaction *tx, const WarningSpec *spec, Error **err) {
        _cleanup_free_ char *uuid = random_uuid();
        int64_t id = entity_id(spec->entity, spec->entity_id), now = time_now_ns();
        if (db_run(tx, err,
                   "UPDATE warnings SET count = count + 1, last_seen_date = ?, last_message = ?,"
                   " status = CASE status WHEN 3 THEN 1 ELSE status END WHERE " SAME,
                   "tsiii", now, spec->message, (int64_t) spec->type, (int64_t) spec->entity,
                   id) < 0)
                return -1;
        if (db_changes(tx) > 0)
                return 0;
        return db_run(tx, err,
                      "INSERT INTO warnings (node_id, project_id, entity_type_code, entity_id,"
                      " uuid, type_code, status, first_seen_date, last_seen_date,"
                      " last_message, count)"
                      " VALUES (1, (SELECT id FROM projects WHERE name = ?), NULLIF(?, -1),"
                      " NULLIF(?, -1), ?, ?, 1, ?, ?, ?, 1)",
                      "siisitts", spec->project, (int64_t) spec->entity, id, uuid,
                      (int64_t) spec->type, now, now, spec->message);
}

int db_warning_resolve(Transaction *tx, WarningType type, WarningEntity entity, int64_t id,
                       Error **err) {
        return db_run(tx, err,
                      "UPDATE warnings SET status = 3, updated_date = ?"
                      " WHERE status <> 3 AND " SAME,
                      "tiii", time_now_ns(), (int64_t) type, (int64_t) entity,
                      entity_id(entity, id));
}

int db_warning_delete_of(Transaction *tx, WarningEntity entity, int64_t id, Error **err) {
        return db_run(tx, err,
                      "DELETE FROM warnings WHERE entity_type_code = ? AND entity_id = ?", "ii",
                      (int64_t) entity, id);
}

int db_warning_prune(Transaction *tx, int64_t before_ns, Error **err) {
        return db_run(tx, err, "DELETE FROM warnings WHERE status = 3 AND updated_date < ?", "t",
                      before_ns);
}

void database_warn(Database *database, const WarningSpec *spec) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_error_ Error *err = NULL;
        log_warning("%s", spec->message);
        if (database_begin(database, DATABASE_WRITE, &tx, &err) < 0 ||
            db_warning_raise(tx, spec, &err) < 0 || transaction_commit(&tx, &err) < 0)
                log_error("Cannot record a warning: %s", error_message(err));
}

void database_warning_gone(Database *database, WarningType type, WarningEntity entity,
                           int64_t id) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_error_ Error *err = NULL;
        if (database_begin(database, DATABASE_WRITE, &tx, &err) < 0 ||
            db_warning_resolve(tx, type, entity, id, &err) < 0 ||
            transaction_commit(&tx, &err) < 0)
                log_error("Cannot resolve a warning: %s", error_message(err));
}
