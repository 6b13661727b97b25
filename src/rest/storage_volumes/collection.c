/* Lists of volumes. */
#include "rest/storage_volumes/storage_volumes.h"

#include "base/memory.h"
#include "rest/context.h"

static int add_all(RestRequest *request, Transaction *tx, const StorageVolumeQuery *query,
                   Error **err) {
        _cleanup_(storage_volume_row_list_done) StorageVolumeRowList rows = {};
        _cleanup_(storage_volume_user_list_done) StorageVolumeUserList users = {};
        RestList list;
        if (db_storage_volume_find(tx, query, &rows, err) < 0 ||
            db_storage_volume_users(tx, query->pool, &users, err) < 0 ||
            rest_list_begin(request, &list, err) < 0)
                return -1;
        for (size_t i = 0; i < rows.count; i++) {
                _cleanup_free_ char *url = rest_volume_url(rows.items[i].project, &rows.items[i]);
                rest_list_add(&list, url,
                              rest_list_wants_objects(&list)
                                      ? rest_volume_json(&rows.items[i], &users)
                                      : NULL);
        }
        return rest_list_reply(&list);
}

static int volumes_get(RestRequest *request, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(storage_pool_row_done) StoragePoolRow pool = {};
        StorageVolumeQuery query = {.pool = request->parameters[0], .type = -1, .snapshots = true};
        if (request->parameters[1] != NULL &&
            rest_volume_type_parse(request->parameters[1], &query.type, err) < 0)
                return -1;
        if (!request->all_projects) {
                query.project = request->project;
                query.custom_project = request->effective_project;
        }
        if (database_begin(request->context->database, DATABASE_READ, &tx, err) < 0 ||
            db_storage_pool_get(tx, query.pool, &pool, err) < 0)
                return -1;
        return add_all(request, tx, &query, err);
}

static const RestEndpoint endpoints[] = {
        {
                .path = "/1.0/storage-pools/{pool}/volumes",
                .project_feature = "features.storage.volumes",
                .get = {volumes_get, REST_PROJECT},
        },
        {
                .path = "/1.0/storage-pools/{pool}/volumes/{type}",
                .project_feature = "features.storage.volumes",
                .get = {volumes_get, REST_PROJECT},
        },
};

const RestTable rest_volumes_collection_table = {endpoints, ARRAY_SIZE(endpoints)};
