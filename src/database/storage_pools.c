#include "database/storage_pools.h"

#include "base/memory.h"
#include "database/projects.h"

#define POOL_COLUMNS "SELECT id, name, driver, description, state FROM storage_pools "

void storage_pool_row_done(StoragePoolRow *row) {
        free(row->name);
        free(row->driver);
        free(row->description);
        strmap_done(&row->config);
        *row = (StoragePoolRow){};
}

void storage_pool_row_list_done(StoragePoolRowList *list) {
        for (size_t i = 0; i < list->count; i++)
                storage_pool_row_done(&list->items[i]);
        free(list->items);
        *list = (StoragePoolRowList){};
}

static int fill(Transaction *tx, const DbCursor *cursor, StoragePoolRow *row, Error **err) {
        *row = (StoragePoolRow){.id = db_integer(cursor, 0),
                                .name = str_dup(db_text(cursor, 1)),
                                .driver = str_dup(db_text(cursor, 2)),
                                .description = str_dup(db_text(cursor, 3)),
                                .state = db_integer(cursor, 4)};
        return db_load_map(tx, &row->config,
                           "SELECT key, value FROM storage_pools_config WHERE storage_pool_id = ?",
                           row->id, err);
}

int db_storage_pool_get(Transaction *tx, const char *name, StoragePoolRow *ret, Error **err) {
        _cleanup_cursor_ DbCursor cursor = {};
        if (db_select(tx, &cursor, err, POOL_COLUMNS "WHERE name = ?", "s", name) < 0)
                return -1;
        int found = db_next(&cursor, err);
        if (found == 0)
                return error_set(err, ERROR_NOT_FOUND, 0, "Storage pool not found");
        return found < 0 ? -1 : fill(tx, &cursor, ret, err);
}

int db_storage_pool_list(Transaction *tx, StoragePoolRowList *ret, Error **err) {
        _cleanup_cursor_ DbCursor cursor = {};
        _cleanup_(storage_pool_row_list_done) StoragePoolRowList list = {};
        int found;
        if (db_select(tx, &cursor, err, POOL_COLUMNS "ORDER BY name", "") < 0)
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
        list = (StoragePoolRowList){};
        return 0;
}

static int store_config(Transaction *tx, int64_t id, const StrMap *config, Error **err) {
        return db_store_map(tx, id, config,
                            "DELETE FROM storage_pools_config WHERE storage_pool_id = ?",
                            "INSERT INTO storage_pools_config (storage_pool_id, key, value)"
                            " VALUES (?, ?, ?)",
                            err);
}

int db_storage_pool_create(Transaction *tx, const StoragePoolRow *row, int64_t *ret_id,
                           Error **err) {
        Error *failed = NULL;
        if (db_run(tx, &failed,
                   "INSERT INTO storage_pools (name, driver, description, state)"
                   " VALUES (?, ?, ?, ?)",
                   "sssi", row->name, row->driver, row->description != NULL ? row->description : "",
                   row->state) < 0) {
                if (!error_is(failed, ERROR_EXISTS))
                        return error_move(err, &failed);
                error_free(failed);
                return error_set(err, ERROR_EXISTS, 0, "The storage pool already exists");
        }
        *ret_id = db_last_id(tx);
        if (db_run(tx, err,
                   "INSERT INTO storage_pools_nodes (storage_pool_id, node_id, state)"
                   " VALUES (?, 1, ?)",
                   "ii", *ret_id, row->state) < 0)
                return -1;
        return store_config(tx, *ret_id, &row->config, err);
}

int db_storage_pool_update(Transaction *tx, const StoragePoolRow *row, Error **err) {
        if (db_run(tx, err, "UPDATE storage_pools SET description = ? WHERE id = ?", "si",
                   row->description, row->id) < 0)
                return -1;
        return store_config(tx, row->id, &row->config, err);
}

int db_storage_pool_set_state(Transaction *tx, int64_t id, StoragePoolState state, Error **err) {
        if (db_run(tx, err, "UPDATE storage_pools SET state = ? WHERE id = ?", "ii",
                   (int64_t) state, id) < 0)
                return -1;
        return db_run(tx, err, "UPDATE storage_pools_nodes SET state = ? WHERE storage_pool_id = ?",
                      "ii", (int64_t) state, id);
}

int db_storage_pool_delete(Transaction *tx, int64_t id, Error **err) {
        return db_run(tx, err, "DELETE FROM storage_pools WHERE id = ?", "i", id);
}

/* Rows of name, project and, of a snapshot, its name. */
static int add_urls(DbCursor *cursor, const char *prefix, StrList *ret, Error **err) {
        int found;
        while ((found = db_next(cursor, err)) > 0) {
                const char *project = db_text(cursor, 1);
                _cleanup_free_ char *name = url_escape(db_text(cursor, 0));
                _cleanup_free_ char *holder = url_escape(project);
                _cleanup_free_ char *snapshot = url_escape(db_text(cursor, 2));
                bool is_default = str_equal(project, "default");
                strlist_printf(ret, "%s%s%s%s%s%s", prefix, name,
                               db_is_null(cursor, 2) ? "" : "/snapshots/", snapshot,
                               is_default ? "" : "?project=", is_default ? "" : holder);
        }
        return found;
}

#define VOLUMES_OF(types)                                                                     \
        "SELECT v.name, p.name, NULL FROM storage_volumes AS v"                               \
        " JOIN projects AS p ON p.id = v.project_id"                                          \
        " WHERE v.storage_pool_id = ?1 AND v.type IN (" types ")"                             \
        " UNION ALL SELECT v.name, p.name, x.name FROM storage_volumes_snapshots AS x"        \
        " JOIN storage_volumes AS v ON v.id = x.storage_volume_id"                            \
        " JOIN projects AS p ON p.id = v.project_id"                                          \
        " WHERE v.storage_pool_id = ?1 AND v.type IN (" types ")"

int db_storage_pool_used_by(Transaction *tx, const StoragePoolRow *row, StrList *ret,
                            Error **err) {
        _cleanup_free_ char *pool = url_escape(row->name);
        _cleanup_free_ char *custom = str_printf("/1.0/storage-pools/%s/volumes/custom/", pool);
        const struct {
                const char *prefix, *sql;
        } queries[] = {
                {"/1.0/images/", "SELECT name, 'default', NULL FROM storage_volumes"
                                 " WHERE storage_pool_id = ?1 AND type = 1"},
                {"/1.0/instances/", VOLUMES_OF("0, 3")},
                {"/1.0/profiles/",
                 "SELECT DISTINCT profiles.name, projects.name, NULL FROM profiles"
                 " JOIN projects ON projects.id = profiles.project_id"
                 " JOIN profiles_devices ON profile_id = profiles.id"
                 " JOIN profiles_devices_config ON profile_device_id = profiles_devices.id"
                 " WHERE profiles_devices.type = 2 AND key = 'pool' AND value ="
                 " (SELECT name FROM storage_pools WHERE id = ?1)"},
                {custom, VOLUMES_OF("2")},
        };
        for (size_t i = 0; i < ARRAY_SIZE(queries); i++) {
                _cleanup_cursor_ DbCursor cursor = {};
                if (db_select(tx, &cursor, err, queries[i].sql, "i", row->id) < 0 ||
                    add_urls(&cursor, queries[i].prefix, ret, err) < 0)
                        return -1;
        }
        strlist_sort(ret);
        return 0;
}
