#include "database/instances.h"

#include "base/memory.h"
#include "base/times.h"
#include "database/projects.h"
#include "database/warnings.h"

#define COLUMNS                                                                               \
        "SELECT i.id, p.name, i.name, i.type, i.architecture, i.ephemeral, i.stateful,"        \
        " i.creation_date, i.last_use_date, i.description FROM instances AS i"                 \
        " JOIN projects AS p ON p.id = i.project_id "
#define CONFIG_INSERT                                                                          \
        "INSERT OR REPLACE INTO instances_config (instance_id, key, value) VALUES (?, ?, ?)"

static const DbDeviceSql device_sql = {
        .select = "SELECT d.id, d.name, d.type, c.key, c.value FROM instances_devices AS d"
                  " LEFT JOIN instances_devices_config AS c ON c.instance_device_id = d.id"
                  " WHERE d.instance_id = ? ORDER BY d.name",
        .delete = "DELETE FROM instances_devices WHERE instance_id = ?",
        .insert = "INSERT INTO instances_devices (instance_id, name, type) VALUES (?, ?, ?)",
        .insert_config = "INSERT INTO instances_devices_config (instance_device_id, key, value)"
                         " VALUES (?, ?, ?)",
};

void instance_row_done(InstanceRow *row) {
        free(row->project);
        free(row->name);
        free(row->description);
        strmap_done(&row->config);
        devicemap_done(&row->devices);
        strlist_done(&row->profiles);
        *row = (InstanceRow){};
}

void instance_row_copy(InstanceRow *to, const InstanceRow *from) {
        InstanceRow copy = *from;
        copy.project = str_dup(from->project);
        copy.name = str_dup(from->name);
        copy.description = str_dup(from->description);
        copy.config = (StrMap){};
        copy.devices = (DeviceMap){};
        copy.profiles = (StrList){};
        strmap_copy(&copy.config, &from->config);
        devicemap_copy(&copy.devices, &from->devices);
        strlist_copy(&copy.profiles, &from->profiles);
        instance_row_done(to);
        *to = copy;
}

void instance_row_list_done(InstanceRowList *list) {
        for (size_t i = 0; i < list->count; i++)
                instance_row_done(&list->items[i]);
        free(list->items);
        *list = (InstanceRowList){};
}

static void fill(const DbCursor *cursor, InstanceRow *row) {
        *row = (InstanceRow){.id = db_integer(cursor, 0),
                             .project = str_dup(db_text(cursor, 1)),
                             .name = str_dup(db_text(cursor, 2)),
                             .type = db_integer(cursor, 3),
                             .architecture = db_integer(cursor, 4),
                             .ephemeral = db_integer(cursor, 5) != 0,
                             .stateful = db_integer(cursor, 6) != 0,
                             .created_ns = db_time(cursor, 7),
                             .used_ns = db_time(cursor, 8),
                             .description = str_dup(db_text(cursor, 9))};
}

static int load_profiles(Transaction *tx, InstanceRow *row, Error **err) {
        _cleanup_cursor_ DbCursor cursor = {};
        int found;
        if (db_select(tx, &cursor, err,
                      "SELECT profiles.name FROM instances_profiles JOIN profiles"
                      " ON profiles.id = profile_id WHERE instance_id = ? ORDER BY apply_order",
                      "i", row->id) < 0)
                return -1;
        while ((found = db_next(&cursor, err)) > 0)
                strlist_add(&row->profiles, db_text(&cursor, 0));
        return found;
}

int db_instance_get(Transaction *tx, const char *project, const char *name, InstanceRow *ret,
                    Error **err) {
        _cleanup_cursor_ DbCursor cursor = {};
        _cleanup_(instance_row_done) InstanceRow row = {};
        if (db_select(tx, &cursor, err, COLUMNS "WHERE p.name = ? AND i.name = ?", "ss", project,
                      name) < 0)
                return -1;
        int found = db_next(&cursor, err);
        if (found == 0)
                return error_set(err, ERROR_NOT_FOUND, 0, "Instance not found");
        if (found < 0)
                return -1;
        fill(&cursor, &row);
        if (db_load_map(tx, &row.config,
                        "SELECT key, value FROM instances_config WHERE instance_id = ?",
                        row.id, err) < 0 ||
            db_load_devices(tx, &row.devices, &device_sql, row.id, err) < 0 ||
            load_profiles(tx, &row, err) < 0)
                return -1;
        *ret = row;
        row = (InstanceRow){};
        return 0;
}

static void take_config(void *row, const DbCursor *cursor) {
        db_take_pair(&((InstanceRow *) row)->config, cursor);
}

static void take_device(void *row, const DbCursor *cursor) {
        db_take_device(&((InstanceRow *) row)->devices, cursor);
}

static void take_profile(void *row, const DbCursor *cursor) {
        strlist_add(&((InstanceRow *) row)->profiles, db_text(cursor, 1));
}

static int merge_all(Transaction *tx, InstanceRowList *list, Error **err) {
        _cleanup_free_ DbOwner *items = mem_new_array(DbOwner, list->count);
        DbOwners owners = {.items = items, .count = list->count, .last = INT64_MAX};
        for (size_t i = 0; i < list->count; i++)
                items[i] = (DbOwner) {list->items[i].id, &list->items[i]};
        if (db_merge(tx, &owners,
                     "SELECT instance_id, key, value FROM instances_config"
                     " WHERE instance_id BETWEEN ? AND ? ORDER BY instance_id, key",
                     take_config, err) < 0 ||
            db_merge(tx, &owners,
                     "SELECT d.instance_id, d.name, d.type, c.key, c.value FROM instances_devices"
                     " AS d LEFT JOIN instances_devices_config AS c"
                     " ON c.instance_device_id = d.id"
                     " WHERE d.instance_id BETWEEN ? AND ? ORDER BY d.instance_id, d.name",
                     take_device, err) < 0)
                return -1;
        return db_merge(tx, &owners,
                        "SELECT instance_id, profiles.name FROM instances_profiles JOIN profiles"
                        " ON profiles.id = profile_id WHERE instance_id BETWEEN ? AND ?"
                        " ORDER BY instance_id, apply_order",
                        take_profile, err);
}

int db_instance_list(Transaction *tx, const char *project, InstanceRowList *ret, Error **err) {
        _cleanup_cursor_ DbCursor cursor = {};
        _cleanup_(instance_row_list_done) InstanceRowList list = {};
        int found;
        if (db_select(tx, &cursor, err,
                      COLUMNS "WHERE ?1 IS NULL OR p.name = ?1 ORDER BY p.name, i.name", "s",
                      project) < 0)
                return -1;
        while ((found = db_next(&cursor, err)) > 0) {
                mem_grow((void **) &list.items, &list.capacity, list.count + 1,
                         sizeof *list.items);
                fill(&cursor, &list.items[list.count++]);
        }
        if (found < 0 || (list.count > 0 && merge_all(tx, &list, err) < 0))
                return -1;
        *ret = list;
        list = (InstanceRowList){};
        return 0;
}

int db_instance_names(Transaction *tx, const char *project, StrList *ret, Error **err) {
        _cleanup_cursor_ DbCursor cursor = {};
        int found;
        if (db_select(tx, &cursor, err,
                      "SELECT i.name FROM instances AS i JOIN projects AS p ON p.id = project_id"
                      " WHERE p.name = ? ORDER BY i.name",
                      "s", project) < 0)
                return -1;
        while ((found = db_next(&cursor, err)) > 0)
                strlist_add(ret, db_text(&cursor, 0));
        return found;
}

static int store_profiles(Transaction *tx, int64_t id, const StrList *profiles,
                          const char *profile_project, Error **err) {
        if (db_run(tx, err, "DELETE FROM instances_profiles WHERE instance_id = ?", "i", id) < 0)
                return -1;
        for (size_t i = 0; i < profiles->count; i++) {
                if (db_run(tx, err,
                           "INSERT INTO instances_profiles (instance_id, profile_id, apply_order)"
                           " SELECT ?, profiles.id, ? FROM profiles JOIN projects"
                           " ON projects.id = profiles.project_id"
                           " WHERE projects.name = ? AND profiles.name = ?",
                           "iiss", id, (int64_t) i + 1, profile_project, profiles->items[i]) < 0)
                        return -1;
                if (db_changes(tx) == 0)
                        return error_set(err, ERROR_NOT_FOUND, 0, "Profile \"%s\" not found",
                                         profiles->items[i]);
        }
        return 0;
}

static int store(Transaction *tx, int64_t id, const InstanceRow *row, const char *profile_project,
                 Error **err) {
        if (db_store_map(tx, id, &row->config, "DELETE FROM instances_config WHERE instance_id = ?",
                         CONFIG_INSERT, err) < 0 ||
            db_store_devices(tx, id, &row->devices, &device_sql, err) < 0)
                return -1;
        return store_profiles(tx, id, &row->profiles, profile_project, err);
}

int db_instance_create(Transaction *tx, const InstanceRow *row, const char *profile_project,
                       int64_t *ret_id, Error **err) {
        Error *failed = NULL;
        int64_t project;
        if (db_project_id(tx, row->project, &project, err) < 0)
                return -1;
        if (db_run(tx, &failed,
                   "INSERT INTO instances (node_id, name, architecture, type, ephemeral,"
                   " creation_date, stateful, last_use_date, description, project_id)"
                   " VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                   "siibtbtsi", row->name, row->architecture, row->type, row->ephemeral,
                   row->created_ns, row->stateful, row->used_ns,
                   row->description != NULL ? row->description : "", project) < 0) {
                if (!error_is(failed, ERROR_EXISTS))
                        return error_move(err, &failed);
                error_free(failed);
                return error_set(err, ERROR_EXISTS, 0, "Instance \"%s\" already exists", row->name);
        }
        *ret_id = db_last_id(tx);
        return store(tx, *ret_id, row, profile_project, err);
}

int db_instance_update(Transaction *tx, const InstanceRow *row, const char *profile_project,
                       Error **err) {
        if (db_run(tx, err,
                   "UPDATE instances SET architecture = ?, ephemeral = ?, stateful = ?,"
                   " description = ? WHERE id = ?",
                   "ibbsi", row->architecture, row->ephemeral, row->stateful, row->description,
                   row->id) < 0)
                return -1;
        return store(tx, row->id, row, profile_project, err);
}

static int name_the_conflict(Error **failed, const char *name, Error **err) {
        if (!error_is(*failed, ERROR_EXISTS))
                return error_move(err, failed);
        error_free(*failed);
        return error_set(err, ERROR_EXISTS, 0, "Name \"%s\" already in use", name);
}

int db_instance_rename(Transaction *tx, int64_t id, const char *to, Error **err) {
        Error *failed = NULL;
        if (db_run(tx, &failed, "UPDATE instances SET name = ? WHERE id = ?", "si", to, id) == 0)
                return 0;
        return name_the_conflict(&failed, to, err);
}

int db_instance_move(Transaction *tx, int64_t id, const char *project, const char *name,
                     Error **err) {
        Error *failed = NULL;
        int64_t project_id;
        if (db_project_id(tx, project, &project_id, err) < 0)
                return -1;
        if (db_run(tx, &failed, "UPDATE instances SET project_id = ?, name = ? WHERE id = ?",
                   "isi", project_id, name, id) == 0)
                return 0;
        return name_the_conflict(&failed, name, err);
}

int db_instance_delete(Transaction *tx, int64_t id, Error **err) {
        if (db_warning_delete_of(tx, WARNING_OF_INSTANCE, id, err) < 0)
                return -1;
        return db_run(tx, err, "DELETE FROM instances WHERE id = ?", "i", id);
}

int db_instance_config_set(Transaction *tx, int64_t id, const StrMap *changes, Error **err) {
        for (size_t i = 0; i < changes->count; i++) {
                const StrPair *pair = &changes->items[i];
                int result =
                        str_is_empty(pair->value)
                                ? db_run(tx, err,
                                         "DELETE FROM instances_config WHERE instance_id = ? AND"
                                         " key = ?",
                                         "is", id, pair->key)
                                : db_run(tx, err, CONFIG_INSERT, "iss", id, pair->key, pair->value);
                if (result < 0)
                        return -1;
        }
        return 0;
}

int db_instance_touch(Transaction *tx, int64_t id, int64_t used_ns, Error **err) {
        return db_run(tx, err, "UPDATE instances SET last_use_date = ? WHERE id = ?", "ti", used_ns,
                      id);
}

int db_instance_count_elsewhere(Transaction *tx, const char *project, const char *name,
                                int64_t *ret, Error **err) {
        return db_lookup(tx, "No count", ret, err,
                         "SELECT COUNT(*) FROM instances JOIN projects ON projects.id = project_id"
                         " WHERE instances.name = ? COLLATE NOCASE AND projects.name != ?",
                         "ss", name, project);
}
