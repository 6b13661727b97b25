/* Members, groups and joining: /1.0/cluster. Conventions: api/api.h. */
#pragma once

#include "api/api.h"
#include "api/storage.h"

typedef struct ApiClusterMemberConfigKey {
        char *entity;
        char *name;
        char *key;
        char *value;
        char *description;
} ApiClusterMemberConfigKey;
API_STRUCT(ApiClusterMemberConfigKey, api_cluster_member_config_key)
JSON_DEFINE_LIST(ApiClusterMemberConfigKey);

typedef struct ApiCluster {
        char *server_name;
        bool enabled;
        ApiClusterMemberConfigKeyList member_config;
} ApiCluster;
API_STRUCT(ApiCluster, api_cluster)

typedef struct ApiClusterPut {
        char *server_name;
        bool enabled;
        ApiClusterMemberConfigKeyList member_config;
        char *cluster_address;
        char *cluster_certificate;
        char *server_address;
        char *cluster_password;
        char *cluster_token;
} ApiClusterPut;
API_STRUCT(ApiClusterPut, api_cluster_put)

typedef struct ApiClusterMembersPost {
        char *server_name;
} ApiClusterMembersPost;
API_STRUCT(ApiClusterMembersPost, api_cluster_members_post)

typedef struct ApiClusterMemberJoinToken {
        char *server_name;
        char *fingerprint;
        StrList addresses;
        char *secret;
        int64_t expires_at;
} ApiClusterMemberJoinToken;
API_STRUCT(ApiClusterMemberJoinToken, api_cluster_member_join_token)

typedef struct ApiClusterMemberPost {
        char *server_name;
} ApiClusterMemberPost;
API_STRUCT(ApiClusterMemberPost, api_cluster_member_post)

typedef struct ApiClusterMember {
        StrList roles;
        char *failure_domain;
        char *description;
        StrMap config;
        StrList groups;
        char *server_name;
        char *url;
        bool database;
        char *status;
        char *message;
        char *architecture;
} ApiClusterMember;
API_STRUCT(ApiClusterMember, api_cluster_member)

typedef struct ApiClusterMemberPut {
        StrList roles;
        char *failure_domain;
        char *description;
        StrMap config;
        StrList groups;
} ApiClusterMemberPut;
API_STRUCT(ApiClusterMemberPut, api_cluster_member_put)

typedef struct ApiClusterCertificatePut {
        char *cluster_certificate;
        char *cluster_certificate_key;
} ApiClusterCertificatePut;
API_STRUCT(ApiClusterCertificatePut, api_cluster_certificate_put)

typedef struct ApiClusterMemberStatePost {
        char *action;
        char *mode;
} ApiClusterMemberStatePost;
API_STRUCT(ApiClusterMemberStatePost, api_cluster_member_state_post)

typedef struct ApiClusterGroupsPost {
        char *description;
        StrList members;
        char *name;
} ApiClusterGroupsPost;
API_STRUCT(ApiClusterGroupsPost, api_cluster_groups_post)

typedef struct ApiClusterGroup {
        char *description;
        StrList members;
        char *name;
        StrList used_by;
} ApiClusterGroup;
API_STRUCT(ApiClusterGroup, api_cluster_group)

typedef struct ApiClusterGroupPost {
        char *name;
} ApiClusterGroupPost;
API_STRUCT(ApiClusterGroupPost, api_cluster_group_post)

typedef struct ApiClusterGroupPut {
        char *description;
        StrList members;
} ApiClusterGroupPut;
API_STRUCT(ApiClusterGroupPut, api_cluster_group_put)

typedef struct ApiClusterMemberSysInfo {
        int64_t uptime;
        json_t *load_averages;
        int64_t total_ram;
        int64_t free_ram;
        int64_t shared_ram;
        int64_t buffered_ram;
        int64_t total_swap;
        int64_t free_swap;
        int64_t processes;
        int64_t logical_cpus;
} ApiClusterMemberSysInfo;
API_STRUCT(ApiClusterMemberSysInfo, api_cluster_member_sys_info)

typedef struct ApiClusterMemberState {
        ApiClusterMemberSysInfo sysinfo;
        ApiStoragePoolStateMap storage_pools;
} ApiClusterMemberState;
API_STRUCT(ApiClusterMemberState, api_cluster_member_state)
