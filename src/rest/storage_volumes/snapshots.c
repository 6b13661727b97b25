/* …/volumes/{type}/{name}/snapshots */
#include "rest/storage_volumes/storage_volumes.h"

#include "base/memory.h"
#include "base/times.h"
#include "rest/context.h"
#include "schema/names.h"

#include <string.h>

static int snapshot_load(RestRequest *request, Error **err) {
        _cleanup_free_ char *name =
                str_printf("%s/%s", request->parameters[2], request->parameters[3]);
        return rest_volume_load(request, name, err);
}

static json_t *snapshot_etag(RestRequest *request) {
        const StorageVolumeRow *row = request->entity;
        json_t *value = json_array();
        json_array_append_new(value, json_string(row->description));
        json_array_append_new(value, json_time(row->expires_ns));
        return value;
}

static const RestEntity snapshot_entity = {
        .load = snapshot_load,
        .etag = snapshot_etag,
        .unload = rest_volume_unload,
};

/* A list has VOLUME/SNAPSHOT as the name and no time for those that stay, the object itself
 * SNAPSHOT and the zero time. */
static json_t *snapshot_json(const StorageVolumeRow *row, const char *name) {
        const ApiStorageVolumeSnapshot snapshot = {
                .description = row->description,
                .expires_at = row->expires_ns,
                .name = (char *) name,
                .config = row->config,
                .content_type = (char *) volume_content_name(row->content_type),
                .created_at = TIME_ZERO};
        return api_storage_volume_snapshot_to_json(&snapshot);
}

static json_t *listed_json(const StorageVolumeRow *row) {
        json_t *object = snapshot_json(row, row->name);
        if (row->expires_ns == TIME_ZERO)
                json_object_set_new(object, "expires_at", json_null());
        return object;
}

static int snapshots_get(RestRequest *request, Error **err) {
        const StorageVolumeRow *volume = request->entity;
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(storage_volume_row_list_done) StorageVolumeRowList rows = {};
        RestList list;
        if (database_begin(request->context->database, DATABASE_READ, &tx, err) < 0 ||
            db_storage_volume_snapshot_list(tx, volume->id, &rows, err) < 0 ||
            rest_list_begin(request, &list, err) < 0)
                return -1;
        for (size_t i = 0; i < rows.count; i++) {
                const StorageVolumeRow *row = &rows.items[i];
                _cleanup_free_ char *url = rest_volume_url(row->project, row);
                rest_list_add(&list, url,
                              rest_list_wants_objects(&list) ? listed_json(row) : NULL);
        }
        return rest_list_reply(&list);
}

static int snapshot_get(RestRequest *request, Error **err) {
        return rest_reply_sync(request, snapshot_json(request->entity, request->parameters[3]));
}

/* Work on a volume or one of its snapshots, later than the request lives. */
typedef struct SnapshotJob {
        RestContext *context;
        StorageVolumeRow row;
        char *name; /* of a new one, the new one; NULL: by the pattern */
        char *description;
        bool has_expiry;
        int64_t expires_ns;
} SnapshotJob;

static void job_release(void *userdata) {
        SnapshotJob *job = userdata;
        storage_volume_row_done(&job->row);
        free(job->name);
        free(job->description);
        free(job);
}

/* Takes the request's entity. */
static SnapshotJob *job_new(RestRequest *request) {
        SnapshotJob *job = mem_new(SnapshotJob);
        job->context = request->context;
        job->row = *(StorageVolumeRow *) request->entity;
        *(StorageVolumeRow *) request->entity = (StorageVolumeRow){};
        return job;
}

static int reply(RestRequest *request, const char *description, const char *resource,
                 const OperationHooks *hooks, SnapshotJob *job) {
        return rest_reply_operation(
                request, rest_volume_operation(
                                 request, &(RestVolumeOperation){
                                                  .description = description,
                                                  .hooks = hooks,
                                                  .userdata = job,
                                                  .resources = {{resource,
                                                                 request->parameters[2]}}}));
}

static int create_run(Operation *operation, void *userdata, Error **err) {
        SnapshotJob *job = userdata;
        Volumes *volumes = job->context->volumes;
        const EventRequestor *requestor = operation_requestor(operation);
        if (job->name == NULL && volume_snapshot_name(volumes, &job->row, &job->name, err) < 0)
                return -1;
        const VolumeSnapshot snapshot = {.name = job->name,
                                         .description = job->description,
                                         .has_expiry = job->has_expiry,
                                         .expires_ns = job->expires_ns};
        return volume_snapshot_create(volumes, &job->row, &snapshot, requestor, err);
}

static int rename_run(Operation *operation, void *userdata, Error **err) {
        SnapshotJob *job = userdata;
        return volume_snapshot_rename(job->context->volumes, &job->row, job->name,
                                      operation_requestor(operation), err);
}

static int delete_run(Operation *operation, void *userdata, Error **err) {
        SnapshotJob *job = userdata;
        return volume_snapshot_delete(job->context->volumes, &job->row,
                                      operation_requestor(operation), err);
}

static const OperationHooks create_hooks = {.run = create_run, .release = job_release};
static const OperationHooks rename_hooks = {.run = rename_run, .release = job_release};
static const OperationHooks delete_hooks = {.run = delete_run, .release = job_release};

static int check_custom(const StorageVolumeRow *row, Error **err) {
        if (row->type == STORAGE_VOLUME_CUSTOM)
                return 0;
        return error_set(err, ERROR_INVALID, 0, "Invalid storage volume type \"%s\"",
                         volume_type_name(row->type));
}

static int check_free(RestRequest *request, const char *name, Error **err) {
        const StorageVolumeRow *volume = request->entity;
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(storage_volume_row_done) StorageVolumeRow found = {};
        _cleanup_free_ char *whole = str_printf("%s/%s", volume->name, name);
        StorageVolumeRow key = *volume;
        key.name = whole;
        if (database_begin(request->context->database, DATABASE_READ, &tx, err) < 0)
                return -1;
        if (db_storage_volume_get(tx, &key, &found, NULL) == 0)
                return error_set(err, ERROR_EXISTS, 0, "Snapshot \"%s\" already in use", name);
        return 0;
}

static int snapshots_post(RestRequest *request, Error **err) {
        _cleanup_(api_storage_volume_snapshots_post_done) ApiStorageVolumeSnapshotsPost post;
        api_storage_volume_snapshots_post_init(&post);
        if (check_custom(request->entity, err) < 0 ||
            api_storage_volume_snapshots_post_read(request->body, &post, JSON_REPLACE, err) < 0)
                return -1;
        if (!str_is_empty(post.name) && (name_check_volume_snapshot(post.name, err) < 0 ||
                                         check_free(request, post.name, err) < 0))
                return -1;
        SnapshotJob *job = job_new(request);
        job->name = str_is_empty(post.name) ? NULL : TAKE_PTR(post.name);
        job->description = str_is_empty(post.description) ? NULL : TAKE_PTR(post.description);
        job->has_expiry = json_has(request->body, "expires_at");
        job->expires_ns = post.expires_at;
        return reply(request, "Creating storage volume snapshot", "storage_volumes",
                     &create_hooks, job);
}

static int snapshot_put(RestRequest *request, Error **err) {
        const StorageVolumeRow *row = request->entity;
        EventRequestor requestor = rest_requestor(request);
        _cleanup_(api_storage_volume_snapshot_put_done) ApiStorageVolumeSnapshotPut put;
        api_storage_volume_snapshot_put_init(&put);
        if (rest_is_patch(request)) {
                put.description = str_dup(row->description);
                put.expires_at = row->expires_ns;
        }
        if (check_custom(row, err) < 0 ||
            api_storage_volume_snapshot_put_read(request->body, &put,
                                                 rest_is_patch(request) ? JSON_PATCH
                                                                        : JSON_REPLACE,
                                                 err) < 0 ||
            volume_snapshot_update(request->context->volumes, row, put.description, put.expires_at,
                                   &requestor, err) < 0)
                return -1;
        return rest_reply_empty(request);
}

static int snapshot_post(RestRequest *request, Error **err) {
        _cleanup_(api_storage_volume_snapshot_post_done) ApiStorageVolumeSnapshotPost post;
        api_storage_volume_snapshot_post_init(&post);
        if (check_custom(request->entity, err) < 0 ||
            api_storage_volume_snapshot_post_read(request->body, &post, JSON_REPLACE, err) < 0)
                return -1;
        if (post.name != NULL && strchr(post.name, '/') != NULL)
                return error_set(err, ERROR_INVALID, 0,
                                 "Storage volume names may not contain slashes");
        if (name_check_volume_snapshot(post.name, err) < 0)
                return -1;
        SnapshotJob *job = job_new(request);
        job->name = TAKE_PTR(post.name);
        return reply(request, "Renaming storage volume snapshot", "storage_volume_snapshots",
                     &rename_hooks, job);
}

static int snapshot_delete(RestRequest *request, Error **err) {
        if (check_custom(request->entity, err) < 0)
                return -1;
        return reply(request, "Deleting storage volume snapshot", "storage_volume_snapshots",
                     &delete_hooks, job_new(request));
}

#define FEATURE "features.storage.volumes"

static const RestEndpoint endpoints[] = {
        {
                .path = "/1.0/storage-pools/{pool}/volumes/{type}/{name}/snapshots",
                .entity = &rest_volume_plain_entity,
                .project_feature = FEATURE,
                .get = {snapshots_get, REST_PROJECT},
                .post = {snapshots_post, REST_PROJECT, REST_JSON_BODY | REST_OPTIONAL_BODY},
        },
        {
                .path = "/1.0/storage-pools/{pool}/volumes/{type}/{name}/snapshots/{snapshot}",
                .entity = &snapshot_entity,
                .project_feature = FEATURE,
                .get = {snapshot_get, REST_PROJECT},
                .put = {snapshot_put, REST_PROJECT, REST_JSON_BODY},
                .patch = {snapshot_put, REST_PROJECT, REST_JSON_BODY},
                .post = {snapshot_post, REST_PROJECT, REST_JSON_BODY | REST_NO_ETAG},
                .delete = {snapshot_delete, REST_PROJECT, REST_NO_ETAG},
        },
};

const RestTable rest_volumes_snapshots_table = {endpoints, ARRAY_SIZE(endpoints)};
