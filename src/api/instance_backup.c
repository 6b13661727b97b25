#include "api/instance_backup.h"

const JsonField api_instance_backups_post_fields[] = {
        JSON_STRING(ApiInstanceBackupsPost, name, 0),
        JSON_TIME(ApiInstanceBackupsPost, expires_at, 0),
        JSON_BOOLEAN(ApiInstanceBackupsPost, instance_only, 0),
        JSON_BOOLEAN(ApiInstanceBackupsPost, container_only, 0),
        JSON_BOOLEAN(ApiInstanceBackupsPost, optimized_storage, 0),
        JSON_STRING(ApiInstanceBackupsPost, compression_algorithm, 0),
        JSON_INTEGER(ApiInstanceBackupsPost, version, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_instance_backup_fields[] = {
        JSON_STRING(ApiInstanceBackup, name, 0),
        JSON_TIME(ApiInstanceBackup, created_at, 0),
        JSON_TIME(ApiInstanceBackup, expires_at, 0),
        JSON_BOOLEAN(ApiInstanceBackup, instance_only, 0),
        JSON_BOOLEAN(ApiInstanceBackup, container_only, 0),
        JSON_BOOLEAN(ApiInstanceBackup, optimized_storage, 0),
        JSON_END,
};

const JsonField api_instance_backup_post_fields[] = {
        JSON_STRING(ApiInstanceBackupPost, name, 0),
        JSON_END,
};
