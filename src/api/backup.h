/* backup/index.yaml of a tarball, and backup.yaml in the volume of an instance. LXD reads and
 * writes the same. Conventions: api/api.h. */
#pragma once

#include "api/api.h"
#include "api/instance.h"
#include "api/instance_snapshot.h"
#include "api/profile.h"
#include "api/storage.h"
#include "api/storage_volume.h"

JSON_DEFINE_LIST(ApiProfile);
JSON_DEFINE_LIST(ApiStorageVolumeSnapshot);

/* Of an instance everything, of a custom volume pool, volume and volume_snapshots. */
typedef struct ApiBackupConfig {
        struct ApiInstance *container;
        ApiInstanceSnapshotList snapshots;
        struct ApiStoragePool *pool;
        ApiProfileList profiles;
        struct ApiStorageVolume *volume;
        ApiStorageVolumeSnapshotList volume_snapshots;
} ApiBackupConfig;
API_STRUCT(ApiBackupConfig, api_backup_config)

typedef struct ApiBackupIndex {
        char *name;
        char *backend; /* the pool's driver */
        char *pool;
        StrList snapshots;
        bool optimized;
        bool optimized_header;
        char *type; /* "container", "virtual-machine", "custom" */
        struct ApiBackupConfig *config;
} ApiBackupIndex;
API_STRUCT(ApiBackupIndex, api_backup_index)
