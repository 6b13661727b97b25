#include "volume/volume_private.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/times.h"
#include "base/units.h"
#include "project/project.h"
#include "schema/key.h"
#include "schema/names.h"

#define DEFAULT_BLOCK_SIZE (UINT64_C(10) << 30)

Volumes *volumes_new(const VolumesSpec *spec) {
        Volumes *volumes = mem_new(Volumes);
        volumes->spec = *spec;
        pthread_mutex_init(&volumes->lock, NULL);
        pthread_cond_init(&volumes->changed, NULL);
        volumes->held = table_new(free);
        volumes->scheduled_minute = time_now_ns() / NS_PER_SECOND / 60 - 1;
        return volumes;
}

void volumes_free(Volumes *volumes) {
        if (volumes == NULL)
                return;
        pthread_mutex_destroy(&volumes->lock);
        pthread_cond_destroy(&volumes->changed);
        table_free(volumes->held);
        strlist_done(&volumes->daemons);
        free(volumes);
}

void volumes_start(Volumes *volumes) {
        volume_renames_end(volumes);
        volume_daemon_start(volumes);
        volume_backups_sweep(volumes);
}

void volumes_set_hooks(Volumes *volumes, const VolumesHooks *hooks) {
        volumes->hooks = *hooks;
}

void volume_instance_list_done(VolumeInstanceList *list) {
        for (size_t i = 0; i < list->count; i++) {
                free(list->items[i].project);
                free(list->items[i].name);
                free(list->items[i].idmap);
        }
        free(list->items);
        *list = (VolumeInstanceList){};
}

void volume_done(Volume *volume) {
        storage_volume_row_done(&volume->row);
        storage_volume_free(volume->disk);
        storage_pool_free(volume->pool);
        *volume = (Volume){};
}

int volume_place(Volumes *volumes, const StorageVolumeRow *row, StoragePool **ret_pool,
                 StorageVolume **ret, Error **err) {
        StoragePool *pool;
        _cleanup_free_ char *name = volume_name_part(row->name);
        if (storage_pool_find(volumes->spec.storage, row->pool, &pool, err) < 0)
                return -1;
        StorageVolume *disk =
                storage_volume_new(pool, (StorageVolumeType) row->type, row->project, name);
        disk->content = (StorageContent) row->content_type;
        if (volume_snapshot_part(row->name) != NULL) {
                StorageVolume *snapshot =
                        storage_snapshot_new(disk, volume_snapshot_part(row->name));
                storage_volume_free(disk);
                disk = snapshot;
        }
        *ret_pool = pool;
        *ret = disk;
        return 0;
}

int volume_load(Volumes *volumes, const StorageVolumeRow *key, Volume *ret, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(volume_done) Volume volume = {};
        if (database_begin(volumes->spec.database, DATABASE_READ, &tx, err) < 0 ||
            db_storage_volume_get(tx, key, &volume.row, err) < 0)
                return -1;
        transaction_rollback(TAKE_PTR(tx));
        if (volume_place(volumes, &volume.row, &volume.pool, &volume.disk, err) < 0)
                return -1;
        *ret = volume;
        volume = (Volume){};
        return 0;
}

void volume_snapshot_names(const StorageVolumeRowList *snapshots, StrList *ret) {
        for (size_t i = 0; i < snapshots->count; i++)
                strlist_add(ret, volume_snapshot_part(snapshots->items[i].name));
}

int volume_load_snapshots(Volumes *volumes, const Volume *volume, StorageVolumeRowList *ret,
                          Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        if (database_begin(volumes->spec.database, DATABASE_READ, &tx, err) < 0)
                return -1;
        return db_storage_volume_snapshot_list(tx, volume->row.id, ret, err);
}

/* What the pool's volume.* keys say, where a volume has no value of its own. */
static void fill_defaults(const StoragePool *pool, StorageVolumeRow *row) {
        bool is_tree = row->content_type == STORAGE_CONTENT_FILESYSTEM;
        for (size_t i = 0; i < pool->row.config.count; i++) {
                const StrPair *pair = &pool->row.config.items[i];
                const char *key = str_after_prefix(pair->key, "volume.");
                if (key == NULL || strmap_has(&row->config, key) || str_is_empty(pair->value) ||
                    (!is_tree && (str_equal(key, "security.shifted") ||
                                  str_equal(key, "security.unmapped"))))
                        continue;
                strmap_set(&row->config, key, pair->value);
        }
}

int volume_check_config(const StoragePool *pool, StorageVolumeRow *row, Error **err) {
        const ConfigTable *table = config_volume_table(pool->driver->name);
        _cleanup_free_ char *object =
                row->type == STORAGE_VOLUME_CUSTOM
                        ? str_printf("%s_%s", row->project, row->name)
                        : storage_instance_name(row->project, row->name);
        for (size_t i = row->config.count; i-- > 0;)
                if (str_is_empty(row->config.items[i].value))
                        (void) strmap_remove(&row->config, row->config.items[i].key);
        return config_validate(table, object, &row->config, err);
}

int volume_prepare_config(const StoragePool *pool, StorageVolumeRow *row, Error **err) {
        fill_defaults(pool, row);
        return volume_check_config(pool, row, err);
}

void volume_adapt_config(const StoragePool *pool, StrMap *config) {
        const ConfigTable *table = config_volume_table(pool->driver->name);
        for (size_t i = config->count; i-- > 0;)
                if (config_key_find(table, config->items[i].key) == NULL)
                        (void) strmap_remove(config, config->items[i].key);
}

int volume_size(const StorageVolumeRow *row, uint64_t *ret, Error **err) {
        const char *text = strmap_get(&row->config, "size");
        bool is_block = row->content_type != STORAGE_CONTENT_FILESYSTEM;
        int64_t bytes = 0;
        if (!str_is_empty(text) && units_parse_bytes(text, &bytes, err) < 0)
                return -1;
        *ret = (uint64_t) bytes;
        if (is_block && bytes == 0)
                *ret = DEFAULT_BLOCK_SIZE;
        return 0;
}

int volume_limit(const StorageVolumeRow *row, StorageVolume *disk, Error **err) {
        uint64_t size;
        if (row->content_type != STORAGE_CONTENT_FILESYSTEM)
                return 0;
        if (volume_size(row, &size, err) < 0)
                return -1;
        return size > 0 ? storage_volume_set_size(disk, size, err) : 0;
}

int volume_check_free(Volumes *volumes, const StorageVolumeRow *row, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(storage_volume_row_done) StorageVolumeRow found = {};
        _cleanup_error_ Error *missing = NULL;
        if (database_begin(volumes->spec.database, DATABASE_READ, &tx, err) < 0)
                return -1;
        if (db_storage_volume_get(tx, row, &found, &missing) == 0)
                return error_set(err, ERROR_EXISTS, 0, "Volume by that name already exists");
        return error_is(missing, ERROR_NOT_FOUND) ? 0 : error_move(err, &missing);
}

static int is_named(Volumes *volumes, const StorageVolumeRow *row, bool *ret, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(storage_volume_user_list_done) StorageVolumeUserList users = {};
        bool found = false;
        if (database_begin(volumes->spec.database, DATABASE_READ, &tx, err) < 0 ||
            db_storage_volume_users(tx, row->pool, &users, err) < 0)
                return -1;
        for (size_t i = 0; i < users.count && !found; i++)
                found = storage_volume_user_uses(&users.items[i], row);
        *ret = found;
        return 0;
}

int volume_instances(Volumes *volumes, const StorageVolumeRow *row, VolumeInstanceList *ret,
                     Error **err) {
        bool named = false;
        if (is_named(volumes, row, &named, err) < 0)
                return -1;
        if (!named || volumes->hooks.instances == NULL)
                return 0;
        return volumes->hooks.instances(volumes->hooks.userdata, row, ret, err);
}

int volume_check_idle(Volumes *volumes, const StorageVolumeRow *row, const char *text,
                      Error **err) {
        _cleanup_(volume_instance_list_done) VolumeInstanceList list = {};
        if (volume_instances(volumes, row, &list, err) < 0)
                return -1;
        for (size_t i = 0; i < list.count; i++)
                if (list.items[i].running)
                        return error_set(err, ERROR_IN_USE, 0, "%s", text);
        return 0;
}

bool volume_is_daemons(const Volumes *volumes, const StorageVolumeRow *row) {
        Volumes *locked = (Volumes *) volumes;
        _cleanup_free_ char *place = str_printf("%s/%s", row->pool, row->name);
        if (row->type != STORAGE_VOLUME_CUSTOM || !str_equal(row->project, "default"))
                return false;
        pthread_mutex_lock(&locked->lock);
        bool found = strlist_has(&volumes->daemons, place);
        pthread_mutex_unlock(&locked->lock);
        return found;
}

static int record_snapshots(Transaction *tx, int64_t volume_id,
                            const StorageVolumeRowList *snapshots, Error **err) {
        for (size_t i = 0; i < snapshots->count; i++) {
                StorageVolumeRow row = snapshots->items[i];
                const char *bare = volume_snapshot_part(row.name);
                int64_t id;
                row.volume_id = volume_id;
                if (bare != NULL)
                        row.name = (char *) bare;
                if (db_storage_volume_snapshot_create(tx, &row, &id, err) < 0)
                        return -1;
        }
        return 0;
}

int volume_record(Volumes *volumes, const StorageVolumeRow *row,
                  const StorageVolumeRowList *snapshots, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        int64_t id;
        if (database_begin(volumes->spec.database, DATABASE_WRITE, &tx, err) < 0 ||
            project_allow_volume(tx, row->project, row->pool, row->name, &row->config, err) < 0 ||
            db_storage_volume_create(tx, row, &id, err) < 0 ||
            (snapshots != NULL && record_snapshots(tx, id, snapshots, err) < 0))
                return -1;
        return transaction_commit(&tx, err);
}

void volume_emit(Volumes *volumes, const StorageVolumeRow *row, const char *action,
                 json_t *context, const EventRequestor *requestor) {
        _cleanup_free_ char *source = volume_url(row);
        const EventLifecycle event = {.action = action,
                                      .project = row->project,
                                      .source = source,
                                      .context = context,
                                      .requestor = requestor};
        event_emit_lifecycle(volumes->spec.events, &event);
        json_decref(context);
}

static void forget_half(Volumes *volumes, StorageVolume *disk) {
        if (storage_volume_delete(volumes->spec.storage, disk, NULL) < 0)
                log_error("A half made volume stays at %s", disk->path);
}

void volume_copy_row(StorageVolumeRow *to, const StorageVolumeRow *from) {
        *to = (StorageVolumeRow){.pool = str_dup(from->pool),
                                 .project = str_dup(from->project),
                                 .name = str_dup(from->name),
                                 .type = from->type,
                                 .content_type = from->content_type,
                                 .description = str_dup(from->description),
                                 .expires_ns = TIME_ZERO};
        strmap_copy(&to->config, &from->config);
}

int volume_create(Volumes *volumes, const StorageVolumeRow *given, const EventRequestor *requestor,
                  Error **err) {
        _cleanup_(volume_done) Volume volume = {};
        uint64_t size;
        volume_copy_row(&volume.row, given);
        volume.row.type = STORAGE_VOLUME_CUSTOM;
        if (name_check_volume(given->name, err) < 0)
                return -1;
        _cleanup_volume_lock_ VolumeLock *lock =
                volume_lock(volumes, &volume.row, true, NULL, false);
        if (volume_place(volumes, &volume.row, &volume.pool, &volume.disk, err) < 0 ||
            volume_check_free(volumes, &volume.row, err) < 0 ||
            volume_prepare_config(volume.pool, &volume.row, err) < 0 ||
            volume_size(&volume.row, &size, err) < 0 ||
            storage_volume_create(volumes->spec.storage, volume.disk, size, err) < 0)
                return -1;
        if (volume_record(volumes, &volume.row, NULL, err) < 0) {
                forget_half(volumes, volume.disk);
                return -1;
        }
        storage_volume_settled(volumes->spec.storage, volume.disk);
        volume_emit(volumes, &volume.row, "storage-volume-created",
                    json_pack("{s:s}", "type", volume_type_name(volume.row.type)), requestor);
        return 0;
}

int volume_usage(Volumes *volumes, const StorageVolumeRow *row, uint64_t *ret_used,
                 uint64_t *ret_total, Error **err) {
        _cleanup_volume_ Volume volume = {};
        uint64_t used, total = 0;
        if (volume_load(volumes, row, &volume, err) < 0 ||
            storage_volume_usage(volume.disk, &used, err) < 0 ||
            (row->type == STORAGE_VOLUME_CUSTOM && volume_size(row, &total, err) < 0))
                return -1;
        *ret_used = used;
        *ret_total = total;
        return 0;
}

static int forget(Volumes *volumes, int64_t id, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        if (database_begin(volumes->spec.database, DATABASE_WRITE, &tx, err) < 0 ||
            db_storage_volume_delete(tx, id, err) < 0)
                return -1;
        return transaction_commit(&tx, err);
}

/* The record goes first: what has none is removed at the next start, should this be cut short.
 * When the backend refuses, the record comes back. */
static int remove_held(Volumes *volumes, Volume *volume, const StorageVolumeRowList *snapshots,
                       Error **err) {
        Storage *storage = volumes->spec.storage;
        if (storage_volume_unsettled(storage, volume->disk, err) < 0 ||
            forget(volumes, volume->row.id, err) < 0) {
                storage_volume_settled(storage, volume->disk);
                return -1;
        }
        if (storage_volume_delete(storage, volume->disk, err) == 0) {
                if (volume_backups_remove(volumes, &volume->row, NULL) < 0)
                        log_warning("Backups of volume %s stay behind", volume->row.name);
                return 0;
        }
        if (volume_record(volumes, &volume->row, snapshots, NULL) == 0)
                storage_volume_settled(storage, volume->disk);
        return -1;
}

int volume_delete(Volumes *volumes, const StorageVolumeRow *row, const EventRequestor *requestor,
                  Error **err) {
        _cleanup_volume_ Volume volume = {};
        _cleanup_(storage_volume_row_list_done) StorageVolumeRowList snapshots = {};
        bool used = false;
        if (row->type != STORAGE_VOLUME_CUSTOM)
                return error_set(err, ERROR_INVALID, 0,
                                 "Storage volumes of type \"%s\" cannot be deleted with the "
                                 "storage API",
                                 volume_type_name(row->type));
        _cleanup_volume_lock_ VolumeLock *lock = volume_lock(volumes, row, true, NULL, false);
        if (volume_load(volumes, row, &volume, err) < 0 ||
            is_named(volumes, &volume.row, &used, err) < 0 ||
            volume_load_snapshots(volumes, &volume, &snapshots, err) < 0)
                return -1;
        if (used || volume_is_daemons(volumes, &volume.row))
                return error_set(err, ERROR_IN_USE, 0, "The storage volume is still in use");
        if (remove_held(volumes, &volume, &snapshots, err) < 0)
                return -1;
        for (size_t i = 0; i < snapshots.count; i++)
                volume_emit(volumes, &snapshots.items[i], "storage-volume-snapshot-deleted", NULL,
                            requestor);
        volume_emit(volumes, &volume.row, "storage-volume-deleted", NULL, requestor);
        return 0;
}
