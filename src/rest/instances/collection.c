/* /1.0/instances: lists, creation, changes of many. */
#include "rest/instances/instances.h"

#include "base/memory.h"
#include "instance/copy.h"
#include "instance/create.h"
#include "instance/state.h"
#include "rest/bytes.h"
#include "rest/context.h"
#include "rest/image_upload.h"

/* Lists are written as text when nothing has to be filtered: thousands of trees cost more than
 * the query. */
static int list_as_text(RestRequest *request, const InstanceList *list) {
        StrBuf text = {};
        JsonWriter writer = {.out = &text};
        json_writer_array_begin(&writer);
        for (size_t i = 0; i < list->count; i++) {
                ApiInstance api;
                instance_to_api(&list->items[i], &api);
                api_instance_write(&writer, &api);
        }
        json_writer_array_end(&writer);
        return rest_reply_text(request, strbuf_take(&text));
}

static char *collection_url(const RestRequest *request, const Instance *instance) {
        return rest_url(instance->row.project, request->collection, instance->row.name, NULL);
}

static int add_filtered(RestList *reply, const Instance *instance, RestRelated *related,
                        Error **err) {
        RestRequest *request = reply->request;
        _cleanup_free_ char *url = collection_url(request, instance);
        json_t *object = NULL;
        if (request->recursion == 2 &&
            rest_instance_full_json(request, instance, related, &object, err) < 0)
                return -1;
        if (request->recursion != 2 && rest_list_wants_objects(reply))
                object = rest_instance_json(instance);
        rest_list_add(reply, url, object);
        return 0;
}

static int list_filtered(RestRequest *request, const InstanceList *list, Error **err) {
        _cleanup_(rest_related_done) RestRelated related = {.snapshot_at = 0};
        RestList reply;
        if ((request->recursion == 2 &&
             rest_related_load(request, list->items, list->count, &related, err) < 0) ||
            rest_list_begin(request, &reply, err) < 0)
                return -1;
        for (size_t i = 0; i < list->count; i++)
                if (add_filtered(&reply, &list->items[i], &related, err) < 0)
                        return -1;
        return rest_list_reply(&reply);
}

static int list_names(RestRequest *request, Error **err) {
        _cleanup_strlist_ StrList names = {};
        StrBuf text = {};
        JsonWriter writer = {.out = &text};
        if (instance_names(request->context->instances, request->project, &names, err) < 0)
                return -1;
        json_writer_array_begin(&writer);
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_free_ char *url =
                        rest_url(request->project, request->collection, names.items[i], NULL);
                json_writer_string(&writer, url);
        }
        json_writer_array_end(&writer);
        return rest_reply_text(request, strbuf_take(&text));
}

static int instances_get(RestRequest *request, Error **err) {
        _cleanup_(instance_list_done) InstanceList list = {};
        const char *type = rest_query(request, "instance-type");
        bool machines = str_equal(request->collection, "virtual-machines") ||
                        str_equal(type, "virtual-machine");
        if (!str_is_empty(type) && !machines && !str_equal(type, "container"))
                return error_set(err, ERROR_INVALID, 0, "Invalid instance type \"%s\"", type);
        bool filtered = !str_is_empty(rest_query(request, "filter"));
        if (!machines && request->recursion == 0 && !request->all_projects && !filtered)
                return list_names(request, err);
        /* There are only containers: a list of machines is empty. */
        if (!machines &&
            instance_list(request->context->instances,
                          request->all_projects ? NULL : request->project, &list, err) < 0)
                return -1;
        if (request->recursion == 1 && !filtered)
                return list_as_text(request, &list);
        return list_filtered(request, &list, err);
}

typedef struct Creation {
        RestContext *context;
        InstanceCreate create;
} Creation;

static void creation_release(void *userdata) {
        Creation *creation = userdata;
        instance_create_done(&creation->create);
        free(creation);
}

static int creation_run(Operation *operation, void *userdata, Error **err) {
        Creation *creation = userdata;
        return instance_create(creation->context->instances, &creation->create, operation,
                               operation_requestor(operation), err);
}

static const OperationHooks creation_hooks = {
        .run = creation_run,
        .release = creation_release,
};

static int prepare(RestRequest *request, ApiInstancesPost *post, InstanceCreate *create,
                   Error **err) {
        if (rest_image_take_remote(request, &post->source, err) < 0 ||
            instance_create_from_api(post, request->project, json_has(request->body, "profiles"),
                                     create, err) < 0)
                return -1;
        return instance_create_prepare(request->context->instances, create, err);
}

static int reply_creation(RestRequest *request, const OperationHooks *hooks, void *userdata,
                          const char *name, const char *source) {
        EventRequestor requestor = rest_requestor(request);
        Operation *operation =
                operation_new(request->context->operations,
                              &(OperationSpec){.class = OPERATION_TASK,
                                               .description = "Creating instance",
                                               .project = request->project,
                                               .hooks = hooks,
                                               .userdata = userdata,
                                               .requestor = &requestor});
        _cleanup_free_ char *path = str_printf("/1.0/instances/%s", name);
        operation_add_resource(operation, "instances", path);
        if (source != NULL) {
                _cleanup_free_ char *from = str_printf("/1.0/instances/%s", source);
                operation_add_resource(operation, "instances", from);
        }
        return rest_reply_operation(request, operation);
}

static int create(RestRequest *request, ApiInstancesPost *post, Error **err) {
        Creation *creation = mem_new(Creation);
        creation->context = request->context;
        if (prepare(request, post, &creation->create, err) < 0) {
                creation_release(creation);
                return -1;
        }
        return reply_creation(request, &creation_hooks, creation, creation->create.row.name, NULL);
}

typedef struct Copy {
        RestContext *context;
        InstanceCopy copy;
} Copy;

static void copy_release(void *userdata) {
        Copy *copy = userdata;
        instance_copy_done(&copy->copy);
        free(copy);
}

static int copy_run(Operation *operation, void *userdata, Error **err) {
        Copy *copy = userdata;
        return instance_copy(copy->context->instances, &copy->copy, operation,
                             operation_requestor(operation), err);
}

static int copy(RestRequest *request, const ApiInstancesPost *post, Error **err) {
        static const OperationHooks hooks = {.run = copy_run, .release = copy_release};
        const char *project = post->source.project;
        if (!str_is_empty(project) && !rest_caller_may_use(request, project))
                return error_set(err, ERROR_FORBIDDEN, 0, "Forbidden");
        Copy *job = mem_new(Copy);
        job->context = request->context;
        if (instance_copy_from_api(request->context->instances, post, request->project,
                                   json_has(request->body, "profiles"), &job->copy, err) < 0) {
                copy_release(job);
                return -1;
        }
        return reply_creation(request, &hooks, job, job->copy.create.row.name, job->copy.source);
}

/* By the type of the source; the default makes one of an image, or empty. */
static const struct {
        const char *type;
        int (*run)(RestRequest *request, const ApiInstancesPost *post, Error **err);
} sources[] = {
        {"copy", copy},
        {"migration", rest_instance_receive},
};

static int instances_post(RestRequest *request, Error **err) {
        _cleanup_(api_instances_post_done) ApiInstancesPost post;
        if (str_equal(request->collection, "virtual-machines"))
                return error_set(err, ERROR_UNSUPPORTED, 0, "Virtual machines are not supported");
        api_instances_post_init(&post);
        if (rest_has_bytes(request))
                return rest_instance_import(request, err);
        if (api_instances_post_read(request->body, &post, JSON_REPLACE, err) < 0)
                return -1;
        for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
                if (str_equal(sources[i].type, post.source.type))
                        return sources[i].run(request, &post, err);
        return create(request, &post, err);
}

typedef struct BulkChange {
        RestContext *context;
        char *project;
        InstanceChange change;
} BulkChange;

static void bulk_release(void *userdata) {
        BulkChange *bulk = userdata;
        free(bulk->project);
        free(bulk);
}

/* Whether the action makes sense for what the instance is doing: others are left as they are. */
static bool is_concerned(const Instance *instance, InstanceAction action) {
        if (action == INSTANCE_ACTION_START)
                return instance->status == INSTANCE_STOPPED;
        if (action == INSTANCE_ACTION_UNFREEZE)
                return instance->status == INSTANCE_FROZEN;
        if (action == INSTANCE_ACTION_FREEZE)
                return instance_is_running(instance) && instance->status != INSTANCE_FROZEN;
        return instance->status != INSTANCE_STOPPED;
}

static int bulk_run(Operation *operation, void *userdata, Error **err) {
        BulkChange *bulk = userdata;
        _cleanup_(instance_list_done) InstanceList list = {};
        _cleanup_strbuf_ StrBuf failures = {};
        if (instance_list(bulk->context->instances, bulk->project, &list, err) < 0)
                return -1;
        bulk->change.requestor = operation_requestor(operation);
        for (size_t i = 0; i < list.count; i++) {
                _cleanup_error_ Error *failed = NULL;
                if (is_concerned(&list.items[i], bulk->change.action) &&
                    instance_change_state(bulk->context->instances, &list.items[i], &bulk->change,
                                          &failed) < 0)
                        strbuf_printf(&failures, "%sInstance \"%s\": %s",
                                      failures.length > 0 ? "; " : "", list.items[i].row.name,
                                      error_message(failed));
        }
        if (failures.length > 0)
                return error_set(err, ERROR_INTERNAL, 0, "%s", failures.data);
        return 0;
}

static const OperationHooks bulk_hooks = {.run = bulk_run, .release = bulk_release};

static int instances_put(RestRequest *request, Error **err) {
        _cleanup_(api_instances_put_done) ApiInstancesPut put;
        InstanceChange change = {};
        api_instances_put_init(&put);
        if (api_instances_put_read(request->body, &put, JSON_REPLACE, err) < 0)
                return -1;
        if (put.state == NULL)
                return error_set(err, ERROR_INVALID, 0, "\"state\" is required");
        if (instance_action_parse(put.state->action, &change.action, err) < 0)
                return -1;
        change.timeout_seconds = put.state->timeout;
        change.force = put.state->force;
        change.stateful = put.state->stateful;
        BulkChange *bulk = mem_new(BulkChange);
        *bulk = (BulkChange){request->context, str_dup(request->project), change};
        EventRequestor requestor = rest_requestor(request);
        return rest_reply_operation(
                request,
                operation_new(request->context->operations,
                              &(OperationSpec){.class = OPERATION_TASK,
                                               .description = instance_action_description(
                                                       change.action),
                                               .project = request->project,
                                               .hooks = &bulk_hooks,
                                               .userdata = bulk,
                                               .requestor = &requestor}));
}

static const RestEndpoint endpoints[] = {
        {
                .path = "/1.0/instances",
                .get = {instances_get, REST_PROJECT},
                .post = {instances_post, REST_PROJECT, REST_JSON_BODY | REST_OR_BYTES},
                .put = {instances_put, REST_PROJECT, REST_JSON_BODY},
        },
};

const RestTable rest_instances_collection_table = {endpoints, ARRAY_SIZE(endpoints)};
