/* /1.0/instances/{name}/backups, and instances out of them. */
#include "backup/backup.h"

#include "api/instance_backup.h"
#include "backup/import.h"
#include "base/memory.h"
#include "http/server.h"
#include "rest/bytes.h"
#include "rest/context.h"
#include "rest/instances/instances.h"

BackupHost rest_backup_host(const RestContext *context) {
        return (BackupHost) {.instances = context->instances,
                             .storage = context->storage,
                             .database = context->database,
                             .directory = context->directory};
}

json_t *rest_instance_backup_json(const InstanceBackupRow *row) {
        const ApiInstanceBackup backup = {.name = row->name,
                                          .created_at = row->created_ns,
                                          .expires_at = row->expires_ns,
                                          .instance_only = row->instance_only,
                                          .container_only = row->instance_only,
                                          .optimized_storage = row->optimized};
        return api_instance_backup_to_json(&backup);
}

static int backups_get(RestRequest *request, Error **err) {
        const Instance *instance = request->entity;
        const BackupHost host = rest_backup_host(request->context);
        _cleanup_(instance_backup_row_list_done) InstanceBackupRowList rows = {.items = NULL};
        RestList list;
        if (backup_list(&host, instance, &rows, err) < 0 ||
            rest_list_begin(request, &list, err) < 0)
                return -1;
        for (size_t i = 0; i < rows.count; i++) {
                _cleanup_free_ char *url =
                        rest_url(instance->row.project, "instances", instance->row.name, "backups",
                                 rows.items[i].name, NULL);
                rest_list_add(&list, url,
                              rest_list_wants_objects(&list)
                                      ? rest_instance_backup_json(&rows.items[i])
                                      : NULL);
        }
        return rest_list_reply(&list);
}

static int find(RestRequest *request, InstanceBackupRow *ret, Error **err) {
        const BackupHost host = rest_backup_host(request->context);
        return backup_find(&host, request->entity, request->parameters[1], ret, err);
}

static int backup_get(RestRequest *request, Error **err) {
        _cleanup_(instance_backup_row_done) InstanceBackupRow row = {.id = 0};
        if (find(request, &row, err) < 0)
                return -1;
        return rest_reply_sync(request, rest_instance_backup_json(&row));
}

typedef struct Job {
        BackupHost host;
        char *project, *instance;
        char *name, *to, *compression;
        BackupSpec spec;
} Job;

static void job_release(void *userdata) {
        Job *job = userdata;
        free(job->project);
        free(job->instance);
        free(job->name);
        free(job->to);
        free(job->compression);
        free(job);
}

static Job *job_new(RestRequest *request, const char *name) {
        const Instance *instance = request->entity;
        Job *job = mem_new(Job);
        job->host = rest_backup_host(request->context);
        job->project = str_dup(instance->row.project);
        job->instance = str_dup(instance->row.name);
        job->name = str_dup(name);
        return job;
}

static int job_load(const Job *job, Instance **ret, Error **err) {
        return instance_load(job->host.instances, job->project, job->instance, ret, err);
}

static int create_run(Operation *operation, void *userdata, Error **err) {
        Job *job = userdata;
        _cleanup_(instance_cleanup) Instance *instance = NULL;
        job->spec.name = job->name;
        job->spec.compression = job->compression;
        job->spec.operation = operation;
        job->spec.requestor = operation_requestor(operation);
        if (job_load(job, &instance, err) < 0)
                return -1;
        return backup_create(&job->host, instance, &job->spec, err);
}

static int backups_post(RestRequest *request, Error **err) {
        static const OperationHooks hooks = {.run = create_run, .release = job_release};
        _cleanup_(api_instance_backups_post_done) ApiInstanceBackupsPost post;
        _cleanup_free_ char *name = NULL;
        const BackupHost host = rest_backup_host(request->context);
        api_instance_backups_post_init(&post);
        if (api_instance_backups_post_read(request->body, &post, JSON_REPLACE, err) < 0)
                return -1;
        BackupSpec spec = {.name = post.name,
                           .expires_ns = post.expires_at,
                           .instance_only = post.instance_only || post.container_only,
                           .optimized = post.optimized_storage,
                           .compression = post.compression_algorithm};
        if (backup_check(&host, request->entity, &spec, &name, err) < 0)
                return -1;
        Job *job = job_new(request, name);
        job->spec = spec;
        job->compression = TAKE_PTR(post.compression_algorithm);
        Operation *operation = rest_instance_operation(request, request->entity,
                                                       "Backing up instance", &hooks, job);
        _cleanup_free_ char *path = str_printf("/1.0/backups/%s", name);
        operation_add_resource(operation, "backups", path);
        return rest_reply_operation(request, operation);
}

static int rename_run(Operation *operation, void *userdata, Error **err) {
        Job *job = userdata;
        _cleanup_(instance_cleanup) Instance *instance = NULL;
        if (job_load(job, &instance, err) < 0)
                return -1;
        return backup_rename(&job->host, instance, job->name, job->to,
                             operation_requestor(operation), err);
}

static int backup_post(RestRequest *request, Error **err) {
        static const OperationHooks hooks = {.run = rename_run, .release = job_release};
        _cleanup_(api_instance_backup_post_done) ApiInstanceBackupPost post;
        _cleanup_(instance_backup_row_done) InstanceBackupRow row = {.id = 0};
        _cleanup_free_ char *name = NULL;
        const BackupHost host = rest_backup_host(request->context);
        api_instance_backup_post_init(&post);
        if (find(request, &row, err) < 0 ||
            api_instance_backup_post_read(request->body, &post, JSON_REPLACE, err) < 0)
                return -1;
        if (str_is_empty(post.name))
                return error_set(err, ERROR_INVALID, 0, "No name provided");
        if (backup_check(&host, request->entity, &(BackupSpec) {.name = post.name}, &name, err) <
            0)
                return -1;
        Job *job = job_new(request, row.name);
        job->to = TAKE_PTR(post.name);
        return rest_reply_operation(request,
                                    rest_instance_operation(request, request->entity,
                                                            "Renaming instance backup", &hooks,
                                                            job));
}

static int delete_run(Operation *operation, void *userdata, Error **err) {
        Job *job = userdata;
        _cleanup_(instance_cleanup) Instance *instance = NULL;
        if (job_load(job, &instance, err) < 0)
                return -1;
        return backup_delete(&job->host, instance, job->name, operation_requestor(operation), err);
}

static int backup_delete_request(RestRequest *request, Error **err) {
        static const OperationHooks hooks = {.run = delete_run, .release = job_release};
        _cleanup_(instance_backup_row_done) InstanceBackupRow row = {.id = 0};
        if (find(request, &row, err) < 0)
                return -1;
        return rest_reply_operation(request,
                                    rest_instance_operation(request, request->entity,
                                                            "Removing instance backup", &hooks,
                                                            job_new(request, row.name)));
}

static int export_get(RestRequest *request, Error **err) {
        _cleanup_(instance_backup_row_done) InstanceBackupRow row = {.id = 0};
        const BackupHost host = rest_backup_host(request->context);
        EventRequestor requestor = rest_requestor(request);
        if (find(request, &row, err) < 0)
                return -1;
        _cleanup_free_ char *path = backup_path(&host, request->entity, row.name);
        if (rest_reply_file(request, path, err) < 0)
                return -1;
        backup_retrieved(&host, request->entity, row.name, &requestor);
        return 0;
}

typedef struct ImportJob {
        BackupHost host;
        BackupImport import;
} ImportJob;

static void import_release(void *userdata) {
        ImportJob *job = userdata;
        backup_import_done(&job->import);
        free(job);
}
DEFINE_CLEANUP(ImportJob, import, import_release)

static int import_run(Operation *operation, void *userdata, Error **err) {
        ImportJob *job = userdata;
        int result = backup_import(&job->host, &job->import, operation,
                                   operation_requestor(operation), err);
        /* The operation stays readable; what was sent needs not. */
        backup_import_done(&job->import);
        return result;
}

int rest_instance_import(RestRequest *request, Error **err) {
        static const OperationHooks hooks = {.run = import_run, .release = import_release};
        const BackupImportSpec spec = {
                .project = request->project,
                .name = http_exchange_header(request->exchange, "X-LXD-name"),
                .pool = http_exchange_header(request->exchange, "X-LXD-pool")};
        _cleanup_(import_cleanup) ImportJob *job = mem_new(ImportJob);
        job->host = rest_backup_host(request->context);
        if (backup_scratch(&job->host, &job->import.path, err) < 0 ||
            rest_receive_file(request, job->import.path, err) < 0 ||
            backup_import_prepare(&job->host, &spec, &job->import, err) < 0)
                return -1;
        _cleanup_free_ char *url = str_printf("/1.0/instances/%s", job->import.create.row.name);
        EventRequestor requestor = rest_requestor(request);
        Operation *operation =
                operation_new(request->context->operations,
                              &(OperationSpec) {.class = OPERATION_TASK,
                                                .description = "Restoring backup",
                                                .project = request->project,
                                                .hooks = &hooks,
                                                .userdata = TAKE_PTR(job),
                                                .requestor = &requestor});
        operation_add_resource(operation, "instances", url);
        return rest_reply_operation(request, operation);
}

static const RestEndpoint endpoints[] = {
        {
                .path = "/1.0/instances/{name}/backups",
                .entity = &rest_instance_plain_entity,
                .get = {backups_get, REST_PROJECT},
                .post = {backups_post, REST_PROJECT, REST_JSON_BODY},
        },
        {
                .path = "/1.0/instances/{name}/backups/{backupName}",
                .entity = &rest_instance_plain_entity,
                .get = {backup_get, REST_PROJECT},
                .post = {backup_post, REST_PROJECT, REST_JSON_BODY},
                .delete = {backup_delete_request, REST_PROJECT},
        },
        {
                .path = "/1.0/instances/{name}/backups/{backupName}/export",
                .entity = &rest_instance_plain_entity,
                .get = {export_get, REST_PROJECT},
        },
};

const RestTable rest_instances_backups_table = {endpoints, ARRAY_SIZE(endpoints)};
