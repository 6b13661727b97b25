/* A move within the host: the volume is copied to where it belongs, one transaction moves the
 * records, the volume at the old place goes. The journal finishes what a crash cuts off: before the
 * transaction the copy goes, after it the source. */
#include "instance/copy.h"

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "database/instance_snapshots.h"
#include "database/projects.h"
#include "database/storage_volumes.h"
#include "instance/backup_file.h"
#include "instance/journal.h"
#include "instance/lifecycle_private.h"
#include "instance/snapshots.h"
#include "instance/update.h"
#include "project/project.h"
#include "schema/names.h"

typedef struct Work {
        Instances *instances;
        const InstanceMove *move;
        const Instance *source;
        Instance *target; /* as it will be */
        StoragePool *from, *to;
        InstanceList snapshots;
        StrList names; /* of those that come along */
} Work;

static void work_done(Work *work) {
        instance_free(work->target);
        storage_pool_free(work->from);
        storage_pool_free(work->to);
        instance_list_done(&work->snapshots);
        strlist_done(&work->names);
}

static void lay_over(const ApiInstancePost *changes, InstanceRow *row) {
        strmap_merge(&row->config, &changes->config);
        devicemap_merge(&row->devices, &changes->devices);
        if (changes->profiles.count > 0)
                strlist_copy(&row->profiles, &changes->profiles);
}

/* Without the target's own transaction: what is refused is refused before anything happens. */
static int check_target(Work *work, Error **err) {
        Instances *instances = work->instances;
        Instance *target = work->target;
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(instance_row_done) InstanceRow other = {.name = NULL};
        if (database_begin(instances->spec.database, DATABASE_READ, &tx, err) < 0)
                return -1;
        if (!str_equal(target->disk_name, work->source->disk_name) &&
            db_instance_get(tx, target->row.project, target->row.name, &other, NULL) == 0)
                return error_set(err, ERROR_EXISTS, 0, "Name \"%s\" already in use",
                                 target->row.name);
        if (project_allow_instance(tx, &target->row, NULL, true, err) < 0 ||
            instance_expand(instances, tx, target, err) < 0)
                return -1;
        transaction_rollback(TAKE_PTR(tx));
        return instance_check(instances, target, err);
}

static int plan(Work *work, Error **err) {
        const InstanceMove *move = work->move;
        Instance *target = work->target = mem_new(Instance);
        instance_row_copy(&target->row, &work->source->row);
        target->status = INSTANCE_STOPPED;
        if (!str_is_empty(move->name))
                str_replace(&target->row.name, str_dup(move->name));
        if (!str_is_empty(move->project))
                str_replace(&target->row.project, str_dup(move->project));
        target->disk_name = storage_instance_name(target->row.project, target->row.name);
        if (move->changes != NULL)
                lay_over(move->changes, &target->row);
        if (!str_is_empty(move->pool))
                instance_move_root(work->source, move->pool, &target->row.devices);
        if (name_check_instance(target->row.name, err) < 0 || check_target(work, err) < 0 ||
            storage_pool_find(work->instances->spec.storage, instance_root_pool(work->source),
                              &work->from, err) < 0 ||
            storage_pool_find(work->instances->spec.storage, instance_root_pool(target),
                              &work->to, err) < 0 ||
            instance_snapshots_of(work->instances, work->source, 1, &work->snapshots, err) < 0)
                return -1;
        for (size_t i = 0; i < work->snapshots.count && !move->instance_only; i++)
                strlist_add(&work->names, work->snapshots.items[i].snapshot);
        return 0;
}

/* Records of snapshots are made anew: their volumes' are of another volume. */
static int record_snapshots(Work *work, Transaction *tx, int64_t volume_id, Error **err) {
        for (size_t i = 0; i < work->snapshots.count; i++) {
                const Instance *snapshot = &work->snapshots.items[i];
                const SnapshotOwner owner = {work->source->row.id, volume_id,
                                             work->to->row.name};
                if (db_instance_snapshot_delete(tx, snapshot->snapshot_id, err) < 0 ||
                    (!work->move->instance_only &&
                     instance_record_snapshot(tx, snapshot, &owner, err) < 0))
                        return -1;
        }
        return 0;
}

static int record(Work *work, Error **err) {
        const InstanceRow *row = &work->target->row;
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(storage_volume_row_done) StorageVolumeRow old = {.name = NULL};
        _cleanup_free_ char *profile_project = NULL;
        int64_t volume_id;
        if (database_begin(work->instances->spec.database, DATABASE_WRITE, &tx, err) < 0 ||
            db_project_holder(tx, row->project, PROFILES_FEATURE, &profile_project, err) < 0 ||
            instance_volume_record(tx, work->source, &old, err) < 0)
                return -1;
        const StorageVolumeRow volume = {.pool = work->to->row.name,
                                         .project = row->project,
                                         .name = row->name,
                                         .type = STORAGE_VOLUME_CONTAINER,
                                         .description = old.description};
        if (db_storage_volume_delete(tx, old.id, err) < 0 ||
            db_storage_volume_create(tx, &volume, &volume_id, err) < 0 ||
            db_instance_move(tx, row->id, row->project, row->name, err) < 0 ||
            db_instance_update(tx, row, profile_project, err) < 0 ||
            record_snapshots(work, tx, volume_id, err) < 0)
                return -1;
        return transaction_commit(&tx, err);
}

static int carry_out(Work *work, Error **err) {
        Storage *storage = work->instances->spec.storage;
        InstanceProgress progress = {
                .operation = work->move->operation, .key = "fs_progress", .label = "Move"};
        const StorageInstance target = instance_volume(work->target, work->to);
        const StorageCopy copy = {
                .source = instance_volume(work->source, work->from),
                .target = target,
                .snapshots = &work->names,
                .transfer = {.progress = instance_report_progress, .userdata = &progress}};
        if (storage_instance_copy(storage, &copy, err) < 0)
                return -1;
        if (record(work, err) < 0) {
                if (storage_instance_delete(storage, work->to, target.project, target.name,
                                            NULL) < 0)
                        log_error("A copy of %s stays behind", work->source->disk_name);
                return -1;
        }
        storage_instance_settled(storage, &target);
        instance_settle_snapshots(work->instances, &target, &work->names);
        if (storage_instance_delete(storage, work->from, copy.source.project, copy.source.name,
                                    NULL) < 0)
                log_error("The old volume of %s stays behind", work->source->disk_name);
        return 0;
}

static int carry_out_journaled(Work *work, Error **err) {
        const JournalNote note = {.verb = JOURNAL_MOVE,
                                  .pool = work->from->row.name,
                                  .project = work->source->row.project,
                                  .name = work->source->row.name,
                                  .to_pool = work->to->row.name,
                                  .to_project = work->target->row.project,
                                  .to = work->target->row.name};
        char *journal;
        if (journal_begin(work->instances, &note, &journal, err) < 0)
                return -1;
        int result = carry_out(work, err);
        journal_done(journal);
        return result;
}

static void announce(Work *work) {
        const EventRequestor *requestor = work->move->requestor;
        const Instance *source = work->source, *target = work->target;
        bool renamed = !str_equal(source->row.name, target->row.name);
        if (str_equal(source->row.project, target->row.project)) {
                instance_emit(work->instances, target,
                              renamed ? "instance-renamed" : "instance-migrated",
                              renamed ? json_pack("{s:s}", "old_name", source->row.name) : NULL,
                              requestor);
                return;
        }
        /* Who listens to one project sees it come or go. */
        instance_emit(work->instances, target, "instance-created", NULL, requestor);
        instance_emit(work->instances, source, "instance-deleted", NULL, requestor);
}

static int move_held(Instances *instances, Instance *source, void *userdata, Error **err) {
        Work *work = userdata;
        work->source = source;
        if (instance_is_running(source) && work->move->live)
                return error_set(err, ERROR_UNSUPPORTED, 0,
                                 "Unable to perform container live migration. CRIU isn't "
                                 "installed");
        if (instance_is_running(source))
                return error_set(err, ERROR_BAD_STATE, 0,
                                 "Instance must be stopped to move between %s statelessly",
                                 str_is_empty(work->move->pool) ? "projects" : "pools");
        if (plan(work, err) < 0)
                return -1;
        if (str_equal(work->from->row.name, work->to->row.name) &&
            str_equal(source->disk_name, work->target->disk_name))
                return 0; /* it is there */
        if (carry_out_journaled(work, err) < 0)
                return -1;
        if (!str_equal(source->disk_name, work->target->disk_name))
                instance_rename_files(instances, source->disk_name, work->target->disk_name);
        instance_backup_file_update(instances, work->target);
        announce(work);
        return 0;
}

int instance_move(Instances *instances, const Instance *instance, const InstanceMove *move,
                  Error **err) {
        _cleanup_(work_done) Work work = {.instances = instances, .move = move};
        const RunnerVerb verb = {
                .name = "move", .forget = true, .run = move_held, .userdata = &work};
        return runner_run(instances, instance, &verb, err);
}
