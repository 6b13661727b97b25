/* /1.0/instances/{name} and its state. */
#include "rest/instances/instances.h"

#include "api/instance.h"
#include "base/memory.h"
#include "instance/copy.h"
#include "instance/snapshots.h"
#include "instance/state.h"
#include "instance/update.h"
#include "rest/context.h"

/* An instance that is changed by an operation, later than the request lives. */
typedef struct Job {
        RestContext *context;
        char *project, *name;
        InstanceRow row;       /* update */
        char *to;              /* rename; restore: the snapshot */
        bool stateful;         /* restore */
        InstanceChange change; /* state */
        ApiInstancePost post;  /* move */
} Job;

static Job *job_new(RestRequest *request) {
        const Instance *instance = request->entity;
        Job *job = mem_new(Job);
        job->context = request->context;
        job->project = str_dup(instance->row.project);
        job->name = str_dup(instance->row.name);
        return job;
}

static void job_release(void *userdata) {
        Job *job = userdata;
        free(job->project);
        free(job->name);
        free(job->to);
        api_instance_post_done(&job->post);
        instance_row_done(&job->row);
        free(job);
}

static int job_load(const Job *job, Instance **ret, Error **err) {
        return instance_load(job->context->instances, job->project, job->name, ret, err);
}

static int instance_get(RestRequest *request, Error **err) {
        _cleanup_(rest_related_done) RestRelated related = {.snapshot_at = 0};
        json_t *object;
        if (request->recursion == 0)
                return rest_reply_sync(request, rest_instance_json(request->entity));
        if (rest_related_load(request, request->entity, 1, &related, err) < 0 ||
            rest_instance_full_json(request, request->entity, &related, &object, err) < 0)
                return -1;
        return rest_reply_sync(request, object);
}

static int update_run(Operation *operation, void *userdata, Error **err) {
        Job *job = userdata;
        _cleanup_(instance_cleanup) Instance *instance = NULL;
        if (job_load(job, &instance, err) < 0)
                return -1;
        return instance_update(job->context->instances, instance, &job->row,
                               operation_requestor(operation), err);
}

static const OperationHooks update_hooks = {.run = update_run, .release = job_release};

static int restore_run(Operation *operation, void *userdata, Error **err) {
        Job *job = userdata;
        _cleanup_(instance_cleanup) Instance *instance = NULL;
        const InstanceRestore restore = {.snapshot = job->to,
                                         .stateful = job->stateful,
                                         .requestor = operation_requestor(operation)};
        if (job_load(job, &instance, err) < 0)
                return -1;
        return instance_restore(job->context->instances, instance, &restore, err);
}

static const OperationHooks restore_hooks = {.run = restore_run, .release = job_release};

static int reply_restore(RestRequest *request, const char *snapshot) {
        Job *job = job_new(request);
        job->to = str_dup(snapshot);
        job->stateful = json_is_true(json_object_get(request->body, "stateful"));
        return rest_reply_operation(request,
                                    rest_instance_operation(request, request->entity,
                                                            "Restoring snapshot", &restore_hooks,
                                                            job));
}

static int read_put(RestRequest *request, InstanceRow *ret, Error **err) {
        const Instance *instance = request->entity;
        ApiInstancePut put;
        bool patch = rest_is_patch(request);
        if (patch)
                instance_to_put(instance, &put);
        else
                api_instance_put_init(&put);
        int result = api_instance_put_read(request->body, &put, patch ? JSON_PATCH : JSON_REPLACE,
                                           err);
        if (result == 0)
                result = instance_row_from_put(request->context->instances, instance, &put, ret,
                                               err);
        api_instance_put_done(&put);
        return result;
}

static int instance_put(RestRequest *request, Error **err) {
        InstanceRow row = {};
        const char *snapshot = json_string_value(json_object_get(request->body, "restore"));
        if (!str_is_empty(snapshot))
                return reply_restore(request, snapshot);
        if (read_put(request, &row, err) < 0)
                return -1;
        Job *job = job_new(request);
        job->row = row;
        return rest_reply_operation(request,
                                    rest_instance_operation(request, request->entity,
                                                            "Updating instance", &update_hooks,
                                                            job));
}

static int instance_patch(RestRequest *request, Error **err) {
        _cleanup_(instance_row_done) InstanceRow row = {};
        EventRequestor requestor = rest_requestor(request);
        if (read_put(request, &row, err) < 0 ||
            instance_update(request->context->instances, request->entity, &row, &requestor, err) <
                    0)
                return -1;
        return rest_reply_empty(request);
}

static int rename_run(Operation *operation, void *userdata, Error **err) {
        Job *job = userdata;
        _cleanup_(instance_cleanup) Instance *instance = NULL;
        if (job_load(job, &instance, err) < 0)
                return -1;
        return instance_rename(job->context->instances, instance, job->to,
                               operation_requestor(operation), err);
}

static const OperationHooks rename_hooks = {.run = rename_run, .release = job_release};

static int move_run(Operation *operation, void *userdata, Error **err) {
        Job *job = userdata;
        _cleanup_(instance_cleanup) Instance *instance = NULL;
        const InstanceMove move = {
                .name = job->post.name,
                .project = job->post.project,
                .pool = job->post.pool,
                .instance_only = job->post.instance_only || job->post.container_only,
                .live = job->post.live,
                .changes = &job->post,
                .operation = operation,
                .requestor = operation_requestor(operation)};
        if (job_load(job, &instance, err) < 0)
                return -1;
        return instance_move(job->context->instances, instance, &move, err);
}

static int reply_move(RestRequest *request, ApiInstancePost *post, Error **err) {
        static const OperationHooks hooks = {.run = move_run, .release = job_release};
        if (!str_is_empty(post->project) && !rest_caller_may_use(request, post->project))
                return error_set(err, ERROR_FORBIDDEN, 0, "Forbidden");
        Job *job = job_new(request);
        job->post = *post;
        job->post.live = post->live || !json_has(request->body, "live");
        api_instance_post_init(post);
        return rest_reply_operation(request,
                                    rest_instance_operation(request, request->entity,
                                                            "Migrating instance", &hooks, job));
}

static int instance_post(RestRequest *request, Error **err) {
        _cleanup_(api_instance_post_done) ApiInstancePost post;
        api_instance_post_init(&post);
        if (api_instance_post_read(request->body, &post, JSON_REPLACE, err) < 0)
                return -1;
        if (post.migration && str_is_empty(post.pool) && str_is_empty(post.project))
                return rest_instance_send(request, &post, err);
        if (post.migration)
                return reply_move(request, &post, err);
        if (str_is_empty(post.name))
                return error_set(err, ERROR_INVALID, 0, "No name provided");
        Job *job = job_new(request);
        job->to = str_dup(post.name);
        return rest_reply_operation(request,
                                    rest_instance_operation(request, request->entity,
                                                            "Renaming instance", &rename_hooks,
                                                            job));
}

static int delete_run(Operation *operation, void *userdata, Error **err) {
        Job *job = userdata;
        _cleanup_(instance_cleanup) Instance *instance = NULL;
        if (job_load(job, &instance, err) < 0)
                return -1;
        return instance_delete(job->context->instances, instance, operation_requestor(operation),
                               err);
}

static const OperationHooks delete_hooks = {.run = delete_run, .release = job_release};

static int instance_delete_request(RestRequest *request, Error **err) {
        const Instance *instance = request->entity;
        if (instance_is_running(instance))
                return error_set(err, ERROR_BAD_STATE, 0, "Instance is running");
        return rest_reply_operation(request,
                                    rest_instance_operation(request, instance, "Deleting instance",
                                                            &delete_hooks, job_new(request)));
}

static int state_get(RestRequest *request, Error **err) {
        ApiInstanceState state;
        api_instance_state_init(&state);
        _cleanup_(instance_state_cache_done) InstanceStateCache cache = {};
        int result = instance_state(request->context->instances, request->entity, &cache, &state,
                                    err);
        if (result == 0)
                result = rest_reply_sync(request,
                                         rest_instance_state_json(request->entity, &state));
        api_instance_state_done(&state);
        return result;
}

static int state_run(Operation *operation, void *userdata, Error **err) {
        Job *job = userdata;
        _cleanup_(instance_cleanup) Instance *instance = NULL;
        if (job_load(job, &instance, err) < 0)
                return -1;
        job->change.requestor = operation_requestor(operation);
        return instance_change_state(job->context->instances, instance, &job->change, err);
}

static const OperationHooks state_hooks = {.run = state_run, .release = job_release};

static int state_put(RestRequest *request, Error **err) {
        _cleanup_(api_instance_state_put_done) ApiInstanceStatePut put;
        InstanceChange change = {};
        api_instance_state_put_init(&put);
        put.timeout = -1;
        if (api_instance_state_put_read(request->body, &put, JSON_REPLACE, err) < 0 ||
            instance_action_parse(put.action, &change.action, err) < 0)
                return -1;
        change.timeout_seconds = put.timeout;
        change.force = put.force;
        change.stateful = put.stateful;
        Job *job = job_new(request);
        job->change = change;
        return rest_reply_operation(
                request, rest_instance_operation(request, request->entity,
                                                 instance_action_description(change.action),
                                                 &state_hooks, job));
}

static const RestEndpoint endpoints[] = {
        {
                .path = "/1.0/instances/{name}",
                .entity = &rest_instance_entity,
                .get = {instance_get, REST_PROJECT},
                .put = {instance_put, REST_PROJECT, REST_JSON_BODY},
                .patch = {instance_patch, REST_PROJECT, REST_JSON_BODY},
                .post = {instance_post, REST_PROJECT, REST_JSON_BODY | REST_NO_ETAG},
                .delete = {instance_delete_request, REST_PROJECT, REST_NO_ETAG},
        },
        {
                .path = "/1.0/instances/{name}/state",
                .entity = &rest_instance_plain_entity,
                .get = {state_get, REST_PROJECT},
                .put = {state_put, REST_PROJECT, REST_JSON_BODY},
        },
};

const RestTable rest_instances_item_table = {endpoints, ARRAY_SIZE(endpoints)};
