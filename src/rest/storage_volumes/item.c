/* One volume, and its state. */
#include "rest/storage_volumes/storage_volumes.h"

#include "base/memory.h"
#include "base/times.h"
#include "rest/context.h"

static int volume_get(RestRequest *request, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(storage_volume_user_list_done) StorageVolumeUserList users = {};
        const StorageVolumeRow *row = request->entity;
        if (database_begin(request->context->database, DATABASE_READ, &tx, err) < 0 ||
            db_storage_volume_users(tx, row->pool, &users, err) < 0)
                return -1;
        return rest_reply_sync(request, rest_volume_json(request, row, &users));
}

/* The collection of snapshots has its own way to change them. */
static int check_volume(const StorageVolumeRow *row, Error **err) {
        if (row->volume_id == 0)
                return 0;
        return error_set(err, ERROR_INVALID, 0, "Invalid volume name \"%s\": it is a snapshot's",
                         row->name);
}

static int volume_put(RestRequest *request, Error **err) {
        StorageVolumeRow *row = request->entity;
        _cleanup_(api_storage_volume_put_done) ApiStorageVolumePut put;
        EventRequestor requestor = rest_requestor(request);
        api_storage_volume_put_init(&put);
        if (rest_is_patch(request)) {
                strmap_copy(&put.config, &row->config);
                put.description = str_dup(row->description);
        }
        if (check_volume(row, err) < 0 ||
            api_storage_volume_put_read(request->body, &put,
                                        rest_is_patch(request) ? JSON_PATCH : JSON_REPLACE,
                                        err) < 0)
                return -1;
        if (!str_is_empty(put.restore) &&
            volume_restore(request->context->volumes, row, put.restore, &requestor, err) < 0)
                return -1;
        /* A restore without config is all that is asked for. */
        if ((str_is_empty(put.restore) || json_has(request->body, "config")) &&
            volume_update(request->context->volumes, row, &put.config, put.description, &requestor,
                          err) < 0)
                return -1;
        return rest_reply_empty(request);
}

static int volume_delete_request(RestRequest *request, Error **err) {
        EventRequestor requestor = rest_requestor(request);
        if (check_volume(request->entity, err) < 0 ||
            volume_delete(request->context->volumes, request->entity, &requestor, err) < 0)
                return -1;
        return rest_reply_empty(request);
}

typedef struct MoveJob {
        RestContext *context;
        StorageVolumeRow source, target;
        RestVolumeProgress progress;
} MoveJob;

static void move_release(void *userdata) {
        MoveJob *job = userdata;
        storage_volume_row_done(&job->source);
        storage_volume_row_done(&job->target);
        free(job);
}

static int move_run(Operation *operation, void *userdata, Error **err) {
        MoveJob *job = userdata;
        job->progress = (RestVolumeProgress){
                .operation = operation, .key = "volume_move_progress", .name = "Move"};
        const StorageTransfer transfer = {rest_volume_progress, &job->progress};
        return volume_move(job->context->volumes, &job->source, &job->target, &transfer,
                           operation_requestor(operation), err);
}

static const OperationHooks move_hooks = {.run = move_run, .release = move_release};

static int start_move(RestRequest *request, StorageVolumeRow *target) {
        MoveJob *job = mem_new(MoveJob);
        job->context = request->context;
        job->source = *(StorageVolumeRow *) request->entity;
        *(StorageVolumeRow *) request->entity = (StorageVolumeRow){};
        job->target = *target;
        *target = (StorageVolumeRow){};
        return rest_reply_operation(
                request,
                rest_volume_operation(request,
                                      &(RestVolumeOperation){.description = "Moving storage "
                                                                            "volume",
                                                             .hooks = &move_hooks,
                                                             .userdata = job}));
}

static int rename_or_move(RestRequest *request, const ApiStorageVolumePost *post, Error **err) {
        const StorageVolumeRow *row = request->entity;
        EventRequestor requestor = rest_requestor(request);
        _cleanup_(storage_volume_row_done) StorageVolumeRow target = {
                .pool = str_dup(str_is_empty(post->pool) ? row->pool : post->pool),
                .name = str_dup(post->name),
                .type = row->type};
        if (rest_volume_holder(request, post->project, &target.project, err) < 0 ||
            rest_volume_check_free(request, &target, err) < 0)
                return -1;
        if (!str_equal(target.pool, row->pool) || !str_equal(target.project, row->project))
                return start_move(request, &target);
        if (volume_rename(request->context->volumes, row, target.name, &requestor, err) < 0)
                return -1;
        return rest_reply_created(request, rest_volume_url(target.project, &target));
}

static int volume_post(RestRequest *request, Error **err) {
        const StorageVolumeRow *row = request->entity;
        _cleanup_(api_storage_volume_post_done) ApiStorageVolumePost post;
        api_storage_volume_post_init(&post);
        if (check_volume(row, err) < 0 ||
            api_storage_volume_post_read(request->body, &post, JSON_REPLACE, err) < 0)
                return -1;
        if (row->type != STORAGE_VOLUME_CUSTOM)
                return error_set(err, ERROR_INVALID, 0,
                                 "Renaming storage volumes of type \"%s\" is not allowed",
                                 volume_type_name(row->type));
        return rename_or_move(request, &post, err);
}

static int state_get(RestRequest *request, Error **err) {
        uint64_t used, total;
        if (volume_usage(request->context->volumes, request->entity, &used, &total, err) < 0)
                return -1;
        ApiStorageVolumeStateUsage usage = {.used = (int64_t) used, .total = (int64_t) total};
        const ApiStorageVolumeState state = {.usage = &usage};
        return rest_reply_sync(request, api_storage_volume_state_to_json(&state));
}

#define FEATURE "features.storage.volumes"

static const RestEndpoint endpoints[] = {
        {
                .path = "/1.0/storage-pools/{pool}/volumes/{type}/{name}",
                .entity = &rest_volume_entity,
                .project_feature = FEATURE,
                .get = {volume_get, REST_PROJECT},
                .put = {volume_put, REST_PROJECT, REST_JSON_BODY},
                .patch = {volume_put, REST_PROJECT, REST_JSON_BODY},
                .post = {volume_post, REST_PROJECT, REST_JSON_BODY | REST_NO_ETAG},
                .delete = {volume_delete_request, REST_PROJECT, REST_NO_ETAG},
        },
        {
                .path = "/1.0/storage-pools/{pool}/volumes/{type}/{name}/state",
                .entity = &rest_volume_plain_entity,
                .project_feature = FEATURE,
                .get = {state_get, REST_PROJECT},
        },
};

const RestTable rest_volumes_item_table = {endpoints, ARRAY_SIZE(endpoints)};
