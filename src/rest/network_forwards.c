/* /1.0/networks/{name}/forwards */
#include "rest/table.h"

#include "base/memory.h"
#include "forward/forward.h"
#include "network/network.h"
#include "rest/context.h"

typedef struct ForwardEntity {
        NetworkRow network;
        NetworkObjectRow row; /* of one forward; empty for the list */
} ForwardEntity;

static void entity_unload(void *entity) {
        ForwardEntity *forward = entity;
        network_row_done(&forward->network);
        network_object_row_done(&forward->row);
        free(forward);
}

static int load_network(RestRequest *request, NetworkRow *ret, Error **err) {
        if (network_load(request->context->networks, request->project, request->parameters[0],
                         ret, err) < 0)
                return error_prefix(err, "Failed loading network");
        if (forward_check_network(ret, err) == 0)
                return 0;
        network_row_done(ret);
        return -1;
}

static int list_load(RestRequest *request, Error **err) {
        ForwardEntity forward = {};
        if (load_network(request, &forward.network, err) < 0)
                return -1;
        request->entity = mem_copy(&forward, sizeof forward);
        return 0;
}

static int item_load(RestRequest *request, Error **err) {
        if (list_load(request, err) < 0)
                return -1;
        ForwardEntity *forward = request->entity;
        return forward_get(request->context->forwards, &forward->network, request->parameters[1],
                           &forward->row, err);
}

static json_t *item_etag(RestRequest *request) {
        const ForwardEntity *forward = request->entity;
        return json_pack("[s, s, s, o]", forward->row.name, forward->row.description,
                         forward->row.texts[0], json_from_strmap(&forward->row.config));
}

static const RestEntity list_entity = {.load = list_load, .unload = entity_unload};
static const RestEntity item_entity = {
        .load = item_load, .etag = item_etag, .unload = entity_unload};

static json_t *forward_json(const NetworkObjectRow *row, Error **err) {
        _cleanup_(api_network_forward_done) ApiNetworkForward forward;
        api_network_forward_init(&forward);
        return forward_read(row, &forward, err) < 0 ? NULL : api_network_forward_to_json(&forward);
}

static char *forward_url(const RestRequest *request, const char *project, const char *address) {
        const ForwardEntity *forward = request->entity;
        return rest_url(project, "networks", forward->network.name, "forwards", address, NULL);
}

static int forwards_get(RestRequest *request, Error **err) {
        _cleanup_network_object_row_list_ NetworkObjectRowList rows = {};
        const ForwardEntity *forward = request->entity;
        RestList list;
        if (forward_list(request->context->forwards, &forward->network, &rows, err) < 0 ||
            rest_list_begin(request, &list, err) < 0)
                return -1;
        for (size_t i = 0; i < rows.count; i++) {
                _cleanup_free_ char *url =
                        forward_url(request, request->effective_project, rows.items[i].name);
                json_t *object =
                        rest_list_wants_objects(&list) ? forward_json(&rows.items[i], err) : NULL;
                rest_list_add(&list, url, object);
        }
        return rest_list_reply(&list);
}

static int forward_item_get(RestRequest *request, Error **err) {
        const ForwardEntity *forward = request->entity;
        json_t *object = forward_json(&forward->row, err);
        return object != NULL ? rest_reply_sync(request, object) : -1;
}

static void emit(RestRequest *request, const char *action, const char *address) {
        _cleanup_free_ char *source = forward_url(request, NULL, address);
        rest_emit(request, action, source, NULL);
}

static int forwards_post(RestRequest *request, Error **err) {
        _cleanup_(api_network_forwards_post_done) ApiNetworkForwardsPost post;
        _cleanup_free_ char *address = NULL;
        const ForwardEntity *forward = request->entity;
        api_network_forwards_post_init(&post);
        if (api_network_forwards_post_read(request->body, &post, JSON_REPLACE, err) < 0)
                return -1;
        if (forward_create(request->context->forwards, &forward->network, &post, &address, err) < 0)
                return error_prefix(err, "Failed creating forward");
        emit(request, "network-forward-created", address);
        return rest_reply_created(request,
                                  forward_url(request, request->effective_project, address));
}

static int forward_put(RestRequest *request, Error **err) {
        _cleanup_(api_network_forward_done) ApiNetworkForward before;
        const ForwardEntity *forward = request->entity;
        bool patch = rest_is_patch(request);
        api_network_forward_init(&before);
        if (patch && forward_read(&forward->row, &before, err) < 0)
                return -1;
        ApiNetworkForwardPut put = {.description = TAKE_PTR(before.description),
                                    .config = before.config,
                                    .ports = before.ports};
        before.config = (StrMap){};
        before.ports = (ApiNetworkForwardPortList){};
        int result = api_network_forward_put_read(request->body, &put,
                                                  patch ? JSON_PATCH : JSON_REPLACE, err);
        if (result == 0 && forward_update(request->context->forwards, &forward->network,
                                          &forward->row, &put, err) < 0)
                result = error_prefix(err, "Failed updating forward");
        api_network_forward_put_done(&put);
        if (result < 0)
                return -1;
        emit(request, "network-forward-updated", forward->row.name);
        return rest_reply_empty(request);
}

static int forward_item_delete(RestRequest *request, Error **err) {
        const ForwardEntity *forward = request->entity;
        if (forward_delete(request->context->forwards, &forward->network, &forward->row, err) < 0)
                return error_prefix(err, "Failed deleting forward");
        emit(request, "network-forward-deleted", forward->row.name);
        return rest_reply_empty(request);
}

#define FEATURE "features.networks"

static const RestEndpoint endpoints[] = {
        {
                .path = "/1.0/networks/{name}/forwards",
                .entity = &list_entity,
                .project_feature = FEATURE,
                .get = {forwards_get, REST_PROJECT},
                .post = {forwards_post, REST_PROJECT, REST_JSON_BODY},
        },
        {
                .path = "/1.0/networks/{name}/forwards/{address}",
                .entity = &item_entity,
                .project_feature = FEATURE,
                .get = {forward_item_get, REST_PROJECT},
                .put = {forward_put, REST_PROJECT, REST_JSON_BODY},
                .patch = {forward_put, REST_PROJECT, REST_JSON_BODY},
                .delete = {forward_item_delete, REST_PROJECT, REST_NO_ETAG},
        },
};

const RestTable rest_network_forwards_table = {endpoints, ARRAY_SIZE(endpoints)};
