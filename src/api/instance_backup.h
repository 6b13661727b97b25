/* /1.0/instances/{name}/backups. Conventions: api/api.h. */
#pragma once

#include "api/api.h"

typedef struct ApiInstanceBackupsPost {
        char *name;
        int64_t expires_at;
        bool instance_only;
        bool container_only;
        bool optimized_storage;
        char *compression_algorithm;
        int64_t version;
} ApiInstanceBackupsPost;
API_STRUCT(ApiInstanceBackupsPost, api_instance_backups_post)

typedef struct ApiInstanceBackup {
        char *name;
        int64_t created_at;
        int64_t expires_at;
        bool instance_only;
        bool container_only;
        bool optimized_storage;
} ApiInstanceBackup;
API_STRUCT(ApiInstanceBackup, api_instance_backup)
JSON_DEFINE_LIST(ApiInstanceBackup);

typedef struct ApiInstanceBackupPost {
        char *name;
} ApiInstanceBackupPost;
API_STRUCT(ApiInstanceBackupPost, api_instance_backup_post)
