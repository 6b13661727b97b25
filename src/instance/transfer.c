#include "instance/transfer.h"

#include "base/log.h"
#include "base/memory.h"
#include "database/storage_volumes.h"
#include "instance/backup_file.h"
#include "instance/lifecycle_private.h"
#include "instance/snapshots.h"

int instance_hold(Instances *instances, const Instance *instance, const char *verb, Error **err) {
        return runner_acquire(instances, instance, verb, true, err);
}

void instance_unhold(Instances *instances, const Instance *instance) {
        runner_release(instances, instance);
}

int instance_freeze_held(Instances *instances, const Instance *instance, bool *ret_frozen,
                         Error **err) {
        _cleanup_(runtime_process_done) RuntimeProcess process = {.name = NULL};
        *ret_frozen = false;
        if (instance->status != INSTANCE_RUNNING)
                return 0;
        if (instance_process(instances, instance, &process, err) < 0 ||
            runtime_freeze(instances->spec.runtime, &process, err) < 0)
                return -1;
        *ret_frozen = true;
        return 0;
}

void instance_thaw_held(Instances *instances, const Instance *instance) {
        _cleanup_(runtime_process_done) RuntimeProcess process = {.name = NULL};
        _cleanup_error_ Error *err = NULL;
        if (instance_process(instances, instance, &process, NULL) == 0 &&
            runtime_unfreeze(instances->spec.runtime, &process, &err) < 0)
                log_error("Instance %s stays frozen: %s", instance->disk_name, error_message(err));
}

int instance_pool(Instances *instances, const Instance *instance, StoragePool **ret, Error **err) {
        const char *name = instance_root_pool(instance);
        if (name == NULL)
                return error_set(err, ERROR_INVALID, 0, "The instance's root device is missing the "
                                                        "pool property");
        return storage_pool_find(instances->spec.storage, name, ret, err);
}

void instance_unmount_held(Instances *instances, const Instance *instance) {
        if (!instance_is_running(instance))
                instance_volume_unmount(instances, instance);
}

Storage *instances_storage(Instances *instances) {
        return instances->spec.storage;
}

static bool has_root(const DeviceMap *devices) {
        for (size_t i = 0; i < devices->count; i++)
                if (device_is_root_disk(&devices->items[i].config))
                        return true;
        return false;
}

/* A root of its own is on the pool here; one that it had from a profile is from one here, too. */
int instance_record_received(Transaction *tx, const Instance *snapshot, int64_t instance_id,
                             int64_t volume_id, const char *pool, Error **err) {
        Instance copy = *snapshot;
        copy.devices = (DeviceMap) {.items = NULL};
        devicemap_copy(&copy.devices, &snapshot->row.devices);
        if (!has_root(&copy.devices))
                instance_move_root(&copy, pool, &copy.devices);
        const SnapshotOwner owner = {instance_id, volume_id, pool};
        int result = instance_record_snapshot(tx, &copy, &owner, err);
        devicemap_done(&copy.devices);
        return result;
}

int instance_record_refreshed(Instances *instances, const Instance *instance,
                              const InstanceList *snapshots, const IdMap *idmap, const char *pool,
                              Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(storage_volume_row_done) StorageVolumeRow volume = {.name = NULL};
        _cleanup_strmap_ StrMap changes = {.items = NULL};
        _cleanup_free_ char *text = idmap_to_json(idmap);
        strmap_set(&changes, "volatile.last_state.idmap", text);
        if (database_begin(instances->spec.database, DATABASE_WRITE, &tx, err) < 0 ||
            db_instance_config_set(tx, instance->row.id, &changes, err) < 0 ||
            instance_volume_record(tx, instance, &volume, err) < 0)
                return -1;
        for (size_t i = 0; i < snapshots->count; i++)
                if (instance_record_received(tx, &snapshots->items[i], instance->row.id,
                                             volume.id, pool, err) < 0)
                        return -1;
        if (transaction_commit(&tx, err) < 0)
                return -1;
        instance_backup_file_update(instances, instance);
        return 0;
}

void instance_settle_received(Instances *instances, const StorageInstance *volume,
                              const InstanceList *snapshots) {
        _cleanup_strlist_ StrList names = {.items = NULL};
        for (size_t i = 0; i < snapshots->count; i++)
                strlist_add(&names, snapshots->items[i].snapshot);
        instance_settle_snapshots(instances, volume, &names);
}

int instance_drop_snapshot(Instances *instances, const Instance *snapshot,
                           const EventRequestor *requestor, Error **err) {
        return instance_snapshot_delete_held(instances, snapshot, requestor, err);
}
