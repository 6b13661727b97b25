#include "database/profiles.h"

#include "base/memory.h"
#include "database/projects.h"

#define SELECT                                                                            \
        "SELECT profiles.id, projects.name, profiles.name, profiles.description FROM profiles" \
        " JOIN projects ON projects.id = profiles.project_id "

static const DbDeviceSql device_sql = {
        .select = "SELECT d.id, d.name, d.type, c.key, c.value FROM profiles_devices AS d"
                  " LEFT JOIN profiles_devices_config AS c ON c.profile_device_id = d.id"
                  " WHERE d.profile_id = ? ORDER BY d.name",
        .delete = "DELETE FROM profiles_devices WHERE profile_id = ?",
        .insert = "INSERT INTO profiles_devices (profile_id, name, type) VALUES (?, ?, ?)",
        .insert_config = "INSERT INTO profiles_devices_config (profile_device_id, key, value)"
                         " VALUES (?, ?, ?)",
};

void profile_row_done(ProfileRow *row) {
        free(row->project);
        free(row->name);
        free(row->description);
        strmap_done(&row->config);
        devicemap_done(&row->devices);
        *row = (ProfileRow){};
}

void profile_row_list_done(ProfileRowList *list) {
        for (size_t i = 0; i < list->count; i++)
                profile_row_done(&list->items[i]);
        free(list->items);
        *list = (ProfileRowList){};
}

static int fill(Transaction *tx, const DbCursor *cursor, ProfileRow *row, Error **err) {
        *row = (ProfileRow){.id = db_integer(cursor, 0),
                            .project = str_dup(db_text(cursor, 1)),
                            .name = str_dup(db_text(cursor, 2)),
                            .description = str_dup(db_text(cursor, 3))};
        if (db_load_map(tx, &row->config,
                        "SELECT key, value FROM profiles_config WHERE profile_id = ?",
                        row->id, err) < 0)
                return -1;
        return db_load_devices(tx, &row->devices, &device_sql, row->id, err);
}

int db_profile_get(Transaction *tx, const char *project, const char *name, ProfileRow *ret,
                   Error **err) {
        _cleanup_cursor_ DbCursor cursor = {};
        if (db_select(tx, &cursor, err, SELECT "WHERE projects.name = ? AND profiles.name = ?",
                      "ss", project, name) < 0)
                return -1;
        int row = db_next(&cursor, err);
        if (row == 0)
                return error_set(err, ERROR_NOT_FOUND, 0, "Profile not found");
        return row < 0 ? -1 : fill(tx, &cursor, ret, err);
}

int db_profile_list(Transaction *tx, const char *project, ProfileRowList *ret, Error **err) {
        _cleanup_cursor_ DbCursor cursor = {};
        _cleanup_(profile_row_list_done) ProfileRowList list = {};
        int row;
        if (db_select(tx, &cursor, err,
                      SELECT "WHERE ?1 IS NULL OR projects.name = ?1"
                             " ORDER BY projects.name, profiles.name",
                      "s", project) < 0)
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
        list = (ProfileRowList){};
        return 0;
}

static int store(Transaction *tx, int64_t id, const ProfileRow *row, Error **err) {
        if (db_store_map(tx, id, &row->config, "DELETE FROM profiles_config WHERE profile_id = ?",
                         "INSERT INTO profiles_config (profile_id, key, value) VALUES (?, ?, ?)",
                         err) < 0)
                return -1;
        return db_store_devices(tx, id, &row->devices, &device_sql, err);
}

static int name_taken(Error **err, Error **failed, const char *name) {
        if (error_is(*failed, ERROR_EXISTS)) {
                error_free(*failed);
                return error_set(err, ERROR_EXISTS, 0, "Profile \"%s\" already exists", name);
        }
        return error_move(err, failed);
}

int db_profile_create(Transaction *tx, const ProfileRow *row, int64_t *ret_id, Error **err) {
        Error *failed = NULL;
        int64_t project;
        if (db_project_id(tx, row->project, &project, err) < 0)
                return -1;
        if (db_run(tx, &failed,
                   "INSERT INTO profiles (name, description, project_id) VALUES (?, ?, ?)", "ssi",
                   row->name, row->description != NULL ? row->description : "", project) < 0) {
                return name_taken(err, &failed, row->name);
        }
        *ret_id = db_last_id(tx);
        return store(tx, *ret_id, row, err);
}

int db_profile_update(Transaction *tx, const ProfileRow *row, Error **err) {
        if (db_run(tx, err, "UPDATE profiles SET description = ? WHERE id = ?", "si",
                   row->description, row->id) < 0)
                return -1;
        return store(tx, row->id, row, err);
}

int db_profile_rename(Transaction *tx, int64_t id, const char *to, Error **err) {
        Error *failed = NULL;
        if (db_run(tx, &failed, "UPDATE profiles SET name = ? WHERE id = ?", "si", to, id) < 0) {
                return name_taken(err, &failed, to);
        }
        return 0;
}

int db_profile_delete(Transaction *tx, int64_t id, Error **err) {
        return db_run(tx, err, "DELETE FROM profiles WHERE id = ?", "i", id);
}

int db_profile_used_by(Transaction *tx, int64_t id, StrList *ret, Error **err) {
        _cleanup_cursor_ DbCursor cursor = {};
        int row;
        if (db_select(tx, &cursor, err,
                      "SELECT instances.name, projects.name FROM instances_profiles"
                      " JOIN instances ON instances.id = instance_id"
                      " JOIN projects ON projects.id = instances.project_id"
                      " WHERE profile_id = ? ORDER BY projects.name, instances.name",
                      "i", id) < 0)
                return -1;
        while ((row = db_next(&cursor, err)) > 0) {
                _cleanup_free_ char *project = url_escape(db_text(&cursor, 1));
                bool is_default = str_equal(project, "default");
                strlist_printf(ret, "/1.0/instances/%s%s%s", db_text(&cursor, 0),
                               is_default ? "" : "?project=", is_default ? "" : project);
        }
        return row;
}

void profile_rows_apply(const ProfileRowList *profiles, const StrList *names, StrMap *config,
                        DeviceMap *devices) {
        for (size_t i = 0; i < names->count; i++)
                for (size_t p = 0; p < profiles->count; p++)
                        if (str_equal(profiles->items[p].name, names->items[i])) {
                                strmap_merge(config, &profiles->items[p].config);
                                devicemap_merge(devices, &profiles->items[p].devices);
                        }
}
