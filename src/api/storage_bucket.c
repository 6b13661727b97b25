#include "api/storage_bucket.h"

const JsonField api_storage_buckets_post_fields[] = {
        JSON_STRMAP(ApiStorageBucketsPost, config, 0),
        JSON_STRING(ApiStorageBucketsPost, description, 0),
        JSON_STRING(ApiStorageBucketsPost, name, 0),
        JSON_END,
};

const JsonField api_storage_bucket_put_fields[] = {
        JSON_STRMAP(ApiStorageBucketPut, config, 0),
        JSON_STRING(ApiStorageBucketPut, description, 0),
        JSON_END,
};

const JsonField api_storage_bucket_fields[] = {
        JSON_STRMAP(ApiStorageBucket, config, 0),
        JSON_STRING(ApiStorageBucket, description, 0),
        JSON_STRING(ApiStorageBucket, name, 0),
        JSON_STRING(ApiStorageBucket, s3_url, 0),
        JSON_STRING(ApiStorageBucket, location, 0),
        JSON_STRING(ApiStorageBucket, project, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_storage_bucket_keys_post_fields[] = {
        JSON_STRING(ApiStorageBucketKeysPost, description, 0),
        JSON_STRING(ApiStorageBucketKeysPost, role, 0),
        JSON_STRING_AS(ApiStorageBucketKeysPost, access_key, "access-key", 0),
        JSON_STRING_AS(ApiStorageBucketKeysPost, secret_key, "secret-key", 0),
        JSON_STRING(ApiStorageBucketKeysPost, name, 0),
        JSON_END,
};

const JsonField api_storage_bucket_key_put_fields[] = {
        JSON_STRING(ApiStorageBucketKeyPut, description, 0),
        JSON_STRING(ApiStorageBucketKeyPut, role, 0),
        JSON_STRING_AS(ApiStorageBucketKeyPut, access_key, "access-key", 0),
        JSON_STRING_AS(ApiStorageBucketKeyPut, secret_key, "secret-key", 0),
        JSON_END,
};

const JsonField api_storage_bucket_key_fields[] = {
        JSON_STRING(ApiStorageBucketKey, description, 0),
        JSON_STRING(ApiStorageBucketKey, role, 0),
        JSON_STRING_AS(ApiStorageBucketKey, access_key, "access-key", 0),
        JSON_STRING_AS(ApiStorageBucketKey, secret_key, "secret-key", 0),
        JSON_STRING(ApiStorageBucketKey, name, 0),
        JSON_END,
};
