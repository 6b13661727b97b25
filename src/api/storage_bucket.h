/* /1.0/storage-pools/{name}/buckets and their keys. Conventions: api/api.h. */
#pragma once

#include "api/api.h"

typedef struct ApiStorageBucketsPost {
        StrMap config;
        char *description;
        char *name;
} ApiStorageBucketsPost;
API_STRUCT(ApiStorageBucketsPost, api_storage_buckets_post)

typedef struct ApiStorageBucketPut {
        StrMap config;
        char *description;
} ApiStorageBucketPut;
API_STRUCT(ApiStorageBucketPut, api_storage_bucket_put)

typedef struct ApiStorageBucket {
        StrMap config;
        char *description;
        char *name;
        char *s3_url;
        char *location;
        char *project;
} ApiStorageBucket;
API_STRUCT(ApiStorageBucket, api_storage_bucket)

typedef struct ApiStorageBucketKeysPost {
        char *description;
        char *role;
        char *access_key;
        char *secret_key;
        char *name;
} ApiStorageBucketKeysPost;
API_STRUCT(ApiStorageBucketKeysPost, api_storage_bucket_keys_post)

typedef struct ApiStorageBucketKeyPut {
        char *description;
        char *role;
        char *access_key;
        char *secret_key;
} ApiStorageBucketKeyPut;
API_STRUCT(ApiStorageBucketKeyPut, api_storage_bucket_key_put)

typedef struct ApiStorageBucketKey {
        char *description;
        char *role;
        char *access_key;
        char *secret_key;
        char *name;
} ApiStorageBucketKey;
API_STRUCT(ApiStorageBucketKey, api_storage_bucket_key)
