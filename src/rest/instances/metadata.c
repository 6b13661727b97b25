/* /1.0/instances/{name}/metadata and its templates */
#include "rest/instances/instances.h"

#include "base/memory.h"
#include "http/server.h"
#include "instance/metadata.h"
#include "json/json.h"
#include "rest/context.h"

#define TEMPLATE_LIMIT ((size_t) 1 << 20)

static json_t *metadata_etag(RestRequest *request) {
        json_t *metadata;
        if (instance_metadata_get(request->context->instances, request->entity, &metadata, NULL) <
            0)
                return NULL;
        return metadata;
}

static int metadata_load(RestRequest *request, Error **err) {
        return rest_instance_plain_entity.load(request, err);
}

static void metadata_unload(void *entity) {
        instance_free(entity);
}

static const RestEntity metadata_entity = {
        .load = metadata_load,
        .etag = metadata_etag,
        .unload = metadata_unload,
};

static int metadata_get(RestRequest *request, Error **err) {
        json_t *metadata;
        if (instance_metadata_get(request->context->instances, request->entity, &metadata, err) <
            0)
                return -1;
        return rest_reply_sync(request, metadata);
}

static int metadata_put(RestRequest *request, Error **err) {
        _cleanup_json_ json_t *merged = NULL;
        if (rest_is_patch(request)) {
                if (instance_metadata_get(request->context->instances, request->entity, &merged,
                                          err) < 0)
                        return -1;
                json_object_update(merged, request->body);
        }
        if (instance_metadata_set(request->context->instances, request->entity,
                                  merged != NULL ? merged : request->body, err) < 0)
                return -1;
        return rest_reply_empty(request);
}

static int templates_get(RestRequest *request, Error **err) {
        const char *name = rest_query(request, "path");
        _cleanup_strlist_ StrList names = {};
        _cleanup_free_ char *data = NULL;
        size_t size;
        if (str_is_empty(name)) {
                if (instance_template_list(request->context->instances, request->entity, &names,
                                           err) < 0)
                        return -1;
                return rest_reply_sync(request, json_from_strlist(&names));
        }
        if (instance_template_get(request->context->instances, request->entity, name, &data, &size,
                                  err) < 0)
                return -1;
        strmap_set(&request->headers, "Content-Type", "application/octet-stream");
        (void) http_exchange_reply(request->exchange, 200, &request->headers, data, size, NULL);
        return rest_reply_taken(request);
}

static int missing_path(Error **err) {
        return error_set(err, ERROR_INVALID, 0, "missing path argument");
}

static int templates_post(RestRequest *request, Error **err) {
        const char *name = rest_query(request, "path");
        _cleanup_free_ char *data = NULL;
        size_t size;
        if (str_is_empty(name))
                return missing_path(err);
        if (http_exchange_read_all(request->exchange, TEMPLATE_LIMIT, &data, &size, err) < 0 ||
            instance_template_set(request->context->instances, request->entity, name, data, size,
                                  err) < 0)
                return -1;
        return rest_reply_empty(request);
}

static int templates_delete(RestRequest *request, Error **err) {
        const char *name = rest_query(request, "path");
        if (str_is_empty(name))
                return missing_path(err);
        if (instance_template_delete(request->context->instances, request->entity, name, err) < 0)
                return -1;
        return rest_reply_empty(request);
}

static const RestEndpoint endpoints[] = {
        {
                .path = "/1.0/instances/{name}/metadata",
                .entity = &metadata_entity,
                .get = {metadata_get, REST_PROJECT},
                .put = {metadata_put, REST_PROJECT, REST_JSON_BODY},
                .patch = {metadata_put, REST_PROJECT, REST_JSON_BODY},
        },
        {
                .path = "/1.0/instances/{name}/metadata/templates",
                .entity = &rest_instance_plain_entity,
                .get = {templates_get, REST_PROJECT},
                .post = {templates_post, REST_PROJECT},
                .delete = {templates_delete, REST_PROJECT},
        },
};

const RestTable rest_instances_metadata_table = {endpoints, ARRAY_SIZE(endpoints)};
