/* /1.0/networks */
#include "rest/table.h"

#include "api/network.h"
#include "base/memory.h"
#include "json/json.h"
#include "network/network.h"
#include "rest/context.h"

/* What the path names: a managed network, or an interface of the host. */
typedef struct NetworkEntity {
        NetworkRow row; /* of an interface: only the name and the type */
        bool managed;
} NetworkEntity;

static void entity_unload(void *entity) {
        NetworkEntity *network = entity;
        network_row_done(&network->row);
        free(network);
}

/* Interfaces are everybody's: a project with networks of its own does not see them. */
static bool sees_interfaces(const RestRequest *request) {
        return str_equal(request->effective_project, "default");
}

static int load_interface(const char *name, NetworkEntity *ret, Error **err) {
        _cleanup_(network_interface_list_done) NetworkInterfaceList list = {};
        if (network_interfaces(&list, err) < 0)
                return -1;
        for (size_t i = 0; i < list.count; i++)
                if (str_equal(list.items[i].name, name)) {
                        *ret = (NetworkEntity){.row = {.project = str_dup("default"),
                                                       .name = str_dup(name),
                                                       .description = str_dup(""),
                                                       .type = str_dup(list.items[i].type)}};
                        return 0;
                }
        return error_set(err, ERROR_NOT_FOUND, 0, "Network not found");
}

static int load(RestRequest *request, bool interfaces, Error **err) {
        _cleanup_error_ Error *failed = NULL;
        NetworkEntity network = {.managed = true};
        if (network_load(request->context->networks, request->project, request->parameters[0],
                         &network.row, &failed) < 0) {
                if (!interfaces || !sees_interfaces(request) ||
                    !error_is(failed, ERROR_NOT_FOUND))
                        return error_move(err, &failed);
                if (load_interface(request->parameters[0], &network, err) < 0)
                        return -1;
        }
        NetworkEntity *entity = mem_new(NetworkEntity);
        *entity = network;
        request->entity = entity;
        return 0;
}

static int any_load(RestRequest *request, Error **err) {
        bool shown = str_equal(request->method_name, "GET") ||
                     str_equal(request->method_name, "HEAD");
        if (load(request, shown, err) == 0)
                return 0;
        return shown ? -1 : error_prefix(err, "Failed loading network");
}

static int managed_load(RestRequest *request, Error **err) {
        if (load(request, false, err) < 0)
                return error_prefix(err, "Failed loading network");
        return 0;
}

static json_t *network_etag(RestRequest *request) {
        const NetworkEntity *network = request->entity;
        return json_pack("[s, b, s, s, o]", network->row.name, (int) network->managed,
                         network->row.type, network->row.description,
                         json_from_strmap(&network->row.config));
}

static const RestEntity any_entity = {
        .load = any_load,
        .etag = network_etag,
        .unload = entity_unload,
};

static const RestEntity managed_entity = {.load = managed_load, .unload = entity_unload};

/* Everything is borrowed. */
static json_t *network_json(RestRequest *request, const NetworkRow *row, bool managed,
                            const StrList *used_by) {
        StrList locations = {};
        if (managed)
                strlist_add(&locations, "none");
        const ApiNetwork network = {
                .config = row->config,
                .description = row->description,
                .name = row->name,
                .type = row->type,
                .used_by = *used_by,
                .managed = managed,
                .status = (char *) (managed ? network_status(request->context->networks, row)
                                            : ""),
                .locations = locations};
        json_t *object = api_network_to_json(&network);
        strlist_done(&locations);
        return object;
}

static int list_managed(RestRequest *request, RestList *list, const NetworkRowList *rows,
                        Error **err) {
        bool objects = rest_list_wants_objects(list);
        StrList *users = mem_new_array(StrList, rows->count + 1);
        int result = objects ? network_used_by_all(request->context->networks, rows, users, err)
                             : 0;
        for (size_t i = 0; i < rows->count; i++) {
                const NetworkRow *row = &rows->items[i];
                _cleanup_free_ char *url = rest_url(row->project, "networks", row->name, NULL);
                if (result == 0)
                        rest_list_add(list, url,
                                      objects ? network_json(request, row, true, &users[i])
                                              : NULL);
                strlist_done(&users[i]);
        }
        free(users);
        return result;
}

static bool is_managed(const NetworkRowList *rows, const char *interface) {
        for (size_t i = 0; i < rows->count; i++)
                if (str_equal(rows->items[i].name, interface))
                        return true;
        return false;
}

static int list_interfaces(RestRequest *request, RestList *list, const NetworkRowList *rows,
                           Error **err) {
        _cleanup_(network_interface_list_done) NetworkInterfaceList interfaces = {};
        bool objects = rest_list_wants_objects(list);
        if (network_interfaces(&interfaces, err) < 0)
                return -1;
        for (size_t i = 0; i < interfaces.count; i++) {
                const NetworkInterface *interface = &interfaces.items[i];
                const NetworkRow row = {.name = interface->name,
                                        .description = (char *) "",
                                        .type = (char *) interface->type};
                _cleanup_strlist_ StrList users = {};
                if (is_managed(rows, interface->name))
                        continue;
                if (objects && network_interface_used_by(request->context->networks,
                                                         interface->name, &users, err) < 0)
                        return -1;
                _cleanup_free_ char *url = rest_url(NULL, "networks", interface->name, NULL);
                rest_list_add(list, url,
                              objects ? network_json(request, &row, false, &users) : NULL);
        }
        return 0;
}

static int networks_get(RestRequest *request, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(network_row_list_done) NetworkRowList rows = {};
        RestList list;
        if (database_begin(request->context->database, DATABASE_READ, &tx, err) < 0 ||
            db_network_list(tx, request->effective_project, &rows, err) < 0)
                return -1;
        transaction_rollback(TAKE_PTR(tx));
        if (rest_list_begin(request, &list, err) < 0)
                return -1;
        if (list_managed(request, &list, &rows, err) == 0 &&
            (!sees_interfaces(request) || list_interfaces(request, &list, &rows, err) == 0))
                return rest_list_reply(&list);
        rest_list_drop(&list);
        return -1;
}

static int network_get(RestRequest *request, Error **err) {
        const NetworkEntity *network = request->entity;
        Networks *networks = request->context->networks;
        _cleanup_strlist_ StrList users = {};
        int result = network->managed ? network_used_by(networks, &network->row, &users, err)
                                      : network_interface_used_by(networks, network->row.name,
                                                                  &users, err);
        if (result < 0)
                return -1;
        return rest_reply_sync(request,
                               network_json(request, &network->row, network->managed, &users));
}

static void emit(RestRequest *request, const char *action, const char *name, const char *old) {
        _cleanup_free_ char *source = rest_url(NULL, "networks", name, NULL);
        json_t *context = old != NULL ? json_pack("{s:s}", "old_name", old) : NULL;
        rest_emit(request, action, source, context);
}

static int networks_post(RestRequest *request, Error **err) {
        _cleanup_(api_networks_post_done) ApiNetworksPost post;
        _cleanup_(network_row_done) NetworkRow row = {};
        bool own = !str_equal(request->effective_project, "default");
        api_networks_post_init(&post);
        if (api_networks_post_read(request->body, &post, JSON_REPLACE, err) < 0)
                return -1;
        if (str_is_empty(post.name))
                return error_set(err, ERROR_INVALID, 0, "No name provided");
        row = (NetworkRow){.project = str_dup(request->effective_project),
                           .name = str_dup(post.name),
                           .description = str_dup(post.description != NULL ? post.description
                                                                           : ""),
                           .type = str_dup(!str_is_empty(post.type) ? post.type
                                           : own                    ? "ovn"
                                                                    : "bridge")};
        strmap_copy(&row.config, &post.config);
        if (network_create(request->context->networks, &row, err) < 0)
                return -1;
        emit(request, "network-created", row.name, NULL);
        return rest_reply_created(request, rest_url(row.project, "networks", row.name, NULL));
}

static int network_put(RestRequest *request, Error **err) {
        NetworkEntity *network = request->entity;
        NetworkRow *row = &network->row;
        ApiNetworkPut put = {.config = row->config, .description = row->description};
        /* The row lends its parts to the body and takes them back changed. */
        row->config = (StrMap){};
        row->description = NULL;
        int result = api_network_put_read(request->body, &put,
                                          rest_is_patch(request) ? JSON_PATCH : JSON_REPLACE, err);
        row->config = put.config;
        row->description = put.description != NULL ? put.description : str_dup("");
        if (result < 0 || network_update(request->context->networks, row, err) < 0)
                return -1;
        emit(request, "network-updated", row->name, NULL);
        return rest_reply_empty(request);
}

static int network_post(RestRequest *request, Error **err) {
        _cleanup_(api_network_post_done) ApiNetworkPost post;
        const NetworkEntity *network = request->entity;
        const NetworkRow *row = &network->row;
        api_network_post_init(&post);
        if (api_network_post_read(request->body, &post, JSON_REPLACE, err) < 0)
                return -1;
        if (str_is_empty(post.name))
                return error_set(err, ERROR_INVALID, 0, "No name provided");
        if (network_rename(request->context->networks, row, post.name, err) < 0)
                return -1;
        emit(request, "network-renamed", post.name, row->name);
        return rest_reply_created(request, rest_url(row->project, "networks", post.name, NULL));
}

static int network_delete_one(RestRequest *request, Error **err) {
        const NetworkEntity *network = request->entity;
        if (network_delete(request->context->networks, &network->row, err) < 0)
                return -1;
        emit(request, "network-deleted", network->row.name, NULL);
        return rest_reply_empty(request);
}

static int state_get(RestRequest *request, Error **err) {
        _cleanup_(api_network_state_done) ApiNetworkState state;
        _cleanup_(network_row_done) NetworkRow row = {};
        _cleanup_free_ char *interface = NULL;
        _cleanup_error_ Error *failed = NULL;
        const char *name = request->parameters[0];
        api_network_state_init(&state);
        if (network_load(request->context->networks, request->project, name, &row, &failed) == 0)
                interface = network_host_interface(&row);
        else if (error_is(failed, ERROR_NOT_FOUND) && sees_interfaces(request))
                interface = str_dup(name);
        else
                return error_move(err, &failed);
        if (network_state(interface, &state, err) < 0)
                return -1;
        return rest_reply_sync(request, api_network_state_to_json(&state));
}

static int leases_get(RestRequest *request, Error **err) {
        const NetworkEntity *network = request->entity;
        _cleanup_(network_lease_list_done) ApiNetworkLeaseList leases = {};
        if (network_leases(request->context->networks, &network->row, request->project, &leases,
                           err) < 0)
                return -1;
        json_t *list = json_array();
        for (size_t i = 0; i < leases.count; i++)
                json_array_append_new(list, api_network_lease_to_json(&leases.items[i]));
        return rest_reply_sync(request, list);
}

static const RestEndpoint endpoints[] = {
        {
                .path = "/1.0/networks",
                .project_feature = NETWORKS_FEATURE,
                .get = {networks_get, REST_PROJECT},
                .post = {networks_post, REST_PROJECT, REST_JSON_BODY},
        },
        {
                .path = "/1.0/networks/{name}",
                .entity = &any_entity,
                .project_feature = NETWORKS_FEATURE,
                .get = {network_get, REST_PROJECT},
                .put = {network_put, REST_PROJECT, REST_JSON_BODY},
                .patch = {network_put, REST_PROJECT, REST_JSON_BODY},
                .post = {network_post, REST_PROJECT, REST_JSON_BODY | REST_NO_ETAG},
                .delete = {network_delete_one, REST_PROJECT, REST_NO_ETAG},
        },
        {
                .path = "/1.0/networks/{name}/leases",
                .entity = &managed_entity,
                .project_feature = NETWORKS_FEATURE,
                .get = {leases_get, REST_PROJECT, REST_NO_ETAG},
        },
        {
                .path = "/1.0/networks/{name}/state",
                .project_feature = NETWORKS_FEATURE,
                .get = {state_get, REST_PROJECT, REST_NO_ETAG},
        },
};

const RestTable rest_networks_table = {endpoints, ARRAY_SIZE(endpoints)};
