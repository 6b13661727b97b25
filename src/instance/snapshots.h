/* Snapshots of instances. A loaded one is an Instance with `snapshot` set: its config and devices
 * are its own, what no record keeps (profiles, architecture) is the instance's of now. It never
 * runs; verbs that change an instance do not take it. */
#pragma once

#include "api/instance_snapshot.h"
#include "instance/instance.h"

/* ERROR_NOT_FOUND with LXD's text. */
int instance_snapshot_load(Instances *instances, const char *project, const char *name,
                           const char *snapshot, Instance **ret, Error **err) _must_check_;
/* Of "NAME" the instance, of "NAME/SNAPSHOT" the snapshot: a source of copies and images. */
int instance_load_source(Instances *instances, const char *project, const char *source,
                         Instance **ret, Error **err) _must_check_;
/* The snapshots of `count` instances sorted by project and name, in their order, of each the oldest
 * first. A fixed number of queries. */
int instance_snapshots_of(Instances *instances, const Instance *items, size_t count,
                          InstanceList *ret, Error **err) _must_check_;
int instance_snapshot_names(Instances *instances, const Instance *instance, StrList *ret,
                            Error **err) _must_check_;
/* Bytes on disk; -1 where the backend cannot say without reading everything. */
int64_t instance_snapshot_size(Instances *instances, const Instance *snapshot);
/* Borrows from the snapshot, as instance_to_api() does. */
void instance_snapshot_to_api(const Instance *snapshot, int64_t size, ApiInstanceSnapshot *ret);
json_t *instance_snapshot_etag(const Instance *snapshot);

/* How to take one. */
typedef struct SnapshotCreate {
        const char *name; /* NULL or "": the next by snapshots.pattern */
        bool expires;     /* at `expiry_ns`; else by snapshots.expiry */
        int64_t expiry_ns;
        bool stateful;
        const EventRequestor *requestor;
} SnapshotCreate;

/* What can be refused before an operation begins: the name, the project's restriction. */
int instance_snapshot_check(Instances *instances, const Instance *instance, const char *name,
                            Error **err) _must_check_;
int instance_snapshot(Instances *instances, const Instance *instance,
                      const SnapshotCreate *create, Error **err) _must_check_;
int instance_snapshot_rename(Instances *instances, const Instance *snapshot, const char *to,
                             const EventRequestor *requestor, Error **err) _must_check_;
int instance_snapshot_set_expiry(Instances *instances, const Instance *snapshot,
                                 int64_t expiry_ns, const EventRequestor *requestor,
                                 Error **err) _must_check_;
int instance_snapshot_delete(Instances *instances, const Instance *snapshot,
                             const EventRequestor *requestor, Error **err) _must_check_;

typedef struct InstanceRestore {
        const char *snapshot; /* NAME, or INSTANCE/NAME */
        bool stateful;
        const EventRequestor *requestor;
} InstanceRestore;
/* Volume, config and devices become the snapshot's; what ran is stopped and started again. */
int instance_restore(Instances *instances, const Instance *instance,
                     const InstanceRestore *restore, Error **err) _must_check_;

/* For the daemon's tasks, each minute: takes what snapshots.schedule says, deletes what expired. */
void instances_take_scheduled_snapshots(Instances *instances);
void instances_prune_snapshots(Instances *instances);
