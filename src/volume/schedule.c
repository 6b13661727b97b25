/* What happens by the clock: snapshots that are due, snapshots and backups that expire. */
#include "volume/schedule.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/times.h"
#include "schema/schedule.h"
#include "volume/backup.h"
#include "volume/volume_private.h"

static int list_volumes(Volumes *volumes, StorageVolumeRowList *ret) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_error_ Error *err = NULL;
        if (database_begin(volumes->spec.database, DATABASE_READ, &tx, &err) == 0 &&
            db_storage_volume_list(tx, NULL, NULL, STORAGE_VOLUME_CUSTOM, ret, &err) == 0)
                return 0;
        log_error("Cannot list storage volumes: %s", error_message(err));
        return -1;
}

static void take(Volumes *volumes, const StorageVolumeRow *row) {
        _cleanup_free_ char *name = NULL;
        _cleanup_error_ Error *err = NULL;
        if (volume_snapshot_name(volumes, row, &name, &err) == 0) {
                const VolumeSnapshot snapshot = {.name = name};
                if (volume_snapshot_create(volumes, row, &snapshot, NULL, &err) == 0)
                        return;
        }
        if (!error_is(err, ERROR_FORBIDDEN)) /* the project forbids it: that is no failure */
                log_error("Cannot take the scheduled snapshot of volume %s: %s", row->name,
                          error_message(err));
}

void volumes_take_scheduled_snapshots(Volumes *volumes) {
        _cleanup_(storage_volume_row_list_done) StorageVolumeRowList list = {};
        const int64_t now = time_now_ns() / NS_PER_SECOND / 60, last = volumes->scheduled_minute;
        volumes->scheduled_minute = now;
        if (list_volumes(volumes, &list) < 0)
                return;
        for (size_t i = 0; i < list.count; i++) {
                const char *schedule = strmap_get(&list.items[i].config, "snapshots.schedule");
                if (!str_is_empty(schedule) &&
                    schedule_was_due(schedule, list.items[i].id, last, now))
                        take(volumes, &list.items[i]);
        }
}

static void prune_snapshots_of(Volumes *volumes, const StorageVolumeRow *volume) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(storage_volume_row_list_done) StorageVolumeRowList list = {};
        if (database_begin(volumes->spec.database, DATABASE_READ, &tx, NULL) < 0 ||
            db_storage_volume_snapshot_list(tx, volume->id, &list, NULL) < 0)
                return;
        transaction_rollback(TAKE_PTR(tx));
        for (size_t i = 0; i < list.count; i++) {
                _cleanup_error_ Error *err = NULL;
                if (list.items[i].expires_ns != TIME_ZERO &&
                    list.items[i].expires_ns <= time_now_ns() &&
                    volume_snapshot_delete(volumes, &list.items[i], NULL, &err) < 0)
                        log_error("Cannot delete the expired snapshot %s: %s", list.items[i].name,
                                  error_message(err));
        }
}

static void prune_backup(Volumes *volumes, const StorageVolumeRow *volume, const char *name) {
        _cleanup_error_ Error *err = NULL;
        if (volume_backup_delete(volumes, volume, name, NULL, &err) < 0)
                log_error("Cannot delete the expired backup %s of volume %s: %s", name,
                          volume->name, error_message(err));
}

static void prune_backups_of(Volumes *volumes, const StorageVolumeRowList *list) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(storage_volume_backup_row_list_done) StorageVolumeBackupRowList backups = {};
        if (database_begin(volumes->spec.database, DATABASE_READ, &tx, NULL) < 0 ||
            db_storage_volume_backup_list(tx, 0, time_now_ns(), &backups, NULL) < 0)
                return;
        transaction_rollback(TAKE_PTR(tx));
        for (size_t i = 0; i < backups.count; i++)
                for (size_t j = 0; j < list->count; j++)
                        if (list->items[j].id == backups.items[i].volume_id)
                                prune_backup(volumes, &list->items[j], backups.items[i].name);
}

void volumes_prune(Volumes *volumes) {
        _cleanup_(storage_volume_row_list_done) StorageVolumeRowList list = {};
        if (list_volumes(volumes, &list) < 0)
                return;
        for (size_t i = 0; i < list.count; i++)
                prune_snapshots_of(volumes, &list.items[i]);
        prune_backups_of(volumes, &list);
}
