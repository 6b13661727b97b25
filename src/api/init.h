/* The document that `init --preseed` reads and `init --dump` writes. Conventions: api/api.h. */
#pragma once

#include "api/api.h"
#include "api/cluster.h"
#include "api/profile.h"
#include "api/project.h"
#include "api/storage.h"
#include "api/storage_volume.h"

typedef struct ApiInitNetworksProjectPost {
        StrMap config;
        char *description;
        char *name;
        char *type;
        char *project;
} ApiInitNetworksProjectPost;
API_STRUCT(ApiInitNetworksProjectPost, api_init_networks_project_post)
JSON_DEFINE_LIST(ApiInitNetworksProjectPost);

typedef struct ApiInitClusterPreseed {
        char *server_name;
        bool enabled;
        ApiClusterMemberConfigKeyList member_config;
        char *cluster_address;
        char *cluster_certificate;
        char *server_address;
        char *cluster_password;
        char *cluster_certificate_path;
        char *cluster_token;
} ApiInitClusterPreseed;
API_STRUCT(ApiInitClusterPreseed, api_init_cluster_preseed)

typedef struct ApiInitStorageVolumesProjectPost {
        StrMap config;
        char *description;
        char *restore;
        char *name;
        char *type;
        ApiStorageVolumeSource source;
        char *content_type;
        char *pool;
        char *project;
} ApiInitStorageVolumesProjectPost;
API_STRUCT(ApiInitStorageVolumesProjectPost, api_init_storage_volumes_project_post)
JSON_DEFINE_LIST(ApiInitStorageVolumesProjectPost);

typedef struct ApiInitPreseed {
        json_t *config;
        ApiInitNetworksProjectPostList networks;
        ApiStoragePoolsPostList storage_pools;
        ApiInitStorageVolumesProjectPostList storage_volumes;
        ApiProfilesPostList profiles;
        ApiProjectsPostList projects;
        struct ApiInitClusterPreseed *cluster;
} ApiInitPreseed;
API_STRUCT(ApiInitPreseed, api_init_preseed)
