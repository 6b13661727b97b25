#include "database/projects.h"

#include "base/memory.h"

#define CONFIG_SELECT "SELECT key, value FROM projects_config WHERE project_id = ?"
#define CONFIG_DELETE "DELETE FROM projects_config WHERE project_id = ?"
#define CONFIG_INSERT "INSERT INTO projects_config (project_id, key, value) VALUES (?, ?, ?)"

void project_row_done(ProjectRow *row) {
        free(row->name);
        free(row->description);
        strmap_done(&row->config);
        *row = (ProjectRow){};
}

void project_row_list_done(ProjectRowList *list) {
        for (size_t i = 0; i < list->count; i++)
                project_row_done(&list->items[i]);
        free(list->items);
        *list = (ProjectRowList){};
}

int db_project_id(Transaction *tx, const char *name, int64_t *ret, Error **err) {
        return db_lookup(tx, "Project not found", ret, err,
                         "SELECT id FROM projects WHERE name = ?", "s", name);
}

static int fill(Transaction *tx, const DbCursor *cursor, ProjectRow *row, Error **err) {
        *row = (ProjectRow){.id = db_integer(cursor, 0),
                            .name = str_dup(db_text(cursor, 1)),
                            .description = str_dup(db_text(cursor, 2))};
        return db_load_map(tx, &row->config, CONFIG_SELECT, row->id, err);
}

int db_project_holder(Transaction *tx, const char *project, const char *feature, char **ret,
                      Error **err) {
        _cleanup_(project_row_done) ProjectRow row = {};
        if (str_equal(project, "default")) {
                *ret = str_dup(project);
                return 0;
        }
        if (db_project_get(tx, project, &row, err) < 0)
                return -1;
        bool own = str_is_true(strmap_get(&row.config, feature));
        *ret = str_dup(own ? project : "default");
        return 0;
}

int db_project_list(Transaction *tx, ProjectRowList *ret, Error **err) {
        _cleanup_cursor_ DbCursor cursor = {};
        _cleanup_(project_row_list_done) ProjectRowList list = {};
        int row;
        if (db_select(tx, &cursor, err, "SELECT id, name, description FROM projects ORDER BY name",
                      "") < 0)
                return -1;
        while ((row = db_next(&cursor, err)) > 0) {
                mem_grow((void **) &list.items, &list.capacity, list.count + 1,
                         sizeof *list.items);
                if (fill(tx, &cursor, &list.items[list.count++], err) < 0)
                        return -1;
        }
        if (row < 0)
                return -1;
        *ret = list;
        list = (ProjectRowList){};
        return 0;
}

int db_project_get(Transaction *tx, const char *name, ProjectRow *ret, Error **err) {
        _cleanup_cursor_ DbCursor cursor = {};
        if (db_select(tx, &cursor, err, "SELECT id, name, description FROM projects WHERE name = ?",
                      "s", name) < 0)
                return -1;
        int row = db_next(&cursor, err);
        if (row == 0)
                return error_set(err, ERROR_NOT_FOUND, 0, "Project not found");
        return row < 0 ? -1 : fill(tx, &cursor, ret, err);
}

static int store_config(Transaction *tx, int64_t id, const StrMap *config, Error **err) {
        return db_store_map(tx, id, config, CONFIG_DELETE, CONFIG_INSERT, err);
}

int db_project_create(Transaction *tx, const ProjectRow *row, int64_t *ret_id, Error **err) {
        _cleanup_error_ Error *failed = NULL;
        if (db_run(tx, &failed, "INSERT INTO projects (name, description) VALUES (?, ?)", "ss",
                   row->name, row->description != NULL ? row->description : "") < 0) {
                if (error_is(failed, ERROR_EXISTS))
                        return error_set(err, ERROR_EXISTS, 0, "Project \"%s\" already exists",
                                         row->name);
                return error_move(err, &failed);
        }
        *ret_id = db_last_id(tx);
        return store_config(tx, *ret_id, &row->config, err);
}

int db_project_update(Transaction *tx, const ProjectRow *row, Error **err) {
        if (db_run(tx, err, "UPDATE projects SET description = ? WHERE id = ?", "si",
                   row->description, row->id) < 0)
                return -1;
        return store_config(tx, row->id, &row->config, err);
}

int db_project_rename(Transaction *tx, const char *name, const char *to, Error **err) {
        _cleanup_error_ Error *failed = NULL;
        if (db_run(tx, &failed, "UPDATE projects SET name = ? WHERE name = ?", "ss", to, name) <
            0) {
                if (error_is(failed, ERROR_EXISTS))
                        return error_set(err, ERROR_EXISTS, 0, "Project \"%s\" already exists", to);
                return error_move(err, &failed);
        }
        return 0;
}

int db_project_delete(Transaction *tx, const char *name, Error **err) {
        return db_run(tx, err, "DELETE FROM projects WHERE name = ?", "s", name);
}

int db_project_used_by(Transaction *tx, const ProjectRow *row, StrList *ret, Error **err) {
        static const char *const queries[] = {
                "SELECT '/1.0/instances/' || name FROM instances WHERE project_id = ?",
                "SELECT '/1.0/images/' || fingerprint FROM images WHERE project_id = ?",
                "SELECT '/1.0/networks/' || name FROM networks WHERE project_id = ?",
                "SELECT '/1.0/profiles/' || name FROM profiles WHERE project_id = ?",
                "SELECT '/1.0/storage-pools/' || storage_pools.name || '/volumes/custom/' ||"
                " storage_volumes.name FROM storage_volumes JOIN storage_pools ON"
                " storage_pools.id = storage_pool_id WHERE project_id = ? AND type = 2",
        };
        _cleanup_free_ char *escaped = url_escape(row->name);
        bool is_default = str_equal(row->name, "default");
        for (size_t i = 0; i < ARRAY_SIZE(queries); i++) {
                _cleanup_cursor_ DbCursor cursor = {};
                int found;
                if (db_select(tx, &cursor, err, queries[i], "i", row->id) < 0)
                        return -1;
                while ((found = db_next(&cursor, err)) > 0)
                        strlist_printf(ret, "%s%s%s", db_text(&cursor, 0),
                                       is_default ? "" : "?project=", is_default ? "" : escaped);
                if (found < 0)
                        return -1;
        }
        return 0;
}

void project_volume_list_done(ProjectVolumeList *list) {
        for (size_t i = 0; i < list->count; i++) {
                free(list->items[i].pool);
                free(list->items[i].name);
                free(list->items[i].size);
        }
        free(list->items);
        *list = (ProjectVolumeList){};
}

int db_project_volumes(Transaction *tx, const char *project, ProjectVolumeList *ret, Error **err) {
        _cleanup_cursor_ DbCursor cursor = {};
        _cleanup_(project_volume_list_done) ProjectVolumeList list = {};
        int row;
        if (db_select(tx, &cursor, err,
                      "SELECT storage_pools.name, storage_volumes.name,"
                      " storage_volumes_config.value FROM storage_volumes"
                      " JOIN storage_pools ON storage_pools.id = storage_pool_id"
                      " JOIN projects ON projects.id = storage_volumes.project_id"
                      " LEFT JOIN storage_volumes_config ON"
                      " storage_volume_id = storage_volumes.id AND key = 'size'"
                      " WHERE projects.name = ? AND storage_volumes.type = 2",
                      "s", project) < 0)
                return -1;
        while ((row = db_next(&cursor, err)) > 0) {
                mem_grow((void **) &list.items, &list.capacity, list.count + 1,
                         sizeof *list.items);
                list.items[list.count++] =
                        (ProjectVolume){.pool = str_dup(db_text(&cursor, 0)),
                                        .name = str_dup(db_text(&cursor, 1)),
                                        .size = str_dup(db_text(&cursor, 2))};
        }
        if (row < 0)
                return -1;
        *ret = list;
        list = (ProjectVolumeList){};
        return 0;
}

int db_project_network_count(Transaction *tx, const char *project, int64_t *ret, Error **err) {
        return db_lookup(tx, "Project not found", ret, err,
                         "SELECT COUNT(networks.id) FROM networks JOIN projects ON"
                         " projects.id = project_id WHERE projects.name = ?",
                         "s", project);
}
