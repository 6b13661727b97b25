#include "network/network.h"

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "database/projects.h"
#include "database/warnings.h"
#include "linux/links.h"
#include "network/driver.h"
#include "network/network_private.h"

Networks *networks_new(const NetworksSpec *spec) {
        Networks *networks = mem_new(Networks);
        networks->spec = *spec;
        networks->directory = path_join(spec->directory, "networks");
        pthread_mutex_init(&networks->verbs, NULL);
        pthread_mutex_init(&networks->lock, NULL);
        networks->unavailable = table_new(NULL);
        networks->dnsmasqs = dnsmasqs_new(networks->directory, spec->loop, spec->workers);
        return networks;
}

void networks_free(Networks *networks) {
        if (networks == NULL)
                return;
        dnsmasqs_free(networks->dnsmasqs);
        table_free(networks->unavailable);
        pthread_mutex_destroy(&networks->verbs);
        pthread_mutex_destroy(&networks->lock);
        free(networks->directory);
        free(networks);
}

void networks_set_hooks(Networks *networks, const NetworkHooks *hooks) {
        networks->hooks = *hooks;
}

struct Firewall *networks_firewall(const Networks *networks) {
        return networks->spec.firewall;
}

char *network_path(const Networks *networks, const char *name) {
        return path_join(networks->directory, name);
}

bool network_has_address(const StrMap *config, const char *key) {
        const char *value = strmap_get(config, key);
        return !str_is_empty(value) && !str_equal(value, "none");
}

int network_list_all(Networks *networks, NetworkRowList *ret, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        if (database_begin(networks->spec.database, DATABASE_READ, &tx, err) < 0)
                return -1;
        return db_network_list(tx, NULL, ret, err);
}

int network_load(Networks *networks, const char *project, const char *name, NetworkRow *ret,
                 Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_free_ char *holder = NULL;
        if (database_begin(networks->spec.database, DATABASE_READ, &tx, err) < 0 ||
            db_project_holder(tx, project, NETWORKS_FEATURE, &holder, err) < 0)
                return -1;
        return db_network_get(tx, holder, name, ret, err);
}

int network_find_interface(Networks *networks, const char *interface, NetworkRow *ret,
                           Error **err) {
        const NetworkDriver *driver;
        NetworkRow row = {};
        if (network_load(networks, "default", interface, &row, err) < 0)
                return -1;
        if (network_driver_find(row.type, &driver, NULL) < 0 || !driver->has_interface) {
                network_row_done(&row);
                return error_set(err, ERROR_NOT_FOUND, 0, "Network not found");
        }
        *ret = row;
        return 0;
}

char *network_host_interface(const NetworkRow *row) {
        const NetworkDriver *driver;
        const char *parent = strmap_get(&row->config, "parent");
        const char *vlan = strmap_get(&row->config, "vlan");
        if (network_driver_find(row->type, &driver, NULL) == 0 && driver->has_interface)
                return str_dup(row->name);
        if (str_is_empty(parent))
                return str_dup(row->name);
        return str_is_empty(vlan) ? str_dup(parent) : str_printf("%s.%s", parent, vlan);
}

static char *entity_key(const NetworkRow *row) {
        return str_printf("%s/%s", row->project, row->name);
}

const char *network_status(Networks *networks, const NetworkRow *row) {
        _cleanup_free_ char *key = entity_key(row);
        pthread_mutex_lock(&networks->lock);
        bool unavailable = table_get(networks->unavailable, key) != NULL;
        pthread_mutex_unlock(&networks->lock);
        if (row->state == NETWORK_CREATED)
                return unavailable ? "Unavailable" : "Created";
        return row->state == NETWORK_PENDING ? "Pending" : "Errored";
}

static void note_availability(Networks *networks, const NetworkRow *row, const Error *failed) {
        _cleanup_free_ char *key = entity_key(row);
        pthread_mutex_lock(&networks->lock);
        bool was = table_get(networks->unavailable, key) != NULL;
        if (failed != NULL)
                table_set(networks->unavailable, key, (void *) "");
        else
                (void) table_remove(networks->unavailable, key);
        pthread_mutex_unlock(&networks->lock);
        const WarningSpec warning = {WARNING_NETWORK_UNAVAILABLE, WARNING_OF_NETWORK, row->id,
                                     row->project, error_message(failed)};
        if (failed != NULL)
                database_warn(networks->spec.database, &warning);
        else if (was)
                database_warning_gone(networks->spec.database, WARNING_NETWORK_UNAVAILABLE,
                                      WARNING_OF_NETWORK, row->id);
}

int network_setup(Networks *networks, const NetworkRow *row, const NetworkRow *before,
                  Error **err) {
        const NetworkDriver *driver;
        if (network_driver_find(row->type, &driver, err) < 0 ||
            (driver->setup != NULL && driver->setup(networks, row, before, err) < 0))
                return -1;
        if (networks->hooks.after_setup != NULL &&
            networks->hooks.after_setup(networks->hooks.userdata, row, err) < 0)
                return -1;
        note_availability(networks, row, NULL);
        return 0;
}

/* A creation that was interrupted was never answered: it is undone. */
static void drop_unfinished(Networks *networks, const NetworkRow *row) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_error_ Error *err = NULL;
        const NetworkDriver *driver;
        log_warning("Network %s was not completely created and is removed", row->name);
        if (network_driver_find(row->type, &driver, NULL) == 0 && driver->clear != NULL &&
            driver->clear(networks, row, &err) < 0)
                log_error("Cannot remove what network %s left: %s", row->name,
                          error_message(err));
        if (database_begin(networks->spec.database, DATABASE_WRITE, &tx, NULL) < 0 ||
            db_network_delete(tx, row->id, NULL) < 0 || transaction_commit(&tx, NULL) < 0)
                log_error("Cannot remove the record of network %s", row->name);
}

/* Tunnels are named after their bridge. */
static void drop_tunnels(const char *bridge) {
        _cleanup_free_ char *prefix = str_printf("%s-", bridge);
        _cleanup_linklist_ LinkList links = {.items = NULL};
        if (link_list(0, &links, NULL) < 0)
                return;
        for (size_t i = 0; i < links.count; i++) {
                const LinkInfo *link = &links.items[i];
                if (str_has_prefix(link->name, prefix) &&
                    (str_equal(link->kind, "vxlan") || str_equal(link->kind, "gretap")))
                        (void) !link_delete(link->name, NULL);
        }
}

/* A directory without a network is what a crash in a rename or removal left, and so is the bridge
 * of its name: both were ours. */
static void clean_directories(Networks *networks, const StrList *names) {
        _cleanup_strlist_ StrList entries = {};
        if (directory_list(networks->directory, &entries, NULL) < 0)
                return;
        for (size_t i = 0; i < entries.count; i++) {
                NetworkRow row = {.project = (char *) "default",
                                  .name = entries.items[i],
                                  .type = (char *) network_driver_bridge.type};
                _cleanup_error_ Error *err = NULL;
                if (strlist_has(names, row.name))
                        continue;
                drop_tunnels(row.name);
                if (network_driver_bridge.clear(networks, &row, &err) < 0)
                        log_error("Cannot remove what network %s left: %s", row.name,
                                  error_message(err));
        }
}

static void setup_noted(Networks *networks, const NetworkRow *row) {
        _cleanup_error_ Error *err = NULL;
        if (network_setup(networks, row, NULL, &err) == 0)
                return;
        log_error("Network %s cannot be set up: %s", row->name, error_message(err));
        note_availability(networks, row, err);
}

void networks_start(Networks *networks) {
        _cleanup_(network_row_list_done) NetworkRowList rows = {};
        _cleanup_strlist_ StrList names = {};
        _cleanup_error_ Error *err = NULL;
        if (network_list_all(networks, &rows, &err) < 0) {
                log_error("Cannot list networks: %s", error_message(err));
                return;
        }
        for (size_t i = 0; i < rows.count; i++)
                if (rows.items[i].state == NETWORK_CREATED)
                        strlist_add(&names, rows.items[i].name);
        pthread_mutex_lock(&networks->verbs);
        dnsmasqs_scan(networks->dnsmasqs, &names);
        for (size_t i = 0; i < rows.count; i++)
                if (rows.items[i].state == NETWORK_PENDING)
                        drop_unfinished(networks, &rows.items[i]);
        clean_directories(networks, &names);
        for (size_t i = 0; i < rows.count; i++)
                if (rows.items[i].state == NETWORK_CREATED)
                        setup_noted(networks, &rows.items[i]);
        network_hosts_rebuild(networks, &rows);
        pthread_mutex_unlock(&networks->verbs);
}

void networks_retry(Networks *networks) {
        _cleanup_(network_row_list_done) NetworkRowList rows = {};
        pthread_mutex_lock(&networks->lock);
        size_t count = table_count(networks->unavailable);
        pthread_mutex_unlock(&networks->lock);
        if (count == 0 || network_list_all(networks, &rows, NULL) < 0)
                return;
        pthread_mutex_lock(&networks->verbs);
        for (size_t i = 0; i < rows.count; i++)
                if (str_equal(network_status(networks, &rows.items[i]), "Unavailable"))
                        setup_noted(networks, &rows.items[i]);
        pthread_mutex_unlock(&networks->verbs);
}
