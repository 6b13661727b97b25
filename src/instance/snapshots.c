/* Verbs of snapshots: the volume's first, then all records in one transaction. The storage's
 * journal takes away what was made and never recorded. */
#include "instance/snapshots.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/times.h"
#include "database/instance_snapshots.h"
#include "database/storage_volumes.h"
#include "instance/backup_file.h"
#include "instance/journal.h"
#include "project/project.h"
#include "schema/names.h"
#include "schema/schedule.h"
#include "template/snapshot_name.h"

#include <string.h>

StorageInstance instance_volume(const Instance *instance, StoragePool *pool) {
        return (StorageInstance) {.pool = pool,
                                  .project = instance->row.project,
                                  .name = instance->row.name,
                                  .snapshot = instance->snapshot};
}

/* Clients know the first text: it is about what has a meaning in URLs. */
static int check_name(const char *name, Error **err) {
        const char *bad = strpbrk(name, "/?&+");
        if (bad != NULL)
                return error_set(err, ERROR_INVALID, 0,
                                 "Invalid snapshot name: Cannot contain \"%c\"", *bad);
        return name_check_snapshot(name, err);
}

int instance_snapshot_check(Instances *instances, const Instance *instance, const char *name,
                            Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        if (database_begin(instances->spec.database, DATABASE_READ, &tx, err) < 0 ||
            project_allow_snapshot(tx, instance->row.project, err) < 0)
                return -1;
        return str_is_empty(name) ? 0 : check_name(name, err);
}

/* Name, times, config and devices of the snapshot that is to be. */
static int plan(Instances *instances, const Instance *instance, const SnapshotCreate *create,
                InstanceSnapshotRow *ret, Error **err) {
        _cleanup_strlist_ StrList taken = {.items = NULL};
        const char *pattern = strmap_get(&instance->config, "snapshots.pattern");
        ret->created_ns = time_now_ns();
        ret->expiry_ns = create->expiry_ns;
        if (!create->expires && expiry_parse(strmap_get(&instance->config, "snapshots.expiry"),
                                             ret->created_ns, &ret->expiry_ns, err) < 0)
                return -1;
        if (instance_snapshot_names(instances, instance, &taken, err) < 0)
                return -1;
        if (!str_is_empty(create->name))
                ret->name = str_dup(create->name);
        else if (snapshot_name_next(str_is_empty(pattern) ? "snap%d" : pattern, ret->created_ns,
                                    &taken, &ret->name, err) < 0)
                return -1;
        if (strlist_has(&taken, ret->name))
                return error_set(err, ERROR_EXISTS, 0,
                                 "Failed creating instance snapshot record \"%s\": Add snapshot "
                                 "info to the database: This \"instances_snapshots\" entry "
                                 "already exists",
                                 ret->name);
        ret->instance_id = instance->row.id;
        ret->description = str_dup("");
        strmap_copy(&ret->config, &instance->row.config);
        devicemap_copy(&ret->devices, &instance->row.devices);
        return check_name(ret->name, err);
}

int instance_volume_record(Transaction *tx, const Instance *instance, StorageVolumeRow *ret,
                           Error **err) {
        _cleanup_free_ char *name =
                instance->snapshot == NULL
                        ? str_dup(instance->row.name)
                        : str_printf("%s/%s", instance->row.name, instance->snapshot);
        const StorageVolumeRow key = {.pool = (char *) instance_root_pool(instance),
                                      .project = instance->row.project,
                                      .name = name,
                                      .type = STORAGE_VOLUME_CONTAINER};
        return db_storage_volume_get(tx, &key, ret, err);
}

static int record(Instances *instances, const Instance *instance, const InstanceSnapshotRow *row,
                  Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(storage_volume_row_done) StorageVolumeRow volume = {.name = NULL};
        int64_t id;
        if (database_begin(instances->spec.database, DATABASE_WRITE, &tx, err) < 0 ||
            db_instance_snapshot_create(tx, row, &id, err) < 0 ||
            instance_volume_record(tx, instance, &volume, err) < 0)
                return -1;
        const StorageVolumeRow snapshot = {.volume_id = volume.id,
                                           .name = row->name,
                                           .expires_ns = row->expiry_ns,
                                           .config = volume.config};
        if (db_storage_volume_snapshot_create(tx, &snapshot, &id, err) < 0)
                return -1;
        return transaction_commit(&tx, err);
}

static int check_stateful(const Instance *instance, const SnapshotCreate *create, Error **err) {
        if (!create->stateful)
                return 0;
        if (!instance_is_running(instance))
                return error_set(err, ERROR_BAD_STATE, 0,
                                 "Unable to create a stateful snapshot. The instance isn't "
                                 "running");
        return error_set(err, ERROR_UNSUPPORTED, 0,
                         "Unable to create a stateful snapshot. CRIU isn't installed");
}

int instance_snapshot_held(Instances *instances, Instance *instance, const SnapshotCreate *create,
                           Error **err) {
        Storage *storage = instances->spec.storage;
        _cleanup_(storage_pool_cleanup) StoragePool *pool = NULL;
        _cleanup_(instance_snapshot_row_done) InstanceSnapshotRow row = {.id = 0};
        if (check_stateful(instance, create, err) < 0 ||
            plan(instances, instance, create, &row, err) < 0 ||
            storage_pool_find(storage, instance_root_pool(instance), &pool, err) < 0)
                return -1;
        StorageInstance volume = instance_volume(instance, pool);
        volume.snapshot = row.name;
        if (storage_instance_snapshot(storage, &volume, err) < 0)
                return error_prefix(err, "Create instance snapshot");
        if (record(instances, instance, &row, err) < 0) {
                if (storage_instance_snapshot_delete(storage, &volume, NULL) < 0)
                        log_error("The snapshot %s of %s stays behind", row.name,
                                  instance->disk_name);
                return -1;
        }
        storage_instance_settled(storage, &volume);
        instance_backup_file_update(instances, instance);
        instance->snapshot = row.name; /* for the event alone */
        instance_emit(instances, instance, "instance-snapshot-created", NULL, create->requestor);
        instance->snapshot = NULL;
        return 0;
}

static int snapshot_verb(Instances *instances, Instance *instance, void *userdata, Error **err) {
        return instance_snapshot_held(instances, instance, userdata, err);
}

int instance_snapshot(Instances *instances, const Instance *instance,
                      const SnapshotCreate *create, Error **err) {
        const RunnerVerb verb = {.name = "snapshot",
                                 .wait = true,
                                 .brief = true,
                                 .run = snapshot_verb,
                                 .userdata = (void *) create};
        return runner_run(instances, instance, &verb, err);
}

/* What the verbs on one snapshot have in common. */
typedef struct Change {
        const char *snapshot;
        const char *to;    /* rename */
        int64_t expiry_ns; /* set_expiry */
        const EventRequestor *requestor;
} Change;

/* Loaded anew: it may have gone while this waited. */
static int reload(Instances *instances, const Instance *instance, const Change *change,
                  Instance **ret, Error **err) {
        return instance_snapshot_load(instances, instance->row.project, instance->row.name,
                                      change->snapshot, ret, err);
}

static int rename_records(Instances *instances, const Instance *snapshot, const char *to,
                          Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(storage_volume_row_done) StorageVolumeRow volume = {.name = NULL};
        if (database_begin(instances->spec.database, DATABASE_WRITE, &tx, err) < 0 ||
            db_instance_snapshot_rename(tx, snapshot->snapshot_id, to, err) < 0 ||
            instance_volume_record(tx, snapshot, &volume, err) < 0 ||
            db_storage_volume_snapshot_rename(tx, volume.id, to, err) < 0)
                return -1;
        return transaction_commit(&tx, err);
}

static int check_free(Instances *instances, const Instance *snapshot, const char *to,
                      Error **err) {
        _cleanup_strlist_ StrList taken = {.items = NULL};
        if (instance_snapshot_names(instances, snapshot, &taken, err) < 0)
                return -1;
        if (strlist_has(&taken, to))
                return error_set(err, ERROR_EXISTS, 0, "Name '%s/%s' already in use",
                                 snapshot->row.name, to);
        return 0;
}

static int rename_held(Instances *instances, Instance *instance, void *userdata, Error **err) {
        const Change *change = userdata;
        Storage *storage = instances->spec.storage;
        _cleanup_(storage_pool_cleanup) StoragePool *pool = NULL;
        _cleanup_(instance_cleanup) Instance *snapshot = NULL;
        char *journal;
        if (reload(instances, instance, change, &snapshot, err) < 0 ||
            check_free(instances, snapshot, change->to, err) < 0 ||
            storage_pool_find(storage, instance_root_pool(snapshot), &pool, err) < 0)
                return -1;
        StorageInstance from = instance_volume(snapshot, pool), to = from;
        to.snapshot = change->to;
        const JournalNote note = {.verb = JOURNAL_RENAME_SNAPSHOT,
                                  .pool = pool->row.name,
                                  .project = snapshot->row.project,
                                  .name = snapshot->row.name,
                                  .snapshot = snapshot->snapshot,
                                  .to = change->to};
        if (journal_begin(instances, &note, &journal, err) < 0)
                return -1;
        int result = storage_instance_snapshot_rename(storage, &from, to.snapshot, err);
        if (result == 0 && rename_records(instances, snapshot, change->to, err) < 0) {
                if (storage_instance_snapshot_rename(storage, &to, from.snapshot, NULL) < 0)
                        log_error("The snapshot %s of %s is now named %s", from.snapshot,
                                  snapshot->disk_name, to.snapshot);
                result = -1;
        }
        journal_done(journal);
        if (result < 0)
                return -1;
        instance_backup_file_update(instances, instance);
        _cleanup_free_ char *old = str_printf("%s/%s", snapshot->row.name, snapshot->snapshot);
        str_replace(&snapshot->snapshot, str_dup(change->to));
        instance_emit(instances, snapshot, "instance-snapshot-renamed",
                      json_pack("{s:s}", "old_name", old), change->requestor);
        return 0;
}

static int expire_records(Instances *instances, const Instance *snapshot, int64_t expiry_ns,
                          Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(storage_volume_row_done) StorageVolumeRow volume = {.name = NULL};
        if (database_begin(instances->spec.database, DATABASE_WRITE, &tx, err) < 0 ||
            db_instance_snapshot_set_expiry(tx, snapshot->snapshot_id, expiry_ns, err) < 0 ||
            instance_volume_record(tx, snapshot, &volume, err) < 0)
                return -1;
        volume.expires_ns = expiry_ns;
        if (db_storage_volume_update(tx, &volume, err) < 0)
                return -1;
        return transaction_commit(&tx, err);
}

static int set_expiry_held(Instances *instances, Instance *instance, void *userdata,
                           Error **err) {
        const Change *change = userdata;
        _cleanup_(instance_cleanup) Instance *snapshot = NULL;
        if (reload(instances, instance, change, &snapshot, err) < 0 ||
            expire_records(instances, snapshot, change->expiry_ns, err) < 0)
                return -1;
        instance_backup_file_update(instances, instance);
        instance_emit(instances, snapshot, "instance-snapshot-updated", NULL, change->requestor);
        return 0;
}

static int forget(Instances *instances, const Instance *snapshot, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(storage_volume_row_done) StorageVolumeRow volume = {.name = NULL};
        if (database_begin(instances->spec.database, DATABASE_WRITE, &tx, err) < 0 ||
            db_instance_snapshot_delete(tx, snapshot->snapshot_id, err) < 0)
                return -1;
        if (instance_volume_record(tx, snapshot, &volume, NULL) == 0 &&
            db_storage_volume_snapshot_delete(tx, volume.id, err) < 0)
                return -1;
        return transaction_commit(&tx, err);
}

/* The records go last: until then it can be tried again. */
int instance_snapshot_delete_held(Instances *instances, const Instance *snapshot,
                                  const EventRequestor *requestor, Error **err) {
        _cleanup_(storage_pool_cleanup) StoragePool *pool = NULL;
        if (storage_pool_find(instances->spec.storage, instance_root_pool(snapshot), &pool, err) <
            0)
                return -1;
        StorageInstance volume = instance_volume(snapshot, pool);
        if (storage_instance_snapshot_delete(instances->spec.storage, &volume, err) < 0 ||
            forget(instances, snapshot, err) < 0)
                return -1;
        instance_backup_file_update(instances, snapshot);
        instance_emit(instances, snapshot, "instance-snapshot-deleted", NULL, requestor);
        return 0;
}

static int delete_held(Instances *instances, Instance *instance, void *userdata, Error **err) {
        const Change *change = userdata;
        _cleanup_(instance_cleanup) Instance *snapshot = NULL;
        if (reload(instances, instance, change, &snapshot, err) < 0)
                return -1;
        return instance_snapshot_delete_held(instances, snapshot, change->requestor, err);
}

static int run_change(Instances *instances, const Instance *snapshot, const char *name,
                      int (*run)(Instances *instances, Instance *current, void *userdata,
                                 Error **err),
                      Change *change, Error **err) {
        change->snapshot = snapshot->snapshot;
        const RunnerVerb verb = {
                .name = name, .wait = true, .brief = true, .run = run, .userdata = change};
        return runner_run(instances, snapshot, &verb, err);
}

int instance_snapshot_rename(Instances *instances, const Instance *snapshot, const char *to,
                             const EventRequestor *requestor, Error **err) {
        Change change = {.to = to, .requestor = requestor};
        if (check_name(to, err) < 0)
                return -1;
        return run_change(instances, snapshot, "rename", rename_held, &change, err);
}

int instance_snapshot_set_expiry(Instances *instances, const Instance *snapshot,
                                 int64_t expiry_ns, const EventRequestor *requestor,
                                 Error **err) {
        Change change = {.expiry_ns = expiry_ns, .requestor = requestor};
        return run_change(instances, snapshot, "update", set_expiry_held, &change, err);
}

int instance_snapshot_delete(Instances *instances, const Instance *snapshot,
                             const EventRequestor *requestor, Error **err) {
        Change change = {.requestor = requestor};
        return run_change(instances, snapshot, "delete", delete_held, &change, err);
}
