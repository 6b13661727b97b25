/* /1.0/instances/{name}/snapshots. Conventions: api/api.h. */
#pragma once

#include "api/api.h"
#include "api/instance.h"

typedef struct ApiInstanceSnapshotsPost {
        char *name;
        bool stateful;
        int64_t expires_at;
} ApiInstanceSnapshotsPost;
API_STRUCT(ApiInstanceSnapshotsPost, api_instance_snapshots_post)

typedef struct ApiInstanceSnapshotPost {
        char *name;
        bool migration;
        struct ApiInstancePostTarget *target;
        bool live;
} ApiInstanceSnapshotPost;
API_STRUCT(ApiInstanceSnapshotPost, api_instance_snapshot_post)

typedef struct ApiInstanceSnapshotPut {
        int64_t expires_at;
} ApiInstanceSnapshotPut;
API_STRUCT(ApiInstanceSnapshotPut, api_instance_snapshot_put)

typedef struct ApiInstanceSnapshot {
        int64_t expires_at;
        char *architecture;
        StrMap config;
        int64_t created_at;
        DeviceMap devices;
        bool ephemeral;
        StrMap expanded_config;
        DeviceMap expanded_devices;
        int64_t last_used_at;
        char *name;
        StrList profiles;
        bool stateful;
        int64_t size;
} ApiInstanceSnapshot;
API_STRUCT(ApiInstanceSnapshot, api_instance_snapshot)
JSON_DEFINE_LIST(ApiInstanceSnapshot);
