/* What belongs to networks: ACLs, zones and their records, forwards. Their tables
 * have one shape: an owner (project, network or zone), a name that is unique there, up to two
 * columns of JSON, and a config table. */
#pragma once

#include "database/database.h"

typedef enum NetworkObject {
        NETWORK_ACL,           /* of a project; texts: ingress, egress */
        NETWORK_FORWARD,       /* of a network; name: listen address; texts: ports */
        NETWORK_ZONE,          /* of a project; no texts */
        NETWORK_ZONE_RECORD,   /* of a zone; texts: entries */
        _NETWORK_OBJECT_MAX,
} NetworkObject;

typedef struct NetworkObjectRow {
        int64_t id;
        int64_t owner; /* id of the project, network or zone */
        char *name;
        char *description;
        char *texts[2]; /* JSON; NULL where the kind has fewer */
        StrMap config;
} NetworkObjectRow;

typedef struct NetworkObjectRowList {
        NetworkObjectRow *items;
        size_t count, capacity;
} NetworkObjectRowList;

void network_object_row_done(NetworkObjectRow *row);
void network_object_row_list_done(NetworkObjectRowList *list);
#define _cleanup_network_object_row_ _cleanup_(network_object_row_done)
#define _cleanup_network_object_row_list_ _cleanup_(network_object_row_list_done)

/* ERROR_NOT_FOUND "Network ACL not found" and the like. */
int db_network_object_get(Transaction *tx, NetworkObject kind, int64_t owner, const char *name,
                          NetworkObjectRow *ret, Error **err) _must_check_;
/* Sorted by name; owner 0: all. */
int db_network_object_list(Transaction *tx, NetworkObject kind, int64_t owner,
                           NetworkObjectRowList *ret, Error **err) _must_check_;
/* ERROR_EXISTS "The network ACL already exists" and the like. */
int db_network_object_create(Transaction *tx, NetworkObject kind, const NetworkObjectRow *row,
                             int64_t *ret_id, Error **err) _must_check_;
int db_network_object_update(Transaction *tx, NetworkObject kind, const NetworkObjectRow *row,
                             Error **err) _must_check_;
int db_network_object_rename(Transaction *tx, NetworkObject kind, int64_t id, const char *to,
                             Error **err) _must_check_;
int db_network_object_delete(Transaction *tx, NetworkObject kind, int64_t id, Error **err)
        _must_check_;

/* Who has config keys that name something else: networks, and devices of instances and profiles. */
typedef enum ConfigUserKind {
        CONFIG_USER_NETWORK,
        CONFIG_USER_INSTANCE, /* by one of its devices */
        CONFIG_USER_PROFILE,
} ConfigUserKind;

typedef struct ConfigUser {
        ConfigUserKind kind;
        char *project, *name;
        char *key, *value;
} ConfigUser;

typedef struct ConfigUserList {
        ConfigUser *items;
        size_t count, capacity;
} ConfigUserList;
void config_user_list_done(ConfigUserList *list);
#define _cleanup_config_users_ _cleanup_(config_user_list_done)

/* Those whose `key` (a GLOB pattern) is set, networks first, sorted by project and name. */
int db_config_users(Transaction *tx, const char *key, ConfigUserList *ret, Error **err)
        _must_check_;
