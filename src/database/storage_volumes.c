#include "database/storage_pools.h"

#include "base/memory.h"
#include "database/projects.h"

#define COLUMNS                                                                             \
        "SELECT v.id, s.name, p.name, v.name, v.type, v.content_type, v.description"         \
        " FROM storage_volumes AS v JOIN storage_pools AS s ON s.id = v.storage_pool_id"     \
        " JOIN projects AS p ON p.id = v.project_id "

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
                                  .pool = str_dup(db_text(cursor, 1)),
                                  .project = str_dup(db_text(cursor, 2)),
                                  .name = str_dup(db_text(cursor, 3)),
                                  .type = db_integer(cursor, 4),
                                  .content_type = db_integer(cursor, 5),
                                  .description = str_dup(db_text(cursor, 6))};
        return db_load_map(
                tx, &row->config,
                "SELECT key, value FROM storage_volumes_config WHERE storage_volume_id = ?",
                row->id, err);
}

int db_storage_volume_list(Transaction *tx, const char *pool, const char *project, int64_t type,
                           StorageVolumeRowList *ret, Error **err) {
        _cleanup_cursor_ DbCursor cursor = {};
        _cleanup_(storage_volume_row_list_done) StorageVolumeRowList list = {};
        int found;
        if (db_select(tx, &cursor, err,
                      COLUMNS "WHERE (?1 IS NULL OR s.name = ?1) AND (?2 IS NULL OR p.name = ?2)"
                              " AND (?3 < 0 OR v.type = ?3) ORDER BY v.type, p.name, v.name",
                      "ssi", pool, project, type) < 0)
                return -1;
        while ((found = db_next(&cursor, err)) > 0) {
                mem_grow((void **) &list.items, &list.capacity, list.count + 1,
                         sizeof *list.items);
                if (fill(tx, &cursor, &list.items[list.count++], err) < 0)
                        return -1;
        }
        if (found < 0)
                return -1;
        *ret = list;
        list = (StorageVolumeRowList){};
        return 0;
}

int db_storage_volume_get(Transaction *tx, const StorageVolumeRow *key, StorageVolumeRow *ret,
                          Error **err) {
        _cleanup_cursor_ DbCursor cursor = {};
        if (db_select(tx, &cursor, err,
                      COLUMNS "WHERE s.name = ? AND p.name = ? AND v.type = ? AND v.name = ?",
                      "ssis", key->pool, key->project, key->type, key->name) < 0)
                return -1;
        int found = db_next(&cursor, err);
        if (found == 0)
                return error_set(err, ERROR_NOT_FOUND, 0, "Storage volume not found");
        return found < 0 ? -1 : fill(tx, &cursor, ret, err);
}

static int store_config(Transaction *tx, int64_t id, const StrMap *config, Error **err) {
        return db_store_map(tx, id, config,
                            "DELETE FROM storage_volumes_config WHERE storage_volume_id = ?",
                            "INSERT INTO storage_volumes_config (storage_volume_id, key, value)"
                            " VALUES (?, ?, ?)",
                            err);
}

int db_storage_volume_create(Transaction *tx, const StorageVolumeRow *row, int64_t *ret_id,
                             Error **err) {
        Error *failed = NULL;
        if (db_run(tx, &failed,
                   "INSERT INTO storage_volumes (name, storage_pool_id, node_id, type,"
                   " description, project_id, content_type) SELECT ?, s.id, 1, ?, ?, p.id, ?"
                   " FROM storage_pools AS s, projects AS p WHERE s.name = ? AND p.name = ?",
                   "sisiss", row->name, row->type, row->description != NULL ? row->description : "",
                   row->content_type, row->pool, row->project) < 0) {
                if (!error_is(failed, ERROR_EXISTS))
                        return error_move(err, &failed);
                error_free(failed);
                return error_set(err, ERROR_EXISTS, 0,
                                 "Volume \"%s\" already exists in pool \"%s\"", row->name,
                                 row->pool);
        }
        if (db_changes(tx) == 0)
                return error_set(err, ERROR_NOT_FOUND, 0, "Storage pool not found");
        *ret_id = db_last_id(tx);
        return store_config(tx, *ret_id, &row->config, err);
}

int db_storage_volume_update(Transaction *tx, const StorageVolumeRow *row, Error **err) {
        if (db_run(tx, err, "UPDATE storage_volumes SET description = ? WHERE id = ?", "si",
                   row->description, row->id) < 0)
                return -1;
        return store_config(tx, row->id, &row->config, err);
}

int db_storage_volume_rename(Transaction *tx, int64_t id, const char *to, Error **err) {
        return db_run(tx, err, "UPDATE storage_volumes SET name = ? WHERE id = ?", "si", to, id);
}

int db_storage_volume_delete(Transaction *tx, int64_t id, Error **err) {
        return db_run(tx, err, "DELETE FROM storage_volumes WHERE id = ?", "i", id);
}
