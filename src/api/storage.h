/* /1.0/storage-pools. Conventions: api/api.h. */
#pragma once

#include "api/api.h"
#include "api/resources_storage.h"

typedef struct ApiStoragePoolsPost {
        StrMap config;
        char *description;
        char *name;
        char *driver;
} ApiStoragePoolsPost;
API_STRUCT(ApiStoragePoolsPost, api_storage_pools_post)
JSON_DEFINE_LIST(ApiStoragePoolsPost);

typedef struct ApiStoragePool {
        StrMap config;
        char *description;
        char *name;
        char *driver;
        StrList used_by;
        char *status;
        StrList locations;
} ApiStoragePool;
API_STRUCT(ApiStoragePool, api_storage_pool)

typedef struct ApiStoragePoolPut {
        StrMap config;
        char *description;
} ApiStoragePoolPut;
API_STRUCT(ApiStoragePoolPut, api_storage_pool_put)

typedef struct ApiStoragePoolState {
        struct ApiResourcesStoragePoolSpace *space;
        struct ApiResourcesStoragePoolInodes *inodes;
} ApiStoragePoolState;
API_STRUCT(ApiStoragePoolState, api_storage_pool_state)
JSON_DEFINE_MAP(ApiStoragePoolState);
