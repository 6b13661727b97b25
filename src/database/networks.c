#include "database/networks.h"

#include "base/memory.h"
#include "database/projects.h"

#define SELECT                                                                             \
        "SELECT networks.id, projects.name, networks.name, networks.description,"          \
        " networks.type, networks.state FROM networks"                                     \
        " JOIN projects ON projects.id = networks.project_id "

/* Their place is their number in the table. */
static const char *const types[] = {"bridge", "macvlan", "sriov", "ovn", "physical"};

/* What is each member's own: stored with the member. */
static const char *const member_keys[] = {"bgp.ipv4.nexthop", "bgp.ipv6.nexthop",
                                          "bridge.external_interfaces", "parent"};

void network_row_done(NetworkRow *row) {
        free(row->project);
        free(row->name);
        free(row->description);
        free(row->type);
        strmap_done(&row->config);
        *row = (NetworkRow){};
}

void network_row_copy(NetworkRow *to, const NetworkRow *from) {
        *to = (NetworkRow){.id = from->id,
                           .project = str_dup(from->project),
                           .name = str_dup(from->name),
                           .description = str_dup(from->description),
                           .type = str_dup(from->type),
                           .state = from->state};
        strmap_copy(&to->config, &from->config);
}

void network_row_list_done(NetworkRowList *list) {
        for (size_t i = 0; i < list->count; i++)
                network_row_done(&list->items[i]);
        free(list->items);
        *list = (NetworkRowList){};
}

static int64_t type_code(const char *type) {
        for (size_t i = 0; i < ARRAY_SIZE(types); i++)
                if (str_equal(types[i], type))
                        return (int64_t) i;
        return 0;
}

static int fill(Transaction *tx, const DbCursor *cursor, NetworkRow *row, Error **err) {
        int64_t type = db_integer(cursor, 4);
        *row = (NetworkRow){.id = db_integer(cursor, 0),
                            .project = str_dup(db_text(cursor, 1)),
                            .name = str_dup(db_text(cursor, 2)),
                            .description = str_dup(db_text(cursor, 3)),
                            .type = str_dup(type >= 0 && type < (int64_t) ARRAY_SIZE(types)
                                                    ? types[type]
                                                    : "unknown"),
                            .state = db_integer(cursor, 5)};
        return db_load_map(tx, &row->config,
                           "SELECT key, value FROM networks_config WHERE network_id = ?", row->id,
                           err);
}

int db_network_get(Transaction *tx, const char *project, const char *name, NetworkRow *ret,
                   Error **err) {
        _cleanup_cursor_ DbCursor cursor = {};
        NetworkRow row = {};
        if (db_select(tx, &cursor, err, SELECT "WHERE projects.name = ? AND networks.name = ?",
                      "ss", project, name) < 0)
                return -1;
        int found = db_next(&cursor, err);
        if (found == 0)
                return error_set(err, ERROR_NOT_FOUND, 0, "Network not found");
        if (found < 0 || fill(tx, &cursor, &row, err) < 0) {
                network_row_done(&row);
                return -1;
        }
        *ret = row;
        return 0;
}

int db_network_list(Transaction *tx, const char *project, NetworkRowList *ret, Error **err) {
        _cleanup_cursor_ DbCursor cursor = {};
        _cleanup_(network_row_list_done) NetworkRowList list = {};
        int found;
        if (db_select(tx, &cursor, err,
                      SELECT "WHERE ?1 IS NULL OR projects.name = ?1"
                             " ORDER BY projects.name, networks.name",
                      "s", project) < 0)
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
        list = (NetworkRowList){};
        return 0;
}

static bool is_member_key(const char *key) {
        for (size_t i = 0; i < ARRAY_SIZE(member_keys); i++)
                if (str_equal(member_keys[i], key))
                        return true;
        return false;
}

static int store_config(Transaction *tx, int64_t id, const StrMap *config, Error **err) {
        if (db_run(tx, err, "DELETE FROM networks_config WHERE network_id = ?", "i", id) < 0)
                return -1;
        for (size_t i = 0; i < config->count; i++) {
                const StrPair *pair = &config->items[i];
                const char *sql = is_member_key(pair->key)
                                          ? "INSERT INTO networks_config (network_id, node_id, key,"
                                            " value) VALUES (?, 1, ?, ?)"
                                          : "INSERT INTO networks_config (network_id, key, value)"
                                            " VALUES (?, ?, ?)";
                if (db_run(tx, err, sql, "iss", id, pair->key, pair->value) < 0)
                        return -1;
        }
        return 0;
}

int db_network_create(Transaction *tx, const NetworkRow *row, int64_t *ret_id, Error **err) {
        _cleanup_error_ Error *failed = NULL;
        int64_t project, id;
        if (db_project_id(tx, row->project, &project, err) < 0)
                return -1;
        if (db_run(tx, &failed,
                   "INSERT INTO networks (project_id, name, description, type, state)"
                   " VALUES (?, ?, ?, ?, ?)",
                   "issii", project, row->name, row->description != NULL ? row->description : "",
                   type_code(row->type), row->state) < 0)
                return error_is(failed, ERROR_EXISTS)
                               ? error_set(err, ERROR_EXISTS, 0, "The network already exists")
                               : error_move(err, &failed);
        id = db_last_id(tx);
        if (db_run(tx, err,
                   "INSERT INTO networks_nodes (network_id, node_id, state) VALUES (?, 1, ?)",
                   "ii", id, row->state) < 0 ||
            store_config(tx, id, &row->config, err) < 0)
                return -1;
        *ret_id = id;
        return 0;
}

int db_network_update(Transaction *tx, const NetworkRow *row, Error **err) {
        if (db_run(tx, err, "UPDATE networks SET description = ? WHERE id = ?", "si",
                   row->description != NULL ? row->description : "", row->id) < 0)
                return -1;
        return store_config(tx, row->id, &row->config, err);
}

int db_network_set_state(Transaction *tx, int64_t id, NetworkState state, Error **err) {
        if (db_run(tx, err, "UPDATE networks SET state = ? WHERE id = ?", "ii", (int64_t) state,
                   id) < 0)
                return -1;
        return db_run(tx, err, "UPDATE networks_nodes SET state = ? WHERE network_id = ?", "ii",
                      (int64_t) state, id);
}

int db_network_rename(Transaction *tx, int64_t id, const char *to, Error **err) {
        _cleanup_error_ Error *failed = NULL;
        if (db_run(tx, &failed, "UPDATE networks SET name = ? WHERE id = ?", "si", to, id) == 0)
                return 0;
        return error_is(failed, ERROR_EXISTS)
                       ? error_set(err, ERROR_EXISTS, 0, "Network \"%s\" already exists", to)
                       : error_move(err, &failed);
}

int db_network_delete(Transaction *tx, int64_t id, Error **err) {
        return db_run(tx, err, "DELETE FROM networks WHERE id = ?", "i", id);
}
