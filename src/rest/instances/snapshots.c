/* /1.0/instances/{name}/snapshots and each of them. */
#include "rest/instances/instances.h"

#include "base/memory.h"
#include "instance/snapshots.h"
#include "rest/context.h"

/* A snapshot that is made or changed by an operation, later than the request lives. */
typedef struct Job {
        RestContext *context;
        char *project, *name, *snapshot;
        char *to; /* rename */
        int64_t expiry_ns;
        bool expires, stateful;
} Job;

static void job_release(void *userdata) {
        Job *job = userdata;
        free(job->project);
        free(job->name);
        free(job->snapshot);
        free(job->to);
        free(job);
}

static int reply(RestRequest *request, const char *description, const OperationHooks *hooks,
                 Job filled) {
        const Instance *instance = request->entity;
        Job *job = mem_new(Job);
        *job = filled;
        job->context = request->context;
        job->project = str_dup(instance->row.project);
        job->name = str_dup(instance->row.name);
        if (job->snapshot == NULL)
                job->snapshot = str_dup(instance->snapshot);
        return rest_reply_operation(
                request, rest_instance_operation(request, instance, description, hooks, job));
}

json_t *rest_instance_snapshots_json(RestContext *context, const Instance *items, size_t count) {
        json_t *array = json_array();
        for (size_t i = 0; i < count; i++) {
                ApiInstanceSnapshot api;
                instance_snapshot_to_api(&items[i],
                                         instance_snapshot_size(context->instances, &items[i]),
                                         &api);
                json_array_append_new(array, api_instance_snapshot_to_json(&api));
        }
        return array;
}

static char *snapshot_url(const Instance *instance, const char *snapshot) {
        return rest_url(instance->row.project, "instances", instance->row.name, "snapshots",
                        snapshot, NULL);
}

static int list_names(RestRequest *request, Error **err) {
        _cleanup_strlist_ StrList names = {.items = NULL};
        json_t *array = json_array();
        if (instance_snapshot_names(request->context->instances, request->entity, &names, err) <
            0) {
                json_decref(array);
                return -1;
        }
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_free_ char *url = snapshot_url(request->entity, names.items[i]);
                json_array_append_new(array, json_string_lossy(url));
        }
        return rest_reply_sync(request, array);
}

static int snapshots_get(RestRequest *request, Error **err) {
        _cleanup_(instance_list_done) InstanceList list = {.items = NULL};
        if (request->recursion == 0)
                return list_names(request, err);
        if (instance_snapshots_of(request->context->instances, request->entity, 1, &list, err) < 0)
                return -1;
        return rest_reply_sync(request, rest_instance_snapshots_json(request->context, list.items,
                                                                     list.count));
}

static int create_run(Operation *operation, void *userdata, Error **err) {
        Job *job = userdata;
        _cleanup_(instance_cleanup) Instance *instance = NULL;
        const SnapshotCreate create = {.name = job->snapshot,
                                       .expires = job->expires,
                                       .expiry_ns = job->expiry_ns,
                                       .stateful = job->stateful,
                                       .requestor = operation_requestor(operation)};
        if (instance_load(job->context->instances, job->project, job->name, &instance, err) < 0)
                return -1;
        return instance_snapshot(job->context->instances, instance, &create, err);
}

static int snapshots_post(RestRequest *request, Error **err) {
        static const OperationHooks hooks = {.run = create_run, .release = job_release};
        _cleanup_(api_instance_snapshots_post_done) ApiInstanceSnapshotsPost post;
        api_instance_snapshots_post_init(&post);
        if (api_instance_snapshots_post_read(request->body, &post, JSON_REPLACE, err) < 0 ||
            instance_snapshot_check(request->context->instances, request->entity, post.name, err) <
                    0)
                return -1;
        return reply(request, "Snapshotting instance", &hooks,
                     (Job) {.snapshot = str_dup(post.name != NULL ? post.name : ""),
                            .expires = json_has(request->body, "expires_at"),
                            .expiry_ns = post.expires_at,
                            .stateful = post.stateful});
}

static int snapshot_get(RestRequest *request, Error **err) {
        json_t *array = rest_instance_snapshots_json(request->context, request->entity, 1);
        json_t *object = json_incref(json_array_get(array, 0));
        json_decref(array);
        return rest_reply_sync(request, object);
}

static int job_load(const Job *job, Instance **ret, Error **err) {
        return instance_snapshot_load(job->context->instances, job->project, job->name,
                                      job->snapshot, ret, err);
}

static int update_run(Operation *operation, void *userdata, Error **err) {
        Job *job = userdata;
        _cleanup_(instance_cleanup) Instance *snapshot = NULL;
        if (job_load(job, &snapshot, err) < 0)
                return -1;
        return instance_snapshot_set_expiry(job->context->instances, snapshot, job->expiry_ns,
                                            operation_requestor(operation), err);
}

/* Without expires_at nothing changes, whether it is PUT or PATCH: as LXD has it. */
static int snapshot_put(RestRequest *request, Error **err) {
        static const OperationHooks hooks = {.run = update_run, .release = job_release};
        const Instance *snapshot = request->entity;
        _cleanup_(api_instance_snapshot_put_done) ApiInstanceSnapshotPut put;
        api_instance_snapshot_put_init(&put);
        put.expires_at = snapshot->expiry_ns;
        if (api_instance_snapshot_put_read(request->body, &put, JSON_PATCH, err) < 0)
                return -1;
        return reply(request, "Updating snapshot", &hooks, (Job) {.expiry_ns = put.expires_at});
}

static int rename_run(Operation *operation, void *userdata, Error **err) {
        Job *job = userdata;
        _cleanup_(instance_cleanup) Instance *snapshot = NULL;
        if (job_load(job, &snapshot, err) < 0)
                return -1;
        return instance_snapshot_rename(job->context->instances, snapshot, job->to,
                                        operation_requestor(operation), err);
}

static int check_rename(RestRequest *request, const char *to, Error **err) {
        const Instance *snapshot = request->entity;
        _cleanup_strlist_ StrList taken = {.items = NULL};
        if (instance_snapshot_check(request->context->instances, snapshot, to, err) < 0 ||
            instance_snapshot_names(request->context->instances, snapshot, &taken, err) < 0)
                return -1;
        if (strlist_has(&taken, to))
                return error_set(err, ERROR_EXISTS, 0, "Name '%s/%s' already in use",
                                 snapshot->row.name, to);
        return 0;
}

static int snapshot_post(RestRequest *request, Error **err) {
        static const OperationHooks hooks = {.run = rename_run, .release = job_release};
        _cleanup_(api_instance_snapshot_post_done) ApiInstanceSnapshotPost post;
        api_instance_snapshot_post_init(&post);
        if (api_instance_snapshot_post_read(request->body, &post, JSON_REPLACE, err) < 0)
                return -1;
        if (post.migration) {
                const ApiInstancePost send = {
                        .instance_only = true, .live = post.live, .target = post.target};
                return rest_instance_send(request, &send, err);
        }
        if (str_is_empty(post.name))
                return error_set(err, ERROR_INVALID, 0, "Response was missing `name`");
        if (check_rename(request, post.name, err) < 0)
                return -1;
        return reply(request, "Renaming snapshot", &hooks, (Job) {.to = str_dup(post.name)});
}

static int delete_run(Operation *operation, void *userdata, Error **err) {
        Job *job = userdata;
        _cleanup_(instance_cleanup) Instance *snapshot = NULL;
        if (job_load(job, &snapshot, err) < 0)
                return -1;
        return instance_snapshot_delete(job->context->instances, snapshot,
                                        operation_requestor(operation), err);
}

static int snapshot_delete(RestRequest *request, Error **err) {
        static const OperationHooks hooks = {.run = delete_run, .release = job_release};
        return reply(request, "Deleting snapshot", &hooks, (Job) {.to = NULL});
}

static int snapshot_load(RestRequest *request, Error **err) {
        Instance *snapshot;
        if (instance_snapshot_load(request->context->instances, request->project,
                                   request->parameters[0], request->parameters[1], &snapshot,
                                   err) < 0)
                return -1;
        request->entity = snapshot;
        return 0;
}

static json_t *snapshot_etag(RestRequest *request) {
        return instance_snapshot_etag(request->entity);
}

static void snapshot_unload(void *entity) {
        instance_free(entity);
}

static const RestEntity snapshot_entity = {
        .load = snapshot_load,
        .etag = snapshot_etag,
        .unload = snapshot_unload,
};

static const RestEndpoint endpoints[] = {
        {
                .path = "/1.0/instances/{name}/snapshots",
                .entity = &rest_instance_plain_entity,
                .get = {snapshots_get, REST_PROJECT},
                .post = {snapshots_post, REST_PROJECT, REST_JSON_BODY},
        },
        {
                .path = "/1.0/instances/{name}/snapshots/{snapshotName}",
                .entity = &snapshot_entity,
                .get = {snapshot_get, REST_PROJECT},
                .put = {snapshot_put, REST_PROJECT, REST_JSON_BODY},
                .patch = {snapshot_put, REST_PROJECT, REST_JSON_BODY},
                .post = {snapshot_post, REST_PROJECT, REST_JSON_BODY | REST_NO_ETAG},
                .delete = {snapshot_delete, REST_PROJECT, REST_NO_ETAG},
        },
};

const RestTable rest_instances_snapshots_table = {endpoints, ARRAY_SIZE(endpoints)};
