#include "api/auth.h"

const JsonField api_identity_fields[] = {
        JSON_STRLIST(ApiIdentity, access_entitlements, JSON_OMIT_EMPTY),
        JSON_STRING(ApiIdentity, authentication_method, 0),
        JSON_STRING(ApiIdentity, type, 0),
        JSON_STRING(ApiIdentity, id, 0),
        JSON_STRING(ApiIdentity, name, 0),
        JSON_STRLIST(ApiIdentity, groups, 0),
        JSON_STRING(ApiIdentity, tls_certificate, 0),
        JSON_TIME(ApiIdentity, expires_at, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_permission_fields[] = {
        JSON_STRING(ApiPermission, entity_type, 0),
        JSON_STRING(ApiPermission, url, 0),
        JSON_STRING(ApiPermission, entitlement, 0),
        JSON_END,
};

const JsonField api_identity_info_fields[] = {
        JSON_STRLIST(ApiIdentityInfo, access_entitlements, JSON_OMIT_EMPTY),
        JSON_STRING(ApiIdentityInfo, authentication_method, 0),
        JSON_STRING(ApiIdentityInfo, type, 0),
        JSON_STRING(ApiIdentityInfo, id, 0),
        JSON_STRING(ApiIdentityInfo, name, 0),
        JSON_STRLIST(ApiIdentityInfo, groups, 0),
        JSON_STRING(ApiIdentityInfo, tls_certificate, 0),
        JSON_TIME(ApiIdentityInfo, expires_at, JSON_OMIT_EMPTY),
        JSON_STRLIST(ApiIdentityInfo, effective_groups, 0),
        JSON_LIST(ApiIdentityInfo, effective_permissions, ApiPermission, api_permission_fields, 0),
        JSON_BOOLEAN(ApiIdentityInfo, fine_grained, 0),
        JSON_END,
};

const JsonField api_identity_put_fields[] = {
        JSON_STRLIST(ApiIdentityPut, groups, 0),
        JSON_STRING(ApiIdentityPut, tls_certificate, 0),
        JSON_END,
};

const JsonField api_identities_tls_post_fields[] = {
        JSON_STRING(ApiIdentitiesTlsPost, name, 0),
        JSON_STRING(ApiIdentitiesTlsPost, trust_token, 0),
        JSON_BOOLEAN(ApiIdentitiesTlsPost, token, 0),
        JSON_STRING(ApiIdentitiesTlsPost, certificate, 0),
        JSON_STRLIST(ApiIdentitiesTlsPost, groups, 0),
        JSON_END,
};

const JsonField api_auth_group_fields[] = {
        JSON_STRLIST(ApiAuthGroup, access_entitlements, JSON_OMIT_EMPTY),
        JSON_STRING(ApiAuthGroup, name, 0),
        JSON_STRING(ApiAuthGroup, description, 0),
        JSON_LIST(ApiAuthGroup, permissions, ApiPermission, api_permission_fields, 0),
        JSON_VALUE(ApiAuthGroup, identities, 0),
        JSON_STRLIST(ApiAuthGroup, identity_provider_groups, 0),
        JSON_END,
};

const JsonField api_auth_groups_post_fields[] = {
        JSON_STRING(ApiAuthGroupsPost, name, 0),
        JSON_STRING(ApiAuthGroupsPost, description, 0),
        JSON_LIST(ApiAuthGroupsPost, permissions, ApiPermission, api_permission_fields, 0),
        JSON_END,
};

const JsonField api_auth_group_post_fields[] = {
        JSON_STRING(ApiAuthGroupPost, name, 0),
        JSON_END,
};

const JsonField api_auth_group_put_fields[] = {
        JSON_STRING(ApiAuthGroupPut, description, 0),
        JSON_LIST(ApiAuthGroupPut, permissions, ApiPermission, api_permission_fields, 0),
        JSON_END,
};

const JsonField api_identity_provider_group_fields[] = {
        JSON_STRLIST(ApiIdentityProviderGroup, access_entitlements, JSON_OMIT_EMPTY),
        JSON_STRING(ApiIdentityProviderGroup, name, 0),
        JSON_STRLIST(ApiIdentityProviderGroup, groups, 0),
        JSON_END,
};

const JsonField api_identity_provider_group_post_fields[] = {
        JSON_STRING(ApiIdentityProviderGroupPost, name, 0),
        JSON_END,
};

const JsonField api_identity_provider_group_put_fields[] = {
        JSON_STRLIST(ApiIdentityProviderGroupPut, groups, 0),
        JSON_END,
};

const JsonField api_identity_provider_groups_post_fields[] = {
        JSON_STRING(ApiIdentityProviderGroupsPost, name, 0),
        JSON_STRLIST(ApiIdentityProviderGroupsPost, groups, 0),
        JSON_END,
};

const JsonField api_permission_info_fields[] = {
        JSON_STRING(ApiPermissionInfo, entity_type, 0),
        JSON_STRING(ApiPermissionInfo, url, 0),
        JSON_STRING(ApiPermissionInfo, entitlement, 0),
        JSON_STRLIST(ApiPermissionInfo, groups, 0),
        JSON_END,
};
