/* What snapshots, copies, moves and backups share, inside this folder. */
#pragma once

#include "instance/instance_private.h"

/* Its root volume, for storage/. Borrows. */
StorageInstance instance_volume(const Instance *instance, StoragePool *pool);
/* ERROR_FORBIDDEN when the project is restricted and its KEY is not "allow"; `what` is refused. */
int instance_project_allows(Instances *instances, const char *project, const char *key,
                            const char *what, Error **err) _must_check_;
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
/* Logs and backups move from one disk name to another. */
void instance_rename_files(Instances *instances, const char *from, const char *to);
/* Makes good what a crash left (journal.h). */
void instances_replay_journal(Instances *instances);
