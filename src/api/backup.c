#include "api/backup.h"

const JsonField api_backup_config_fields[] = {
        JSON_POINTER(ApiBackupConfig, container, ApiInstance, api_instance_fields,
                     JSON_OMIT_EMPTY),
        JSON_LIST(ApiBackupConfig, snapshots, ApiInstanceSnapshot, api_instance_snapshot_fields,
                  JSON_OMIT_EMPTY),
        JSON_POINTER(ApiBackupConfig, pool, ApiStoragePool, api_storage_pool_fields,
                     JSON_OMIT_EMPTY),
        JSON_LIST(ApiBackupConfig, profiles, ApiProfile, api_profile_fields, JSON_OMIT_EMPTY),
        JSON_POINTER(ApiBackupConfig, volume, ApiStorageVolume, api_storage_volume_fields,
                     JSON_OMIT_EMPTY),
        JSON_LIST(ApiBackupConfig, volume_snapshots, ApiStorageVolumeSnapshot,
                  api_storage_volume_snapshot_fields, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_backup_index_fields[] = {
        JSON_STRING(ApiBackupIndex, name, 0),
        JSON_STRING(ApiBackupIndex, backend, 0),
        JSON_STRING(ApiBackupIndex, pool, 0),
        JSON_STRLIST(ApiBackupIndex, snapshots, JSON_OMIT_EMPTY),
        JSON_BOOLEAN(ApiBackupIndex, optimized, 0),
        JSON_BOOLEAN(ApiBackupIndex, optimized_header, 0),
        JSON_STRING(ApiBackupIndex, type, JSON_OMIT_EMPTY),
        JSON_POINTER(ApiBackupIndex, config, ApiBackupConfig, api_backup_config_fields,
                     JSON_OMIT_EMPTY),
        JSON_END,
};
