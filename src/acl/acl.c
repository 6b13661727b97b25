#include "acl/acl_private.h"

#include "base/memory.h"
#include "database/projects.h"
#include "linux/links.h"
#include "schema/names.h"

#include <pthread.h>
#include <string.h>

#define FEATURE "features.networks"

struct Acls {
        Database *database;
        Firewall *firewall;
        pthread_mutex_t lock; /* from reading rules to putting them in force */
};

Acls *acls_new(Database *database, Firewall *firewall) {
        Acls *acls = mem_new(Acls);
        acls->database = database;
        acls->firewall = firewall;
        pthread_mutex_init(&acls->lock, NULL);
        return acls;
}

static void unlock(pthread_mutex_t **lock) {
        pthread_mutex_unlock(*lock);
}
#define HOLD(acls)                                              \
        _cleanup_(unlock) pthread_mutex_t *_held = &(acls)->lock; \
        pthread_mutex_lock(_held)

static char *rules_text(const ApiNetworkAclRuleList *rules) {
        _cleanup_json_ json_t *array = json_array();
        for (size_t i = 0; i < rules->count; i++)
                json_array_append_new(array, api_network_acl_rule_to_json(&rules->items[i]));
        return json_dump_compact(array);
}

int acl_read(const NetworkObjectRow *row, ApiNetworkAcl *ret, Error **err) {
        _cleanup_json_ json_t *object = json_object();
        static const char *const keys[] = {"ingress", "egress"};
        for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
                json_t *rules;
                const char *text = row->texts[i] != NULL ? row->texts[i] : "[]";
                if (json_parse(text, strlen(text), &rules, err) < 0)
                        return error_prefix(err, "Rules of network ACL \"%s\"", row->name);
                json_object_set_new(object, keys[i], rules);
        }
        ApiNetworkAcl acl;
        api_network_acl_init(&acl);
        if (api_network_acl_read(object, &acl, JSON_REPLACE, err) < 0) {
                api_network_acl_done(&acl);
                return -1;
        }
        str_replace(&acl.name, str_dup(row->name));
        str_replace(&acl.description, str_dup(row->description));
        strmap_copy(&acl.config, &row->config);
        *ret = acl;
        return 0;
}

int acl_get(Acls *acls, const char *project, const char *name, NetworkObjectRow *ret,
            Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        int64_t owner;
        if (database_begin(acls->database, DATABASE_READ, &tx, err) < 0 ||
            db_project_id(tx, project, &owner, err) < 0)
                return -1;
        return db_network_object_get(tx, NETWORK_ACL, owner, name, ret, err);
}

/* The row to store; strings of `content` are borrowed, the texts are not. */
static NetworkObjectRow content_row(const ApiNetworkAclPut *content) {
        return (NetworkObjectRow){.description = content->description,
                                  .texts = {rules_text(&content->ingress),
                                            rules_text(&content->egress)},
                                  .config = content->config};
}

int acl_create(Acls *acls, const char *project, const char *name, ApiNetworkAclPut *content,
               Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        int64_t id;
        if (name_check_acl(name, err) < 0 || acl_check_content(content, err) < 0 ||
            database_begin(acls->database, DATABASE_WRITE, &tx, err) < 0)
                return -1;
        NetworkObjectRow row = content_row(content);
        row.name = (char *) name;
        int result = db_project_id(tx, project, &row.owner, err);
        if (result == 0)
                result = db_network_object_create(tx, NETWORK_ACL, &row, &id, err);
        free(row.texts[0]);
        free(row.texts[1]);
        return result < 0 ? -1 : transaction_commit(&tx, err);
}

/* Whether the list that stands in a security.acls has the name. */
static bool list_has(const char *list, const char *name) {
        _cleanup_strlist_ StrList items = {};
        _cleanup_strmap_ StrMap config = {};
        strmap_set(&config, "security.acls", list);
        acl_names(&config, &items);
        return strlist_has(&items, name);
}

static void add_url(StrList *ret, const char *kind, const char *name, const char *project) {
        bool is_default = str_equal(project, "default");
        _cleanup_free_ char *escaped = url_escape(name), *suffix = url_escape(project);
        char *url = str_printf("/1.0/%s/%s%s%s", kind, escaped, is_default ? "" : "?project=",
                               is_default ? "" : suffix);
        if (strlist_has(ret, url))
                free(url);
        else
                strlist_take(ret, url);
}

static int used_by_config(Transaction *tx, const char *project, const char *name, StrList *ret,
                          Error **err) {
        static const char *const kinds[] = {[CONFIG_USER_NETWORK] = "networks",
                                            [CONFIG_USER_INSTANCE] = "instances",
                                            [CONFIG_USER_PROFILE] = "profiles"};
        _cleanup_config_users_ ConfigUserList users = {};
        if (db_config_users(tx, "security.acls", &users, err) < 0)
                return -1;
        for (size_t i = 0; i < users.count; i++) {
                const ConfigUser *user = &users.items[i];
                _cleanup_free_ char *holder = NULL;
                if (!list_has(user->value, name))
                        continue;
                if (db_project_holder(tx, user->project, FEATURE, &holder, err) < 0)
                        return -1;
                if (str_equal(holder, project))
                        add_url(ret, kinds[user->kind], user->name, user->project);
        }
        return 0;
}

static bool rules_name(const ApiNetworkAcl *acl, const char *name) {
        for (size_t i = 0; i < acl->ingress.count; i++)
                if (list_has(acl->ingress.items[i].source, name))
                        return true;
        for (size_t i = 0; i < acl->egress.count; i++)
                if (list_has(acl->egress.items[i].destination, name))
                        return true;
        return false;
}

int acl_used_by(Transaction *tx, const char *project, const char *name, StrList *ret, Error **err) {
        _cleanup_network_object_row_list_ NetworkObjectRowList rows = {};
        int64_t owner;
        if (used_by_config(tx, project, name, ret, err) < 0 ||
            db_project_id(tx, project, &owner, err) < 0 ||
            db_network_object_list(tx, NETWORK_ACL, owner, &rows, err) < 0)
                return -1;
        for (size_t i = 0; i < rows.count; i++) {
                _cleanup_(api_network_acl_done) ApiNetworkAcl acl;
                api_network_acl_init(&acl);
                if (acl_read(&rows.items[i], &acl, err) < 0)
                        return -1;
                if (!str_equal(rows.items[i].name, name) && rules_name(&acl, name))
                        add_url(ret, "network-acls", rows.items[i].name, project);
        }
        return 0;
}

/* The row, to be changed under a name that nothing uses. */
static int find_unused(Transaction *tx, const char *project, const char *name, const char *verb,
                       NetworkObjectRow *ret, Error **err) {
        _cleanup_strlist_ StrList users = {};
        int64_t owner;
        if (db_project_id(tx, project, &owner, err) < 0 ||
            acl_used_by(tx, project, name, &users, err) < 0)
                return -1;
        if (users.count > 0)
                return error_set(err, ERROR_IN_USE, 0, "Cannot %s an ACL that is in use", verb);
        return db_network_object_get(tx, NETWORK_ACL, owner, name, ret, err);
}

int acl_rename(Acls *acls, const char *project, const char *name, const char *to, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_network_object_row_ NetworkObjectRow row = {}, other = {};
        if (name_check_acl(to, err) < 0 ||
            database_begin(acls->database, DATABASE_WRITE, &tx, err) < 0 ||
            find_unused(tx, project, name, "rename", &row, err) < 0)
                return -1;
        if (db_network_object_get(tx, NETWORK_ACL, row.owner, to, &other, NULL) == 0)
                return error_set(err, ERROR_EXISTS, 0, "An ACL by that name exists already");
        if (db_network_object_rename(tx, NETWORK_ACL, row.id, to, err) < 0)
                return -1;
        return transaction_commit(&tx, err);
}

int acl_delete(Acls *acls, const char *project, const char *name, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_network_object_row_ NetworkObjectRow row = {};
        if (database_begin(acls->database, DATABASE_WRITE, &tx, err) < 0 ||
            find_unused(tx, project, name, "delete", &row, err) < 0 ||
            db_network_object_delete(tx, NETWORK_ACL, row.id, err) < 0)
                return -1;
        return transaction_commit(&tx, err);
}

/* One that a config names. */
static int find(Transaction *tx, int64_t owner, const char *name, NetworkObjectRow *ret,
                Error **err) {
        Error *failed = NULL;
        if (db_network_object_get(tx, NETWORK_ACL, owner, name, ret, &failed) == 0)
                return 0;
        if (!error_is(failed, ERROR_NOT_FOUND))
                return error_move(err, &failed);
        error_free(failed);
        return error_set(err, ERROR_INVALID, 0, "Network ACL \"%s\" does not exist", name);
}

int acl_check_names(Transaction *tx, const char *project, const StrMap *config, Error **err) {
        _cleanup_strlist_ StrList names = {};
        int64_t owner;
        if (db_project_id(tx, project, &owner, err) < 0)
                return -1;
        acl_names(config, &names);
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_network_object_row_ NetworkObjectRow row = {};
                if (find(tx, owner, names.items[i], &row, err) < 0)
                        return -1;
        }
        return 0;
}

/* Reads the ACLs that `config` names, as the transaction sees them, and makes their list. */
static int plan_for(Transaction *tx, const char *project, const char *network,
                    const StrMap *config, AclPlan *ret, Error **err) {
        _cleanup_strlist_ StrList names = {};
        int64_t owner;
        size_t read = 0;
        int result = db_project_id(tx, project, &owner, err);
        acl_names(config, &names);
        ApiNetworkAcl *list = mem_new_array(ApiNetworkAcl, names.count + 1);
        for (; result == 0 && read < names.count; read++) {
                _cleanup_network_object_row_ NetworkObjectRow row = {};
                api_network_acl_init(&list[read]);
                result = find(tx, owner, names.items[read], &row, err);
                if (result == 0)
                        result = acl_read(&row, &list[read], err);
        }
        if (result == 0)
                result = acl_plan(network, config, list, names.count, ret, err);
        for (size_t i = 0; i < read; i++)
                api_network_acl_done(&list[i]);
        free(list);
        return result;
}

int acl_apply_network(Acls *acls, const char *project, const char *network, const StrMap *config,
                      Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_acl_plan_ AclPlan plan = {};
        HOLD(acls);
        if (str_is_empty(strmap_get(config, "security.acls")))
                return firewall_network_acls_clear(acls->firewall, network, err);
        if (database_begin(acls->database, DATABASE_READ, &tx, err) < 0 ||
            plan_for(tx, project, network, config, &plan, err) < 0)
                return -1;
        return firewall_network_acls(acls->firewall, network, plan.rules, plan.count, err);
}

/* A network that follows a changed ACL. */
typedef struct Follower {
        char *network;
        StrMap config; /* security.acls… */
        AclPlan plan, before;
} Follower;

typedef struct Followers {
        Follower *items;
        size_t count, capacity;
} Followers;

static void followers_done(Followers *followers) {
        for (size_t i = 0; i < followers->count; i++) {
                free(followers->items[i].network);
                strmap_done(&followers->items[i].config);
                acl_plan_done(&followers->items[i].plan);
                acl_plan_done(&followers->items[i].before);
        }
        free(followers->items);
}

static Follower *follower_of(Followers *followers, const char *network) {
        for (size_t i = 0; i < followers->count; i++)
                if (str_equal(followers->items[i].network, network))
                        return &followers->items[i];
        mem_grow((void **) &followers->items, &followers->capacity, followers->count + 1,
                 sizeof *followers->items);
        Follower *follower = &followers->items[followers->count++];
        *follower = (Follower){.network = str_dup(network)};
        return follower;
}

/* The networks of `project` that use the ACL. */
static int find_followers(Transaction *tx, const char *project, const char *name, Followers *ret,
                          Error **err) {
        _cleanup_config_users_ ConfigUserList users = {};
        if (db_config_users(tx, "security.acls*", &users, err) < 0)
                return -1;
        for (size_t i = 0; i < users.count; i++) {
                const ConfigUser *user = &users.items[i];
                if (user->kind == CONFIG_USER_NETWORK && str_equal(user->project, project))
                        strmap_set(&follower_of(ret, user->name)->config, user->key, user->value);
        }
        for (size_t i = ret->count; i-- > 0;) {
                Follower *follower = &ret->items[i];
                if (list_has(strmap_get(&follower->config, "security.acls"), name))
                        continue;
                free(follower->network);
                strmap_done(&follower->config);
                *follower = ret->items[--ret->count];
        }
        return 0;
}

static int plan_followers(Transaction *tx, const char *project, Followers *followers, bool before,
                          Error **err) {
        for (size_t i = 0; i < followers->count; i++) {
                Follower *follower = &followers->items[i];
                if (plan_for(tx, project, follower->network, &follower->config,
                             before ? &follower->before : &follower->plan, err) < 0)
                        return -1;
        }
        return 0;
}

static void restore_followers(Acls *acls, const Followers *followers, size_t count) {
        for (size_t i = 0; i < count; i++)
                (void) !firewall_network_acls(acls->firewall, followers->items[i].network,
                                              followers->items[i].before.rules,
                                              followers->items[i].before.count, NULL);
}

/* All or none: when one fails those before it get their old rules again. */
static int apply_followers(Acls *acls, const Followers *followers, Error **err) {
        for (size_t i = 0; i < followers->count; i++) {
                const Follower *follower = &followers->items[i];
                if (!link_exists(follower->network) ||
                    firewall_network_acls(acls->firewall, follower->network, follower->plan.rules,
                                          follower->plan.count, err) == 0)
                        continue;
                restore_followers(acls, followers, i);
                return -1;
        }
        return 0;
}

/* The rules are in force before the commit: what was answered holds, and what cannot be is not
 * stored. A daemon that dies in between applies the stored ones when it starts. */
int acl_update(Acls *acls, const char *project, const NetworkObjectRow *row,
               ApiNetworkAclPut *content, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(followers_done) Followers followers = {};
        if (acl_check_content(content, err) < 0)
                return -1;
        HOLD(acls);
        if (database_begin(acls->database, DATABASE_WRITE, &tx, err) < 0 ||
            find_followers(tx, project, row->name, &followers, err) < 0 ||
            plan_followers(tx, project, &followers, true, err) < 0)
                return -1;
        NetworkObjectRow changed = content_row(content);
        changed.id = row->id;
        int result = db_network_object_update(tx, NETWORK_ACL, &changed, err);
        free(changed.texts[0]);
        free(changed.texts[1]);
        if (result < 0 || plan_followers(tx, project, &followers, false, err) < 0 ||
            apply_followers(acls, &followers, err) < 0)
                return -1;
        if (transaction_commit(&tx, err) == 0)
                return 0;
        restore_followers(acls, &followers, followers.count);
        return -1;
}
