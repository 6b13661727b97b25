#include "api/storage_volume.h"

const JsonField api_storage_volume_source_fields[] = {
        JSON_STRING(ApiStorageVolumeSource, name, 0),
        JSON_STRING(ApiStorageVolumeSource, type, 0),
        JSON_STRING(ApiStorageVolumeSource, pool, 0),
        JSON_STRING(ApiStorageVolumeSource, certificate, 0),
        JSON_STRING(ApiStorageVolumeSource, mode, JSON_OMIT_EMPTY),
        JSON_STRING(ApiStorageVolumeSource, operation, JSON_OMIT_EMPTY),
        JSON_STRMAP(ApiStorageVolumeSource, secrets, JSON_OMIT_EMPTY),
        JSON_BOOLEAN(ApiStorageVolumeSource, volume_only, 0),
        JSON_BOOLEAN(ApiStorageVolumeSource, refresh, 0),
        JSON_STRING(ApiStorageVolumeSource, project, JSON_OMIT_EMPTY),
        JSON_STRING(ApiStorageVolumeSource, location, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_storage_volumes_post_fields[] = {
        JSON_STRMAP(ApiStorageVolumesPost, config, 0),
        JSON_STRING(ApiStorageVolumesPost, description, 0),
        JSON_STRING(ApiStorageVolumesPost, restore, JSON_OMIT_EMPTY),
        JSON_STRING(ApiStorageVolumesPost, name, 0),
        JSON_STRING(ApiStorageVolumesPost, type, 0),
        JSON_OBJECT(ApiStorageVolumesPost, source, ApiStorageVolumeSource,
                    api_storage_volume_source_fields, 0),
        JSON_STRING(ApiStorageVolumesPost, content_type, 0),
        JSON_END,
};

const JsonField api_storage_volume_post_target_fields[] = {
        JSON_STRING(ApiStorageVolumePostTarget, certificate, 0),
        JSON_STRING(ApiStorageVolumePostTarget, operation, JSON_OMIT_EMPTY),
        JSON_STRMAP(ApiStorageVolumePostTarget, secrets, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_storage_volume_post_fields[] = {
        JSON_STRING(ApiStorageVolumePost, name, 0),
        JSON_STRING(ApiStorageVolumePost, pool, JSON_OMIT_EMPTY),
        JSON_BOOLEAN(ApiStorageVolumePost, migration, 0),
        JSON_POINTER(ApiStorageVolumePost, target, ApiStorageVolumePostTarget,
                     api_storage_volume_post_target_fields, 0),
        JSON_BOOLEAN(ApiStorageVolumePost, volume_only, 0),
        JSON_STRING(ApiStorageVolumePost, project, JSON_OMIT_EMPTY),
        JSON_POINTER(ApiStorageVolumePost, source, ApiStorageVolumeSource,
                     api_storage_volume_source_fields, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_storage_volume_fields[] = {
        JSON_STRMAP(ApiStorageVolume, config, 0),
        JSON_STRING(ApiStorageVolume, description, 0),
        JSON_STRING(ApiStorageVolume, restore, JSON_OMIT_EMPTY),
        JSON_STRING(ApiStorageVolume, name, 0),
        JSON_STRING(ApiStorageVolume, type, 0),
        JSON_STRLIST(ApiStorageVolume, used_by, 0),
        JSON_STRING(ApiStorageVolume, location, 0),
        JSON_STRING(ApiStorageVolume, content_type, 0),
        JSON_STRING(ApiStorageVolume, project, 0),
        JSON_TIME(ApiStorageVolume, created_at, 0),
        JSON_STRING(ApiStorageVolume, pool, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_storage_volume_put_fields[] = {
        JSON_STRMAP(ApiStorageVolumePut, config, 0),
        JSON_STRING(ApiStorageVolumePut, description, 0),
        JSON_STRING(ApiStorageVolumePut, restore, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_storage_pool_volume_backup_fields[] = {
        JSON_STRING(ApiStoragePoolVolumeBackup, name, 0),
        JSON_TIME(ApiStoragePoolVolumeBackup, created_at, 0),
        JSON_TIME(ApiStoragePoolVolumeBackup, expires_at, 0),
        JSON_BOOLEAN(ApiStoragePoolVolumeBackup, volume_only, 0),
        JSON_BOOLEAN(ApiStoragePoolVolumeBackup, optimized_storage, 0),
        JSON_END,
};

const JsonField api_storage_pool_volume_backups_post_fields[] = {
        JSON_STRING(ApiStoragePoolVolumeBackupsPost, name, 0),
        JSON_TIME(ApiStoragePoolVolumeBackupsPost, expires_at, 0),
        JSON_BOOLEAN(ApiStoragePoolVolumeBackupsPost, volume_only, 0),
        JSON_BOOLEAN(ApiStoragePoolVolumeBackupsPost, optimized_storage, 0),
        JSON_STRING(ApiStoragePoolVolumeBackupsPost, compression_algorithm, 0),
        JSON_INTEGER(ApiStoragePoolVolumeBackupsPost, version, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_storage_pool_volume_backup_post_fields[] = {
        JSON_STRING(ApiStoragePoolVolumeBackupPost, name, 0),
        JSON_END,
};

const JsonField api_storage_volume_snapshots_post_fields[] = {
        JSON_STRING(ApiStorageVolumeSnapshotsPost, name, 0),
        JSON_TIME(ApiStorageVolumeSnapshotsPost, expires_at, 0),
        JSON_STRING(ApiStorageVolumeSnapshotsPost, description, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_storage_volume_snapshot_post_fields[] = {
        JSON_STRING(ApiStorageVolumeSnapshotPost, name, 0),
        JSON_BOOLEAN(ApiStorageVolumeSnapshotPost, migration, JSON_OMIT_EMPTY),
        JSON_POINTER(ApiStorageVolumeSnapshotPost, target, ApiStorageVolumePostTarget,
                     api_storage_volume_post_target_fields, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_storage_volume_snapshot_fields[] = {
        JSON_STRING(ApiStorageVolumeSnapshot, description, 0),
        JSON_TIME(ApiStorageVolumeSnapshot, expires_at, 0),
        JSON_STRING(ApiStorageVolumeSnapshot, name, 0),
        JSON_STRMAP(ApiStorageVolumeSnapshot, config, 0),
        JSON_STRING(ApiStorageVolumeSnapshot, content_type, 0),
        JSON_TIME(ApiStorageVolumeSnapshot, created_at, 0),
        JSON_END,
};

const JsonField api_storage_volume_snapshot_put_fields[] = {
        JSON_STRING(ApiStorageVolumeSnapshotPut, description, 0),
        JSON_TIME(ApiStorageVolumeSnapshotPut, expires_at, 0),
        JSON_END,
};

const JsonField api_storage_volume_state_usage_fields[] = {
        JSON_INTEGER(ApiStorageVolumeStateUsage, used, JSON_OMIT_EMPTY),
        JSON_INTEGER(ApiStorageVolumeStateUsage, total, 0),
        JSON_END,
};

const JsonField api_storage_volume_state_fields[] = {
        JSON_POINTER(ApiStorageVolumeState, usage, ApiStorageVolumeStateUsage,
                     api_storage_volume_state_usage_fields, 0),
        JSON_END,
};
