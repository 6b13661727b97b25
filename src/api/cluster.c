#include "api/cluster.h"

const JsonField api_cluster_member_config_key_fields[] = {
        JSON_STRING(ApiClusterMemberConfigKey, entity, 0),
        JSON_STRING(ApiClusterMemberConfigKey, name, 0),
        JSON_STRING(ApiClusterMemberConfigKey, key, 0),
        JSON_STRING(ApiClusterMemberConfigKey, value, 0),
        JSON_STRING(ApiClusterMemberConfigKey, description, 0),
        JSON_END,
};

const JsonField api_cluster_fields[] = {
        JSON_STRING(ApiCluster, server_name, 0),
        JSON_BOOLEAN(ApiCluster, enabled, 0),
        JSON_LIST(ApiCluster, member_config, ApiClusterMemberConfigKey,
                  api_cluster_member_config_key_fields, 0),
        JSON_END,
};

const JsonField api_cluster_put_fields[] = {
        JSON_STRING(ApiClusterPut, server_name, 0),
        JSON_BOOLEAN(ApiClusterPut, enabled, 0),
        JSON_LIST(ApiClusterPut, member_config, ApiClusterMemberConfigKey,
                  api_cluster_member_config_key_fields, 0),
        JSON_STRING(ApiClusterPut, cluster_address, 0),
        JSON_STRING(ApiClusterPut, cluster_certificate, 0),
        JSON_STRING(ApiClusterPut, server_address, 0),
        JSON_STRING(ApiClusterPut, cluster_password, 0),
        JSON_STRING(ApiClusterPut, cluster_token, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_cluster_members_post_fields[] = {
        JSON_STRING(ApiClusterMembersPost, server_name, 0),
        JSON_END,
};

const JsonField api_cluster_member_join_token_fields[] = {
        JSON_STRING(ApiClusterMemberJoinToken, server_name, 0),
        JSON_STRING(ApiClusterMemberJoinToken, fingerprint, 0),
        JSON_STRLIST(ApiClusterMemberJoinToken, addresses, 0),
        JSON_STRING(ApiClusterMemberJoinToken, secret, 0),
        JSON_TIME(ApiClusterMemberJoinToken, expires_at, 0),
        JSON_END,
};

const JsonField api_cluster_member_post_fields[] = {
        JSON_STRING(ApiClusterMemberPost, server_name, 0),
        JSON_END,
};

const JsonField api_cluster_member_fields[] = {
        JSON_STRLIST(ApiClusterMember, roles, 0),
        JSON_STRING(ApiClusterMember, failure_domain, 0),
        JSON_STRING(ApiClusterMember, description, 0),
        JSON_STRMAP(ApiClusterMember, config, 0),
        JSON_STRLIST(ApiClusterMember, groups, 0),
        JSON_STRING(ApiClusterMember, server_name, 0),
        JSON_STRING(ApiClusterMember, url, 0),
        JSON_BOOLEAN(ApiClusterMember, database, 0),
        JSON_STRING(ApiClusterMember, status, 0),
        JSON_STRING(ApiClusterMember, message, 0),
        JSON_STRING(ApiClusterMember, architecture, 0),
        JSON_END,
};

const JsonField api_cluster_member_put_fields[] = {
        JSON_STRLIST(ApiClusterMemberPut, roles, 0),
        JSON_STRING(ApiClusterMemberPut, failure_domain, 0),
        JSON_STRING(ApiClusterMemberPut, description, 0),
        JSON_STRMAP(ApiClusterMemberPut, config, 0),
        JSON_STRLIST(ApiClusterMemberPut, groups, 0),
        JSON_END,
};

const JsonField api_cluster_certificate_put_fields[] = {
        JSON_STRING(ApiClusterCertificatePut, cluster_certificate, 0),
        JSON_STRING(ApiClusterCertificatePut, cluster_certificate_key, 0),
        JSON_END,
};

const JsonField api_cluster_member_state_post_fields[] = {
        JSON_STRING(ApiClusterMemberStatePost, action, 0),
        JSON_STRING(ApiClusterMemberStatePost, mode, 0),
        JSON_END,
};

const JsonField api_cluster_groups_post_fields[] = {
        JSON_STRING(ApiClusterGroupsPost, description, 0),
        JSON_STRLIST(ApiClusterGroupsPost, members, 0),
        JSON_STRING(ApiClusterGroupsPost, name, 0),
        JSON_END,
};

const JsonField api_cluster_group_fields[] = {
        JSON_STRING(ApiClusterGroup, description, 0),
        JSON_STRLIST(ApiClusterGroup, members, 0),
        JSON_STRING(ApiClusterGroup, name, 0),
        JSON_STRLIST(ApiClusterGroup, used_by, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_cluster_group_post_fields[] = {
        JSON_STRING(ApiClusterGroupPost, name, 0),
        JSON_END,
};

const JsonField api_cluster_group_put_fields[] = {
        JSON_STRING(ApiClusterGroupPut, description, 0),
        JSON_STRLIST(ApiClusterGroupPut, members, 0),
        JSON_END,
};

const JsonField api_cluster_member_sys_info_fields[] = {
        JSON_INTEGER(ApiClusterMemberSysInfo, uptime, 0),
        JSON_VALUE(ApiClusterMemberSysInfo, load_averages, 0),
        JSON_INTEGER(ApiClusterMemberSysInfo, total_ram, 0),
        JSON_INTEGER(ApiClusterMemberSysInfo, free_ram, 0),
        JSON_INTEGER(ApiClusterMemberSysInfo, shared_ram, 0),
        JSON_INTEGER(ApiClusterMemberSysInfo, buffered_ram, 0),
        JSON_INTEGER(ApiClusterMemberSysInfo, total_swap, 0),
        JSON_INTEGER(ApiClusterMemberSysInfo, free_swap, 0),
        JSON_INTEGER(ApiClusterMemberSysInfo, processes, 0),
        JSON_INTEGER(ApiClusterMemberSysInfo, logical_cpus, 0),
        JSON_END,
};

const JsonField api_cluster_member_state_fields[] = {
        JSON_OBJECT(ApiClusterMemberState, sysinfo, ApiClusterMemberSysInfo,
                    api_cluster_member_sys_info_fields, 0),
        JSON_MAP(ApiClusterMemberState, storage_pools, ApiStoragePoolState,
                 api_storage_pool_state_fields, 0),
        JSON_END,
};
