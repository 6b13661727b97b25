/* Changes of a volume: config, name, pool and project. */
#include "volume/volume_private.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/times.h"
#include "project/project.h"
#include "schema/names.h"

static bool differs(const StrMap *a, const StrMap *b, const char *key) {
        const char *x = strmap_get(a, key), *y = strmap_get(b, key);
        return !str_equal(x != NULL ? x : "", y != NULL ? y : "");
}

/* Keys of the daemon's own stay as they are, whatever a client sends back. */
static void keep_volatile(const StrMap *before, StrMap *config) {
        for (size_t i = config->count; i-- > 0;)
                if (str_has_prefix(config->items[i].key, "volatile."))
                        (void) strmap_remove(config, config->items[i].key);
        for (size_t i = 0; i < before->count; i++)
                if (str_has_prefix(before->items[i].key, "volatile."))
                        strmap_set(config, before->items[i].key, before->items[i].value);
}

static int check_change(Volumes *volumes, const StorageVolumeRow *before,
                        const StorageVolumeRow *after, Error **err) {
        if (before->type == STORAGE_VOLUME_IMAGE)
                return error_set(err, ERROR_INVALID, 0,
                                 "Storage volumes of type \"image\" cannot be changed");
        if (before->type != STORAGE_VOLUME_CUSTOM &&
            differs(&before->config, &after->config, "size"))
                return error_set(err, ERROR_INVALID, 0,
                                 "Volume \"size\" property is not valid for volume type");
        if (differs(&before->config, &after->config, "block.filesystem"))
                return error_set(err, ERROR_INVALID, 0,
                                 "Volume \"block.filesystem\" property cannot be changed");
        if (differs(&before->config, &after->config, "security.shifted"))
                return volume_check_idle(
                        volumes, before,
                        "Cannot modify shifting with running instances using the volume", err);
        return 0;
}

static int store(Volumes *volumes, const StorageVolumeRow *row, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        if (database_begin(volumes->spec.database, DATABASE_WRITE, &tx, err) < 0 ||
            (row->type == STORAGE_VOLUME_CUSTOM &&
             project_allow_volume(tx, row->project, row->pool, row->name, &row->config, err) < 0) ||
            db_storage_volume_update(tx, row, err) < 0)
                return -1;
        return transaction_commit(&tx, err);
}

static int resize(const Volume *volume, const StorageVolumeRow *after, Error **err) {
        uint64_t before, now;
        if (!differs(&volume->row.config, &after->config, "size"))
                return 0;
        if (volume_size(&volume->row, &before, err) < 0 || volume_size(after, &now, err) < 0)
                return -1;
        if (after->content_type != STORAGE_CONTENT_FILESYSTEM && now < before)
                return error_set(err, ERROR_INVALID, 0, "Block volumes cannot be shrunk");
        return storage_volume_set_size(volume->disk, now, err);
}

int volume_update(Volumes *volumes, const StorageVolumeRow *row, const StrMap *config,
                  const char *description, const EventRequestor *requestor, Error **err) {
        _cleanup_volume_ Volume volume = {};
        _cleanup_(storage_volume_row_done) StorageVolumeRow after = {};
        _cleanup_volume_lock_ VolumeLock *lock = volume_lock(volumes, row, true, NULL, false);
        if (volume_load(volumes, row, &volume, err) < 0)
                return -1;
        volume_copy_row(&after, &volume.row);
        after.id = volume.row.id;
        strmap_copy(&after.config, config);
        str_replace(&after.description, str_dup(description != NULL ? description : ""));
        keep_volatile(&volume.row.config, &after.config);
        if (volume_check_config(volume.pool, &after, err) < 0 ||
            check_change(volumes, &volume.row, &after, err) < 0 ||
            resize(&volume, &after, err) < 0)
                return -1;
        if (store(volumes, &after, err) < 0) {
                if (resize(&(Volume){.row = after, .disk = volume.disk}, &volume.row, NULL) < 0)
                        log_error("Volume %s has another size than its record says", row->name);
                return -1;
        }
        volume_emit(volumes, &after, "storage-volume-updated", NULL, requestor);
        return 0;
}

/* Devices follow, in the transaction that moves the record (with the config of `row`). */
static int move_records(Volumes *volumes, const StorageVolumeRow *row, const StorageVolumeRow *to,
                        Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(storage_volume_user_list_done) StorageVolumeUserList users = {};
        if (database_begin(volumes->spec.database, DATABASE_WRITE, &tx, err) < 0 ||
            db_storage_volume_users(tx, row->pool, &users, err) < 0 ||
            db_storage_volume_move(tx, row->id, to, err) < 0 ||
            db_storage_volume_update(tx, row, err) < 0)
                return -1;
        for (size_t i = 0; i < users.count; i++)
                if (storage_volume_user_uses(&users.items[i], row) &&
                    db_storage_volume_user_update(tx, &users.items[i], to->pool, to->name, err) <
                            0)
                        return -1;
        return transaction_commit(&tx, err);
}

static int check_movable(Volumes *volumes, const StorageVolumeRow *row, const StorageVolumeRow *to,
                         Error **err) {
        _cleanup_(volume_instance_list_done) VolumeInstanceList list = {};
        if (row->type != STORAGE_VOLUME_CUSTOM)
                return error_set(err, ERROR_INVALID, 0,
                                 "Renaming storage volumes of type \"%s\" is not allowed",
                                 volume_type_name(row->type));
        if (volume_is_daemons(volumes, row))
                return error_set(err, ERROR_IN_USE, 0,
                                 "Volume is used by LXD itself and cannot be renamed");
        if (name_check_volume(to->name, err) < 0 || volume_check_free(volumes, to, err) < 0 ||
            volume_check_idle(volumes, row, "Volume is still in use by running instances", err) <
                    0)
                return -1;
        /* In another project the devices that name it would not find it any more. */
        if (!str_equal(row->project, to->project)) {
                if (volume_instances(volumes, row, &list, err) < 0)
                        return -1;
                if (list.count > 0)
                        return error_set(err, ERROR_IN_USE, 0,
                                         "The storage volume is still in use");
        }
        return 0;
}

static int rename_held(Volumes *volumes, Volume *volume, const StorageVolumeRow *to, Error **err) {
        _cleanup_(storage_volume_cleanup) StorageVolume *renamed =
                storage_volume_new(volume->pool, STORAGE_VOLUME_CUSTOM, to->project, to->name);
        char *note;
        renamed->content = volume->disk->content;
        if (volume_rename_on_disk(volumes, volume, to, renamed, &note, err) < 0)
                return -1;
        if (volume_backups_link(volumes, &volume->row, to, err) < 0 ||
            move_records(volumes, &volume->row, to, err) < 0) {
                (void) !volume_backups_remove(volumes, to, NULL);
                if (storage_volume_rename(volumes->spec.storage, renamed, volume->disk, NULL) < 0)
                        log_error("The volume %s is now named %s", volume->row.name, to->name);
                volume_rename_done(note);
                return -1;
        }
        volume_rename_done(note);
        storage_volume_settled(volumes->spec.storage, renamed);
        (void) !volume_backups_remove(volumes, &volume->row, NULL);
        return 0;
}

int volume_rename(Volumes *volumes, const StorageVolumeRow *row, const char *to,
                  const EventRequestor *requestor, Error **err) {
        _cleanup_volume_ Volume volume = {};
        const StorageVolumeRow target = {.pool = row->pool,
                                         .project = row->project,
                                         .name = (char *) to,
                                         .type = STORAGE_VOLUME_CUSTOM};
        _cleanup_volume_lock_ VolumeLock *lock = volume_lock(volumes, row, true, &target, true);
        if (volume_load(volumes, row, &volume, err) < 0 ||
            check_movable(volumes, &volume.row, &target, err) < 0 ||
            rename_held(volumes, &volume, &target, err) < 0)
                return -1;
        volume_emit(volumes, &target, "storage-volume-renamed",
                    json_pack("{s:s}", "old_name", row->name), requestor);
        return 0;
}

/* Both are whole while the record changes sides; what has no record then goes away, now or when
 * the daemon starts again. */
static int move_to_pool(Volumes *volumes, Volume *volume, const StorageVolumeRow *to,
                        const StorageTransfer *transfer, Error **err) {
        Storage *storage = volumes->spec.storage;
        _cleanup_(storage_pool_cleanup) StoragePool *pool = NULL;
        _cleanup_(storage_volume_cleanup) StorageVolume *target = NULL;
        _cleanup_(storage_volume_row_list_done) StorageVolumeRowList snapshots = {};
        _cleanup_strlist_ StrList names = {};
        if (volume_place(volumes, to, &pool, &target, err) < 0 ||
            volume_load_snapshots(volumes, volume, &snapshots, err) < 0)
                return -1;
        volume_adapt_config(pool, &volume->row.config);
        volume_snapshot_names(&snapshots, &names);
        const StorageVolumeCopy copy = {.source = volume->disk,
                                        .target = target,
                                        .snapshots = &names,
                                        .transfer = *transfer};
        if (storage_volume_copy(storage, &copy, err) < 0)
                return -1;
        if (volume_limit(&volume->row, target, err) < 0 ||
            volume_backups_link(volumes, &volume->row, to, err) < 0 ||
            storage_volume_unsettled(storage, volume->disk, err) < 0 ||
            move_records(volumes, &volume->row, to, err) < 0) {
                (void) !volume_backups_remove(volumes, to, NULL);
                storage_volume_settled(storage, volume->disk);
                if (storage_volume_delete(storage, target, NULL) < 0)
                        log_error("A half moved volume stays at %s", target->path);
                return -1;
        }
        storage_volume_settled(storage, target);
        (void) !volume_backups_remove(volumes, &volume->row, NULL);
        if (storage_volume_delete(storage, volume->disk, NULL) < 0)
                log_error("What was volume %s stays at %s", to->name, volume->disk->path);
        return 0;
}

int volume_move(Volumes *volumes, const StorageVolumeRow *row, const StorageVolumeRow *target,
                const StorageTransfer *transfer, const EventRequestor *requestor, Error **err) {
        _cleanup_volume_ Volume volume = {};
        StorageVolumeRow to = *target;
        _cleanup_volume_lock_ VolumeLock *lock = volume_lock(volumes, row, true, target, true);
        if (volume_load(volumes, row, &volume, err) < 0)
                return -1;
        to.type = STORAGE_VOLUME_CUSTOM;
        to.content_type = volume.row.content_type;
        if (check_movable(volumes, &volume.row, &to, err) < 0)
                return -1;
        int result = str_equal(row->pool, to.pool)
                             ? rename_held(volumes, &volume, &to, err)
                             : move_to_pool(volumes, &volume, &to, transfer, err);
        if (result < 0)
                return -1;
        volume_emit(volumes, &volume.row, "storage-volume-deleted", NULL, requestor);
        volume_emit(volumes, &to, "storage-volume-created", json_pack("{s:s}", "type", "custom"),
                    requestor);
        return 0;
}
