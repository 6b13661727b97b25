/* Volumes from tarballs and ISO images. The content of each snapshot is unpacked into the volume,
 * which then takes that snapshot: so any driver can. Device nodes are left out: a tarball comes
 * from a client, and a container could open them. */
#include "volume/backup.h"

#include "api/backup.h"
#include "archive/copy.h"
#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/times.h"
#include "json/yaml.h"
#include "schema/names.h"
#include "volume/volume_private.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define INDEX_LIMIT ((size_t) 4 << 20)

typedef struct Import {
        const char *path;
        ApiBackupIndex index;
        Volume volume;
        StorageVolumeRowList snapshots;
} Import;

static void import_done(Import *import) {
        api_backup_index_done(&import->index);
        volume_done(&import->volume);
        storage_volume_row_list_done(&import->snapshots);
}

static int read_index(const char *path, ApiBackupIndex *ret, Error **err) {
        _cleanup_free_ char *text = NULL;
        _cleanup_json_ json_t *document = NULL;
        _cleanup_error_ Error *failed = NULL;
        ArchiveFormat format;
        if (archive_detect(path, &format, err) < 0)
                return -1;
        if (format == ARCHIVE_UNKNOWN || format == ARCHIVE_SQUASHFS || format == ARCHIVE_QCOW2)
                return error_set(err, ERROR_INVALID, 0, "Unsupported compression");
        if (archive_read_member(path, "backup/index.yaml", INDEX_LIMIT, &text, &failed) < 0)
                return error_set(err, ERROR_INVALID, 0, "Backup is missing index.yaml: %s",
                                 error_message(failed));
        if (yaml_parse(text, strlen(text), &document, err) < 0 ||
            api_backup_index_read(document, ret, JSON_FROM_YAML, err) < 0)
                return error_prefix(err, "Invalid backup/index.yaml");
        if (!str_equal(ret->type, "custom") || ret->config == NULL || ret->config->volume == NULL)
                return error_set(err, ERROR_INVALID, 0,
                                 "The backup is not one of a custom volume");
        return 0;
}

static int check_optimized(const Import *import, Error **err) {
        const ApiBackupIndex *index = &import->index;
        if (!index->optimized)
                return 0;
        return error_set(err, ERROR_UNSUPPORTED, 0,
                         "Optimized backup storage driver \"%s\" differs from the target storage "
                         "pool driver \"%s\"", index->backend,
                         import->volume.pool->driver->name);
}

static void plan_snapshots(Import *import) {
        const ApiBackupConfig *config = import->index.config;
        for (size_t i = 0; i < import->index.snapshots.count; i++) {
                const char *name = import->index.snapshots.items[i];
                StorageVolumeRowList *list = &import->snapshots;
                mem_grow((void **) &list->items, &list->capacity, list->count + 1,
                         sizeof *list->items);
                StorageVolumeRow *row = &list->items[list->count++];
                volume_copy_row(row, &import->volume.row);
                str_replace(&row->name, str_dup(name));
                for (size_t j = 0; j < config->volume_snapshots.count; j++) {
                        const ApiStorageVolumeSnapshot *found = &config->volume_snapshots.items[j];
                        if (!str_equal(found->name, name))
                                continue;
                        str_replace(&row->description, str_dup(found->description));
                        row->expires_ns = found->expires_at;
                        strmap_copy(&row->config, &found->config);
                        volume_adapt_config(import->volume.pool, &row->config);
                }
        }
}

static int check_snapshots(const Import *import, Error **err) {
        for (size_t i = 0; i < import->snapshots.count; i++) {
                const char *name = import->snapshots.items[i].name;
                if (name_check_volume_snapshot(name, err) < 0)
                        return -1;
                for (size_t j = 0; j < i; j++)
                        if (str_equal(import->snapshots.items[j].name, name))
                                return error_set(err, ERROR_INVALID, 0,
                                                 "The backup has the snapshot \"%s\" twice",
                                                 name);
        }
        return 0;
}

static int plan(Volumes *volumes, const StorageVolumeRow *target, Import *import, Error **err) {
        StorageVolumeRow *row = &import->volume.row;
        const ApiStorageVolume *api = import->index.config->volume;
        const char *name = !str_is_empty(target->name) ? target->name : import->index.name;
        *row = (StorageVolumeRow){.pool = str_dup(target->pool),
                                  .project = str_dup(target->project),
                                  .name = str_dup(name),
                                  .type = STORAGE_VOLUME_CUSTOM,
                                  .description = str_dup(api->description)};
        strmap_copy(&row->config, &api->config);
        if (volume_content_parse(api->content_type, &row->content_type, err) < 0 ||
            name_check_volume(row->name, err) < 0 ||
            volume_place(volumes, row, &import->volume.pool, &import->volume.disk, err) < 0)
                return -1;
        volume_adapt_config(import->volume.pool, &row->config);
        plan_snapshots(import);
        if (check_snapshots(import, err) < 0 || check_optimized(import, err) < 0)
                return -1;
        return volume_prepare_config(import->volume.pool, row, err);
}

static int empty(const StorageVolume *disk, Error **err) {
        _cleanup_strlist_ StrList names = {};
        if (directory_list(disk->path, &names, err) < 0)
                return -1;
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_free_ char *path = path_join(disk->path, names.items[i]);
                if (path_remove_all(path, err) < 0)
                        return -1;
        }
        return 0;
}

/* Content of the volume becomes that of the member `name`. */
static int unpack(const Import *import, const char *name, Error **err) {
        const StorageVolume *disk = import->volume.disk;
        bool is_tree = disk->content == STORAGE_FILESYSTEM;
        _cleanup_free_ char *image = storage_volume_image_path(disk);
        _cleanup_free_ char *member = is_tree ? str_dup(name) : str_printf("%s.img", name);
        const ArchivePlace place = {.name = member, .path = is_tree ? disk->path : image};
        const ArchiveUnpack spec = {.source = import->path, .places = &place, .place_count = 1};
        if (is_tree && empty(disk, err) < 0)
                return -1;
        return archive_unpack(&spec, err);
}

static int fill(Volumes *volumes, const Import *import, Error **err) {
        if (storage_volume_mount(import->volume.disk, err) < 0)
                return -1;
        for (size_t i = 0; i < import->snapshots.count; i++) {
                const char *name = import->snapshots.items[i].name;
                _cleanup_free_ char *member = str_printf("backup/volume-snapshots/%s", name);
                _cleanup_(storage_volume_cleanup) StorageVolume *disk =
                        storage_snapshot_new(import->volume.disk, name);
                if (unpack(import, member, err) < 0 ||
                    storage_volume_snapshot(volumes->spec.storage, disk, err) < 0)
                        return -1;
        }
        return unpack(import, "backup/volume", err);
}

static void settle(Volumes *volumes, const Import *import) {
        storage_volume_settled(volumes->spec.storage, import->volume.disk);
        for (size_t i = 0; i < import->snapshots.count; i++) {
                _cleanup_(storage_volume_cleanup) StorageVolume *disk = storage_snapshot_new(
                        import->volume.disk, import->snapshots.items[i].name);
                storage_volume_settled(volumes->spec.storage, disk);
        }
}

/* The limit comes last: what is unpacked may be more than the pool's default for new volumes. */
static int carry_out(Volumes *volumes, Import *import, Error **err) {
        Volume *volume = &import->volume;
        bool is_tree = volume->row.content_type == STORAGE_CONTENT_FILESYSTEM;
        uint64_t size;
        if (volume_size(&volume->row, &size, err) < 0 ||
            storage_volume_create(volumes->spec.storage, volume->disk, is_tree ? 0 : size, err) < 0)
                return -1;
        if (fill(volumes, import, err) < 0 ||
            volume_limit(&volume->row, volume->disk, err) < 0 ||
            volume_record(volumes, &volume->row, &import->snapshots, err) < 0) {
                if (storage_volume_delete(volumes->spec.storage, volume->disk, NULL) < 0)
                        log_error("A half imported volume stays at %s", volume->disk->path);
                return -1;
        }
        settle(volumes, import);
        return 0;
}

int volume_import_look(Volumes *volumes, const char *path, StorageVolumeRow *target,
                       Error **err) {
        ApiBackupIndex index;
        api_backup_index_init(&index);
        int result = read_index(path, &index, err);
        if (result == 0 && str_is_empty(target->name))
                str_replace(&target->name, str_dup(index.name));
        api_backup_index_done(&index);
        return result;
}

int volume_import(Volumes *volumes, const char *path, const StorageVolumeRow *target,
                  const EventRequestor *requestor, Error **err) {
        _cleanup_(import_done) Import import = {.path = path};
        api_backup_index_init(&import.index);
        _cleanup_volume_lock_ VolumeLock *lock = volume_lock(volumes, target, true, NULL, false);
        if (read_index(path, &import.index, err) < 0 || plan(volumes, target, &import, err) < 0 ||
            volume_check_free(volumes, &import.volume.row, err) < 0 ||
            carry_out(volumes, &import, err) < 0)
                return -1;
        volume_emit(volumes, &import.volume.row, "storage-volume-created",
                    json_pack("{s:s}", "type", "custom"), requestor);
        return 0;
}

static int place_image(const Volume *volume, const char *path, Error **err) {
        _cleanup_free_ char *image = storage_volume_image_path(volume->disk);
        if (storage_volume_mount(volume->disk, err) < 0)
                return -1;
        return tree_copy_file(path, image, err);
}

int volume_import_iso(Volumes *volumes, const char *path, const StorageVolumeRow *target,
                      const EventRequestor *requestor, Error **err) {
        _cleanup_volume_ Volume volume = {};
        struct stat info;
        volume_copy_row(&volume.row, target);
        volume.row.type = STORAGE_VOLUME_CUSTOM;
        volume.row.content_type = STORAGE_CONTENT_ISO;
        if (name_check_volume(target->name, err) < 0)
                return -1;
        if (stat(path, &info) < 0)
                return error_errno(err, errno, "Cannot read the image");
        strmap_printf(&volume.row.config, "size", "%lld", (long long) info.st_size);
        _cleanup_volume_lock_ VolumeLock *lock = volume_lock(volumes, target, true, NULL, false);
        if (volume_place(volumes, &volume.row, &volume.pool, &volume.disk, err) < 0 ||
            volume_check_free(volumes, &volume.row, err) < 0 ||
            volume_prepare_config(volume.pool, &volume.row, err) < 0 ||
            storage_volume_create(volumes->spec.storage, volume.disk, (uint64_t) info.st_size,
                                  err) < 0)
                return -1;
        if (place_image(&volume, path, err) < 0 ||
            volume_record(volumes, &volume.row, NULL, err) < 0) {
                if (storage_volume_delete(volumes->spec.storage, volume.disk, NULL) < 0)
                        log_error("A half imported volume stays at %s", volume.disk->path);
                return -1;
        }
        storage_volume_settled(volumes->spec.storage, volume.disk);
        volume_emit(volumes, &volume.row, "storage-volume-created",
                    json_pack("{s:s}", "type", "custom"), requestor);
        return 0;
}
