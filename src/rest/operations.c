/* /1.0/operations */
#include "rest/table.h"

#include "base/memory.h"
#include "base/times.h"
#include "http/server.h"
#include "json/json.h"
#include "rest/context.h"
#include "rest/envelope.h"

static int operation_load(RestRequest *request, Error **err) {
        Operation *operation;
        const char *project;
        if (operation_find(request->context->operations, request->parameters[0], &operation, err) <
            0)
                return -1;
        project = operation_project(operation);
        /* Operations of no project are nobody's secret; in a foreign one only the secret helps. */
        if (request->caller.restricted && project != NULL &&
            !rest_caller_may_use(request, project)) {
                request->caller.trusted = false;
                if (request->method->access != REST_GUEST) {
                        (void) operation_unref(operation);
                        return error_set(err, ERROR_FORBIDDEN, 0, "not authorized");
                }
        }
        request->entity = operation;
        return 0;
}

static void operation_unload(void *entity) {
        (void) operation_unref(entity);
}

static const RestEntity operation_entity = {
        .load = operation_load,
        .unload = operation_unload,
};

/* {"running": [...], "success": [...]}: by status, in order of creation. */
static int operations_get(RestRequest *request, Error **err) {
        Operation **list;
        const char *project = request->all_projects ? NULL : request->project;
        size_t count = operations_list(request->context->operations, project, &list);
        json_t *by_status = json_object();
        for (size_t i = 0; i < count; i++) {
                _cleanup_free_ char *status =
                        str_lower(operation_status_name(operation_status(list[i])));
                json_t *array = json_object_get(by_status, status);
                if (array == NULL) {
                        array = json_array();
                        json_object_set_new(by_status, status, array);
                }
                if (request->recursion > 0) {
                        json_array_append_new(array, operation_to_json(list[i]));
                } else {
                        _cleanup_free_ char *url = operation_url(list[i]);
                        json_array_append_new(array, json_string(url));
                }
                (void) operation_unref(list[i]);
        }
        free(list);
        return rest_reply_sync(request, by_status);
}

static int operation_get(RestRequest *request, Error **err) {
        return rest_reply_sync(request, operation_to_json(request->entity));
}

static int operation_delete(RestRequest *request, Error **err) {
        if (operation_cancel(request->entity, err) < 0)
                return -1;
        return rest_reply_empty(request);
}

/* A wait costs no thread: the connection is parked until the operation is final. */
typedef struct Wait {
        HttpParked *parked;
        OperationWatch *watch;
} Wait;

static void wait_done(Operation *operation, bool timed_out, void *userdata) {
        Wait *wait = userdata;
        _cleanup_json_ json_t *object = operation_to_json(operation);
        _cleanup_free_ char *metadata = json_dump_compact(object);
        size_t size;
        _cleanup_free_ char *body = rest_envelope_sync(metadata, &size);
        _cleanup_strmap_ StrMap headers = {};
        strmap_set(&headers, "Content-Type", "application/json");
        http_parked_reply(wait->parked, 200, &headers, body, size);
        free(wait);
}

static void wait_hangup(void *userdata) {
        Wait *wait = userdata;
        operation_unwatch(wait->watch);
        free(wait);
}

static int operation_wait_get(RestRequest *request, Error **err) {
        Operation *operation = request->entity;
        int64_t seconds = -1;
        const char *text = rest_query(request, "timeout");
        if (!str_is_empty(text) && !str_to_int64(text, &seconds))
                return error_set(err, ERROR_INVALID, 0, "Invalid timeout \"%s\": a number of "
                                                        "seconds is needed", text);
        if (!request->caller.trusted &&
            !operation_secret_matches(operation, rest_query(request, "secret")))
                return error_set(err, ERROR_FORBIDDEN, 0, "not authorized");
        if (seconds == 0 || operation_status(operation) >= 200)
                return rest_reply_sync(request, operation_to_json(operation));
        Wait *wait = mem_new(Wait);
        if (http_exchange_park(request->exchange, wait_hangup, wait, &wait->parked, err) < 0) {
                free(wait);
                return -1;
        }
        int64_t timeout = seconds < 0 || seconds > INT64_MAX / NS_PER_SECOND
                                  ? -1
                                  : seconds * NS_PER_SECOND;
        operation_watch(operation, timeout, wait_done, wait, &wait->watch);
        return rest_reply_taken(request);
}

static int operation_websocket_get(RestRequest *request, Error **err) {
        const char *secret = rest_query(request, "secret");
        if (str_is_empty(secret))
                return error_set(err, ERROR_INVALID, 0, "missing secret");
        if (operation_connect(request->entity, secret, request->exchange, err) < 0)
                return -1;
        return rest_reply_taken(request);
}

static const RestEndpoint endpoints[] = {
        {
                .path = "/1.0/operations",
                .get = {operations_get, REST_PROJECT, REST_WHEN_STARTING},
        },
        {
                .path = "/1.0/operations/{id}",
                .entity = &operation_entity,
                .get = {operation_get, REST_TRUSTED, REST_WHEN_STARTING},
                .delete = {operation_delete, REST_TRUSTED, REST_WHEN_STARTING},
        },
        {
                .path = "/1.0/operations/{id}/wait",
                .entity = &operation_entity,
                .get = {operation_wait_get, REST_GUEST, REST_WHEN_STARTING},
        },
        {
                .path = "/1.0/operations/{id}/websocket",
                .entity = &operation_entity,
                .get = {operation_websocket_get, REST_GUEST, REST_WHEN_STARTING},
        },
};

const RestTable rest_operations_table = {endpoints, ARRAY_SIZE(endpoints)};
