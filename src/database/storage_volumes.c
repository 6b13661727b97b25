#include "database/storage_volumes.h"

#include "base/memory.h"
#include "base/times.h"

#include <string.h>

#define JOINS                                                                                \
        " JOIN storage_pools AS s ON s.id = v.storage_pool_id"                               \
        " JOIN projects AS p ON p.id = v.project_id "
#define VOLUMES                                                                              \
        "SELECT v.id, 0, s.name, p.name, v.name, v.type, v.content_type, v.description,"     \
        " NULL AS expiry FROM storage_volumes AS v" JOINS
#define SNAPSHOTS                                                                            \
        "SELECT x.id, v.id, s.name, p.name, v.name || '/' || x.name, v.type,"                \
        " v.content_type, x.description, x.expiry_date FROM storage_volumes_snapshots AS x"  \
        " JOIN storage_volumes AS v ON v.id = x.storage_volume_id" JOINS
#define MATCHING                                                                             \
        "WHERE (?1 IS NULL OR s.name = ?1) AND (?2 IS NULL OR p.name = CASE v.type"          \
        " WHEN 2 THEN ?2 WHEN 1 THEN 'default' ELSE ?3 END) AND (?4 < 0 OR v.type = ?4)"     \
        " AND (?5 IS NULL OR v.name = ?5) "

void storage_volume_row_done(StorageVolumeRow *row) {
        free(row->pool);
        free(row->project);
        free(row->name);
        free(row->description);
        strmap_done(&row->config);
        *row = (StorageVolumeRow){};
}

void storage_volume_row_list_done(StorageVolumeRowList *list) {
        for (size_t i = 0; i < list->count; i++)
                storage_volume_row_done(&list->items[i]);
        free(list->items);
        *list = (StorageVolumeRowList){};
}

static int fill(Transaction *tx, const DbCursor *cursor, StorageVolumeRow *row, Error **err) {
        *row = (StorageVolumeRow){.id = db_integer(cursor, 0),
                                  .volume_id = db_integer(cursor, 1),
                                  .pool = str_dup(db_text(cursor, 2)),
                                  .project = str_dup(db_text(cursor, 3)),
                                  .name = str_dup(db_text(cursor, 4)),
                                  .type = db_integer(cursor, 5),
                                  .content_type = db_integer(cursor, 6),
                                  .description = str_dup(db_text(cursor, 7)),
                                  .expires_ns = db_time(cursor, 8)};
        return db_load_map(
                tx, &row->config,
                row->volume_id != 0
                        ? "SELECT key, value FROM storage_volumes_snapshots_config"
                          " WHERE storage_volume_snapshot_id = ?"
                        : "SELECT key, value FROM storage_volumes_config"
                          " WHERE storage_volume_id = ?",
                row->id, err);
}

static int take_rows(Transaction *tx, DbCursor *cursor, StorageVolumeRowList *ret, Error **err) {
        _cleanup_(storage_volume_row_list_done) StorageVolumeRowList list = {};
        int found;
        while ((found = db_next(cursor, err)) > 0) {
                mem_grow((void **) &list.items, &list.capacity, list.count + 1,
                         sizeof *list.items);
                if (fill(tx, cursor, &list.items[list.count++], err) < 0)
                        return -1;
        }
        if (found < 0)
                return -1;
        *ret = list;
        list = (StorageVolumeRowList){};
        return 0;
}

int db_storage_volume_find(Transaction *tx, const StorageVolumeQuery *query,
                           StorageVolumeRowList *ret, Error **err) {
        static const char *const selects[] = {
                VOLUMES MATCHING "ORDER BY 6, 5, 4",
                VOLUMES MATCHING "UNION ALL " SNAPSHOTS MATCHING "ORDER BY 6, 5, 4",
        };
        _cleanup_cursor_ DbCursor cursor = {};
        bool every = query->custom_project == NULL || query->project == NULL;
        if (db_select(tx, &cursor, err, selects[query->snapshots], "sssis", query->pool,
                      every ? NULL : query->custom_project, query->project, query->type,
                      query->name) < 0)
                return -1;
        return take_rows(tx, &cursor, ret, err);
}

int db_storage_volume_list(Transaction *tx, const char *pool, const char *project, int64_t type,
                           StorageVolumeRowList *ret, Error **err) {
        const StorageVolumeQuery query = {
                .pool = pool, .custom_project = project, .project = project, .type = type};
        return db_storage_volume_find(tx, &query, ret, err);
}

int db_storage_volume_get(Transaction *tx, const StorageVolumeRow *key, StorageVolumeRow *ret,
                          Error **err) {
        _cleanup_cursor_ DbCursor cursor = {};
        const char *slash = strchr(key->name, '/');
        _cleanup_free_ char *volume =
                str_ndup(key->name, slash != NULL ? (size_t) (slash - key->name)
                                                  : strlen(key->name));
        if (db_select(tx, &cursor, err,
                      slash != NULL ? SNAPSHOTS "WHERE s.name = ? AND p.name = ? AND v.type = ?"
                                                " AND v.name = ? AND x.name = ?"
                                    : VOLUMES "WHERE s.name = ? AND p.name = ? AND v.type = ?"
                                              " AND v.name = ?",
                      slash != NULL ? "ssiss" : "ssis", key->pool, key->project, key->type,
                      volume, slash != NULL ? slash + 1 : NULL) < 0)
                return -1;
        int found = db_next(&cursor, err);
        if (found == 0)
                return error_set(err, ERROR_NOT_FOUND, 0, "Storage pool volume not found");
        return found < 0 ? -1 : fill(tx, &cursor, ret, err);
}

static int store_config(Transaction *tx, int64_t id, const StrMap *config, Error **err) {
        return db_store_map(tx, id, config,
                            "DELETE FROM storage_volumes_config WHERE storage_volume_id = ?",
                            "INSERT INTO storage_volumes_config (storage_volume_id, key, value)"
                            " VALUES (?, ?, ?)",
                            err);
}

/* A taken name of a row gets the words that clients know. */
static int name_the_conflict(const char *what, Error **failed, Error **err) {
        if (!error_is(*failed, ERROR_EXISTS))
                return error_move(err, failed);
        error_free(*failed);
        return error_set(err, ERROR_EXISTS, 0, "%s by that name already exists", what);
}

int db_storage_volume_create(Transaction *tx, const StorageVolumeRow *row, int64_t *ret_id,
                             Error **err) {
        Error *failed = NULL;
        if (db_run(tx, &failed,
                   "INSERT INTO storage_volumes (name, storage_pool_id, node_id, type,"
                   " description, project_id, content_type) SELECT ?, s.id, 1, ?, ?, p.id, ?"
                   " FROM storage_pools AS s, projects AS p WHERE s.name = ? AND p.name = ?",
                   "sisiss", row->name, row->type, row->description != NULL ? row->description : "",
                   row->content_type, row->pool, row->project) < 0)
                return name_the_conflict("Volume", &failed, err);
        if (db_changes(tx) == 0)
                return error_set(err, ERROR_NOT_FOUND, 0, "Storage pool not found");
        *ret_id = db_last_id(tx);
        return store_config(tx, *ret_id, &row->config, err);
}

static int store_snapshot_config(Transaction *tx, int64_t id, const StrMap *config, Error **err) {
        return db_store_map(tx, id, config,
                            "DELETE FROM storage_volumes_snapshots_config"
                            " WHERE storage_volume_snapshot_id = ?",
                            "INSERT INTO storage_volumes_snapshots_config"
                            " (storage_volume_snapshot_id, key, value) VALUES (?, ?, ?)",
                            err);
}

int db_storage_volume_update(Transaction *tx, const StorageVolumeRow *row, Error **err) {
        const char *description = row->description != NULL ? row->description : "";
        if (row->volume_id != 0) {
                if (db_run(tx, err,
                           "UPDATE storage_volumes_snapshots SET description = ?, expiry_date = ?"
                           " WHERE id = ?",
                           "sti", description, row->expires_ns, row->id) < 0)
                        return -1;
                return store_snapshot_config(tx, row->id, &row->config, err);
        }
        if (db_run(tx, err, "UPDATE storage_volumes SET description = ? WHERE id = ?", "si",
                   description, row->id) < 0)
                return -1;
        return store_config(tx, row->id, &row->config, err);
}

int db_storage_volume_rename(Transaction *tx, int64_t id, const char *to, Error **err) {
        Error *failed = NULL;
        if (db_run(tx, &failed, "UPDATE storage_volumes SET name = ? WHERE id = ?", "si", to, id) <
            0)
                return name_the_conflict("Volume", &failed, err);
        return 0;
}

int db_storage_volume_move(Transaction *tx, int64_t id, const StorageVolumeRow *to, Error **err) {
        Error *failed = NULL;
        if (db_run(tx, &failed,
                   "UPDATE storage_volumes SET name = ?,"
                   " storage_pool_id = (SELECT id FROM storage_pools WHERE name = ?),"
                   " project_id = (SELECT id FROM projects WHERE name = ?) WHERE id = ?",
                   "sssi", to->name, to->pool, to->project, id) < 0)
                return name_the_conflict("Volume", &failed, err);
        return 0;
}

int db_storage_volume_delete(Transaction *tx, int64_t id, Error **err) {
        return db_run(tx, err, "DELETE FROM storage_volumes WHERE id = ?", "i", id);
}

/* Volumes and snapshots share their numbers, which those of the volumes' table count. */
static int take_number(Transaction *tx, int64_t *ret, Error **err) {
        if (db_run(tx, err,
                   "UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'storage_volumes'",
                   "") < 0)
                return -1;
        return db_lookup(tx, "Storage volumes have no numbers", ret, err,
                         "SELECT seq FROM sqlite_sequence WHERE name = 'storage_volumes'", "");
}

int db_storage_volume_snapshot_create(Transaction *tx, const StorageVolumeRow *row,
                                      int64_t *ret_id, Error **err) {
        Error *failed = NULL;
        int64_t id;
        if (take_number(tx, &id, err) < 0)
                return -1;
        if (db_run(tx, &failed,
                   "INSERT INTO storage_volumes_snapshots (id, storage_volume_id, name,"
                   " description, expiry_date) VALUES (?, ?, ?, ?, ?)",
                   "iisst", id, row->volume_id, row->name,
                   row->description != NULL ? row->description : "", row->expires_ns) < 0)
                return name_the_conflict("Snapshot", &failed, err);
        if (store_snapshot_config(tx, id, &row->config, err) < 0)
                return -1;
        *ret_id = id;
        return 0;
}

int db_storage_volume_snapshot_list(Transaction *tx, int64_t volume_id, StorageVolumeRowList *ret,
                                    Error **err) {
        _cleanup_cursor_ DbCursor cursor = {};
        if (db_select(tx, &cursor, err, SNAPSHOTS "WHERE v.id = ? ORDER BY x.id", "i", volume_id) <
            0)
                return -1;
        return take_rows(tx, &cursor, ret, err);
}

int db_storage_volume_snapshot_rename(Transaction *tx, int64_t id, const char *to, Error **err) {
        Error *failed = NULL;
        if (db_run(tx, &failed, "UPDATE storage_volumes_snapshots SET name = ? WHERE id = ?", "si",
                   to, id) < 0)
                return name_the_conflict("Snapshot", &failed, err);
        return 0;
}

int db_storage_volume_snapshot_delete(Transaction *tx, int64_t id, Error **err) {
        return db_run(tx, err, "DELETE FROM storage_volumes_snapshots WHERE id = ?", "i", id);
}
