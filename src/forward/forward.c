#include "forward/forward_private.h"

#include "base/memory.h"
#include "linux/link_kinds.h"
#include "linux/links.h"
#include "linux/sysctl.h"

#include <pthread.h>
#include <string.h>

struct Forwards {
        Database *database;
        Firewall *firewall;
        pthread_mutex_t lock; /* from reading forwards to putting them in force */
};

Forwards *forwards_new(Database *database, Firewall *firewall) {
        Forwards *forwards = mem_new(Forwards);
        forwards->database = database;
        forwards->firewall = firewall;
        pthread_mutex_init(&forwards->lock, NULL);
        return forwards;
}

int forward_check_network(const NetworkRow *network, Error **err) {
        if (str_equal(network->type, "bridge"))
                return 0;
        return error_set(err, ERROR_INVALID, 0, "Network driver \"%s\" does not support forwards",
                         network->type);
}

int forward_get(Forwards *forwards, const NetworkRow *network, const char *address,
                NetworkObjectRow *ret, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        if (database_begin(forwards->database, DATABASE_READ, &tx, err) < 0)
                return -1;
        return db_network_object_get(tx, NETWORK_FORWARD, network->id, address, ret, err);
}

int forward_list(Forwards *forwards, const NetworkRow *network, NetworkObjectRowList *ret,
                 Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        if (database_begin(forwards->database, DATABASE_READ, &tx, err) < 0)
                return -1;
        return db_network_object_list(tx, NETWORK_FORWARD, network->id, ret, err);
}

int forward_read(const NetworkObjectRow *row, ApiNetworkForward *ret, Error **err) {
        _cleanup_json_ json_t *object = json_object();
        json_t *ports;
        const char *text = row->texts[0] != NULL ? row->texts[0] : "[]";
        if (json_parse(text, strlen(text), &ports, err) < 0)
                return error_prefix(err, "Ports of network forward \"%s\"", row->name);
        json_object_set_new(object, "ports", ports);
        if (api_network_forward_read(object, ret, JSON_REPLACE, err) < 0)
                return -1;
        str_replace(&ret->listen_address, str_dup(row->name));
        str_replace(&ret->description, str_dup(row->description));
        str_replace(&ret->location, str_dup("none"));
        strmap_copy(&ret->config, &row->config);
        return 0;
}

/* --- what the firewall is asked for --- */

typedef struct Plan {
        FirewallForward *items;
        PortList *ports; /* two for each item: they own what it points to */
        size_t count, capacity, port_capacity;
        StrList strings;
} Plan;

static void plan_done(Plan *plan) {
        for (size_t i = 0; i < 2 * plan->count; i++)
                port_list_done(&plan->ports[i]);
        free(plan->ports);
        free(plan->items);
        strlist_done(&plan->strings);
}

static const char *keep(Plan *plan, const char *text) {
        strlist_add(&plan->strings, text);
        return plan->strings.items[plan->strings.count - 1];
}

static FirewallForward *plan_add(Plan *plan, const char *listen, const char *target) {
        size_t count = plan->count + 1;
        mem_grow((void **) &plan->items, &plan->capacity, count, sizeof *plan->items);
        mem_grow((void **) &plan->ports, &plan->port_capacity, 2 * count, sizeof *plan->ports);
        plan->ports[2 * plan->count] = plan->ports[2 * plan->count + 1] = (PortList){};
        FirewallForward *item = &plan->items[plan->count++];
        *item = (FirewallForward){.listen_address = keep(plan, listen),
                                  .target_address = keep(plan, target)};
        return item;
}

/* Target ports: those that are listened to, one for all, or one each. */
static int plan_port(Plan *plan, const char *listen_address, const ApiNetworkForwardPort *port,
                     Error **err) {
        FirewallForward *item = plan_add(plan, listen_address, port->target_address);
        PortList *listen = &plan->ports[2 * (plan->count - 1)], *target = listen + 1;
        bool same = str_is_empty(port->target_port);
        if (port_list_parse(port->listen_port, listen, err) < 0 ||
            port_list_parse(same ? port->listen_port : port->target_port, target, err) < 0)
                return -1;
        if (target->count == 1 && listen->count > 1) {
                mem_grow((void **) &target->items, &target->capacity, listen->count,
                         sizeof *target->items);
                for (; target->count < listen->count; target->count++)
                        target->items[target->count] = target->items[0];
        }
        item->protocol = keep(plan, port->protocol);
        item->listen_ports = listen->items;
        item->target_ports = target->items;
        item->port_count = MIN_OF(listen->count, target->count);
        return 0;
}

static int plan_row(Plan *plan, const NetworkObjectRow *row, Error **err) {
        _cleanup_(api_network_forward_done) ApiNetworkForward forward;
        api_network_forward_init(&forward);
        if (forward_read(row, &forward, err) < 0)
                return -1;
        const char *target = strmap_get(&forward.config, "target_address");
        for (size_t i = 0; i < forward.ports.count; i++)
                if (plan_port(plan, row->name, &forward.ports.items[i], err) < 0)
                        return -1;
        if (!str_is_empty(target))
                (void) plan_add(plan, row->name, target);
        return 0;
}

static bool is_on(const char *path) {
        _cleanup_free_ char *value = NULL;
        return sysctl_get(path, &value, NULL) == 0 && str_equal(value, "1");
}

bool forward_wants_hairpin(void) {
        return is_on("net/bridge/bridge-nf-call-iptables") ||
               is_on("net/bridge/bridge-nf-call-ip6tables");
}

/* Where the host's filter sees bridged frames, an instance that calls a forward which leads back to
 * itself is answered through the port it came from. */
static void set_hairpin(const char *bridge, bool on) {
        _cleanup_linklist_ LinkList links = {};
        int index;
        if (!forward_wants_hairpin() || link_index(bridge, &index, NULL) < 0 ||
            link_list(0, &links, NULL) < 0)
                return;
        for (size_t i = 0; i < links.count; i++)
                if (links.items[i].master == (uint32_t) index &&
                    str_equal(links.items[i].kind, "veth"))
                        (void) !link_set_hairpin(links.items[i].name, on, NULL);
}

static int apply(Forwards *forwards, Transaction *tx, const NetworkRow *network, Error **err) {
        _cleanup_network_object_row_list_ NetworkObjectRowList rows = {};
        _cleanup_(plan_done) Plan plan = {};
        if (db_network_object_list(tx, NETWORK_FORWARD, network->id, &rows, err) < 0)
                return -1;
        for (size_t i = 0; i < rows.count; i++)
                if (plan_row(&plan, &rows.items[i], err) < 0)
                        return -1;
        if (plan.count > 0)
                set_hairpin(network->name, true);
        return firewall_network_forwards(forwards->firewall, network->name, plan.items, plan.count,
                                         err);
}

int forward_apply_network(Forwards *forwards, const NetworkRow *network, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        pthread_mutex_lock(&forwards->lock);
        int result = database_begin(forwards->database, DATABASE_READ, &tx, err);
        if (result == 0)
                result = apply(forwards, tx, network, err);
        pthread_mutex_unlock(&forwards->lock);
        return result;
}

/* --- changes --- */

/* The rules are in force before the commit; when that fails the stored ones are put back. */
static int finish(Forwards *forwards, Transaction **tx, const NetworkRow *network, Error **err) {
        if (apply(forwards, *tx, network, err) == 0 && transaction_commit(tx, err) == 0)
                return 0;
        transaction_rollback(TAKE_PTR(*tx));
        _cleanup_transaction_ Transaction *before = NULL;
        if (database_begin(forwards->database, DATABASE_READ, &before, NULL) == 0)
                (void) !apply(forwards, before, network, NULL);
        return -1;
}

typedef enum Verb { CREATE, UPDATE, DELETE } Verb;

static int change(Transaction *tx, Verb verb, const NetworkRow *network, NetworkObjectRow *row,
                  Error **err) {
        _cleanup_network_object_row_ NetworkObjectRow other = {};
        IpAddress listen;
        int64_t id;
        if (verb == UPDATE)
                return db_network_object_update(tx, NETWORK_FORWARD, row, err);
        if (verb == DELETE)
                return db_network_object_delete(tx, NETWORK_FORWARD, row->id, err);
        /* A NULL of an unfinished cluster's member would escape the table's own check. */
        bool known = db_network_object_get(tx, NETWORK_FORWARD, network->id, row->name, &other,
                                           NULL) == 0;
        if (!known && ip_parse(row->name, &listen) &&
            forward_check_conflicts(tx, network, &listen, err) < 0)
                return -1;
        return db_network_object_create(tx, NETWORK_FORWARD, row, &id, err);
}

static int run(Forwards *forwards, Verb verb, const NetworkRow *network, NetworkObjectRow *row,
               Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        pthread_mutex_lock(&forwards->lock);
        int result = database_begin(forwards->database, DATABASE_WRITE, &tx, err);
        if (result == 0)
                result = change(tx, verb, network, row, err);
        if (result == 0)
                result = finish(forwards, &tx, network, err);
        pthread_mutex_unlock(&forwards->lock);
        return result;
}

static char *ports_text(const ApiNetworkForwardPortList *ports) {
        _cleanup_json_ json_t *array = json_array();
        for (size_t i = 0; i < ports->count; i++)
                json_array_append_new(array, api_network_forward_port_to_json(&ports->items[i]));
        return json_dump_compact(array);
}

int forward_create(Forwards *forwards, const NetworkRow *network, ApiNetworkForwardsPost *post,
                   char **ret_address, Error **err) {
        IpAddress listen;
        if (str_is_empty(post->listen_address) || !ip_parse(post->listen_address, &listen))
                return error_set(err, ERROR_INVALID, 0,
                                 "Failed parsing address forward listen address \"%s\": not an IP "
                                 "address",
                                 post->listen_address != NULL ? post->listen_address : "");
        ApiNetworkForwardPut put = {.description = post->description, .config = post->config,
                                    .ports = post->ports};
        int result = forward_check(network, &listen, &put, err);
        post->config = put.config; /* may have been moved */
        if (result < 0)
                return -1;
        _cleanup_free_ char *address = ip_format(&listen), *ports = ports_text(&put.ports);
        NetworkObjectRow row = {.owner = network->id, .name = address,
                                .description = put.description, .texts = {ports},
                                .config = put.config};
        if (run(forwards, CREATE, network, &row, err) < 0)
                return -1;
        *ret_address = TAKE_PTR(address);
        return 0;
}

int forward_update(Forwards *forwards, const NetworkRow *network, const NetworkObjectRow *row,
                   ApiNetworkForwardPut *put, Error **err) {
        IpAddress listen;
        if (!ip_parse(row->name, &listen))
                return error_set(err, ERROR_INTERNAL, 0, "\"%s\" is no address", row->name);
        if (forward_check(network, &listen, put, err) < 0)
                return -1;
        _cleanup_free_ char *ports = ports_text(&put->ports);
        NetworkObjectRow changed = {.id = row->id, .description = put->description,
                                    .texts = {ports}, .config = put->config};
        return run(forwards, UPDATE, network, &changed, err);
}

int forward_delete(Forwards *forwards, const NetworkRow *network, const NetworkObjectRow *row,
                   Error **err) {
        _cleanup_network_object_row_list_ NetworkObjectRowList left = {};
        NetworkObjectRow gone = {.id = row->id};
        if (run(forwards, DELETE, network, &gone, err) < 0)
                return -1;
        if (forward_list(forwards, network, &left, NULL) == 0 && left.count == 0)
                set_hairpin(network->name, false);
        return 0;
}
