/* Create, update, rename, delete. The record says what is to be; a verb that fails makes the host
 * what the record says again. */
#include "network/network_private.h"

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "database/warnings.h"
#include "linux/links.h"
#include "network/driver.h"
#include "project/project.h"
#include "schema/key.h"
#include "schema/names.h"

static int prepare(Networks *networks, const NetworkDriver *driver, NetworkRow *row,
                   Error **err) {
        /* An empty value is no value. */
        for (size_t i = row->config.count; i-- > 0;)
                if (str_is_empty(row->config.items[i].value))
                        (void) strmap_remove(&row->config, row->config.items[i].key);
        if (config_validate(config_network_table(row->type), row->name, &row->config, err) < 0)
                return -1;
        if (networks->hooks.check != NULL &&
            networks->hooks.check(networks->hooks.userdata, row, err) < 0)
                return -1;
        if (driver->fill != NULL && driver->fill(networks, row, err) < 0)
                return error_prefix(err, "Failed generating auto config");
        return driver->validate != NULL ? driver->validate(networks, row, err) : 0;
}

int network_check_parent(Networks *networks, const NetworkRow *row, Error **err) {
        _cleanup_(network_row_list_done) NetworkRowList rows = {};
        const char *parent = strmap_get(&row->config, "parent");
        const char *vlan = strmap_get(&row->config, "vlan");
        if (network_list_all(networks, &rows, err) < 0)
                return -1;
        for (size_t i = 0; i < rows.count; i++) {
                const NetworkRow *other = &rows.items[i];
                bool is_self = str_equal(other->project, row->project) &&
                               str_equal(other->name, row->name);
                if (!is_self && str_equal(strmap_get(&other->config, "parent"), parent) &&
                    str_equal(strmap_get(&other->config, "vlan"), vlan))
                        return error_set(err, ERROR_INVALID, 0,
                                         "Parent interface \"%s\" in use by another network",
                                         parent);
        }
        return 0;
}

static int record_create(Networks *networks, NetworkRow *row, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        row->state = NETWORK_PENDING;
        if (database_begin(networks->spec.database, DATABASE_WRITE, &tx, err) < 0 ||
            project_allow_network(tx, row->project, err) < 0 ||
            db_network_create(tx, row, &row->id, err) < 0)
                return -1;
        return transaction_commit(&tx, err);
}

static int record_created(Networks *networks, NetworkRow *row, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        if (database_begin(networks->spec.database, DATABASE_WRITE, &tx, err) < 0 ||
            db_network_set_state(tx, row->id, NETWORK_CREATED, err) < 0 ||
            transaction_commit(&tx, err) < 0)
                return -1;
        row->state = NETWORK_CREATED;
        return 0;
}

static int record_delete(Networks *networks, const NetworkRow *row, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        if (database_begin(networks->spec.database, DATABASE_WRITE, &tx, err) < 0 ||
            db_network_delete(tx, row->id, err) < 0 ||
            db_warning_delete_of(tx, WARNING_OF_NETWORK, row->id, err) < 0)
                return -1;
        return transaction_commit(&tx, err);
}

static int clear(Networks *networks, const NetworkDriver *driver, const NetworkRow *row,
                 Error **err) {
        return driver->clear != NULL ? driver->clear(networks, row, err) : 0;
}

static int check_new_name(Networks *networks, const NetworkDriver *driver, const char *project,
                          const char *name, Error **err) {
        NetworkRow other = {};
        if ((driver->has_interface ? name_check_network(name, err)
                                   : name_check_plain_network(name, err)) < 0)
                return -1;
        if (network_load(networks, project, name, &other, NULL) == 0) {
                network_row_done(&other);
                return error_set(err, ERROR_EXISTS, 0, "The network already exists");
        }
        if (driver->has_interface && link_exists(name))
                return error_set(err, ERROR_EXISTS, 0,
                                 "Network interface \"%s\" already exists", name);
        return 0;
}

static int create_held(Networks *networks, const NetworkDriver *driver, NetworkRow *row,
                       Error **err) {
        if (check_new_name(networks, driver, row->project, row->name, err) < 0 ||
            prepare(networks, driver, row, err) < 0 || record_create(networks, row, err) < 0)
                return -1;
        if (network_setup(networks, row, NULL, err) == 0 &&
            record_created(networks, row, err) == 0)
                return 0;
        if (clear(networks, driver, row, NULL) < 0 || record_delete(networks, row, NULL) < 0)
                log_error("What network %s left is removed at the next start", row->name);
        return -1;
}

int network_create(Networks *networks, NetworkRow *row, Error **err) {
        const NetworkDriver *driver;
        if (network_driver_find(row->type, &driver, err) < 0)
                return -1;
        if (!driver->in_projects && !str_equal(row->project, "default"))
                return error_set(err, ERROR_INVALID, 0,
                                 "Network type does not support non-default projects");
        pthread_mutex_lock(&networks->verbs);
        int result = create_held(networks, driver, row, err);
        pthread_mutex_unlock(&networks->verbs);
        return result;
}

static int record_update(Networks *networks, const NetworkRow *row, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        if (database_begin(networks->spec.database, DATABASE_WRITE, &tx, err) < 0 ||
            db_network_update(tx, row, err) < 0)
                return -1;
        return transaction_commit(&tx, err);
}

static int check_parent_change(Networks *networks, const NetworkRow *before,
                               const NetworkRow *row, Error **err) {
        _cleanup_strlist_ StrList users = {};
        if (str_equal(strmap_get(&before->config, "parent"), strmap_get(&row->config, "parent")))
                return 0;
        if (network_used_by(networks, before, &users, err) < 0)
                return -1;
        return users.count == 0
                       ? 0
                       : error_set(err, ERROR_IN_USE, 0,
                                   "Cannot update \"parent\" when network is in use");
}

static int update_held(Networks *networks, const NetworkDriver *driver, NetworkRow *row,
                       Error **err) {
        _cleanup_(network_row_done) NetworkRow before = {};
        if (network_load(networks, row->project, row->name, &before, err) < 0)
                return -1;
        row->id = before.id;
        row->state = before.state;
        if (prepare(networks, driver, row, err) < 0 ||
            check_parent_change(networks, &before, row, err) < 0)
                return -1;
        if (strmap_equal(&before.config, &row->config))
                return record_update(networks, row, err);
        if (network_setup(networks, row, &before, err) == 0 &&
            record_update(networks, row, err) == 0) {
                const NetworkRowList one = {.items = row, .count = 1};
                network_hosts_rebuild(networks, &one);
                return 0;
        }
        if (network_setup(networks, &before, row, NULL) < 0)
                log_error("Network %s could not be put back", row->name);
        return -1;
}

int network_update(Networks *networks, NetworkRow *row, Error **err) {
        const NetworkDriver *driver;
        if (network_driver_find(row->type, &driver, err) < 0)
                return -1;
        pthread_mutex_lock(&networks->verbs);
        int result = update_held(networks, driver, row, err);
        pthread_mutex_unlock(&networks->verbs);
        return result;
}

static int refuse_in_use(Networks *networks, const NetworkRow *row, const char *text,
                         Error **err) {
        _cleanup_strlist_ StrList users = {};
        if (network_used_by(networks, row, &users, err) < 0)
                return -1;
        return users.count > 0 ? error_set(err, ERROR_IN_USE, 0, "%s", text) : 0;
}

static void rename_directory(Networks *networks, const char *from, const char *to) {
        _cleanup_free_ char *old = network_path(networks, from), *new = network_path(networks, to);
        (void) !path_remove_all(new, NULL);
        (void) rename(old, new);
}

static int record_rename(Networks *networks, const NetworkRow *row, const char *to, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        if (database_begin(networks->spec.database, DATABASE_WRITE, &tx, err) < 0 ||
            db_network_rename(tx, row->id, to, err) < 0)
                return -1;
        return transaction_commit(&tx, err);
}

/* The leases move with the name, so the directory is put aside before clear() takes it. */
static int rename_held(Networks *networks, const NetworkDriver *driver, const NetworkRow *row,
                       const char *to, Error **err) {
        _cleanup_(network_row_done) NetworkRow renamed = {};
        if (network_load(networks, row->project, to, &renamed, NULL) == 0)
                return error_set(err, ERROR_EXISTS, 0, "Network \"%s\" already exists", to);
        if (refuse_in_use(networks, row, "Network is currently in use", err) < 0 ||
            check_new_name(networks, driver, row->project, to, err) < 0)
                return -1;
        network_row_copy(&renamed, row);
        str_replace(&renamed.name, str_dup(to));
        if (driver->validate != NULL && driver->validate(networks, &renamed, err) < 0)
                return -1;
        dnsmasq_stop(networks->dnsmasqs, row->name);
        rename_directory(networks, row->name, to);
        if (clear(networks, driver, row, err) == 0 &&
            network_setup(networks, &renamed, NULL, err) == 0 &&
            record_rename(networks, row, to, err) == 0)
                return 0;
        dnsmasq_stop(networks->dnsmasqs, to);
        rename_directory(networks, to, row->name);
        if (clear(networks, driver, &renamed, NULL) < 0 ||
            network_setup(networks, row, NULL, NULL) < 0)
                log_error("Network %s could not be put back", row->name);
        return -1;
}

int network_rename(Networks *networks, const NetworkRow *row, const char *to, Error **err) {
        const NetworkDriver *driver;
        if (network_driver_find(row->type, &driver, err) < 0)
                return -1;
        pthread_mutex_lock(&networks->verbs);
        int result = rename_held(networks, driver, row, to, err);
        pthread_mutex_unlock(&networks->verbs);
        return result;
}

static int delete_held(Networks *networks, const NetworkDriver *driver, const NetworkRow *row,
                       Error **err) {
        NetworkRow present = {};
        if (network_load(networks, row->project, row->name, &present, err) < 0)
                return -1; /* somebody was faster */
        network_row_done(&present);
        if (refuse_in_use(networks, row, "The network is currently in use", err) < 0 ||
            clear(networks, driver, row, err) < 0)
                return -1;
        _cleanup_free_ char *key = str_printf("%s/%s", row->project, row->name);
        pthread_mutex_lock(&networks->lock);
        (void) table_remove(networks->unavailable, key);
        pthread_mutex_unlock(&networks->lock);
        return record_delete(networks, row, err);
}

int network_delete(Networks *networks, const NetworkRow *row, Error **err) {
        const NetworkDriver *driver;
        if (network_driver_find(row->type, &driver, err) < 0)
                return -1;
        pthread_mutex_lock(&networks->verbs);
        int result = delete_held(networks, driver, row, err);
        pthread_mutex_unlock(&networks->verbs);
        return result;
}
