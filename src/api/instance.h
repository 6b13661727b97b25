/* /1.0/instances and its rename, move and rebuild. Conventions: api/api.h. */
#pragma once

#include "api/api.h"
#include "api/instance_state.h"

typedef struct ApiInstanceSource {
        char *type;
        char *certificate;
        char *alias;
        char *fingerprint;
        StrMap properties;
        char *server;
        char *secret;
        char *protocol;
        char *base_image;
        char *mode;
        char *operation;
        StrMap secrets;
        char *source;
        bool live;
        bool instance_only;
        bool container_only;
        bool refresh;
        char *project;
        bool allow_inconsistent;
        int64_t source_disk_size;
        StrList conversion_options;
        bool override_snapshot_profiles;
} ApiInstanceSource;
API_STRUCT(ApiInstanceSource, api_instance_source)

typedef struct ApiInstancesPost {
        char *architecture;
        StrMap config;
        DeviceMap devices;
        bool ephemeral;
        StrList profiles;
        char *restore;
        bool stateful;
        char *description;
        char *name;
        ApiInstanceSource source;
        char *instance_type;
        char *type;
        bool start;
} ApiInstancesPost;
API_STRUCT(ApiInstancesPost, api_instances_post)

typedef struct ApiInstancesPut {
        struct ApiInstanceStatePut *state;
} ApiInstancesPut;
API_STRUCT(ApiInstancesPut, api_instances_put)

typedef struct ApiInstancePostTarget {
        char *certificate;
        char *operation;
        StrMap secrets;
} ApiInstancePostTarget;
API_STRUCT(ApiInstancePostTarget, api_instance_post_target)

typedef struct ApiInstancePost {
        char *name;
        bool migration;
        bool live;
        bool instance_only;
        bool container_only;
        struct ApiInstancePostTarget *target;
        char *pool;
        char *project;
        bool allow_inconsistent;
        StrMap config;
        DeviceMap devices;
        StrList profiles;
        bool override_snapshot_profiles;
} ApiInstancePost;
API_STRUCT(ApiInstancePost, api_instance_post)

typedef struct ApiInstancePut {
        char *architecture;
        StrMap config;
        DeviceMap devices;
        bool ephemeral;
        StrList profiles;
        char *restore;
        bool stateful;
        char *description;
} ApiInstancePut;
API_STRUCT(ApiInstancePut, api_instance_put)

typedef struct ApiInstance {
        char *architecture;
        StrMap config;
        DeviceMap devices;
        bool ephemeral;
        StrList profiles;
        char *restore;
        bool stateful;
        char *description;
        int64_t created_at;
        StrMap expanded_config;
        DeviceMap expanded_devices;
        char *name;
        char *status;
        int64_t status_code;
        int64_t last_used_at;
        char *location;
        char *type;
        char *project;
} ApiInstance;
API_STRUCT(ApiInstance, api_instance)

typedef struct ApiInstanceRebuildPost {
        ApiInstanceSource source;
} ApiInstanceRebuildPost;
API_STRUCT(ApiInstanceRebuildPost, api_instance_rebuild_post)
