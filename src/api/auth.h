/* Identities, groups and permissions: /1.0/auth. Conventions: api/api.h. */
#pragma once

#include "api/api.h"

typedef struct ApiIdentity {
        StrList access_entitlements;
        char *authentication_method;
        char *type;
        char *id;
        char *name;
        StrList groups;
        char *tls_certificate;
        int64_t expires_at;
} ApiIdentity;
API_STRUCT(ApiIdentity, api_identity)

typedef struct ApiPermission {
        char *entity_type;
        char *url;
        char *entitlement;
} ApiPermission;
API_STRUCT(ApiPermission, api_permission)
JSON_DEFINE_LIST(ApiPermission);

typedef struct ApiIdentityInfo {
        StrList access_entitlements;
        char *authentication_method;
        char *type;
        char *id;
        char *name;
        StrList groups;
        char *tls_certificate;
        int64_t expires_at;
        StrList effective_groups;
        ApiPermissionList effective_permissions;
        bool fine_grained;
} ApiIdentityInfo;
API_STRUCT(ApiIdentityInfo, api_identity_info)

typedef struct ApiIdentityPut {
        StrList groups;
        char *tls_certificate;
} ApiIdentityPut;
API_STRUCT(ApiIdentityPut, api_identity_put)

typedef struct ApiIdentitiesTlsPost {
        char *name;
        char *trust_token;
        bool token;
        char *certificate;
        StrList groups;
} ApiIdentitiesTlsPost;
API_STRUCT(ApiIdentitiesTlsPost, api_identities_tls_post)

typedef struct ApiAuthGroup {
        StrList access_entitlements;
        char *name;
        char *description;
        ApiPermissionList permissions;
        json_t *identities;
        StrList identity_provider_groups;
} ApiAuthGroup;
API_STRUCT(ApiAuthGroup, api_auth_group)

typedef struct ApiAuthGroupsPost {
        char *name;
        char *description;
        ApiPermissionList permissions;
} ApiAuthGroupsPost;
API_STRUCT(ApiAuthGroupsPost, api_auth_groups_post)

typedef struct ApiAuthGroupPost {
        char *name;
} ApiAuthGroupPost;
API_STRUCT(ApiAuthGroupPost, api_auth_group_post)

typedef struct ApiAuthGroupPut {
        char *description;
        ApiPermissionList permissions;
} ApiAuthGroupPut;
API_STRUCT(ApiAuthGroupPut, api_auth_group_put)

typedef struct ApiIdentityProviderGroup {
        StrList access_entitlements;
        char *name;
        StrList groups;
} ApiIdentityProviderGroup;
API_STRUCT(ApiIdentityProviderGroup, api_identity_provider_group)

typedef struct ApiIdentityProviderGroupPost {
        char *name;
} ApiIdentityProviderGroupPost;
API_STRUCT(ApiIdentityProviderGroupPost, api_identity_provider_group_post)

typedef struct ApiIdentityProviderGroupPut {
        StrList groups;
} ApiIdentityProviderGroupPut;
API_STRUCT(ApiIdentityProviderGroupPut, api_identity_provider_group_put)

typedef struct ApiIdentityProviderGroupsPost {
        char *name;
        StrList groups;
} ApiIdentityProviderGroupsPost;
API_STRUCT(ApiIdentityProviderGroupsPost, api_identity_provider_groups_post)

typedef struct ApiPermissionInfo {
        char *entity_type;
        char *url;
        char *entitlement;
        StrList groups;
} ApiPermissionInfo;
API_STRUCT(ApiPermissionInfo, api_permission_info)
