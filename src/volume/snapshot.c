/* Snapshots: taking, changing, deleting, going back to one. */
#include "volume/volume_private.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/times.h"
#include "project/project.h"
#include "schema/key.h"
#include "schema/names.h"
#include "schema/schedule.h"
#include "template/snapshot_name.h"

#define DEFAULT_PATTERN "snap%d"

/* A value of the volume, else of the pool's volume.KEY. */
static const char *setting(const Volume *volume, const char *key) {
        const char *value = strmap_get(&volume->row.config, key);
        _cleanup_free_ char *of_pool = str_printf("volume.%s", key);
        if (str_is_empty(value))
                value = strmap_get(&volume->pool->row.config, of_pool);
        return str_is_empty(value) ? NULL : value;
}

int volume_snapshot_name(Volumes *volumes, const StorageVolumeRow *row, char **ret, Error **err) {
        _cleanup_volume_ Volume volume = {};
        _cleanup_(storage_volume_row_list_done) StorageVolumeRowList snapshots = {};
        _cleanup_strlist_ StrList taken = {};
        if (volume_load(volumes, row, &volume, err) < 0 ||
            volume_load_snapshots(volumes, &volume, &snapshots, err) < 0)
                return -1;
        volume_snapshot_names(&snapshots, &taken);
        const char *pattern = setting(&volume, "snapshots.pattern");
        return snapshot_name_next(pattern != NULL ? pattern : DEFAULT_PATTERN, time_now_ns(),
                                  &taken, ret, err);
}

static int plan_expiry(const Volume *volume, const VolumeSnapshot *snapshot, int64_t *ret,
                       Error **err) {
        const char *expression = setting(volume, "snapshots.expiry");
        if (snapshot->has_expiry)
                *ret = snapshot->expires_ns;
        else if (expression == NULL)
                *ret = TIME_ZERO;
        else
                return expiry_parse(expression, time_now_ns(), ret, err);
        return 0;
}

static int record(Volumes *volumes, const StorageVolumeRow *row, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        int64_t id;
        if (database_begin(volumes->spec.database, DATABASE_WRITE, &tx, err) < 0 ||
            project_allow_snapshot(tx, row->project, err) < 0 ||
            db_storage_volume_snapshot_create(tx, row, &id, err) < 0)
                return -1;
        return transaction_commit(&tx, err);
}

static int check_new(Volumes *volumes, const Volume *volume, const char *name, Error **err) {
        _cleanup_free_ char *whole = str_printf("%s/%s", volume->row.name, name);
        StorageVolumeRow key = volume->row;
        key.name = whole;
        if (name_check_volume_snapshot(name, err) < 0)
                return -1;
        if (volume_is_daemons(volumes, &volume->row))
                return error_set(err, ERROR_INVALID, 0,
                                 "Volumes used by LXD itself cannot have snapshots");
        if (volume_check_free(volumes, &key, NULL) < 0)
                return error_set(err, ERROR_EXISTS, 0, "Snapshot \"%s\" already in use", name);
        return 0;
}

int volume_snapshot_create(Volumes *volumes, const StorageVolumeRow *row,
                           const VolumeSnapshot *snapshot, const EventRequestor *requestor,
                           Error **err) {
        _cleanup_volume_ Volume volume = {};
        _cleanup_volume_lock_ VolumeLock *lock = volume_lock(volumes, row, true, NULL, false);
        if (volume_load(volumes, row, &volume, err) < 0 ||
            check_new(volumes, &volume, snapshot->name, err) < 0)
                return -1;
        _cleanup_(storage_volume_row_done) StorageVolumeRow taken = {};
        _cleanup_(storage_volume_cleanup) StorageVolume *disk =
                storage_snapshot_new(volume.disk, snapshot->name);
        volume_copy_row(&taken, &volume.row);
        taken.volume_id = volume.row.id;
        str_replace(&taken.name, str_dup(snapshot->name));
        if (snapshot->description != NULL)
                str_replace(&taken.description, str_dup(snapshot->description));
        if (plan_expiry(&volume, snapshot, &taken.expires_ns, err) < 0 ||
            storage_volume_snapshot(volumes->spec.storage, disk, err) < 0)
                return -1;
        if (record(volumes, &taken, err) < 0) {
                if (storage_volume_delete(volumes->spec.storage, disk, NULL) < 0)
                        log_error("A half made snapshot stays at %s", disk->path);
                return -1;
        }
        storage_volume_settled(volumes->spec.storage, disk);
        str_replace(&taken.name, str_printf("%s/%s", volume.row.name, snapshot->name));
        volume_emit(volumes, &taken, "storage-volume-snapshot-created",
                    json_pack("{s:s}", "type", volume_type_name(taken.type)), requestor);
        return 0;
}

int volume_snapshot_update(Volumes *volumes, const StorageVolumeRow *row, const char *description,
                           int64_t expires_ns, const EventRequestor *requestor, Error **err) {
        _cleanup_volume_ Volume snapshot = {};
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_volume_lock_ VolumeLock *lock = volume_lock(volumes, row, true, NULL, false);
        if (volume_load(volumes, row, &snapshot, err) < 0)
                return -1;
        str_replace(&snapshot.row.description, str_dup(description != NULL ? description : ""));
        snapshot.row.expires_ns = expires_ns;
        if (database_begin(volumes->spec.database, DATABASE_WRITE, &tx, err) < 0 ||
            db_storage_volume_update(tx, &snapshot.row, err) < 0 ||
            transaction_commit(&tx, err) < 0)
                return -1;
        volume_emit(volumes, row, "storage-volume-snapshot-updated", NULL, requestor);
        return 0;
}

static int rename_record(Volumes *volumes, int64_t id, const char *to, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        if (database_begin(volumes->spec.database, DATABASE_WRITE, &tx, err) < 0 ||
            db_storage_volume_snapshot_rename(tx, id, to, err) < 0)
                return -1;
        return transaction_commit(&tx, err);
}

static int check_custom(const StorageVolumeRow *row, Error **err) {
        if (row->type == STORAGE_VOLUME_CUSTOM)
                return 0;
        return error_set(err, ERROR_INVALID, 0, "Invalid storage volume type \"%s\"",
                         volume_type_name(row->type));
}

int volume_snapshot_rename(Volumes *volumes, const StorageVolumeRow *row, const char *to,
                           const EventRequestor *requestor, Error **err) {
        Storage *storage = volumes->spec.storage;
        _cleanup_volume_ Volume snapshot = {}, volume = {};
        _cleanup_free_ char *volume_name = volume_name_part(row->name);
        StorageVolumeRow key = *row;
        key.name = volume_name;
        _cleanup_volume_lock_ VolumeLock *lock = volume_lock(volumes, row, true, NULL, false);
        if (check_custom(row, err) < 0 || volume_load(volumes, row, &snapshot, err) < 0 ||
            volume_load(volumes, &key, &volume, err) < 0 ||
            check_new(volumes, &volume, to, err) < 0)
                return -1;
        _cleanup_(storage_volume_cleanup) StorageVolume *renamed =
                storage_snapshot_new(volume.disk, to);
        _cleanup_free_ char *whole = str_printf("%s/%s", volume_name, to);
        char *note;
        key.name = whole;
        if (volume_rename_on_disk(volumes, &snapshot, &key, renamed, &note, err) < 0)
                return -1;
        int result = rename_record(volumes, snapshot.row.id, to, err);
        if (result < 0 && storage_volume_rename(storage, renamed, snapshot.disk, NULL) < 0)
                log_error("The snapshot %s is now named %s", row->name, to);
        volume_rename_done(note);
        if (result < 0)
                return -1;
        storage_volume_settled(storage, renamed);
        str_replace(&snapshot.row.name, str_dup(whole));
        volume_emit(volumes, &snapshot.row, "storage-volume-snapshot-renamed",
                    json_pack("{s:s}", "old_name", volume_snapshot_part(row->name)), requestor);
        return 0;
}

static int forget(Volumes *volumes, int64_t id, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        if (database_begin(volumes->spec.database, DATABASE_WRITE, &tx, err) < 0 ||
            db_storage_volume_snapshot_delete(tx, id, err) < 0)
                return -1;
        return transaction_commit(&tx, err);
}

/* As with volumes the record goes first, and comes back when the backend refuses. */
int volume_snapshot_remove(Volumes *volumes, const StorageVolumeRow *row, StorageVolume *disk,
                           Error **err) {
        Storage *storage = volumes->spec.storage;
        StorageVolumeRow again = *row;
        if (storage_volume_unsettled(storage, disk, err) < 0 ||
            forget(volumes, row->id, err) < 0) {
                storage_volume_settled(storage, disk);
                return -1;
        }
        if (storage_volume_delete(storage, disk, err) == 0)
                return 0;
        again.name = (char *) volume_snapshot_part(row->name);
        if (record(volumes, &again, NULL) == 0)
                storage_volume_settled(storage, disk);
        return -1;
}

int volume_snapshot_delete(Volumes *volumes, const StorageVolumeRow *row,
                           const EventRequestor *requestor, Error **err) {
        _cleanup_volume_ Volume snapshot = {};
        _cleanup_volume_lock_ VolumeLock *lock = volume_lock(volumes, row, true, NULL, false);
        if (check_custom(row, err) < 0 || volume_load(volumes, row, &snapshot, err) < 0 ||
            volume_snapshot_remove(volumes, &snapshot.row, snapshot.disk, err) < 0)
                return -1;
        volume_emit(volumes, &snapshot.row, "storage-volume-snapshot-deleted", NULL, requestor);
        return 0;
}

/* The ids on disk come back with the content; so do the keys that say which they are. */
static int restore_record(Volumes *volumes, Volume *volume, const StorageVolumeRow *snapshot,
                          Error **err) {
        static const char *const keys[] = {"volatile.idmap.last", "volatile.idmap.next"};
        _cleanup_transaction_ Transaction *tx = NULL;
        for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
                strmap_set(&volume->row.config, keys[i], strmap_get(&snapshot->config, keys[i]));
        if (database_begin(volumes->spec.database, DATABASE_WRITE, &tx, err) < 0 ||
            db_storage_volume_update(tx, &volume->row, err) < 0)
                return -1;
        return transaction_commit(&tx, err);
}

int volume_restore(Volumes *volumes, const StorageVolumeRow *row, const char *name,
                   const EventRequestor *requestor, Error **err) {
        _cleanup_volume_ Volume volume = {}, snapshot = {};
        _cleanup_free_ char *whole = str_printf("%s/%s", row->name, name);
        StorageVolumeRow key = *row;
        key.name = whole;
        _cleanup_volume_lock_ VolumeLock *lock = volume_lock(volumes, row, true, NULL, false);
        if (check_custom(row, err) < 0 || volume_load(volumes, row, &volume, err) < 0)
                return -1;
        if (volume_load(volumes, &key, &snapshot, NULL) < 0)
                return error_set(err, ERROR_NOT_FOUND, 0, "Snapshot not found");
        if (volume_check_idle(volumes, &volume.row,
                              "Cannot restore custom volume used by running instances", err) < 0 ||
            storage_volume_restore(volumes->spec.storage, snapshot.disk, err) < 0 ||
            volume_limit(&volume.row, volume.disk, err) < 0 ||
            restore_record(volumes, &volume, &snapshot.row, err) < 0)
                return -1;
        volume_emit(volumes, &volume.row, "storage-volume-restored",
                    json_pack("{s:s}", "snapshot", name), requestor);
        return 0;
}
