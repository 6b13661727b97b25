/* Lists of volumes, new ones and copies. */
#include "rest/storage_volumes/storage_volumes.h"

#include "base/memory.h"
#include "base/times.h"
#include "database/projects.h"
#include "http/server.h"
#include "rest/context.h"
#include "schema/names.h"

#include <string.h>

#define JSON_LIMIT ((size_t) 1 << 20)

static int add_all(RestRequest *request, Transaction *tx, const StorageVolumeQuery *query,
                   Error **err) {
        _cleanup_(storage_volume_row_list_done) StorageVolumeRowList rows = {};
        _cleanup_(storage_volume_user_list_done) StorageVolumeUserList users = {};
        RestList list;
        if (db_storage_volume_find(tx, query, &rows, err) < 0 ||
            db_storage_volume_users(tx, query->pool, &users, err) < 0 ||
            rest_list_begin(request, &list, err) < 0)
                return -1;
        for (size_t i = 0; i < rows.count; i++) {
                _cleanup_free_ char *url = rest_volume_url(rows.items[i].project, &rows.items[i]);
                rest_list_add(&list, url,
                              rest_list_wants_objects(&list)
                                      ? rest_volume_json(request, &rows.items[i], &users)
                                      : NULL);
        }
        return rest_list_reply(&list);
}

static int volumes_get(RestRequest *request, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(storage_pool_row_done) StoragePoolRow pool = {};
        StorageVolumeQuery query = {.pool = request->parameters[0], .type = -1, .snapshots = true};
        if (request->parameters[1] != NULL &&
            volume_type_parse(request->parameters[1], &query.type, err) < 0)
                return -1;
        if (!request->all_projects) {
                query.project = request->project;
                query.custom_project = request->effective_project;
        }
        if (database_begin(request->context->database, DATABASE_READ, &tx, err) < 0 ||
            db_storage_pool_get(tx, query.pool, &pool, err) < 0)
                return -1;
        return add_all(request, tx, &query, err);
}

typedef struct CopyJob {
        RestContext *context;
        VolumeCopy copy;
        RestVolumeProgress progress;
} CopyJob;

static void copy_release(void *userdata) {
        CopyJob *job = userdata;
        storage_volume_row_done(&job->copy.source);
        storage_volume_row_done(&job->copy.target);
        free(job);
}

static int copy_run(Operation *operation, void *userdata, Error **err) {
        CopyJob *job = userdata;
        job->progress = (RestVolumeProgress){
                .operation = operation, .key = "volume_copy_progress", .name = "Copy"};
        job->copy.transfer = (StorageTransfer){rest_volume_progress, &job->progress};
        return volume_copy(job->context->volumes, &job->copy, operation_requestor(operation), err);
}

static const OperationHooks copy_hooks = {.run = copy_run, .release = copy_release};

/* The project whose volumes a body's "project" means. */
int rest_volume_holder(RestRequest *request, const char *project, char **ret, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(project_row_done) ProjectRow row = {};
        if (str_is_empty(project)) {
                *ret = str_dup(request->effective_project);
                return 0;
        }
        if (!rest_caller_may_use(request, project))
                return error_set(err, ERROR_FORBIDDEN, 0,
                                 "Certificate is restricted: project \"%s\" cannot be used",
                                 project);
        if (database_begin(request->context->database, DATABASE_READ, &tx, err) < 0 ||
            db_project_get(tx, project, &row, err) < 0)
                return -1;
        return db_project_holder(tx, project, "features.storage.volumes", ret, err);
}

static int post_copy(RestRequest *request, const ApiStorageVolumesPost *post,
                     StorageVolumeRow *row, Error **err) {
        _cleanup_free_ char *source_project = NULL;
        const ApiStorageVolumeSource *source = &post->source;
        if (rest_volume_holder(request, source->project, &source_project, err) < 0 ||
            name_check_volume(row->name, err) < 0 ||
            (!source->refresh && rest_volume_check_free(request, row, err) < 0))
                return -1;
        CopyJob *job = mem_new(CopyJob);
        job->context = request->context;
        job->copy = (VolumeCopy){
                .source = {.pool = str_dup(str_is_empty(source->pool) ? row->pool : source->pool),
                           .project = TAKE_PTR(source_project),
                           .name = str_dup(source->name != NULL ? source->name : ""),
                           .type = STORAGE_VOLUME_CUSTOM},
                .target = *row,
                .inherit = !json_has(request->body, "config"),
                .volume_only = source->volume_only,
                .refresh = source->refresh};
        *row = (StorageVolumeRow){};
        return rest_reply_operation(
                request,
                rest_volume_operation(request,
                                      &(RestVolumeOperation){.description = "Copying storage "
                                                                            "volume",
                                                             .hooks = &copy_hooks,
                                                             .userdata = job}));
}

static int post_new(RestRequest *request, const StorageVolumeRow *row, Error **err) {
        EventRequestor requestor = rest_requestor(request);
        if (row->content_type == STORAGE_CONTENT_ISO)
                return error_set(err, ERROR_INVALID, 0,
                                 "Volumes of content type \"iso\" are made by importing an image");
        if (volume_create(request->context->volumes, row, &requestor, err) < 0)
                return -1;
        return rest_reply_empty(request);
}

static int check_type(RestRequest *request, const char *given, Error **err) {
        const char *name = request->parameters[1] != NULL ? request->parameters[1] : given;
        int64_t type;
        if (str_is_empty(name))
                return error_set(err, ERROR_INVALID, 0,
                                 "You must provide a storage volume type of the storage volume");
        if (volume_type_parse(name, &type, err) < 0)
                return -1;
        if (type != STORAGE_VOLUME_CUSTOM)
                return error_set(err, ERROR_INVALID, 0,
                                 "Currently not allowed to create storage volumes of type \"%s\"",
                                 name);
        return 0;
}

static int create(RestRequest *request, ApiStorageVolumesPost *post, Error **err) {
        _cleanup_(storage_volume_row_done) StorageVolumeRow row = {
                .pool = str_dup(request->parameters[0]),
                .project = str_dup(request->effective_project),
                .name = TAKE_PTR(post->name),
                .type = STORAGE_VOLUME_CUSTOM,
                .description = TAKE_PTR(post->description),
                .config = post->config};
        post->config = (StrMap){};
        if (str_is_empty(row.name))
                return error_set(err, ERROR_INVALID, 0, "No name provided");
        if (strchr(row.name, '/') != NULL)
                return error_set(err, ERROR_INVALID, 0,
                                 "Storage volume names may not contain slashes");
        if (check_type(request, post->type, err) < 0 ||
            volume_content_parse(post->content_type, &row.content_type, err) < 0)
                return -1;
        if (str_is_empty(post->source.type))
                return post_new(request, &row, err);
        if (str_equal(post->source.type, "copy"))
                return post_copy(request, post, &row, err);
        return error_set(err, ERROR_INVALID, 0, "Unknown source type \"%s\"", post->source.type);
}

static int read_json(RestRequest *request, Error **err) {
        _cleanup_free_ char *data = NULL;
        size_t size = 0;
        if (http_exchange_read_all(request->exchange, JSON_LIMIT, &data, &size, err) < 0)
                return -1;
        if (json_parse(data, size, &request->body, err) < 0)
                return error_prefix(err, "Invalid request body");
        return 0;
}

static int volumes_post(RestRequest *request, Error **err) {
        _cleanup_(api_storage_volumes_post_done) ApiStorageVolumesPost post;
        const char *type = http_exchange_header(request->exchange, "Content-Type");
        api_storage_volumes_post_init(&post);
        if (str_equal(type, "application/octet-stream"))
                return check_type(request, "custom", err) < 0 ? -1
                                                              : rest_volume_import(request, err);
        if (read_json(request, err) < 0 ||
            api_storage_volumes_post_read(request->body, &post, JSON_REPLACE, err) < 0)
                return -1;
        return create(request, &post, err);
}

static const RestEndpoint endpoints[] = {
        {
                .path = "/1.0/storage-pools/{pool}/volumes",
                .project_feature = "features.storage.volumes",
                .get = {volumes_get, REST_PROJECT},
                .post = {volumes_post, REST_PROJECT},
        },
        {
                .path = "/1.0/storage-pools/{pool}/volumes/{type}",
                .project_feature = "features.storage.volumes",
                .get = {volumes_get, REST_PROJECT},
                .post = {volumes_post, REST_PROJECT},
        },
};

const RestTable rest_volumes_collection_table = {endpoints, ARRAY_SIZE(endpoints)};
