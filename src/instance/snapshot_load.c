/* Snapshots from their records. */
#include "instance/snapshots.h"

#include "base/memory.h"
#include "base/times.h"
#include "database/instance_snapshots.h"
#include "instance/lifecycle_private.h"
#include "json/json.h"
#include "schema/arch.h"

#include <string.h>

/* Takes the row's content. */
static void fill(Instance *snapshot, const Instance *owner, InstanceSnapshotRow *row) {
        const InstanceRow *instance = &owner->row;
        *snapshot = (Instance) {
                .row = {.id = instance->id,
                        .project = str_dup(instance->project),
                        .name = str_dup(instance->name),
                        .type = instance->type,
                        .architecture = instance->architecture,
                        .stateful = row->stateful,
                        .created_ns = row->created_ns,
                        .used_ns = TIME_ZERO,
                        .description = TAKE_PTR(row->description),
                        .config = row->config,
                        .devices = row->devices},
                .disk_name = storage_instance_name(instance->project, instance->name),
                .snapshot = TAKE_PTR(row->name),
                .pool = str_dup(instance_root_pool(owner)),
                .snapshot_id = row->id,
                .expiry_ns = row->expiry_ns,
                .status = INSTANCE_STOPPED,
        };
        row->config = (StrMap) {.items = NULL};
        row->devices = (DeviceMap) {.items = NULL};
        strlist_copy(&snapshot->row.profiles, &instance->profiles);
}

static int get(Transaction *tx, const Instance *instance, const char *name, Instance *ret,
               Error **err) {
        _cleanup_(instance_snapshot_row_done) InstanceSnapshotRow row = {.id = 0};
        _cleanup_error_ Error *failed = NULL;
        if (db_instance_snapshot_get(tx, instance->row.id, name, &row, &failed) == 0) {
                fill(ret, instance, &row);
                return 0;
        }
        if (!error_is(failed, ERROR_NOT_FOUND))
                return error_move(err, &failed);
        return error_set(err, ERROR_NOT_FOUND, 0,
                         "Failed to fetch snapshot \"%s\" of instance \"%s\" in project \"%s\": "
                         "InstanceSnapshot not found",
                         name, instance->row.name, instance->row.project);
}

int instance_snapshot_load(Instances *instances, const char *project, const char *name,
                           const char *snapshot, Instance **ret, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(instance_cleanup) Instance *instance = NULL, *found = mem_new(Instance);
        if (instance_load(instances, project, name, &instance, err) < 0 ||
            database_begin(instances->spec.database, DATABASE_READ, &tx, err) < 0 ||
            get(tx, instance, snapshot, found, err) < 0 ||
            instance_expand(instances, tx, found, err) < 0)
                return -1;
        *ret = TAKE_PTR(found);
        return 0;
}

int instance_load_source(Instances *instances, const char *project, const char *source,
                         Instance **ret, Error **err) {
        const char *slash = strchr(source, '/');
        if (slash == NULL)
                return instance_load(instances, project, source, ret, err);
        _cleanup_free_ char *name = str_ndup(source, (size_t) (slash - source));
        return instance_snapshot_load(instances, project, name, slash + 1, ret, err);
}

/* Both are sorted by project and name; what belongs to no listed instance is left out. */
static void match(const Instance *items, size_t count, InstanceSnapshotRowList *rows,
                  InstanceList *ret) {
        size_t at = 0;
        ret->items = mem_new_array(Instance, rows->count);
        for (size_t i = 0; i < rows->count; i++) {
                InstanceSnapshotRow *row = &rows->items[i];
                for (; at < count; at++) {
                        int order = strcmp(items[at].row.project, row->project);
                        if (order == 0)
                                order = strcmp(items[at].row.name, row->instance);
                        if (order >= 0)
                                break;
                }
                if (at < count && items[at].row.id == row->instance_id)
                        fill(&ret->items[ret->count++], &items[at], row);
        }
}

int instance_snapshots_of(Instances *instances, const Instance *items, size_t count,
                          InstanceList *ret, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(instance_snapshot_row_list_done) InstanceSnapshotRowList rows = {.items = NULL};
        _cleanup_(instance_list_done) InstanceList list = {.items = NULL};
        *ret = (InstanceList) {.items = NULL};
        if (count == 0)
                return 0;
        if (database_begin(instances->spec.database, DATABASE_READ, &tx, err) < 0 ||
            db_instance_snapshot_list(tx, count == 1 ? items[0].row.id : 0, &rows, err) < 0)
                return -1;
        match(items, count, &rows, &list);
        if (list.count > 0 && instance_expand_all(tx, &list, err) < 0)
                return -1;
        *ret = list;
        list = (InstanceList) {.items = NULL};
        return 0;
}

int instance_snapshot_names(Instances *instances, const Instance *instance, StrList *ret,
                            Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        if (database_begin(instances->spec.database, DATABASE_READ, &tx, err) < 0)
                return -1;
        return db_instance_snapshot_names(tx, instance->row.id, ret, err);
}

int64_t instance_snapshot_size(Instances *instances, const Instance *snapshot) {
        _cleanup_(storage_pool_cleanup) StoragePool *pool = NULL;
        const char *name = instance_root_pool(snapshot);
        uint64_t bytes;
        if (name == NULL ||
            storage_pool_find(instances->spec.storage, name, &pool, NULL) < 0 ||
            !pool->driver->can.volume_quota)
                return -1;
        const StorageInstance volume = instance_volume(snapshot, pool);
        return storage_instance_usage(&volume, &bytes, NULL) == 0 ? (int64_t) bytes : -1;
}

void instance_snapshot_to_api(const Instance *snapshot, int64_t size, ApiInstanceSnapshot *ret) {
        const InstanceRow *row = &snapshot->row;
        *ret = (ApiInstanceSnapshot) {
                .expires_at = snapshot->expiry_ns,
                .architecture = (char *) architecture_name((int) row->architecture),
                .config = row->config,
                .created_at = row->created_ns,
                .devices = row->devices,
                .expanded_config = snapshot->config,
                .expanded_devices = snapshot->devices,
                .last_used_at = TIME_ZERO,
                .name = snapshot->snapshot,
                .profiles = row->profiles,
                .stateful = row->stateful,
                .size = size,
        };
}

json_t *instance_snapshot_etag(const Instance *snapshot) {
        return json_pack("[o]", json_time(snapshot->expiry_ns));
}
