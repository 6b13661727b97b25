/* An instance with state, snapshots and backups: recursion=2. Conventions: api/api.h. */
#pragma once

#include "api/api.h"
#include "api/instance_backup.h"
#include "api/instance_snapshot.h"
#include "api/instance_state.h"

typedef struct ApiInstanceFull {
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
        ApiInstanceBackupList backups;
        struct ApiInstanceState *state;
        ApiInstanceSnapshotList snapshots;
} ApiInstanceFull;
API_STRUCT(ApiInstanceFull, api_instance_full)
