/* Networks that the daemon manages. */
#pragma once

#include "database/database.h"

typedef enum NetworkState { /* LXD's numbers */
        NETWORK_PENDING = 0,
        NETWORK_CREATED = 1,
        NETWORK_ERRORED = 2,
} NetworkState;

typedef struct NetworkRow {
        int64_t id;
        char *project;
        char *name;
        char *description;
        char *type; /* "bridge", "macvlan", "sriov", "ovn", "physical" */
        int64_t state;
        StrMap config;
} NetworkRow;

typedef struct NetworkRowList {
        NetworkRow *items;
        size_t count, capacity;
} NetworkRowList;

void network_row_done(NetworkRow *row);
void network_row_copy(NetworkRow *to, const NetworkRow *from);
void network_row_list_done(NetworkRowList *list);

/* ERROR_NOT_FOUND "Network not found". */
int db_network_get(Transaction *tx, const char *project, const char *name, NetworkRow *ret,
                   Error **err) _must_check_;
/* Sorted by project and name; project NULL: all. */
int db_network_list(Transaction *tx, const char *project, NetworkRowList *ret, Error **err)
        _must_check_;
/* ERROR_EXISTS "The network already exists". */
int db_network_create(Transaction *tx, const NetworkRow *row, int64_t *ret_id, Error **err)
        _must_check_;
int db_network_update(Transaction *tx, const NetworkRow *row, Error **err) _must_check_;
int db_network_set_state(Transaction *tx, int64_t id, NetworkState state, Error **err)
        _must_check_;
int db_network_rename(Transaction *tx, int64_t id, const char *to, Error **err) _must_check_;
int db_network_delete(Transaction *tx, int64_t id, Error **err) _must_check_;
