/* Backups are made: tarballs at backups/custom/POOL/PROJECT_VOLUME/NAME. They are written beside,
 * in backups/.making, and get their name in the transaction that records them. */
#include "volume/backup.h"

#include "api/backup.h"
#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/times.h"
#include "base/units.h"
#include "database/config.h"
#include "database/projects.h"
#include "json/yaml.h"
#include "project/project.h"
#include "schema/key.h"
#include "schema/names.h"
#include "volume/volume_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define COMPRESSION_KEY "backups.compression_algorithm"

static char *backups_directory(const Volumes *volumes, const StorageVolumeRow *row) {
        return str_printf("%s/backups/custom/%s/%s_%s", volumes->spec.directory, row->pool,
                          row->project, row->name);
}

char *volume_backup_path(const Volumes *volumes, const StorageVolumeRow *row, const char *name) {
        _cleanup_free_ char *directory = backups_directory(volumes, row);
        return path_join(directory, name);
}

int volume_backups_remove(Volumes *volumes, const StorageVolumeRow *row, Error **err) {
        _cleanup_free_ char *directory = backups_directory(volumes, row);
        return path_remove_all(directory, err);
}

int volume_backups_link(Volumes *volumes, const StorageVolumeRow *row, const StorageVolumeRow *to,
                        Error **err) {
        _cleanup_free_ char *before = backups_directory(volumes, row);
        _cleanup_free_ char *after = backups_directory(volumes, to);
        _cleanup_strlist_ StrList names = {};
        if (!path_exists(before))
                return 0;
        if (directory_make_all(after, 0700, err) < 0 || directory_list(before, &names, err) < 0)
                return -1;
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_free_ char *from = path_join(before, names.items[i]);
                _cleanup_free_ char *target = path_join(after, names.items[i]);
                if (link(from, target) < 0)
                        return error_errno(err, errno, "Cannot link %s", from);
        }
        return 0;
}

static char *making_directory(const Volumes *volumes) {
        return str_printf("%s/backups/.making", volumes->spec.directory);
}

static int making_path(const Volumes *volumes, char **ret, Error **err) {
        _cleanup_free_ char *directory = making_directory(volumes), *name = random_hex(8);
        if (directory_make_all(directory, 0700, err) < 0)
                return -1;
        *ret = path_join(directory, name);
        return 0;
}

static void remove_left(const char *path) {
        if (path_remove_all(path, NULL) < 0)
                log_warning("%s stays behind", path);
}

static int list_records(Volumes *volumes, const StorageVolumeRow *key, StrList *ret,
                        Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(storage_volume_row_done) StorageVolumeRow row = {};
        _cleanup_(storage_volume_backup_row_list_done) StorageVolumeBackupRowList list = {};
        if (database_begin(volumes->spec.database, DATABASE_READ, &tx, err) < 0 ||
            db_storage_volume_get(tx, key, &row, err) < 0 ||
            db_storage_volume_backup_list(tx, row.id, 0, &list, err) < 0)
                return -1;
        for (size_t i = 0; i < list.count; i++)
                strlist_add(ret, list.items[i].name);
        return 0;
}

/* A directory PROJECT_VOLUME: what no record names was left by a deletion that was cut short. */
static void sweep_volume(Volumes *volumes, const char *pool, const char *path) {
        const char *name = path_name(path), *separator = strchr(name, '_');
        _cleanup_strlist_ StrList recorded = {}, files = {};
        _cleanup_error_ Error *failed = NULL;
        if (separator == NULL)
                return;
        _cleanup_free_ char *project = str_ndup(name, (size_t) (separator - name));
        const StorageVolumeRow key = {.pool = (char *) pool,
                                      .project = project,
                                      .name = (char *) separator + 1,
                                      .type = STORAGE_VOLUME_CUSTOM};
        if (list_records(volumes, &key, &recorded, &failed) < 0 &&
            !error_is(failed, ERROR_NOT_FOUND))
                return;
        if (directory_list(path, &files, NULL) < 0)
                return;
        for (size_t i = 0; i < files.count; i++) {
                _cleanup_free_ char *file = path_join(path, files.items[i]);
                if (!strlist_has(&recorded, files.items[i]))
                        remove_left(file);
        }
}

void volume_backups_sweep(Volumes *volumes) {
        _cleanup_free_ char *making = making_directory(volumes);
        _cleanup_free_ char *top = str_printf("%s/backups/custom", volumes->spec.directory);
        _cleanup_strlist_ StrList pools = {};
        remove_left(making);
        if (!path_exists(top) || directory_list(top, &pools, NULL) < 0)
                return;
        for (size_t i = 0; i < pools.count; i++) {
                _cleanup_free_ char *pool = path_join(top, pools.items[i]);
                _cleanup_strlist_ StrList names = {};
                if (directory_list(pool, &names, NULL) < 0)
                        continue;
                for (size_t j = 0; j < names.count; j++) {
                        _cleanup_free_ char *path = path_join(pool, names.items[j]);
                        sweep_volume(volumes, pools.items[i], path);
                }
        }
}

int volume_upload_new(Volumes *volumes, VolumeUpload *ret, Error **err) {
        _cleanup_free_ char *path = NULL;
        if (making_path(volumes, &path, err) < 0)
                return -1;
        int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0)
                return error_errno(err, errno, "Cannot make %s", path);
        *ret = (VolumeUpload){.path = TAKE_PTR(path), .fd = fd};
        return 0;
}

void volume_upload_done(VolumeUpload *upload) {
        if (upload->path == NULL)
                return;
        fd_close(&upload->fd);
        (void) !file_remove(upload->path, NULL);
        free(upload->path);
        *upload = (VolumeUpload){.fd = -1};
}

static void add_snapshot(const StorageVolumeRow *row, ApiBackupIndex *index) {
        ApiStorageVolumeSnapshot *snapshot = json_list_add(&index->config->volume_snapshots,
                                                           api_storage_volume_snapshot_fields);
        snapshot->description = str_dup(row->description);
        snapshot->expires_at = row->expires_ns;
        snapshot->name = str_dup(volume_snapshot_part(row->name));
        strmap_copy(&snapshot->config, &row->config);
        snapshot->content_type = str_dup(volume_content_name(row->content_type));
        strlist_add(&index->snapshots, snapshot->name);
}

static char *index_text(const Volume *volume, const StorageVolumeRowList *snapshots) {
        ApiBackupIndex index;
        api_backup_index_init(&index);
        index.name = str_dup(volume->row.name);
        index.backend = str_dup(volume->pool->driver->name);
        index.pool = str_dup(volume->row.pool);
        index.type = str_dup("custom");
        index.config = mem_new(ApiBackupConfig);
        api_backup_config_init(index.config);
        ApiStorageVolume *api = index.config->volume = mem_new(ApiStorageVolume);
        api_storage_volume_init(api);
        strmap_copy(&api->config, &volume->row.config);
        api->description = str_dup(volume->row.description);
        api->name = str_dup(volume->row.name);
        api->type = str_dup("custom");
        api->location = str_dup("none");
        api->content_type = str_dup(volume_content_name(volume->row.content_type));
        api->project = str_dup(volume->row.project);
        for (size_t i = 0; i < snapshots->count; i++)
                add_snapshot(&snapshots->items[i], &index);
        char *text = yaml_dump_struct(api_backup_index_fields, &index);
        api_backup_index_done(&index);
        return text;
}

/* What goes into the tarball: a tree or a file for each snapshot, then the volume's. */
typedef struct Content {
        ArchiveTree *trees;
        ArchiveFile *files;
        size_t count;
        StrList names, paths;
} Content;

static void content_done(Content *content) {
        free(content->trees);
        free(content->files);
        strlist_done(&content->names);
        strlist_done(&content->paths);
}

static int add_content(const StorageVolume *disk, const char *name, Content *content,
                       Error **err) {
        if (storage_volume_mount((StorageVolume *) disk, err) < 0)
                return -1;
        if (disk->content == STORAGE_FILESYSTEM) {
                strlist_printf(&content->names, "%s/", name);
                strlist_add(&content->paths, disk->path);
        } else {
                strlist_printf(&content->names, "%s.img", name);
                strlist_take(&content->paths, storage_volume_image_path(disk));
        }
        content->count++;
        return 0;
}

static int plan_content(const Volume *volume, const StorageVolumeRowList *snapshots,
                        Content *content, Error **err) {
        for (size_t i = 0; i < snapshots->count; i++) {
                const char *name = volume_snapshot_part(snapshots->items[i].name);
                _cleanup_free_ char *member = str_printf("backup/volume-snapshots/%s", name);
                _cleanup_(storage_volume_cleanup) StorageVolume *disk =
                        storage_snapshot_new(volume->disk, name);
                if (add_content(disk, member, content, err) < 0)
                        return -1;
        }
        if (add_content(volume->disk, "backup/volume", content, err) < 0)
                return -1;
        content->trees = mem_new_array(ArchiveTree, content->count);
        content->files = mem_new_array(ArchiveFile, content->count);
        for (size_t i = 0; i < content->count; i++) {
                content->trees[i] = (ArchiveTree){.directory = content->paths.items[i],
                                                  .prefix = content->names.items[i],
                                                  .itself = true};
                content->files[i] = (ArchiveFile){.name = content->names.items[i],
                                                  .path = content->paths.items[i]};
        }
        return 0;
}

/* What is asked for, else what the project or the server has. */
static int find_compression(Volumes *volumes, const char *project, const char *given,
                            ArchiveFormat *ret_format, int *ret_level, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_strmap_ StrMap config = {};
        _cleanup_(project_row_done) ProjectRow row = {};
        if (!str_is_empty(given))
                return archive_parse_compression(given, ret_format, ret_level, err);
        if (database_begin(volumes->spec.database, DATABASE_READ, &tx, err) < 0 ||
            db_config_get(tx, &config, err) < 0 || db_project_get(tx, project, &row, err) < 0)
                return -1;
        const char *own = strmap_get(&row.config, COMPRESSION_KEY);
        return archive_parse_compression(
                !str_is_empty(own) ? own : config_value(&config_server, &config, COMPRESSION_KEY),
                ret_format, ret_level, err);
}

static int pack(Volumes *volumes, const Volume *volume, const VolumeBackup *backup,
                const char *target, Error **err) {
        _cleanup_(storage_volume_row_list_done) StorageVolumeRowList snapshots = {};
        _cleanup_(content_done) Content content = {};
        ArchivePack spec = {
                .target = target, .progress = backup->progress, .userdata = backup->userdata};
        if ((!backup->volume_only &&
             volume_load_snapshots(volumes, volume, &snapshots, err) < 0) ||
            plan_content(volume, &snapshots, &content, err) < 0 ||
            find_compression(volumes, volume->row.project, backup->compression, &spec.format,
                             &spec.level, err) < 0)
                return -1;
        _cleanup_free_ char *text = index_text(volume, &snapshots);
        const ArchiveText index = {.name = "backup/index.yaml", .text = text};
        bool is_tree = volume->disk->content == STORAGE_FILESYSTEM;
        spec.texts = &index;
        spec.text_count = 1;
        spec.trees = content.trees;
        spec.tree_count = is_tree ? content.count : 0;
        spec.files = content.files;
        spec.file_count = is_tree ? 0 : content.count;
        return archive_pack(&spec, err);
}

static int name_file(const Volumes *volumes, const StorageVolumeRow *row, const char *name,
                     const char *from, Error **err) {
        _cleanup_free_ char *path = volume_backup_path(volumes, row, name);
        _cleanup_free_ char *directory = path_directory(path);
        if (directory_make_all(directory, 0700, err) < 0)
                return -1;
        if (rename(from, path) < 0)
                return error_errno(err, errno, "Cannot rename %s", from);
        return 0;
}

static int record(Volumes *volumes, const StorageVolumeRow *volume, const VolumeBackup *backup,
                  const char *file, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        const StorageVolumeBackupRow row = {.volume_id = volume->id,
                                            .name = (char *) backup->name,
                                            .created_ns = time_now_ns(),
                                            .expires_ns = backup->expires_ns,
                                            .volume_only = backup->volume_only};
        int64_t id;
        if (database_begin(volumes->spec.database, DATABASE_WRITE, &tx, err) < 0 ||
            project_allow_backup(tx, volume->project, err) < 0 ||
            db_storage_volume_backup_create(tx, &row, &id, err) < 0 ||
            name_file(volumes, volume, backup->name, file, err) < 0)
                return -1;
        return transaction_commit(&tx, err);
}

static void emit(Volumes *volumes, const StorageVolumeRow *row, const char *name,
                 const char *action, json_t *context, const EventRequestor *requestor) {
        _cleanup_free_ char *url = volume_url(row), *escaped = url_escape(name);
        _cleanup_free_ char *source = str_printf("%s/backups/%s", url, escaped);
        const EventLifecycle event = {.action = action,
                                      .project = row->project,
                                      .source = source,
                                      .context = context,
                                      .requestor = requestor};
        event_emit_lifecycle(volumes->spec.events, &event);
        json_decref(context);
}

int volume_backup_name(Volumes *volumes, const StorageVolumeRow *row, char **ret, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(storage_volume_backup_row_list_done) StorageVolumeBackupRowList list = {};
        int64_t next = 0, number;
        if (database_begin(volumes->spec.database, DATABASE_READ, &tx, err) < 0 ||
            db_storage_volume_backup_list(tx, row->id, 0, &list, err) < 0)
                return -1;
        for (size_t i = 0; i < list.count; i++)
                if (str_to_int64(str_after_prefix(list.items[i].name, "backup"), &number) &&
                    number >= next && number < INT64_MAX)
                        next = number + 1;
        *ret = str_printf("backup%lld", (long long) next);
        return 0;
}

static int check_new(Volumes *volumes, const StorageVolumeRow *row, const char *name,
                     Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(storage_volume_backup_row_done) StorageVolumeBackupRow found = {};
        if (name_check_backup(name, err) < 0 ||
            database_begin(volumes->spec.database, DATABASE_READ, &tx, err) < 0)
                return -1;
        if (db_storage_volume_backup_get(tx, row->id, name, &found, NULL) == 0)
                return error_set(err, ERROR_EXISTS, 0, "Backup \"%s/%s\" already exists",
                                 row->name, name);
        return 0;
}

int volume_backup_create(Volumes *volumes, const StorageVolumeRow *row, const VolumeBackup *backup,
                         const EventRequestor *requestor, Error **err) {
        _cleanup_volume_ Volume volume = {};
        _cleanup_free_ char *file = NULL;
        _cleanup_volume_lock_ VolumeLock *lock = volume_lock(volumes, row, false, NULL, false);
        if (volume_load(volumes, row, &volume, err) < 0 ||
            check_new(volumes, &volume.row, backup->name, err) < 0 ||
            making_path(volumes, &file, err) < 0)
                return -1;
        if (pack(volumes, &volume, backup, file, err) < 0 ||
            record(volumes, &volume.row, backup, file, err) < 0) {
                (void) !file_remove(file, NULL);
                return error_prefix(err, "Create volume backup");
        }
        emit(volumes, &volume.row, backup->name, "storage-volume-backup-created",
             json_pack("{s:s}", "type", "custom"), requestor);
        return 0;
}

int volume_backup_rename(Volumes *volumes, const StorageVolumeRow *row, const char *name,
                         const char *to, const EventRequestor *requestor, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_volume_ Volume volume = {};
        _cleanup_(storage_volume_backup_row_done) StorageVolumeBackupRow found = {};
        _cleanup_volume_lock_ VolumeLock *lock = volume_lock(volumes, row, true, NULL, false);
        if (volume_load(volumes, row, &volume, err) < 0 ||
            check_new(volumes, &volume.row, to, err) < 0)
                return -1;
        _cleanup_free_ char *file = volume_backup_path(volumes, &volume.row, name);
        if (database_begin(volumes->spec.database, DATABASE_WRITE, &tx, err) < 0 ||
            db_storage_volume_backup_get(tx, volume.row.id, name, &found, err) < 0 ||
            db_storage_volume_backup_rename(tx, found.id, to, err) < 0 ||
            name_file(volumes, &volume.row, to, file, err) < 0 || transaction_commit(&tx, err) < 0)
                return -1;
        emit(volumes, &volume.row, to, "storage-volume-backup-renamed",
             json_pack("{s:s}", "old_name", name), requestor);
        return 0;
}

int volume_backup_delete(Volumes *volumes, const StorageVolumeRow *row, const char *name,
                         const EventRequestor *requestor, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_volume_ Volume volume = {};
        _cleanup_(storage_volume_backup_row_done) StorageVolumeBackupRow found = {};
        _cleanup_volume_lock_ VolumeLock *lock = volume_lock(volumes, row, true, NULL, false);
        if (volume_load(volumes, row, &volume, err) < 0)
                return -1;
        _cleanup_free_ char *file = volume_backup_path(volumes, &volume.row, name);
        if (database_begin(volumes->spec.database, DATABASE_WRITE, &tx, err) < 0 ||
            db_storage_volume_backup_get(tx, volume.row.id, name, &found, err) < 0 ||
            file_remove(file, err) < 0 || db_storage_volume_backup_delete(tx, found.id, err) < 0 ||
            transaction_commit(&tx, err) < 0)
                return -1;
        emit(volumes, &volume.row, name, "storage-volume-backup-deleted", NULL, requestor);
        return 0;
}

void volume_backup_retrieved(Volumes *volumes, const StorageVolumeRow *row, const char *name,
                             const EventRequestor *requestor) {
        emit(volumes, row, name, "storage-volume-backup-retrieved", NULL, requestor);
}
