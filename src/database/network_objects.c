#include "database/network_objects.h"

#include "base/memory.h"

/* The statements of a kind. `one` and `two` are columns, or '' where there is none. */
typedef struct Kind {
        const char *missing, *exists;
        const char *get, *list;
        const char *insert; /* owner, name, description, one, two */
        const char *update; /* description, one, two, id */
        const char *rename, *delete;
        const char *config, *delete_config, *insert_config;
} Kind;

#define KIND(TABLE, OWNER, NAME, ONE, TWO, SINGLE, ...)                                      \
        {                                                                                    \
                .get = "SELECT id, " OWNER ", " NAME ", description, " ONE ", " TWO          \
                       " FROM " TABLE " WHERE " OWNER " = ? AND " NAME " = ?",               \
                .list = "SELECT id, " OWNER ", " NAME ", description, " ONE ", " TWO         \
                        " FROM " TABLE " WHERE ?1 = 0 OR " OWNER " = ?1 ORDER BY " NAME,     \
                .rename = "UPDATE " TABLE " SET " NAME " = ? WHERE id = ?",                  \
                .delete = "DELETE FROM " TABLE " WHERE id = ?",                              \
                .config = "SELECT key, value FROM " TABLE "_config WHERE " SINGLE "_id = ?", \
                .delete_config = "DELETE FROM " TABLE "_config WHERE " SINGLE "_id = ?",     \
                .insert_config = "INSERT INTO " TABLE "_config (" SINGLE "_id, key, value)"  \
                                 " VALUES (?, ?, ?)",                                        \
                __VA_ARGS__                                                                  \
        }

/* Values of columns that a kind does not have are bound all the same: "? IS NULL" takes them. */
static const Kind kinds[_NETWORK_OBJECT_MAX] = {
        [NETWORK_ACL] = KIND(
                "networks_acls", "project_id", "name", "ingress", "egress", "network_acl",
                .missing = "Network ACL not found", .exists = "The network ACL already exists",
                .insert = "INSERT INTO networks_acls (project_id, name, description, ingress,"
                          " egress) VALUES (?, ?, ?, ?, ?)",
                .update = "UPDATE networks_acls SET description = ?, ingress = ?, egress = ?"
                          " WHERE id = ?"),
        [NETWORK_FORWARD] = KIND(
                "networks_forwards", "network_id", "listen_address", "ports", "''",
                "network_forward", .missing = "Network forward not found",
                .exists = "A forward for that listen address already exists",
                .insert = "INSERT INTO networks_forwards (network_id, node_id, listen_address,"
                          " description, ports) SELECT ?, 1, ?, ?, ? WHERE ? IS NULL",
                .update = "UPDATE networks_forwards SET description = ?, ports = ?"
                          " WHERE ? IS NULL AND id = ?"),
        [NETWORK_ZONE] = KIND(
                "networks_zones", "project_id", "name", "''", "''", "network_zone",
                .missing = "Network zone not found", .exists = "The network zone already exists",
                .insert = "INSERT INTO networks_zones (project_id, name, description)"
                          " SELECT ?, ?, ? WHERE ? IS NULL AND ? IS NULL",
                .update = "UPDATE networks_zones SET description = ?"
                          " WHERE ? IS NULL AND ? IS NULL AND id = ?"),
        [NETWORK_ZONE_RECORD] = KIND(
                "networks_zones_records", "network_zone_id", "name", "entries", "''",
                "network_zone_record", .missing = "Network zone record not found",
                .exists = "The network zone record already exists",
                .insert = "INSERT INTO networks_zones_records (network_zone_id, name, description,"
                          " entries) SELECT ?, ?, ?, ? WHERE ? IS NULL",
                .update = "UPDATE networks_zones_records SET description = ?, entries = ?"
                          " WHERE ? IS NULL AND id = ?"),
};

void network_object_row_done(NetworkObjectRow *row) {
        free(row->name);
        free(row->description);
        free(row->texts[0]);
        free(row->texts[1]);
        strmap_done(&row->config);
        *row = (NetworkObjectRow){};
}

void network_object_row_list_done(NetworkObjectRowList *list) {
        for (size_t i = 0; i < list->count; i++)
                network_object_row_done(&list->items[i]);
        free(list->items);
        *list = (NetworkObjectRowList){};
}

static int fill(Transaction *tx, const Kind *kind, const DbCursor *cursor, NetworkObjectRow *row,
                Error **err) {
        *row = (NetworkObjectRow){.id = db_integer(cursor, 0),
                                  .owner = db_integer(cursor, 1),
                                  .name = str_dup(db_text(cursor, 2)),
                                  .description = str_dup(db_text(cursor, 3))};
        for (int i = 0; i < 2; i++)
                if (!str_is_empty(db_text(cursor, 4 + i)))
                        row->texts[i] = str_dup(db_text(cursor, 4 + i));
        return db_load_map(tx, &row->config, kind->config, row->id, err);
}

int db_network_object_get(Transaction *tx, NetworkObject object, int64_t owner, const char *name,
                          NetworkObjectRow *ret, Error **err) {
        const Kind *kind = &kinds[object];
        _cleanup_cursor_ DbCursor cursor = {};
        if (db_select(tx, &cursor, err, kind->get, "is", owner, name) < 0)
                return -1;
        int row = db_next(&cursor, err);
        if (row == 0)
                return error_set(err, ERROR_NOT_FOUND, 0, "%s", kind->missing);
        return row < 0 ? -1 : fill(tx, kind, &cursor, ret, err);
}

int db_network_object_list(Transaction *tx, NetworkObject object, int64_t owner,
                           NetworkObjectRowList *ret, Error **err) {
        const Kind *kind = &kinds[object];
        _cleanup_cursor_ DbCursor cursor = {};
        _cleanup_network_object_row_list_ NetworkObjectRowList list = {};
        int row;
        if (db_select(tx, &cursor, err, kind->list, "i", owner) < 0)
                return -1;
        while ((row = db_next(&cursor, err)) > 0) {
                mem_grow((void **) &list.items, &list.capacity, list.count + 1,
                         sizeof *list.items);
                if (fill(tx, kind, &cursor, &list.items[list.count++], err) < 0)
                        return -1;
        }
        if (row < 0)
                return -1;
        *ret = list;
        list = (NetworkObjectRowList){};
        return 0;
}

static int store_config(Transaction *tx, const Kind *kind, int64_t id, const StrMap *config,
                        Error **err) {
        return db_store_map(tx, id, config, kind->delete_config, kind->insert_config, err);
}

/* Another object has the name: the kind's own text. */
static int taken(Error **err, Error **failed, const Kind *kind) {
        if (!error_is(*failed, ERROR_EXISTS))
                return error_move(err, failed);
        error_free(*failed);
        return error_set(err, ERROR_EXISTS, 0, "%s", kind->exists);
}

static const char *text_of(const char *description) {
        return description != NULL ? description : "";
}

int db_network_object_create(Transaction *tx, NetworkObject object, const NetworkObjectRow *row,
                             int64_t *ret_id, Error **err) {
        const Kind *kind = &kinds[object];
        Error *failed = NULL;
        if (db_run(tx, &failed, kind->insert, "issss", row->owner, row->name,
                   text_of(row->description), row->texts[0], row->texts[1]) < 0)
                return taken(err, &failed, kind);
        *ret_id = db_last_id(tx);
        return store_config(tx, kind, *ret_id, &row->config, err);
}

int db_network_object_update(Transaction *tx, NetworkObject object, const NetworkObjectRow *row,
                             Error **err) {
        const Kind *kind = &kinds[object];
        if (db_run(tx, err, kind->update, "sssi", text_of(row->description), row->texts[0],
                   row->texts[1], row->id) < 0)
                return -1;
        return store_config(tx, kind, row->id, &row->config, err);
}

int db_network_object_rename(Transaction *tx, NetworkObject object, int64_t id, const char *to,
                             Error **err) {
        Error *failed = NULL;
        if (db_run(tx, &failed, kinds[object].rename, "si", to, id) < 0)
                return taken(err, &failed, &kinds[object]);
        return 0;
}

int db_network_object_delete(Transaction *tx, NetworkObject object, int64_t id, Error **err) {
        return db_run(tx, err, kinds[object].delete, "i", id);
}

void config_user_list_done(ConfigUserList *list) {
        for (size_t i = 0; i < list->count; i++) {
                free(list->items[i].project);
                free(list->items[i].name);
                free(list->items[i].key);
                free(list->items[i].value);
        }
        free(list->items);
        *list = (ConfigUserList){};
}

int db_config_users(Transaction *tx, const char *key, ConfigUserList *ret, Error **err) {
        _cleanup_cursor_ DbCursor cursor = {};
        int row;
        if (db_select(tx, &cursor, err,
                      "SELECT 0, projects.name, networks.name, c.key, c.value"
                      " FROM networks_config AS c JOIN networks ON networks.id = c.network_id"
                      " JOIN projects ON projects.id = networks.project_id WHERE c.key GLOB ?1"
                      " UNION ALL"
                      " SELECT 1, projects.name, instances.name, c.key, c.value"
                      " FROM instances_devices_config AS c"
                      " JOIN instances_devices AS d ON d.id = c.instance_device_id"
                      " JOIN instances ON instances.id = d.instance_id"
                      " JOIN projects ON projects.id = instances.project_id WHERE c.key GLOB ?1"
                      " UNION ALL"
                      " SELECT 2, projects.name, profiles.name, c.key, c.value"
                      " FROM profiles_devices_config AS c"
                      " JOIN profiles_devices AS d ON d.id = c.profile_device_id"
                      " JOIN profiles ON profiles.id = d.profile_id"
                      " JOIN projects ON projects.id = profiles.project_id WHERE c.key GLOB ?1"
                      " ORDER BY 1, 2, 3",
                      "s", key) < 0)
                return -1;
        while ((row = db_next(&cursor, err)) > 0) {
                mem_grow((void **) &ret->items, &ret->capacity, ret->count + 1,
                         sizeof *ret->items);
                ret->items[ret->count++] =
                        (ConfigUser){.kind = (ConfigUserKind) db_integer(&cursor, 0),
                                     .project = str_dup(db_text(&cursor, 1)),
                                     .name = str_dup(db_text(&cursor, 2)),
                                     .key = str_dup(db_text(&cursor, 3)),
                                     .value = str_dup(db_text(&cursor, 4))};
        }
        return row;
}
