/* /1.0/storage-pools */
#include "rest/table.h"

#include "api/storage.h"
#include "base/memory.h"
#include "rest/context.h"
#include "schema/key.h"
#include "schema/names.h"
#include "storage/storage.h"

static int pool_load(RestRequest *request, Error **err) {
        StoragePool *pool;
        if (storage_pool_find(request->context->storage, request->parameters[0], &pool, err) < 0)
                return -1;
        request->entity = pool;
        return 0;
}

static void pool_unload(void *entity) {
        storage_pool_free(entity);
}

static json_t *pool_etag(RestRequest *request) {
        const StoragePool *pool = request->entity;
        json_t *value = json_array();
        json_array_append_new(value, json_string(pool->row.name));
        json_array_append_new(value, json_string(pool->row.driver));
        json_array_append_new(value, json_from_strmap(&pool->row.config));
        return value;
}

static const RestEntity pool_entity = {
        .load = pool_load,
        .etag = pool_etag,
        .unload = pool_unload,
};

static const char *const state_names[] = {
        [STORAGE_POOL_PENDING] = "Pending",
        [STORAGE_POOL_CREATED] = "Created",
        [STORAGE_POOL_ERRORED] = "Errored",
};

static const char *pool_status(RestRequest *request, const StoragePoolRow *row) {
        if (row->state == STORAGE_POOL_CREATED &&
            !storage_pool_is_available(request->context->storage, row->name))
                return "Unavailable";
        return row->state >= 0 && row->state <= STORAGE_POOL_ERRORED ? state_names[row->state]
                                                                     : "Unknown";
}

static json_t *pool_json(RestRequest *request, Transaction *tx, const StoragePoolRow *row,
                         Error **err) {
        StrList used_by = {}, locations = {};
        if (db_storage_pool_used_by(tx, row, &used_by, err) < 0)
                return NULL;
        strlist_add(&locations, "none");
        const ApiStoragePool pool = {
                .config = row->config,
                .description = row->description,
                .name = row->name,
                .driver = row->driver,
                .used_by = used_by,
                .status = (char *) pool_status(request, row),
                .locations = locations};
        json_t *object = api_storage_pool_to_json(&pool);
        strlist_done(&used_by);
        strlist_done(&locations);
        return object;
}

static int pools_get(RestRequest *request, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(storage_pool_row_list_done) StoragePoolRowList rows = {};
        RestList list;
        if (database_begin(request->context->database, DATABASE_READ, &tx, err) < 0 ||
            db_storage_pool_list(tx, &rows, err) < 0 || rest_list_begin(request, &list, err) < 0)
                return -1;
        for (size_t i = 0; i < rows.count; i++) {
                _cleanup_free_ char *url =
                        rest_url(NULL, "storage-pools", rows.items[i].name, NULL);
                json_t *object = rest_list_wants_objects(&list)
                                         ? pool_json(request, tx, &rows.items[i], err)
                                         : NULL;
                rest_list_add(&list, url, object);
        }
        return rest_list_reply(&list);
}

static int pool_get(RestRequest *request, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        const StoragePool *pool = request->entity;
        if (database_begin(request->context->database, DATABASE_READ, &tx, err) < 0)
                return -1;
        json_t *object = pool_json(request, tx, &pool->row, err);
        return object != NULL ? rest_reply_sync(request, object) : -1;
}

static void emit(RestRequest *request, const char *action, const char *name) {
        _cleanup_free_ char *source = rest_url(NULL, "storage-pools", name, NULL);
        rest_emit(request, action, source, NULL);
}

static int check_config(const char *driver, const char *name, const StrMap *config, Error **err) {
        const ConfigTable *table = config_pool_table(driver);
        if (storage_driver_find(driver) == NULL || table == NULL)
                return error_set(err, ERROR_INVALID, 0,
                                 "The storage driver \"%s\" is not supported", driver);
        return config_validate(table, name, config, err);
}

static int pools_post(RestRequest *request, Error **err) {
        _cleanup_(api_storage_pools_post_done) ApiStoragePoolsPost post;
        api_storage_pools_post_init(&post);
        if (api_storage_pools_post_read(request->body, &post, JSON_REPLACE, err) < 0)
                return -1;
        if (str_is_empty(post.name))
                return error_set(err, ERROR_INVALID, 0, "No name provided");
        if (str_is_empty(post.driver))
                return error_set(err, ERROR_INVALID, 0, "No driver provided");
        const StoragePoolRow row = {.name = post.name,
                                    .driver = post.driver,
                                    .description = post.description,
                                    .config = post.config};
        if (name_check_pool(post.name, err) < 0 ||
            check_config(post.driver, post.name, &post.config, err) < 0 ||
            storage_pool_create(request->context->storage, &row, err) < 0)
                return -1;
        emit(request, "storage-pool-created", post.name);
        return rest_reply_created(request, rest_url(NULL, "storage-pools", post.name, NULL));
}

static int pool_put(RestRequest *request, Error **err) {
        StoragePool *pool = request->entity;
        StoragePoolRow *row = &pool->row;
        ApiStoragePoolPut put = {.config = row->config, .description = row->description};
        row->config = (StrMap){};
        row->description = NULL;
        int result = api_storage_pool_put_read(
                request->body, &put, rest_is_patch(request) ? JSON_PATCH : JSON_REPLACE, err);
        row->config = put.config;
        row->description = put.description;
        if (result < 0 || check_config(row->driver, row->name, &row->config, err) < 0 ||
            storage_pool_update(request->context->storage, row->name, row->description,
                                &row->config, err) < 0)
                return -1;
        emit(request, "storage-pool-updated", row->name);
        return rest_reply_empty(request);
}

static int pool_delete(RestRequest *request, Error **err) {
        const StoragePool *pool = request->entity;
        if (storage_pool_delete(request->context->storage, pool->row.name, err) < 0)
                return -1;
        emit(request, "storage-pool-deleted", pool->row.name);
        return rest_reply_empty(request);
}

static int pool_resources_get(RestRequest *request, Error **err) {
        StorageUsage usage;
        if (storage_pool_usage(request->entity, &usage, err) < 0)
                return -1;
        return rest_reply_sync(
                request, json_pack("{s:{s:I, s:I}, s:{s:I, s:I}}", "space", "used",
                                   (json_int_t) usage.space_used, "total",
                                   (json_int_t) usage.space_total, "inodes", "used",
                                   (json_int_t) usage.inodes_used, "total",
                                   (json_int_t) usage.inodes_total));
}

static const RestEndpoint endpoints[] = {
        {
                .path = "/1.0/storage-pools",
                .get = {pools_get, REST_TRUSTED},
                .post = {pools_post, REST_ADMIN, REST_JSON_BODY},
        },
        {
                .path = "/1.0/storage-pools/{name}",
                .entity = &pool_entity,
                .get = {pool_get, REST_TRUSTED},
                .put = {pool_put, REST_ADMIN, REST_JSON_BODY},
                .patch = {pool_put, REST_ADMIN, REST_JSON_BODY},
                .delete = {pool_delete, REST_ADMIN, REST_NO_ETAG},
        },
        {
                .path = "/1.0/storage-pools/{name}/resources",
                .entity = &pool_entity,
                .get = {pool_resources_get, REST_TRUSTED, REST_NO_ETAG},
        },
};

const RestTable rest_storage_pools_table = {endpoints, ARRAY_SIZE(endpoints)};
