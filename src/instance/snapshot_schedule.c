/* Snapshots that are taken and deleted by the clock. */
#include "instance/snapshots.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/times.h"
#include "database/instance_snapshots.h"
#include "instance/lifecycle_private.h"
#include "schema/schedule.h"

static bool wants_snapshot(const Instance *instance, int64_t last, int64_t now) {
        const char *schedule = strmap_get(&instance->config, "snapshots.schedule");
        if (!schedule_was_due(schedule, instance->row.id, last, now))
                return false;
        return instance_is_running(instance) ||
               str_is_true(strmap_get(&instance->config, "snapshots.schedule.stopped"));
}

/* A minute gets one: the daemon may have been started again in it. */
static bool has_one_of(Instances *instances, const Instance *instance, int64_t minute) {
        _cleanup_(instance_list_done) InstanceList list = {.items = NULL};
        return instance_snapshots_of(instances, instance, 1, &list, NULL) == 0 && list.count > 0 &&
               list.items[list.count - 1].row.created_ns / NS_PER_SECOND / 60 == minute;
}

static void take(Instances *instances, const Instance *instance, int64_t minute) {
        const SnapshotCreate create = {.name = NULL};
        _cleanup_error_ Error *err = NULL;
        if (instance_snapshot_check(instances, instance, NULL, NULL) < 0)
                return; /* the project forbids it: that is no failure */
        if (has_one_of(instances, instance, minute))
                return;
        if (instance_snapshot(instances, instance, &create, &err) < 0)
                log_error("Cannot take the scheduled snapshot of %s: %s", instance->disk_name,
                          error_message(err));
}

void instances_take_scheduled_snapshots(Instances *instances) {
        _cleanup_(instance_list_done) InstanceList list = {.items = NULL};
        _cleanup_error_ Error *err = NULL;
        const int64_t now = time_now_ns() / NS_PER_SECOND / 60, last = instances->scheduled_minute;
        instances->scheduled_minute = now;
        if (instance_list(instances, NULL, &list, &err) < 0) {
                log_error("Cannot list instances: %s", error_message(err));
                return;
        }
        for (size_t i = 0; i < list.count && !instances->stopping; i++)
                if (wants_snapshot(&list.items[i], last, now))
                        take(instances, &list.items[i], now);
}

int instance_take_startup_snapshot(Instances *instances, Instance *instance, Error **err) {
        const SnapshotCreate create = {.name = NULL};
        if (!schedule_has_alias(strmap_get(&instance->config, "snapshots.schedule"), "@startup"))
                return 0;
        return instance_snapshot_held(instances, instance, &create, err);
}

static void prune(Instances *instances, const InstanceSnapshotRow *row) {
        _cleanup_(instance_cleanup) Instance *snapshot = NULL;
        _cleanup_error_ Error *err = NULL;
        if (instance_snapshot_load(instances, row->project, row->instance, row->name, &snapshot,
                                   &err) < 0 ||
            instance_snapshot_delete(instances, snapshot, NULL, &err) < 0)
                log_error("Cannot delete the expired snapshot %s of %s: %s", row->name,
                          row->instance, error_message(err));
}

void instances_prune_snapshots(Instances *instances) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(instance_snapshot_row_list_done) InstanceSnapshotRowList rows = {.items = NULL};
        _cleanup_error_ Error *err = NULL;
        if (database_begin(instances->spec.database, DATABASE_READ, &tx, &err) < 0 ||
            db_instance_snapshot_expired(tx, time_now_ns(), &rows, &err) < 0) {
                log_error("Cannot list expired snapshots: %s", error_message(err));
                return;
        }
        transaction_rollback(TAKE_PTR(tx));
        for (size_t i = 0; i < rows.count && !instances->stopping; i++)
                prune(instances, &rows.items[i]);
}
