/* One volume. */
#include "rest/storage_volumes/storage_volumes.h"

#include "rest/context.h"

static int volume_get(RestRequest *request, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(storage_volume_user_list_done) StorageVolumeUserList users = {};
        const StorageVolumeRow *row = request->entity;
        if (database_begin(request->context->database, DATABASE_READ, &tx, err) < 0 ||
            db_storage_volume_users(tx, row->pool, &users, err) < 0)
                return -1;
        return rest_reply_sync(request, rest_volume_json(row, &users));
}

static const RestEndpoint endpoints[] = {
        {
                .path = "/1.0/storage-pools/{pool}/volumes/{type}/{name}",
                .entity = &rest_volume_entity,
                .project_feature = "features.storage.volumes",
                .get = {volume_get, REST_PROJECT},
        },
};

const RestTable rest_volumes_item_table = {endpoints, ARRAY_SIZE(endpoints)};
