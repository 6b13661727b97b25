/* Who uses networks. */
#include "network/network_private.h"

#include "base/memory.h"
#include "database/instances.h"
#include "database/projects.h"

bool network_nic_is_on(const NetworkRow *row, const NetworkNic *nic) {
        const char *type = strmap_get(nic->config, "nictype");
        const char *network = strmap_get(nic->config, "network");
        if (!str_equal(strmap_get(nic->config, "type"), "nic"))
                return false;
        if (!str_is_empty(network))
                return str_equal(network, row->name);
        return str_equal(row->type, "bridge") &&
               (str_equal(type, "bridged") || str_equal(type, "macvlan") ||
                str_equal(type, "routed") || str_equal(type, "ipvlan")) &&
               str_equal(strmap_get(nic->config, "parent"), row->name);
}

int networks_each_nic(Networks *networks, NetworkNicVisitor visit, void *visit_data,
                      Error **err) {
        if (networks->hooks.each_nic == NULL)
                return 0;
        return networks->hooks.each_nic(networks->hooks.userdata, visit, visit_data, err);
}

bool network_name_is_shared(Networks *networks, const char *project, const char *instance) {
        _cleanup_transaction_ Transaction *tx = NULL;
        int64_t count = 0;
        if (database_begin(networks->spec.database, DATABASE_READ, &tx, NULL) < 0 ||
            db_instance_count_elsewhere(tx, project, instance, &count, NULL) < 0)
                return true;
        return count > 0;
}

static void add_url(StrList *list, const char *kind, const char *name, const char *project) {
        _cleanup_free_ char *escaped_name = url_escape(name), *escaped = url_escape(project);
        bool is_default = str_equal(project, "default");
        _cleanup_free_ char *url = str_printf("/1.0/%s/%s%s%s", kind, escaped_name,
                                              is_default ? "" : "?project=",
                                              is_default ? "" : escaped);
        if (!strlist_has(list, url))
                strlist_add(list, url);
}

/* A walk over all nics for many networks: instances and profiles apart, as they are listed. */
typedef struct Walk {
        const NetworkRowList *rows;
        StrList *instances, *profiles; /* one for each row */
        const StrMap *holders;         /* project -> the one whose networks it sees */
} Walk;

static void visit(void *userdata, const NetworkNic *nic) {
        const Walk *walk = userdata;
        const char *holder = strmap_get(walk->holders, nic->project);
        for (size_t i = 0; i < walk->rows->count; i++) {
                const NetworkRow *row = &walk->rows->items[i];
                if (!str_equal(holder, row->project) || !network_nic_is_on(row, nic))
                        continue;
                add_url(nic->is_profile ? &walk->profiles[i] : &walk->instances[i],
                        nic->is_profile ? "profiles" : "instances", nic->owner, nic->project);
        }
}

static int load_holders(Networks *networks, StrMap *ret, NetworkRowList *ret_rows, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(project_row_list_done) ProjectRowList projects = {};
        if (database_begin(networks->spec.database, DATABASE_READ, &tx, err) < 0 ||
            db_project_list(tx, &projects, err) < 0)
                return -1;
        for (size_t i = 0; i < projects.count; i++) {
                const ProjectRow *project = &projects.items[i];
                bool own = str_equal(project->name, "default") ||
                           str_is_true(strmap_get(&project->config, NETWORKS_FEATURE));
                strmap_set(ret, project->name, own ? project->name : "default");
        }
        return db_network_list(tx, NULL, ret_rows, err);
}

/* Networks that stand on this one: OVN on its uplink, macvlan and others on its interface. */
static void add_networks(const NetworkRow *row, const NetworkRowList *all, StrList *ret) {
        for (size_t i = 0; i < all->count; i++) {
                const NetworkRow *other = &all->items[i];
                bool above = str_equal(other->type, "ovn") &&
                             str_equal(strmap_get(&other->config, "network"), row->name);
                bool beside = str_equal(row->type, "bridge") && !str_equal(other->type, "bridge") &&
                              str_equal(strmap_get(&other->config, "parent"), row->name);
                if (other->id != row->id && (above || beside))
                        add_url(ret, "networks", other->name, other->project);
        }
}

static void take_all(StrList *to, const StrList *from) {
        for (size_t i = 0; i < from->count; i++)
                strlist_add(to, from->items[i]);
}

int network_used_by_all(Networks *networks, const NetworkRowList *rows, StrList *rets,
                        Error **err) {
        _cleanup_strmap_ StrMap holders = {};
        _cleanup_(network_row_list_done) NetworkRowList all = {};
        Walk walk = {.rows = rows,
                     .instances = mem_new_array(StrList, rows->count + 1),
                     .profiles = mem_new_array(StrList, rows->count + 1),
                     .holders = &holders};
        int result = load_holders(networks, &holders, &all, err);
        if (result == 0)
                result = networks_each_nic(networks, visit, &walk, err);
        for (size_t i = 0; i < rows->count; i++) {
                if (result == 0) {
                        take_all(&rets[i], &walk.instances[i]);
                        take_all(&rets[i], &walk.profiles[i]);
                        add_networks(&rows->items[i], &all, &rets[i]);
                }
                strlist_done(&walk.instances[i]);
                strlist_done(&walk.profiles[i]);
        }
        free(walk.instances);
        free(walk.profiles);
        return result;
}

int network_used_by(Networks *networks, const NetworkRow *row, StrList *ret, Error **err) {
        const NetworkRowList one = {.items = (NetworkRow *) row, .count = 1};
        return network_used_by_all(networks, &one, ret, err);
}

typedef struct InterfaceWalk {
        const char *interface;
        StrList instances, profiles;
} InterfaceWalk;

static void visit_interface(void *userdata, const NetworkNic *nic) {
        InterfaceWalk *walk = userdata;
        bool uses = str_equal(strmap_get(nic->config, "type"), "nic") &&
                    str_is_empty(strmap_get(nic->config, "network")) &&
                    str_equal(strmap_get(nic->config, "parent"), walk->interface);
        if (uses)
                add_url(nic->is_profile ? &walk->profiles : &walk->instances,
                        nic->is_profile ? "profiles" : "instances", nic->owner, nic->project);
}

int network_interface_used_by(Networks *networks, const char *interface, StrList *ret,
                              Error **err) {
        InterfaceWalk walk = {.interface = interface};
        _cleanup_(network_row_list_done) NetworkRowList all = {};
        int result = networks_each_nic(networks, visit_interface, &walk, err);
        if (result == 0)
                result = network_list_all(networks, &all, err);
        if (result == 0) {
                take_all(ret, &walk.instances);
                take_all(ret, &walk.profiles);
        }
        for (size_t i = 0; result == 0 && i < all.count; i++)
                if (str_equal(strmap_get(&all.items[i].config, "parent"), interface))
                        add_url(ret, "networks", all.items[i].name, all.items[i].project);
        strlist_done(&walk.instances);
        strlist_done(&walk.profiles);
        return result;
}
