/* …/volumes/{type}/{name}/backups */
#include "rest/storage_volumes/storage_volumes.h"

#include "base/memory.h"
#include "base/times.h"
#include "http/server.h"
#include "rest/context.h"
#include "schema/names.h"
#include "volume/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static int check_custom(const StorageVolumeRow *row, Error **err) {
        if (row->type == STORAGE_VOLUME_CUSTOM && row->volume_id == 0)
                return 0;
        return error_set(err, ERROR_INVALID, 0, "Invalid storage volume type \"%s\"",
                         volume_type_name(row->type));
}

static json_t *backup_json(const StorageVolumeBackupRow *row) {
        const ApiStoragePoolVolumeBackup backup = {.name = row->name,
                                                   .created_at = row->created_ns,
                                                   .expires_at = row->expires_ns,
                                                   .volume_only = row->volume_only,
                                                   .optimized_storage = row->optimized};
        return api_storage_pool_volume_backup_to_json(&backup);
}

static char *backup_url(const StorageVolumeRow *volume, const char *name) {
        return rest_url(volume->project, "storage-pools", volume->pool, "volumes",
                        volume_type_name(volume->type), volume->name, "backups", name, NULL);
}

static int backups_get(RestRequest *request, Error **err) {
        const StorageVolumeRow *volume = request->entity;
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(storage_volume_backup_row_list_done) StorageVolumeBackupRowList rows = {};
        RestList list;
        if (check_custom(volume, err) < 0 ||
            database_begin(request->context->database, DATABASE_READ, &tx, err) < 0 ||
            db_storage_volume_backup_list(tx, volume->id, 0, &rows, err) < 0 ||
            rest_list_begin(request, &list, err) < 0)
                return -1;
        for (size_t i = 0; i < rows.count; i++) {
                _cleanup_free_ char *url = backup_url(volume, rows.items[i].name);
                rest_list_add(&list, url,
                              rest_list_wants_objects(&list) ? backup_json(&rows.items[i]) : NULL);
        }
        return rest_list_reply(&list);
}

static int find(RestRequest *request, StorageVolumeBackupRow *ret, Error **err) {
        const StorageVolumeRow *volume = request->entity;
        _cleanup_transaction_ Transaction *tx = NULL;
        if (check_custom(volume, err) < 0 ||
            database_begin(request->context->database, DATABASE_READ, &tx, err) < 0)
                return -1;
        return db_storage_volume_backup_get(tx, volume->id, request->parameters[3], ret, err);
}

static int backup_get(RestRequest *request, Error **err) {
        _cleanup_(storage_volume_backup_row_done) StorageVolumeBackupRow row = {};
        if (find(request, &row, err) < 0)
                return -1;
        return rest_reply_sync(request, backup_json(&row));
}

typedef struct BackupJob {
        RestContext *context;
        StorageVolumeRow volume;
        char *name, *to, *compression;
        VolumeBackup backup;
        RestVolumeProgress progress;
} BackupJob;

static void job_release(void *userdata) {
        BackupJob *job = userdata;
        storage_volume_row_done(&job->volume);
        free(job->name);
        free(job->to);
        free(job->compression);
        free(job);
}

/* Takes the request's entity. */
static BackupJob *job_new(RestRequest *request, const char *name) {
        BackupJob *job = mem_new(BackupJob);
        job->context = request->context;
        job->volume = *(StorageVolumeRow *) request->entity;
        *(StorageVolumeRow *) request->entity = (StorageVolumeRow){};
        job->name = str_dup(name);
        return job;
}

static int create_run(Operation *operation, void *userdata, Error **err) {
        BackupJob *job = userdata;
        job->progress = (RestVolumeProgress){
                .operation = operation, .key = "create_backup_progress", .name = "Backup"};
        job->backup.name = job->name;
        job->backup.compression = job->compression;
        job->backup.progress = rest_volume_progress;
        job->backup.userdata = &job->progress;
        return volume_backup_create(job->context->volumes, &job->volume, &job->backup,
                                    operation_requestor(operation), err);
}

static int rename_run(Operation *operation, void *userdata, Error **err) {
        BackupJob *job = userdata;
        return volume_backup_rename(job->context->volumes, &job->volume, job->name, job->to,
                                    operation_requestor(operation), err);
}

static int delete_run(Operation *operation, void *userdata, Error **err) {
        BackupJob *job = userdata;
        return volume_backup_delete(job->context->volumes, &job->volume, job->name,
                                    operation_requestor(operation), err);
}

static const OperationHooks create_hooks = {.run = create_run, .release = job_release};
static const OperationHooks rename_hooks = {.run = rename_run, .release = job_release};
static const OperationHooks delete_hooks = {.run = delete_run, .release = job_release};

static int backups_post(RestRequest *request, Error **err) {
        _cleanup_(api_storage_pool_volume_backups_post_done) ApiStoragePoolVolumeBackupsPost post;
        _cleanup_free_ char *name = NULL;
        ArchiveFormat format;
        int level;
        api_storage_pool_volume_backups_post_init(&post);
        if (check_custom(request->entity, err) < 0 ||
            api_storage_pool_volume_backups_post_read(request->body, &post, JSON_REPLACE, err) < 0)
                return -1;
        if (!str_is_empty(post.compression_algorithm) &&
            archive_parse_compression(post.compression_algorithm, &format, &level, err) < 0)
                return -1;
        if (str_is_empty(post.name)) {
                if (volume_backup_name(request->context->volumes, request->entity, &name, err) < 0)
                        return -1;
        } else if (name_check_backup(post.name, err) < 0) {
                return -1;
        }
        BackupJob *job = job_new(request, name != NULL ? name : post.name);
        job->compression = TAKE_PTR(post.compression_algorithm);
        job->backup = (VolumeBackup){.expires_ns = post.expires_at,
                                     .volume_only = post.volume_only,
                                     .optimized = post.optimized_storage};
        return rest_reply_operation(
                request,
                rest_volume_operation(
                        request,
                        &(RestVolumeOperation){.description = "Creating custom volume backup",
                                               .hooks = &create_hooks,
                                               .userdata = job,
                                               .resources = {{"storage_volumes", job->volume.name},
                                                             {"backups", job->name}}}));
}

static int reply(RestRequest *request, const char *description, const OperationHooks *hooks,
                 BackupJob *job) {
        return rest_reply_operation(
                request, rest_volume_operation(
                                 request, &(RestVolumeOperation){
                                                  .description = description,
                                                  .hooks = hooks,
                                                  .userdata = job,
                                                  .resources = {{"volume", job->volume.name}}}));
}

static int backup_post(RestRequest *request, Error **err) {
        _cleanup_(api_storage_pool_volume_backup_post_done) ApiStoragePoolVolumeBackupPost post;
        _cleanup_(storage_volume_backup_row_done) StorageVolumeBackupRow row = {};
        api_storage_pool_volume_backup_post_init(&post);
        if (find(request, &row, err) < 0 ||
            api_storage_pool_volume_backup_post_read(request->body, &post, JSON_REPLACE, err) < 0 ||
            name_check_backup(post.name, err) < 0)
                return -1;
        BackupJob *job = job_new(request, row.name);
        job->to = TAKE_PTR(post.name);
        return reply(request, "Renaming custom volume backup", &rename_hooks, job);
}

static int backup_delete(RestRequest *request, Error **err) {
        _cleanup_(storage_volume_backup_row_done) StorageVolumeBackupRow row = {};
        if (find(request, &row, err) < 0)
                return -1;
        return reply(request, "Deleting custom volume backup", &delete_hooks,
                     job_new(request, row.name));
}

static int export_get(RestRequest *request, Error **err) {
        _cleanup_(storage_volume_backup_row_done) StorageVolumeBackupRow row = {};
        Volumes *volumes = request->context->volumes;
        EventRequestor requestor = rest_requestor(request);
        struct stat info;
        if (find(request, &row, err) < 0)
                return -1;
        _cleanup_free_ char *path = volume_backup_path(volumes, request->entity, row.name);
        _cleanup_close_ int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &info) < 0)
                return error_errno(err, errno, "Cannot open the backup");
        volume_backup_retrieved(volumes, request->entity, row.name, &requestor);
        strmap_set(&request->headers, "Content-Type", "application/octet-stream");
        (void) http_exchange_reply_fd(request->exchange, 200, &request->headers, fd, 0,
                                      (uint64_t) info.st_size, NULL);
        return rest_reply_taken(request);
}

#define FEATURE "features.storage.volumes"
#define BACKUPS "/1.0/storage-pools/{pool}/volumes/{type}/{name}/backups"

static const RestEndpoint endpoints[] = {
        {
                .path = BACKUPS,
                .entity = &rest_volume_plain_entity,
                .project_feature = FEATURE,
                .get = {backups_get, REST_PROJECT},
                .post = {backups_post, REST_PROJECT, REST_JSON_BODY | REST_OPTIONAL_BODY},
        },
        {
                .path = BACKUPS "/{backup}",
                .entity = &rest_volume_plain_entity,
                .project_feature = FEATURE,
                .get = {backup_get, REST_PROJECT},
                .post = {backup_post, REST_PROJECT, REST_JSON_BODY},
                .delete = {backup_delete, REST_PROJECT},
        },
        {
                .path = BACKUPS "/{backup}/export",
                .entity = &rest_volume_plain_entity,
                .project_feature = FEATURE,
                .get = {export_get, REST_PROJECT},
        },
};

const RestTable rest_volumes_backups_table = {endpoints, ARRAY_SIZE(endpoints)};
