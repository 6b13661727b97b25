/* For what makes instances of other things: copies, backups, volumes without records. */
#pragma once

#include "instance/create.h"

/* Where a snapshot's records go. */
typedef struct SnapshotOwner {
        int64_t instance_id, volume_id;
        const char *pool;
} SnapshotOwner;
/* The records of a snapshot: its name, times, own config and devices; the root disk's pool in its
 * expanded devices becomes the owner's. */
int instance_record_snapshot(Transaction *tx, const Instance *snapshot,
                             const SnapshotOwner *owner, Error **err) _must_check_;
/* Their records are committed. */
void instance_settle_snapshots(Instances *instances, const StorageInstance *volume,
                               const StrList *names);
/* With its profiles the instance's root disk is on that pool, or `row` gets a device that says so.
 * Unknown profiles are ERROR_INVALID. */
int instance_set_root_pool(Instances *instances, InstanceRow *row, const char *pool, Error **err)
        _must_check_;
/* The pool of the default profile's root disk; NULL when it has none. Owned. */
int instance_default_pool(Instances *instances, const char *project, char **ret, Error **err)
        _must_check_;
