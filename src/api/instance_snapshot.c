#include "api/instance_snapshot.h"

const JsonField api_instance_snapshots_post_fields[] = {
        JSON_STRING(ApiInstanceSnapshotsPost, name, 0),
        JSON_BOOLEAN(ApiInstanceSnapshotsPost, stateful, 0),
        JSON_TIME(ApiInstanceSnapshotsPost, expires_at, 0),
        JSON_END,
};

const JsonField api_instance_snapshot_post_fields[] = {
        JSON_STRING(ApiInstanceSnapshotPost, name, 0),
        JSON_BOOLEAN(ApiInstanceSnapshotPost, migration, 0),
        JSON_POINTER(ApiInstanceSnapshotPost, target, ApiInstancePostTarget,
                     api_instance_post_target_fields, 0),
        JSON_BOOLEAN(ApiInstanceSnapshotPost, live, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_instance_snapshot_put_fields[] = {
        JSON_TIME(ApiInstanceSnapshotPut, expires_at, 0),
        JSON_END,
};

const JsonField api_instance_snapshot_fields[] = {
        JSON_TIME(ApiInstanceSnapshot, expires_at, 0),
        JSON_STRING(ApiInstanceSnapshot, architecture, 0),
        JSON_STRMAP(ApiInstanceSnapshot, config, 0),
        JSON_TIME(ApiInstanceSnapshot, created_at, 0),
        JSON_DEVICEMAP(ApiInstanceSnapshot, devices, 0),
        JSON_BOOLEAN(ApiInstanceSnapshot, ephemeral, 0),
        JSON_STRMAP(ApiInstanceSnapshot, expanded_config, JSON_OMIT_EMPTY),
        JSON_DEVICEMAP(ApiInstanceSnapshot, expanded_devices, JSON_OMIT_EMPTY),
        JSON_TIME(ApiInstanceSnapshot, last_used_at, 0),
        JSON_STRING(ApiInstanceSnapshot, name, 0),
        JSON_STRLIST(ApiInstanceSnapshot, profiles, 0),
        JSON_BOOLEAN(ApiInstanceSnapshot, stateful, 0),
        JSON_INTEGER(ApiInstanceSnapshot, size, 0),
        JSON_END,
};
