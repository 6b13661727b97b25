/* exec and console of /1.0/instances/{name} */
#include "rest/instances/instances.h"

#include "base/memory.h"
#include "http/server.h"
#include "instance/console.h"
#include "instance/exec.h"
#include "rest/context.h"

static Operation *session_operation(RestRequest *request, OperationClass class,
                                    const char *description, const OperationHooks *hooks,
                                    void *session) {
        const Instance *instance = request->entity;
        EventRequestor requestor = rest_requestor(request);
        Operation *operation = operation_new(request->context->operations,
                                             &(OperationSpec){.class = class,
                                                              .description = description,
                                                              .project = instance->row.project,
                                                              .hooks = hooks,
                                                              .userdata = session,
                                                              .requestor = &requestor});
        _cleanup_free_ char *url = instance_url(instance);
        operation_add_resource(operation, "instances", url);
        return operation;
}

static int exec_post(RestRequest *request, Error **err) {
        _cleanup_(api_instance_exec_post_done) ApiInstanceExecPost post;
        InstanceExec *session;
        api_instance_exec_post_init(&post);
        if (api_instance_exec_post_read(request->body, &post, JSON_REPLACE, err) < 0 ||
            instance_exec_new(request->context->instances, request->entity, &post, &session,
                              err) < 0)
                return -1;
        Operation *operation = session_operation(
                request,
                instance_exec_is_websocket(session) ? OPERATION_WEBSOCKET : OPERATION_TASK,
                "Executing command", &instance_exec_hooks, session);
        instance_exec_attach(session, operation);
        return rest_reply_operation(request, operation);
}

static int console_post(RestRequest *request, Error **err) {
        _cleanup_(api_instance_console_post_done) ApiInstanceConsolePost post;
        InstanceConsole *session;
        api_instance_console_post_init(&post);
        if (api_instance_console_post_read(request->body, &post, JSON_REPLACE, err) < 0 ||
            instance_console_new(request->context->instances, request->entity, &post, &session,
                                 err) < 0)
                return -1;
        Operation *operation = session_operation(request, OPERATION_WEBSOCKET, "Showing console",
                                                 &instance_console_hooks, session);
        instance_console_attach(session, operation);
        return rest_reply_operation(request, operation);
}

static int console_get(RestRequest *request, Error **err) {
        _cleanup_free_ char *data = NULL;
        size_t size;
        if (instance_console_log(request->context->instances, request->entity, &data, &size, err) <
            0)
                return -1;
        strmap_set(&request->headers, "Content-Type", "application/octet-stream");
        (void) http_exchange_reply(request->exchange, 200, &request->headers, data, size, NULL);
        return rest_reply_taken(request);
}

static int console_delete(RestRequest *request, Error **err) {
        if (instance_console_clear(request->context->instances, request->entity, err) < 0)
                return -1;
        return rest_reply_empty(request);
}

static const RestEndpoint endpoints[] = {
        {
                .path = "/1.0/instances/{name}/exec",
                .entity = &rest_instance_plain_entity,
                .post = {exec_post, REST_PROJECT, REST_JSON_BODY},
        },
        {
                .path = "/1.0/instances/{name}/console",
                .entity = &rest_instance_plain_entity,
                .get = {console_get, REST_PROJECT},
                .post = {console_post, REST_PROJECT, REST_JSON_BODY | REST_OPTIONAL_BODY},
                .delete = {console_delete, REST_PROJECT},
        },
};

const RestTable rest_instances_session_table = {endpoints, ARRAY_SIZE(endpoints)};
