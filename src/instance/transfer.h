/* What copies between hosts need of this folder. */
#pragma once

#include "instance/create.h"
#include "instance/instance.h"

/* Keeps every other verb away from the instance, and waits for the one at work. */
int instance_hold(Instances *instances, const Instance *instance, const char *verb, Error **err)
        _must_check_;
void instance_unhold(Instances *instances, const Instance *instance);
/* Stops the processes of one that is held and runs; does nothing when it does not run or is frozen
 * already: *ret_frozen says whether it has to be given back to instance_thaw_held(). */
int instance_freeze_held(Instances *instances, const Instance *instance, bool *ret_frozen,
                         Error **err) _must_check_;
void instance_thaw_held(Instances *instances, const Instance *instance);
/* Its root's pool, with which its files are transferred. */
int instance_pool(Instances *instances, const Instance *instance, StoragePool **ret, Error **err)
        _must_check_;
/* After instance_volume_mount(): what nothing runs on is unmounted. */
void instance_unmount_held(Instances *instances, const Instance *instance);
Storage *instances_storage(Instances *instances);

/* Snapshots that came from elsewhere: `snapshot` has a name, times, config and devices. */
int instance_record_received(Transaction *tx, const Instance *snapshot, int64_t instance_id,
                             int64_t volume_id, const char *pool, Error **err) _must_check_;
/* The same for an instance that is there and held. */
int instance_record_refreshed(Instances *instances, const Instance *instance,
                              const InstanceList *snapshots, const IdMap *idmap, const char *pool,
                              Error **err) _must_check_;
/* What was recorded needs no undo any more. */
void instance_settle_received(Instances *instances, const StorageInstance *volume,
                              const InstanceList *snapshots);
/* Of an instance that is held. */
int instance_drop_snapshot(Instances *instances, const Instance *snapshot,
                           const EventRequestor *requestor, Error **err) _must_check_;
