/* A copy is a new instance whose origin is another one: both are held, the storage copies volume
 * and snapshots, and one transaction records all. A refresh brings an existing one up to date. */
#include "instance/copy.h"

#include "base/log.h"
#include "base/memory.h"
#include "database/instance_snapshots.h"
#include "database/projects.h"
#include "database/storage_volumes.h"
#include "instance/backup_file.h"
#include "instance/lifecycle_private.h"
#include "instance/snapshots.h"
#include "instance/state.h"

#include <string.h>

void instance_copy_done(InstanceCopy *copy) {
        instance_create_done(&copy->create);
        free(copy->source_project);
        free(copy->source);
}

/* volatile.base_image helps storage; how the files' owners are on disk must not be forgotten. */
static bool is_copied(const char *key) {
        return !str_has_prefix(key, "volatile.") || str_equal(key, "volatile.base_image") ||
               str_equal(key, "volatile.last_state.idmap");
}

static void take_source(const Instance *source, bool profiles_given, InstanceRow *row) {
        for (size_t i = 0; i < source->row.config.count; i++) {
                const StrPair *pair = &source->row.config.items[i];
                if (is_copied(pair->key) && !strmap_has(&row->config, pair->key))
                        strmap_set(&row->config, pair->key, pair->value);
        }
        DeviceMap devices = {.items = NULL};
        devicemap_copy(&devices, &source->row.devices);
        devicemap_merge(&devices, &row->devices);
        devicemap_done(&row->devices);
        row->devices = devices;
        if (!profiles_given)
                strlist_copy(&row->profiles, &source->row.profiles);
        row->architecture = source->row.architecture;
}

static bool target_exists(Instances *instances, const InstanceRow *row) {
        _cleanup_(instance_cleanup) Instance *target = NULL;
        return instance_load(instances, row->project, row->name, &target, NULL) == 0;
}

int instance_copy_from_api(Instances *instances, const ApiInstancesPost *post,
                           const char *project, bool profiles_given, InstanceCopy *ret,
                           Error **err) {
        const ApiInstanceSource *from = &post->source;
        _cleanup_(instance_copy_done) InstanceCopy copy = {
                .source = str_dup(from->source),
                .source_project = str_dup(str_is_empty(from->project) ? project : from->project),
                .instance_only = from->instance_only || from->container_only,
                .refresh = from->refresh};
        _cleanup_(instance_cleanup) Instance *source = NULL;
        if (str_is_empty(copy.source))
                return error_set(err, ERROR_INVALID, 0, "Must specify a source instance");
        if (instance_load_source(instances, copy.source_project, copy.source, &source, err) < 0 ||
            instance_create_from_api(post, project, true, &copy.create, err) < 0)
                return -1;
        take_source(source, profiles_given, &copy.create.row);
        copy.create.origin = &instance_copy_origin;
        copy.refresh = copy.refresh && target_exists(instances, &copy.create.row);
        if (!copy.refresh && instance_create_prepare(instances, &copy.create, err) < 0)
                return -1;
        *ret = copy;
        copy = (InstanceCopy) {.source = NULL};
        return 0;
}

/* A copy while it is at work. */
typedef struct Work {
        Instances *instances;
        InstanceCopy *copy;
        const Instance *source;
        StoragePool *source_pool;
        const char *target_pool;
        InstanceList snapshots; /* those that the target gets */
        StrList names;          /* the same */
        InstanceProgress progress;
        const EventRequestor *requestor;
} Work;

static void work_done(Work *work) {
        storage_pool_free(work->source_pool);
        instance_list_done(&work->snapshots);
        strlist_done(&work->names);
}

static int copy_volume(Work *work, const StorageInstance *target, Error **err) {
        const StorageCopy spec = {
                .source = instance_volume(work->source, work->source_pool),
                .target = *target,
                .snapshots = &work->names,
                .refresh = work->copy->refresh,
                .transfer = {.progress = instance_report_progress, .userdata = &work->progress}};
        return storage_instance_copy(work->instances->spec.storage, &spec, err);
}

static int make(void *userdata, const InstanceCreate *create, StoragePool *pool, Error **err) {
        Work *work = userdata;
        const StorageInstance target = {pool, create->row.project, create->row.name, NULL};
        work->target_pool = pool->row.name;
        return copy_volume(work, &target, err);
}

void instance_move_root(const Instance *instance, const char *pool, DeviceMap *devices) {
        static const char *const keys[] = {"type", "disk", "path", "/"};
        const DeviceEntry *root = NULL;
        for (size_t i = 0; i < instance->devices.count && root == NULL; i++)
                if (device_is_root_disk(&instance->devices.items[i].config))
                        root = &instance->devices.items[i];
        if (root != NULL && str_equal(strmap_get(&root->config, "pool"), pool))
                return;
        StrMap *config = devicemap_add(devices, root != NULL ? root->name : "root");
        if (root != NULL)
                strmap_merge(config, &root->config);
        for (size_t i = 0; i < ARRAY_SIZE(keys); i += 2)
                strmap_set(config, keys[i], keys[i + 1]);
        strmap_set(config, "pool", pool);
}

int instance_record_snapshot(Transaction *tx, const Instance *snapshot,
                             const SnapshotOwner *owner, Error **err) {
        _cleanup_strmap_ StrMap none = {.items = NULL};
        InstanceSnapshotRow row = {.instance_id = owner->instance_id,
                                   .name = snapshot->snapshot,
                                   .description = snapshot->row.description,
                                   .created_ns = snapshot->row.created_ns,
                                   .expiry_ns = snapshot->expiry_ns,
                                   .stateful = snapshot->row.stateful,
                                   .config = snapshot->row.config};
        const StorageVolumeRow volume = {.volume_id = owner->volume_id,
                                         .name = snapshot->snapshot,
                                         .expires_ns = snapshot->expiry_ns,
                                         .config = none};
        int64_t id;
        devicemap_copy(&row.devices, &snapshot->row.devices);
        instance_move_root(snapshot, owner->pool, &row.devices);
        int result = db_instance_snapshot_create(tx, &row, &id, err);
        devicemap_done(&row.devices);
        return result < 0 ? -1 : db_storage_volume_snapshot_create(tx, &volume, &id, err);
}

static int record_snapshots(const Work *work, Transaction *tx, int64_t instance_id,
                            int64_t volume_id, Error **err) {
        for (size_t i = 0; i < work->snapshots.count; i++)
                if (instance_record_snapshot(tx, &work->snapshots.items[i],
                                             &(SnapshotOwner) {instance_id, volume_id,
                                                               work->target_pool},
                                             err) < 0)
                        return -1;
        return 0;
}

static int record(void *userdata, Transaction *tx, const InstanceCreate *create,
                  int64_t volume_id, Error **err) {
        return record_snapshots(userdata, tx, create->row.id, volume_id, err);
}

void instance_settle_snapshots(Instances *instances, const StorageInstance *volume,
                               const StrList *names) {
        StorageInstance snapshot = *volume;
        for (size_t i = 0; i < names->count; i++) {
                snapshot.snapshot = names->items[i];
                storage_instance_settled(instances->spec.storage, &snapshot);
        }
}

static void settled(void *userdata, const InstanceCreate *create, StoragePool *pool) {
        const Work *work = userdata;
        const StorageInstance volume = {pool, create->row.project, create->row.name, NULL};
        instance_settle_snapshots(work->instances, &volume, &work->names);
}

const InstanceOrigin instance_copy_origin = {
        .trigger = "copy", .make = make, .record = record, .settled = settled};

static const Instance *find_by_name(const InstanceList *list, const Instance *wanted) {
        for (size_t i = 0; i < list->count; i++)
                if (str_equal(list->items[i].snapshot, wanted->snapshot))
                        return &list->items[i];
        return NULL;
}

/* Snapshots of one name and one time are the same. */
static bool has_same(const InstanceList *list, const Instance *snapshot) {
        const Instance *found = find_by_name(list, snapshot);
        return found != NULL && found->row.created_ns == snapshot->row.created_ns;
}

static int load_snapshots(Work *work, const Instance *source, Error **err) {
        if (work->copy->instance_only || source->snapshot != NULL)
                return 0;
        if (instance_snapshots_of(work->instances, source, 1, &work->snapshots, err) < 0)
                return -1;
        for (size_t i = 0; i < work->snapshots.count; i++)
                strlist_add(&work->names, work->snapshots.items[i].snapshot);
        return 0;
}

/* The source as it is now that it is held. */
static int load_source(Instances *instances, const InstanceCopy *copy, Instance *held,
                       Instance **ret, Error **err) {
        const char *slash = strchr(copy->source, '/');
        if (slash != NULL)
                return instance_snapshot_load(instances, held->row.project, held->row.name,
                                              slash + 1, ret, err);
        return instance_load(instances, held->row.project, held->row.name, ret, err);
}

static int copy_held(Instances *instances, Instance *held, void *userdata, Error **err) {
        Work *work = userdata;
        _cleanup_(instance_cleanup) Instance *source = NULL;
        if (load_source(instances, work->copy, held, &source, err) < 0 ||
            load_snapshots(work, source, err) < 0 ||
            storage_pool_find(instances->spec.storage, instance_root_pool(source),
                              &work->source_pool, err) < 0)
                return -1;
        work->source = source;
        work->copy->create.origin_userdata = work;
        return instance_create(instances, &work->copy->create, work->progress.operation,
                               work->requestor, err);
}

/* What the target has and the source has not, or not so, goes; *work keeps what is missing. */
static int drop_others(Work *work, const Instance *target, Error **err) {
        _cleanup_(instance_list_done) InstanceList there = {.items = NULL}, missing = {};
        if (instance_snapshots_of(work->instances, target, 1, &there, err) < 0)
                return -1;
        for (size_t i = 0; i < there.count; i++)
                if (!has_same(&work->snapshots, &there.items[i]) &&
                    instance_snapshot_delete_held(work->instances, &there.items[i],
                                                  work->requestor, err) < 0)
                        return -1;
        strlist_done(&work->names);
        missing.items = mem_new_array(Instance, work->snapshots.count);
        for (size_t i = 0; i < work->snapshots.count; i++) {
                Instance *snapshot = &work->snapshots.items[i];
                if (has_same(&there, snapshot))
                        continue;
                strlist_add(&work->names, snapshot->snapshot);
                missing.items[missing.count++] = *snapshot;
                *snapshot = (Instance) {.disk_name = NULL};
        }
        instance_list_done(&work->snapshots);
        work->snapshots = missing;
        missing = (InstanceList) {.items = NULL};
        return 0;
}

static int record_refresh(Work *work, const Instance *target, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(storage_volume_row_done) StorageVolumeRow volume = {.name = NULL};
        _cleanup_strmap_ StrMap changes = {.items = NULL};
        const char *key = "volatile.last_state.idmap";
        const char *idmap = strmap_get(&work->source->row.config, key);
        /* The files come with their owners. */
        strmap_set(&changes, key, idmap != NULL ? idmap : "[]");
        if (database_begin(work->instances->spec.database, DATABASE_WRITE, &tx, err) < 0 ||
            db_instance_config_set(tx, target->row.id, &changes, err) < 0 ||
            instance_volume_record(tx, target, &volume, err) < 0 ||
            record_snapshots(work, tx, target->row.id, volume.id, err) < 0)
                return -1;
        return transaction_commit(&tx, err);
}

static int refresh_held(Work *work, Instance *target, Error **err) {
        Instances *instances = work->instances;
        _cleanup_(storage_pool_cleanup) StoragePool *pool = NULL;
        if (instance_is_running(target))
                return error_set(err, ERROR_BAD_STATE, 0,
                                 "Failed getting exclusive access to instance: Instance is "
                                 "running");
        if (load_snapshots(work, work->source, err) < 0 ||
            (!work->copy->instance_only && drop_others(work, target, err) < 0) ||
            storage_pool_find(instances->spec.storage, instance_root_pool(work->source),
                              &work->source_pool, err) < 0 ||
            storage_pool_find(instances->spec.storage, instance_root_pool(target), &pool, err) < 0)
                return -1;
        const StorageInstance volume = instance_volume(target, pool);
        work->target_pool = pool->row.name;
        if (copy_volume(work, &volume, err) < 0)
                return error_prefix(err, "Refresh instance");
        if (record_refresh(work, target, err) < 0) {
                StorageInstance snapshot = volume;
                for (size_t i = 0; i < work->names.count; i++) {
                        snapshot.snapshot = work->names.items[i];
                        (void) !storage_instance_snapshot_delete(instances->spec.storage,
                                                                 &snapshot, NULL);
                }
                return -1;
        }
        instance_settle_snapshots(instances, &volume, &work->names);
        instance_backup_file_update(instances, target);
        return 0;
}

/* Both are held, always in the order of their names, so that two refreshes in opposite directions
 * do not wait for each other. */
typedef struct Pair {
        Work *work;
        const Instance *other;
        Instance *outer;
        bool source_first;
} Pair;

static int inner_held(Instances *instances, Instance *inner, void *userdata, Error **err) {
        Pair *pair = userdata;
        _cleanup_(instance_cleanup) Instance *source = NULL;
        Instance *held = pair->source_first ? pair->outer : inner;
        if (load_source(instances, pair->work->copy, held, &source, err) < 0)
                return -1;
        pair->work->source = source;
        return refresh_held(pair->work, pair->source_first ? inner : pair->outer, err);
}

static int outer_held(Instances *instances, Instance *outer, void *userdata, Error **err) {
        Pair *pair = userdata;
        pair->outer = outer;
        const RunnerVerb verb = {
                .name = "refresh", .wait = true, .brief = true, .run = inner_held,
                .userdata = pair};
        return runner_run(instances, pair->other, &verb, err);
}

static int refresh(Work *work, const Instance *source, Error **err) {
        Instances *instances = work->instances;
        const InstanceRow *row = &work->copy->create.row;
        _cleanup_(instance_cleanup) Instance *target = NULL;
        if (instance_load(instances, row->project, row->name, &target, err) < 0)
                return -1;
        int order = strcmp(source->disk_name, target->disk_name);
        if (order == 0)
                return error_set(err, ERROR_INVALID, 0, "An instance cannot be refreshed by "
                                                        "itself");
        Pair pair = {.work = work,
                     .other = order < 0 ? target : source,
                     .source_first = order < 0};
        const RunnerVerb verb = {
                .name = "refresh", .wait = true, .brief = true, .run = outer_held,
                .userdata = &pair};
        return runner_run(instances, order < 0 ? source : target, &verb, err);
}

int instance_copy(Instances *instances, InstanceCopy *copy, Operation *operation,
                  const EventRequestor *requestor, Error **err) {
        _cleanup_(instance_cleanup) Instance *source = NULL;
        _cleanup_(work_done) Work work = {
                .instances = instances,
                .copy = copy,
                .progress = {.operation = operation, .key = "fs_progress", .label = "Copy"},
                .requestor = requestor};
        if (instance_load_source(instances, copy->source_project, copy->source, &source, err) < 0)
                return -1;
        if (copy->refresh)
                return refresh(&work, source, err);
        const RunnerVerb verb = {
                .name = "copy", .wait = true, .brief = true, .run = copy_held,
                .userdata = &work};
        return runner_run(instances, source, &verb, err);
}
