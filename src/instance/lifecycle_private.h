/* What snapshots, copies, moves and backups share, inside this folder. */
#pragma once

#include "instance/origin.h"
#include "instance/progress.h"
#include "instance/instance_private.h"

/* Its root volume, for storage/. Borrows. */
StorageInstance instance_volume(const Instance *instance, StoragePool *pool);
/* The volume's record, of a snapshot the snapshot's. */
int instance_volume_record(Transaction *tx, const Instance *instance, StorageVolumeRow *ret,
                           Error **err) _must_check_;
struct SnapshotCreate;
/* The caller holds the runner. */
int instance_snapshot_held(Instances *instances, Instance *instance,
                           const struct SnapshotCreate *create, Error **err) _must_check_;
/* Of "@startup"; the caller holds the runner. */
int instance_take_startup_snapshot(Instances *instances, Instance *instance, Error **err)
        _must_check_;
/* The volume and the records of a restore. */
int instance_restore_volume(Instances *instances, const Instance *instance,
                            const Instance *snapshot, StoragePool *pool, Error **err)
        _must_check_;
/* The caller holds the instance. */
int instance_snapshot_delete_held(Instances *instances, const Instance *snapshot,
                                  const EventRequestor *requestor, Error **err) _must_check_;
/* Makes the root disk in `devices`, own ones of the instance or snapshot, name `pool`. */
void instance_move_root(const Instance *instance, const char *pool, DeviceMap *devices);
extern const InstanceOrigin instance_copy_origin;
/* Logs and backups move from one disk name to another. */
void instance_rename_files(Instances *instances, const char *from, const char *to);
/* Makes good what a crash left (journal.h). */
void instances_replay_journal(Instances *instances);
