/* Volumes as disks of instances, and the owners of what is on them.
 *
 * volatile.idmap.last says which ids the files have, volatile.idmap.next which they are to get; it
 * is written before the walk and `last` behind it, so that an interrupted walk is seen and ended
 * before anything else. */
#include "volume/attach.h"

#include "base/log.h"
#include "base/memory.h"
#include "database/projects.h"
#include "linux/shift.h"
#include "volume/volume_private.h"

static int find(Volumes *volumes, const VolumeAttach *attach, StorageVolumeRow *ret,
                Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_free_ char *holder = NULL;
        StorageVolumeRow key = {.pool = (char *) attach->pool,
                                .name = (char *) attach->source,
                                .type = STORAGE_VOLUME_CUSTOM};
        if (*attach->source == '/')
                return error_set(err, ERROR_INVALID, 0,
                                 "Storage volumes cannot be specified as absolute paths");
        if (database_begin(volumes->spec.database, DATABASE_READ, &tx, err) < 0 ||
            db_project_holder(tx, attach->project, "features.storage.volumes", &holder, err) < 0)
                return -1;
        key.project = holder;
        if (volume_snapshot_part(attach->source) != NULL ||
            db_storage_volume_get(tx, &key, ret, NULL) < 0)
                return error_set(err, ERROR_NOT_FOUND, 0,
                                 "Failed loading custom volume: Storage volume not found");
        return 0;
}

int volume_attachable(Volumes *volumes, const VolumeAttach *attach, Error **err) {
        _cleanup_(storage_volume_row_done) StorageVolumeRow row = {};
        if (find(volumes, attach, &row, err) < 0)
                return -1;
        if (row.content_type == STORAGE_CONTENT_BLOCK)
                return error_set(err, ERROR_INVALID, 0,
                                 "Custom block volumes cannot be used on containers");
        if (row.content_type == STORAGE_CONTENT_ISO)
                return error_set(err, ERROR_INVALID, 0,
                                 "Custom ISO volumes cannot be used on containers");
        return 0;
}

static int store_map(Volumes *volumes, StorageVolumeRow *row, const char *key, const char *json,
                     Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        if (str_equal(strmap_get(&row->config, key), json))
                return 0;
        strmap_set(&row->config, key, json);
        if (database_begin(volumes->spec.database, DATABASE_WRITE, &tx, err) < 0 ||
            db_storage_volume_update(tx, row, err) < 0)
                return -1;
        return transaction_commit(&tx, err);
}

static int read_map(const StorageVolumeRow *row, const char *key, IdMap *ret, Error **err) {
        const char *text = strmap_get(&row->config, key);
        return idmap_from_json(text != NULL ? text : "[]", ret, err);
}

/* Walks from `last` to `to`; first to where an interrupted walk was going. */
static int change_owners(Volumes *volumes, Volume *volume, const IdMap *to, Error **err) {
        _cleanup_idmap_ IdMap last = {.items = NULL}, next = {.items = NULL};
        _cleanup_free_ char *json = idmap_to_json(to);
        StorageVolumeRow *row = &volume->row;
        if (read_map(row, "volatile.idmap.last", &last, err) < 0 ||
            read_map(row, "volatile.idmap.next", &next, err) < 0)
                return -1;
        if (!idmap_equal(&last, &next)) {
                const ShiftSpec rest = {.from = &last, .to = &next, .resume = true};
                _cleanup_free_ char *next_json = idmap_to_json(&next);
                if (shift_tree(volume->disk->path, &rest, err) < 0 ||
                    store_map(volumes, row, "volatile.idmap.last", next_json, err) < 0)
                        return -1;
        }
        if (store_map(volumes, row, "volatile.idmap.next", json, err) < 0)
                return -1;
        if (!idmap_equal(&next, to)) {
                const ShiftSpec shift = {.from = &next, .to = to};
                if (shift_tree(volume->disk->path, &shift, err) < 0)
                        return -1;
        }
        return store_map(volumes, row, "volatile.idmap.last", json, err);
}

/* One set of ids is on disk: every other instance that has the volume must have the same. */
static int check_others(Volumes *volumes, const StorageVolumeRow *row, const VolumeAttach *attach,
                        const IdMap *wanted, Error **err) {
        _cleanup_(volume_instance_list_done) VolumeInstanceList list = {};
        if (volume_instances(volumes, row, &list, err) < 0)
                return -1;
        for (size_t i = 0; i < list.count; i++) {
                _cleanup_idmap_ IdMap map = {.items = NULL};
                const VolumeInstance *other = &list.items[i];
                if (str_equal(other->name, attach->instance) &&
                    str_equal(other->project, attach->project))
                        continue;
                if (idmap_from_json(other->idmap, &map, err) < 0)
                        return -1;
                if (!idmap_equal(&map, wanted))
                        return error_set(err, ERROR_BAD_STATE, 0,
                                         "Idmaps of container \"%s\" and storage volume \"%s\" "
                                         "are not identical", other->name, row->name);
        }
        return 0;
}

static int set_owners(Volumes *volumes, Volume *volume, const VolumeAttach *attach, bool *ret_shift,
                      Error **err) {
        _cleanup_idmap_ IdMap wanted = {.items = NULL}, last = {.items = NULL};
        bool shifted = str_is_true(strmap_get(&volume->row.config, "security.shifted"));
        *ret_shift = false;
        if (str_is_true(strmap_get(&volume->row.config, "security.unmapped")))
                return 0;
        *ret_shift = shifted && attach->idmap != NULL;
        if (read_map(&volume->row, "volatile.idmap.last", &last, err) < 0 ||
            (!shifted && attach->idmap != NULL &&
             idmap_from_json(attach->idmap, &wanted, err) < 0))
                return -1;
        if ((!shifted && !idmap_equal(&last, &wanted) &&
             check_others(volumes, &volume->row, attach, &wanted, err) < 0) ||
            change_owners(volumes, volume, &wanted, err) < 0)
                return error_prefix(err,
                                    "Failed shifting storage volume \"%s\" of type \"custom\" on "
                                    "storage pool \"%s\"", volume->row.name, volume->row.pool);
        return 0;
}

int volume_attach(Volumes *volumes, const VolumeAttach *attach, char **ret_path, bool *ret_shift,
                  Error **err) {
        _cleanup_(storage_volume_row_done) StorageVolumeRow row = {};
        _cleanup_volume_ Volume volume = {};
        if (find(volumes, attach, &row, err) < 0)
                return -1;
        _cleanup_volume_lock_ VolumeLock *lock = volume_lock(volumes, &row, true, NULL, false);
        if (volume_load(volumes, &row, &volume, err) < 0 ||
            storage_volume_mount(volume.disk, err) < 0 ||
            set_owners(volumes, &volume, attach, ret_shift, err) < 0)
                return error_prefix(err, "Failed mounting volume");
        *ret_path = str_dup(volume.disk->path);
        return 0;
}

void volume_detach(Volumes *volumes, const VolumeAttach *attach) {
        _cleanup_(storage_volume_row_done) StorageVolumeRow row = {};
        _cleanup_(volume_instance_list_done) VolumeInstanceList list = {};
        _cleanup_volume_ Volume volume = {};
        _cleanup_error_ Error *err = NULL;
        if (find(volumes, attach, &row, NULL) < 0)
                return;
        _cleanup_volume_lock_ VolumeLock *lock = volume_lock(volumes, &row, true, NULL, false);
        if (volume_load(volumes, &row, &volume, &err) < 0 ||
            volume_instances(volumes, &row, &list, &err) < 0) {
                log_warning("Volume %s stays mounted: %s", row.name, error_message(err));
                return;
        }
        for (size_t i = 0; i < list.count; i++)
                if (list.items[i].running && !(str_equal(list.items[i].name, attach->instance) &&
                                               str_equal(list.items[i].project, attach->project)))
                        return;
        if (storage_volume_unmount(volume.disk, &err) < 0)
                log_warning("Volume %s stays mounted: %s", row.name, error_message(err));
}
