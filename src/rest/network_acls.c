/* /1.0/network-acls */
#include "rest/table.h"

#include "acl/acl.h"
#include "base/memory.h"
#include "database/projects.h"
#include "rest/context.h"

static int acl_load(RestRequest *request, Error **err) {
        NetworkObjectRow row = {};
        if (acl_get(request->context->acls, request->effective_project, request->parameters[0],
                    &row, err) < 0)
                return -1;
        NetworkObjectRow *entity = mem_new(NetworkObjectRow);
        *entity = row;
        request->entity = entity;
        return 0;
}

static void acl_unload(void *entity) {
        network_object_row_done(entity);
        free(entity);
}

static json_t *acl_etag(RestRequest *request) {
        const NetworkObjectRow *row = request->entity;
        return json_pack("[s, s, s, s, o]", row->name, row->description, row->texts[0],
                         row->texts[1], json_from_strmap(&row->config));
}

static const RestEntity acl_entity = {
        .load = acl_load,
        .etag = acl_etag,
        .unload = acl_unload,
};

static json_t *acl_json(Transaction *tx, const char *project, const NetworkObjectRow *row,
                        Error **err) {
        _cleanup_(api_network_acl_done) ApiNetworkAcl acl;
        api_network_acl_init(&acl);
        if (acl_read(row, &acl, err) < 0 ||
            acl_used_by(tx, project, row->name, &acl.used_by, err) < 0)
                return NULL;
        return api_network_acl_to_json(&acl);
}

static int acls_get(RestRequest *request, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_network_object_row_list_ NetworkObjectRowList rows = {};
        const char *project = request->effective_project;
        int64_t owner;
        RestList list;
        if (database_begin(request->context->database, DATABASE_READ, &tx, err) < 0 ||
            db_project_id(tx, project, &owner, err) < 0 ||
            db_network_object_list(tx, NETWORK_ACL, owner, &rows, err) < 0 ||
            rest_list_begin(request, &list, err) < 0)
                return -1;
        for (size_t i = 0; i < rows.count; i++) {
                _cleanup_free_ char *url =
                        rest_url(project, "network-acls", rows.items[i].name, NULL);
                json_t *object = rest_list_wants_objects(&list)
                                         ? acl_json(tx, project, &rows.items[i], err)
                                         : NULL;
                rest_list_add(&list, url, object);
        }
        return rest_list_reply(&list);
}

static int acl_item_get(RestRequest *request, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        if (database_begin(request->context->database, DATABASE_READ, &tx, err) < 0)
                return -1;
        json_t *object = acl_json(tx, request->effective_project, request->entity, err);
        return object != NULL ? rest_reply_sync(request, object) : -1;
}

static void emit(RestRequest *request, const char *action, const char *name, const char *old) {
        _cleanup_free_ char *source = rest_url(NULL, "network-acls", name, NULL);
        json_t *context = old != NULL ? json_pack("{s:s}", "old_name", old) : NULL;
        rest_emit(request, action, source, context);
}

static int created(RestRequest *request, const char *name) {
        return rest_reply_created(
                request, rest_url(request->effective_project, "network-acls", name, NULL));
}

static int acls_post(RestRequest *request, Error **err) {
        _cleanup_(api_network_acls_post_done) ApiNetworkAclsPost post;
        api_network_acls_post_init(&post);
        if (api_network_acls_post_read(request->body, &post, JSON_REPLACE, err) < 0)
                return -1;
        ApiNetworkAclPut content = {.description = post.description,
                                    .ingress = post.ingress,
                                    .egress = post.egress,
                                    .config = post.config};
        if (acl_create(request->context->acls, request->effective_project, post.name, &content,
                       err) < 0)
                return -1;
        emit(request, "network-acl-created", post.name, NULL);
        return created(request, post.name);
}

static int acl_put(RestRequest *request, Error **err) {
        _cleanup_(api_network_acl_done) ApiNetworkAcl acl;
        const NetworkObjectRow *row = request->entity;
        api_network_acl_init(&acl);
        if (rest_is_patch(request) && acl_read(row, &acl, err) < 0)
                return -1;
        ApiNetworkAclPut content = {.description = TAKE_PTR(acl.description),
                                    .ingress = acl.ingress,
                                    .egress = acl.egress,
                                    .config = acl.config};
        acl.ingress = acl.egress = (ApiNetworkAclRuleList){};
        acl.config = (StrMap){};
        int result = api_network_acl_put_read(request->body, &content,
                                              rest_is_patch(request) ? JSON_PATCH : JSON_REPLACE,
                                              err);
        if (result == 0)
                result = acl_update(request->context->acls, request->effective_project, row,
                                    &content, err);
        api_network_acl_put_done(&content);
        if (result < 0)
                return -1;
        emit(request, "network-acl-updated", row->name, NULL);
        return rest_reply_empty(request);
}

static int acl_post(RestRequest *request, Error **err) {
        _cleanup_(api_network_acl_post_done) ApiNetworkAclPost post;
        const NetworkObjectRow *row = request->entity;
        api_network_acl_post_init(&post);
        if (api_network_acl_post_read(request->body, &post, JSON_REPLACE, err) < 0 ||
            acl_rename(request->context->acls, request->effective_project, row->name, post.name,
                       err) < 0)
                return -1;
        emit(request, "network-acl-renamed", post.name, row->name);
        return created(request, post.name);
}

static int acl_item_delete(RestRequest *request, Error **err) {
        const NetworkObjectRow *row = request->entity;
        if (acl_delete(request->context->acls, request->effective_project, row->name, err) < 0)
                return -1;
        emit(request, "network-acl-deleted", row->name, NULL);
        return rest_reply_empty(request);
}

#define FEATURE "features.networks"

static const RestEndpoint endpoints[] = {
        {
                .path = "/1.0/network-acls",
                .project_feature = FEATURE,
                .get = {acls_get, REST_PROJECT},
                .post = {acls_post, REST_PROJECT, REST_JSON_BODY},
        },
        {
                .path = "/1.0/network-acls/{name}",
                .entity = &acl_entity,
                .project_feature = FEATURE,
                .get = {acl_item_get, REST_PROJECT},
                .put = {acl_put, REST_PROJECT, REST_JSON_BODY},
                .patch = {acl_put, REST_PROJECT, REST_JSON_BODY},
                .post = {acl_post, REST_PROJECT, REST_JSON_BODY | REST_NO_ETAG},
                .delete = {acl_item_delete, REST_PROJECT, REST_NO_ETAG},
        },
};

const RestTable rest_network_acls_table = {endpoints, ARRAY_SIZE(endpoints)};
