/* /1.0/storage-pools/{name}/volumes, their snapshots, backups and state. Conventions: api/api.h. */
#pragma once

#include "api/api.h"

typedef struct ApiStorageVolumeSource {
        char *name;
        char *type;
        char *pool;
        char *certificate;
        char *mode;
        char *operation;
        StrMap secrets;
        bool volume_only;
        bool refresh;
        char *project;
        char *location;
} ApiStorageVolumeSource;
API_STRUCT(ApiStorageVolumeSource, api_storage_volume_source)

typedef struct ApiStorageVolumesPost {
        StrMap config;
        char *description;
        char *restore;
        char *name;
        char *type;
        ApiStorageVolumeSource source;
        char *content_type;
} ApiStorageVolumesPost;
API_STRUCT(ApiStorageVolumesPost, api_storage_volumes_post)

typedef struct ApiStorageVolumePostTarget {
        char *certificate;
        char *operation;
        StrMap secrets;
} ApiStorageVolumePostTarget;
API_STRUCT(ApiStorageVolumePostTarget, api_storage_volume_post_target)

typedef struct ApiStorageVolumePost {
        char *name;
        char *pool;
        bool migration;
        struct ApiStorageVolumePostTarget *target;
        bool volume_only;
        char *project;
        struct ApiStorageVolumeSource *source;
} ApiStorageVolumePost;
API_STRUCT(ApiStorageVolumePost, api_storage_volume_post)

typedef struct ApiStorageVolume {
        StrMap config;
        char *description;
        char *restore;
        char *name;
        char *type;
        StrList used_by;
        char *location;
        char *content_type;
        char *project;
        int64_t created_at;
        char *pool;
} ApiStorageVolume;
API_STRUCT(ApiStorageVolume, api_storage_volume)

typedef struct ApiStorageVolumePut {
        StrMap config;
        char *description;
        char *restore;
} ApiStorageVolumePut;
API_STRUCT(ApiStorageVolumePut, api_storage_volume_put)

typedef struct ApiStoragePoolVolumeBackup {
        char *name;
        int64_t created_at;
        int64_t expires_at;
        bool volume_only;
        bool optimized_storage;
} ApiStoragePoolVolumeBackup;
API_STRUCT(ApiStoragePoolVolumeBackup, api_storage_pool_volume_backup)

typedef struct ApiStoragePoolVolumeBackupsPost {
        char *name;
        int64_t expires_at;
        bool volume_only;
        bool optimized_storage;
        char *compression_algorithm;
        int64_t version;
} ApiStoragePoolVolumeBackupsPost;
API_STRUCT(ApiStoragePoolVolumeBackupsPost, api_storage_pool_volume_backups_post)

typedef struct ApiStoragePoolVolumeBackupPost {
        char *name;
} ApiStoragePoolVolumeBackupPost;
API_STRUCT(ApiStoragePoolVolumeBackupPost, api_storage_pool_volume_backup_post)

typedef struct ApiStorageVolumeSnapshotsPost {
        char *name;
        int64_t expires_at;
        char *description;
} ApiStorageVolumeSnapshotsPost;
API_STRUCT(ApiStorageVolumeSnapshotsPost, api_storage_volume_snapshots_post)

typedef struct ApiStorageVolumeSnapshotPost {
        char *name;
        bool migration;
        struct ApiStorageVolumePostTarget *target;
} ApiStorageVolumeSnapshotPost;
API_STRUCT(ApiStorageVolumeSnapshotPost, api_storage_volume_snapshot_post)

typedef struct ApiStorageVolumeSnapshot {
        char *description;
        int64_t expires_at;
        char *name;
        StrMap config;
        char *content_type;
        int64_t created_at;
} ApiStorageVolumeSnapshot;
API_STRUCT(ApiStorageVolumeSnapshot, api_storage_volume_snapshot)

typedef struct ApiStorageVolumeSnapshotPut {
        char *description;
        int64_t expires_at;
} ApiStorageVolumeSnapshotPut;
API_STRUCT(ApiStorageVolumeSnapshotPut, api_storage_volume_snapshot_put)

typedef struct ApiStorageVolumeStateUsage {
        int64_t used;
        int64_t total;
} ApiStorageVolumeStateUsage;
API_STRUCT(ApiStorageVolumeStateUsage, api_storage_volume_state_usage)

typedef struct ApiStorageVolumeState {
        struct ApiStorageVolumeStateUsage *usage;
} ApiStorageVolumeState;
API_STRUCT(ApiStorageVolumeState, api_storage_volume_state)
