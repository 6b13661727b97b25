/* Copies of volumes and snapshots, and bringing a copy up to date. */
#include "volume/volume_private.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/times.h"
#include "schema/names.h"

/* Where a copy stands: what is there and what comes. */
typedef struct Copying {
        Volume source, target; /* target.row.id 0: it is not there yet */
        StorageVolumeRowList source_snapshots, target_snapshots;
        StrList wanted; /* snapshots that the target lacks */
} Copying;

static void copying_done(Copying *copying) {
        volume_done(&copying->source);
        volume_done(&copying->target);
        storage_volume_row_list_done(&copying->source_snapshots);
        storage_volume_row_list_done(&copying->target_snapshots);
        strlist_done(&copying->wanted);
}

static int find_source(Volumes *volumes, const VolumeCopy *copy, Copying *copying, Error **err) {
        _cleanup_error_ Error *failed = NULL;
        _cleanup_(storage_pool_cleanup) StoragePool *pool = NULL;
        const StorageVolumeRow *key = &copy->source;
        if (storage_pool_find(volumes->spec.storage, key->pool, &pool, err) < 0)
                return -1;
        if (volume_load(volumes, key, &copying->source, &failed) == 0)
                return 0;
        if (error_is(failed, ERROR_NOT_FOUND))
                return error_set(err, ERROR_NOT_FOUND, 0,
                                 "Storage volume \"%s\" in project \"%s\" of type \"custom\" does "
                                 "not exist on pool \"%s\": Storage volume not found",
                                 key->name, key->project, key->pool);
        return error_move(err, &failed);
}

/* Name and pool of the target, content and keys of the source. */
static int plan_target(Volumes *volumes, const VolumeCopy *copy, Copying *copying, Error **err) {
        static const char *const of_content[] = {"volatile.idmap.last", "volatile.idmap.next"};
        StorageVolumeRow *row = &copying->target.row;
        const StorageVolumeRow *source = &copying->source.row;
        volume_copy_row(row, &copy->target);
        row->type = STORAGE_VOLUME_CUSTOM;
        row->content_type = source->content_type;
        if (copy->inherit) {
                strmap_copy(&row->config, &source->config);
                if (str_is_empty(row->description))
                        str_replace(&row->description, str_dup(source->description));
        }
        for (size_t i = 0; i < ARRAY_SIZE(of_content); i++)
                strmap_set(&row->config, of_content[i],
                           strmap_get(&source->config, of_content[i]));
        if (volume_place(volumes, row, &copying->target.pool, &copying->target.disk, err) < 0)
                return -1;
        volume_adapt_config(copying->target.pool, &row->config);
        return volume_prepare_config(copying->target.pool, row, err);
}

static int find_target(Volumes *volumes, const VolumeCopy *copy, Copying *copying, Error **err) {
        StorageVolumeRow key = copy->target;
        key.type = STORAGE_VOLUME_CUSTOM;
        if (copy->refresh && volume_load(volumes, &key, &copying->target, NULL) == 0) {
                if (copying->target.row.content_type != copying->source.row.content_type)
                        return error_set(err, ERROR_INVALID, 0,
                                         "Content type of the source and target volumes differ");
                return volume_load_snapshots(volumes, &copying->target,
                                             &copying->target_snapshots, err);
        }
        if (name_check_volume(key.name, err) < 0 || volume_check_free(volumes, &key, err) < 0)
                return -1;
        return plan_target(volumes, copy, copying, err);
}

static void plan_snapshots(Copying *copying) {
        _cleanup_strlist_ StrList there = {};
        volume_snapshot_names(&copying->target_snapshots, &there);
        for (size_t i = 0; i < copying->source_snapshots.count; i++) {
                const char *name = volume_snapshot_part(copying->source_snapshots.items[i].name);
                if (!strlist_has(&there, name))
                        strlist_add(&copying->wanted, name);
        }
}

/* Snapshots that the source has not (any more) go. */
static int drop_snapshots(Volumes *volumes, Copying *copying, Error **err) {
        _cleanup_strlist_ StrList kept = {};
        volume_snapshot_names(&copying->source_snapshots, &kept);
        for (size_t i = 0; i < copying->target_snapshots.count; i++) {
                const StorageVolumeRow *row = &copying->target_snapshots.items[i];
                const char *name = volume_snapshot_part(row->name);
                if (strlist_has(&kept, name))
                        continue;
                _cleanup_(storage_volume_cleanup) StorageVolume *disk =
                        storage_snapshot_new(copying->target.disk, name);
                if (volume_snapshot_remove(volumes, row, disk, err) < 0)
                        return -1;
        }
        return 0;
}

static int record_more_snapshots(Transaction *tx, const Copying *copying, Error **err) {
        for (size_t i = 0; i < copying->source_snapshots.count; i++) {
                StorageVolumeRow row = copying->source_snapshots.items[i];
                int64_t id;
                row.name = (char *) volume_snapshot_part(row.name);
                row.volume_id = copying->target.row.id;
                if (strlist_has(&copying->wanted, row.name) &&
                    db_storage_volume_snapshot_create(tx, &row, &id, err) < 0)
                        return -1;
        }
        return 0;
}

static int record(Volumes *volumes, Copying *copying, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        if (copying->target.row.id == 0)
                return volume_record(volumes, &copying->target.row, &copying->source_snapshots,
                                     err);
        if (database_begin(volumes->spec.database, DATABASE_WRITE, &tx, err) < 0 ||
            record_more_snapshots(tx, copying, err) < 0)
                return -1;
        return transaction_commit(&tx, err);
}

/* Takes away what the copy made; a target that was there before keeps what it has got. */
static void undo(Volumes *volumes, const Copying *copying) {
        Storage *storage = volumes->spec.storage;
        if (copying->target.row.id == 0) {
                if (storage_volume_delete(storage, copying->target.disk, NULL) < 0)
                        log_error("A half made copy stays at %s", copying->target.disk->path);
                return;
        }
        for (size_t i = 0; i < copying->wanted.count; i++) {
                _cleanup_(storage_volume_cleanup) StorageVolume *disk =
                        storage_snapshot_new(copying->target.disk, copying->wanted.items[i]);
                (void) !storage_volume_delete(storage, disk, NULL);
        }
}

static void settle(Volumes *volumes, const Copying *copying) {
        storage_volume_settled(volumes->spec.storage, copying->target.disk);
        for (size_t i = 0; i < copying->wanted.count; i++) {
                _cleanup_(storage_volume_cleanup) StorageVolume *disk =
                        storage_snapshot_new(copying->target.disk, copying->wanted.items[i]);
                storage_volume_settled(volumes->spec.storage, disk);
        }
}

static int carry_out(Volumes *volumes, const VolumeCopy *copy, Copying *copying, Error **err) {
        bool refresh = copying->target.row.id != 0;
        const StorageVolumeCopy on_disk = {.source = copying->source.disk,
                                           .target = copying->target.disk,
                                           .snapshots = &copying->wanted,
                                           .refresh = refresh,
                                           .transfer = copy->transfer};
        if (refresh &&
            volume_check_idle(volumes, &copying->target.row,
                              "Volume is still in use by running instances", err) < 0)
                return -1;
        if ((refresh && !copy->volume_only && drop_snapshots(volumes, copying, err) < 0) ||
            storage_volume_copy(volumes->spec.storage, &on_disk, err) < 0)
                return -1;
        if (volume_limit(&copying->target.row, copying->target.disk, err) < 0 ||
            record(volumes, copying, err) < 0) {
                undo(volumes, copying);
                return -1;
        }
        settle(volumes, copying);
        return 0;
}

int volume_copy(Volumes *volumes, const VolumeCopy *copy, const EventRequestor *requestor,
                Error **err) {
        _cleanup_(copying_done) Copying copying = {};
        _cleanup_volume_lock_ VolumeLock *lock =
                volume_lock(volumes, &copy->source, false, &copy->target, true);
        bool whole = !copy->volume_only && volume_snapshot_part(copy->source.name) == NULL;
        if (find_source(volumes, copy, &copying, err) < 0 ||
            (whole && volume_load_snapshots(volumes, &copying.source, &copying.source_snapshots,
                                            err) < 0) ||
            find_target(volumes, copy, &copying, err) < 0)
                return -1;
        plan_snapshots(&copying);
        bool is_new = copying.target.row.id == 0;
        if (carry_out(volumes, copy, &copying, err) < 0)
                return -1;
        volume_emit(volumes, &copying.target.row,
                    is_new ? "storage-volume-created" : "storage-volume-updated",
                    json_pack("{s:s}", "type", "custom"), requestor);
        return 0;
}
