/* Back to a snapshot: a note in the journal, the volume, the records; a crash in between is made
 * good by doing it again. */
#include "instance/snapshots.h"

#include "base/log.h"
#include "base/memory.h"
#include "database/projects.h"
#include "instance/backup_file.h"
#include "instance/journal.h"
#include "instance/state.h"

#include <string.h>

/* Of the volatile keys those come back that say how the files of the volume are; what says whether
 * it runs, and by which links, is of the moment. */
static bool is_of_the_moment(const char *key) {
        return str_equal(key, "volatile.last_state.power") || str_has_suffix(key, ".host_name") ||
               (str_has_prefix(key, "volatile.") && strstr(key, ".last_state.") != NULL &&
                !str_equal(key, "volatile.last_state.idmap"));
}

static void merge_config(const Instance *instance, const Instance *snapshot, StrMap *ret) {
        for (size_t i = 0; i < snapshot->row.config.count; i++) {
                const StrPair *pair = &snapshot->row.config.items[i];
                if (!is_of_the_moment(pair->key))
                        strmap_set(ret, pair->key, pair->value);
        }
        for (size_t i = 0; i < instance->row.config.count; i++) {
                const StrPair *pair = &instance->row.config.items[i];
                if (is_of_the_moment(pair->key))
                        strmap_set(ret, pair->key, pair->value);
        }
}

static int record(Instances *instances, const Instance *instance, const Instance *snapshot,
                  Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(instance_row_done) InstanceRow row = {.name = NULL};
        _cleanup_free_ char *profile_project = NULL;
        instance_row_copy(&row, &instance->row);
        strmap_done(&row.config);
        merge_config(instance, snapshot, &row.config);
        devicemap_copy(&row.devices, &snapshot->row.devices);
        if (database_begin(instances->spec.database, DATABASE_WRITE, &tx, err) < 0 ||
            db_project_holder(tx, row.project, PROFILES_FEATURE, &profile_project, err) < 0 ||
            db_instance_update(tx, &row, profile_project, err) < 0)
                return -1;
        return transaction_commit(&tx, err);
}

int instance_restore_volume(Instances *instances, const Instance *instance,
                            const Instance *snapshot, StoragePool *pool, Error **err) {
        const StorageInstance volume = instance_volume(snapshot, pool);
        if (storage_instance_restore(instances->spec.storage, &volume, err) < 0 ||
            record(instances, instance, snapshot, err) < 0)
                return -1;
        instance_backup_file_update(instances, instance);
        return 0;
}

static int find_snapshot(Instances *instances, const Instance *instance, const char *name,
                         Instance **ret, Error **err) {
        const char *slash = strchr(name, '/');
        _cleanup_error_ Error *failed = NULL;
        if (instance_snapshot_load(instances, instance->row.project, instance->row.name,
                                   slash != NULL ? slash + 1 : name, ret, &failed) == 0)
                return 0;
        if (!error_is(failed, ERROR_NOT_FOUND))
                return error_move(err, &failed);
        return error_set(err, ERROR_NOT_FOUND, 0, "Snapshot %s/%s does not exist",
                         instance->row.name, slash != NULL ? slash + 1 : name);
}

static int stop(Instances *instances, Instance *instance, Error **err) {
        /* It is started again: an ephemeral one must not go now. */
        const bool ephemeral = instance->row.ephemeral;
        const InstanceChange change = {.action = INSTANCE_ACTION_STOP, .force = true};
        instance->row.ephemeral = false;
        int result = instance_stop_held(instances, instance, &change, err);
        instance->row.ephemeral = ephemeral;
        return result;
}

static int start(Instances *instances, const Instance *instance, const EventRequestor *requestor,
                 Error **err) {
        _cleanup_(instance_cleanup) Instance *restored = NULL;
        if (instance_load(instances, instance->row.project, instance->row.name, &restored, err) <
            0)
                return -1;
        return instance_start_held(instances, restored, requestor, err);
}

static int restore_journaled(Instances *instances, const Instance *instance,
                             const Instance *snapshot, Error **err) {
        _cleanup_(storage_pool_cleanup) StoragePool *pool = NULL;
        char *journal;
        if (storage_pool_find(instances->spec.storage, instance_root_pool(instance), &pool, err) <
            0)
                return -1;
        const JournalNote note = {.verb = JOURNAL_RESTORE,
                                  .pool = pool->row.name,
                                  .project = instance->row.project,
                                  .name = instance->row.name,
                                  .snapshot = snapshot->snapshot};
        if (journal_begin(instances, &note, &journal, err) < 0)
                return -1;
        int result = instance_restore_volume(instances, instance, snapshot, pool, err);
        journal_done(journal);
        return result;
}

static int restore_held(Instances *instances, Instance *instance, void *userdata, Error **err) {
        const InstanceRestore *restore = userdata;
        _cleanup_(instance_cleanup) Instance *snapshot = NULL;
        const bool was_running = instance_is_running(instance);
        if (find_snapshot(instances, instance, restore->snapshot, &snapshot, err) < 0)
                return -1;
        if (restore->stateful)
                return error_set(err, ERROR_INVALID, 0,
                                 "Stateful snapshot restore requested by snapshot is stateless");
        if (was_running && stop(instances, instance, err) < 0)
                return -1;
        int result = restore_journaled(instances, instance, snapshot, err);
        /* Also after a failure: then it runs with what it had. */
        if (was_running && start(instances, instance, restore->requestor,
                                 result < 0 ? NULL : err) < 0)
                result = -1;
        if (result < 0)
                return -1;
        _cleanup_free_ char *source = str_printf("%s/%s", instance->row.name, snapshot->snapshot);
        instance_emit(instances, instance, "instance-restored",
                      json_pack("{s:s}", "snapshot", source), restore->requestor);
        return 0;
}

int instance_restore(Instances *instances, const Instance *instance,
                     const InstanceRestore *restore, Error **err) {
        const RunnerVerb verb = {
                .name = "restore", .run = restore_held, .userdata = (void *) restore};
        return runner_run(instances, instance, &verb, err);
}
