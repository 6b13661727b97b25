#include "api/init.h"

const JsonField api_init_networks_project_post_fields[] = {
        JSON_STRMAP(ApiInitNetworksProjectPost, config, 0),
        JSON_STRING(ApiInitNetworksProjectPost, description, 0),
        JSON_STRING(ApiInitNetworksProjectPost, name, 0),
        JSON_STRING(ApiInitNetworksProjectPost, type, 0),
        JSON_STRING(ApiInitNetworksProjectPost, project, 0),
        JSON_END,
};

const JsonField api_init_cluster_preseed_fields[] = {
        JSON_STRING(ApiInitClusterPreseed, server_name, 0),
        JSON_BOOLEAN(ApiInitClusterPreseed, enabled, 0),
        JSON_LIST(ApiInitClusterPreseed, member_config, ApiClusterMemberConfigKey,
                  api_cluster_member_config_key_fields, 0),
        JSON_STRING(ApiInitClusterPreseed, cluster_address, 0),
        JSON_STRING(ApiInitClusterPreseed, cluster_certificate, 0),
        JSON_STRING(ApiInitClusterPreseed, server_address, 0),
        JSON_STRING(ApiInitClusterPreseed, cluster_password, 0),
        JSON_STRING(ApiInitClusterPreseed, cluster_certificate_path, 0),
        JSON_STRING(ApiInitClusterPreseed, cluster_token, 0),
        JSON_END,
};

const JsonField api_init_storage_volumes_project_post_fields[] = {
        JSON_STRMAP(ApiInitStorageVolumesProjectPost, config, 0),
        JSON_STRING(ApiInitStorageVolumesProjectPost, description, 0),
        JSON_STRING(ApiInitStorageVolumesProjectPost, restore, JSON_OMIT_EMPTY),
        JSON_STRING(ApiInitStorageVolumesProjectPost, name, 0),
        JSON_STRING(ApiInitStorageVolumesProjectPost, type, 0),
        JSON_OBJECT(ApiInitStorageVolumesProjectPost, source, ApiStorageVolumeSource,
                    api_storage_volume_source_fields, 0),
        JSON_STRING(ApiInitStorageVolumesProjectPost, content_type, 0),
        JSON_STRING(ApiInitStorageVolumesProjectPost, pool, 0),
        JSON_STRING(ApiInitStorageVolumesProjectPost, project, 0),
        JSON_END,
};

const JsonField api_init_preseed_fields[] = {
        JSON_VALUE(ApiInitPreseed, config, 0),
        JSON_LIST(ApiInitPreseed, networks, ApiInitNetworksProjectPost,
                  api_init_networks_project_post_fields, 0),
        JSON_LIST(ApiInitPreseed, storage_pools, ApiStoragePoolsPost,
                  api_storage_pools_post_fields, 0),
        JSON_LIST(ApiInitPreseed, storage_volumes, ApiInitStorageVolumesProjectPost,
                  api_init_storage_volumes_project_post_fields, JSON_OMIT_EMPTY),
        JSON_LIST(ApiInitPreseed, profiles, ApiProfilesPost, api_profiles_post_fields, 0),
        JSON_LIST(ApiInitPreseed, projects, ApiProjectsPost, api_projects_post_fields, 0),
        JSON_POINTER(ApiInitPreseed, cluster, ApiInitClusterPreseed,
                     api_init_cluster_preseed_fields, 0),
        JSON_END,
};
