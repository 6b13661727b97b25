#include "api/storage.h"

const JsonField api_storage_pools_post_fields[] = {
        JSON_STRMAP(ApiStoragePoolsPost, config, 0),
        JSON_STRING(ApiStoragePoolsPost, description, 0),
        JSON_STRING(ApiStoragePoolsPost, name, 0),
        JSON_STRING(ApiStoragePoolsPost, driver, 0),
        JSON_END,
};

const JsonField api_storage_pool_fields[] = {
        JSON_STRMAP(ApiStoragePool, config, 0),
        JSON_STRING(ApiStoragePool, description, 0),
        JSON_STRING(ApiStoragePool, name, 0),
        JSON_STRING(ApiStoragePool, driver, 0),
        JSON_STRLIST(ApiStoragePool, used_by, 0),
        JSON_STRING(ApiStoragePool, status, 0),
        JSON_STRLIST(ApiStoragePool, locations, 0),
        JSON_END,
};

const JsonField api_storage_pool_put_fields[] = {
        JSON_STRMAP(ApiStoragePoolPut, config, 0),
        JSON_STRING(ApiStoragePoolPut, description, 0),
        JSON_END,
};

const JsonField api_storage_pool_state_fields[] = {
        JSON_POINTER(ApiStoragePoolState, space, ApiResourcesStoragePoolSpace,
                     api_resources_storage_pool_space_fields, 0),
        JSON_POINTER(ApiStoragePoolState, inodes, ApiResourcesStoragePoolInodes,
                     api_resources_storage_pool_inodes_fields, 0),
        JSON_END,
};
