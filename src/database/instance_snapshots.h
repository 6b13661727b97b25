/* Records of instances' snapshots. */
#pragma once

#include "database/database.h"

/* Architecture, profiles and whether it is ephemeral are the instance's: no row says them. */
typedef struct InstanceSnapshotRow {
        int64_t id;
        int64_t instance_id;
        char *project, *instance;
        char *name; /* without the instance's */
        char *description;
        int64_t created_ns;
        int64_t expiry_ns; /* TIME_ZERO: never */
        bool stateful;
        StrMap config;
        DeviceMap devices;
} InstanceSnapshotRow;

typedef struct InstanceSnapshotRowList {
        InstanceSnapshotRow *items;
        size_t count, capacity;
} InstanceSnapshotRowList;

void instance_snapshot_row_done(InstanceSnapshotRow *row);
void instance_snapshot_row_list_done(InstanceSnapshotRowList *list);

/* ERROR_NOT_FOUND "Instance snapshot not found". */
int db_instance_snapshot_get(Transaction *tx, int64_t instance_id, const char *name,
                             InstanceSnapshotRow *ret, Error **err) _must_check_;
/* In three queries, of one instance in the order in which they were made; instance_id 0: of all,
 * sorted by project and instance before that. */
int db_instance_snapshot_list(Transaction *tx, int64_t instance_id, InstanceSnapshotRowList *ret,
                              Error **err) _must_check_;
int db_instance_snapshot_names(Transaction *tx, int64_t instance_id, StrList *ret, Error **err)
        _must_check_;
/* Those that were to go at `now_ns`, without config and devices. */
int db_instance_snapshot_expired(Transaction *tx, int64_t now_ns, InstanceSnapshotRowList *ret,
                                 Error **err) _must_check_;
/* ERROR_EXISTS with LXD's text. */
int db_instance_snapshot_create(Transaction *tx, const InstanceSnapshotRow *row, int64_t *ret_id,
                                Error **err) _must_check_;
int db_instance_snapshot_rename(Transaction *tx, int64_t id, const char *to, Error **err)
        _must_check_;
int db_instance_snapshot_set_expiry(Transaction *tx, int64_t id, int64_t expiry_ns, Error **err)
        _must_check_;
int db_instance_snapshot_delete(Transaction *tx, int64_t id, Error **err) _must_check_;
