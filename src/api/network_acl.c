#include "api/network_acl.h"

const JsonField api_network_acl_rule_fields[] = {
        JSON_STRING(ApiNetworkAclRule, action, 0),
        JSON_STRING(ApiNetworkAclRule, source, JSON_OMIT_EMPTY),
        JSON_STRING(ApiNetworkAclRule, destination, JSON_OMIT_EMPTY),
        JSON_STRING(ApiNetworkAclRule, protocol, JSON_OMIT_EMPTY),
        JSON_STRING(ApiNetworkAclRule, source_port, JSON_OMIT_EMPTY),
        JSON_STRING(ApiNetworkAclRule, destination_port, JSON_OMIT_EMPTY),
        JSON_STRING(ApiNetworkAclRule, icmp_type, JSON_OMIT_EMPTY),
        JSON_STRING(ApiNetworkAclRule, icmp_code, JSON_OMIT_EMPTY),
        JSON_STRING(ApiNetworkAclRule, description, JSON_OMIT_EMPTY),
        JSON_STRING(ApiNetworkAclRule, state, 0),
        JSON_END,
};

const JsonField api_network_acl_post_fields[] = {
        JSON_STRING(ApiNetworkAclPost, name, 0),
        JSON_END,
};

const JsonField api_network_acl_put_fields[] = {
        JSON_STRING(ApiNetworkAclPut, description, 0),
        JSON_LIST(ApiNetworkAclPut, egress, ApiNetworkAclRule, api_network_acl_rule_fields, 0),
        JSON_LIST(ApiNetworkAclPut, ingress, ApiNetworkAclRule, api_network_acl_rule_fields, 0),
        JSON_STRMAP(ApiNetworkAclPut, config, 0),
        JSON_END,
};

const JsonField api_network_acl_fields[] = {
        JSON_STRING(ApiNetworkAcl, name, 0),
        JSON_STRING(ApiNetworkAcl, description, 0),
        JSON_LIST(ApiNetworkAcl, egress, ApiNetworkAclRule, api_network_acl_rule_fields, 0),
        JSON_LIST(ApiNetworkAcl, ingress, ApiNetworkAclRule, api_network_acl_rule_fields, 0),
        JSON_STRMAP(ApiNetworkAcl, config, 0),
        JSON_STRLIST(ApiNetworkAcl, used_by, 0),
        JSON_STRLIST(ApiNetworkAcl, access_entitlements, JSON_OMIT_EMPTY),
        JSON_STRING(ApiNetworkAcl, project, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_network_acls_post_fields[] = {
        JSON_STRING(ApiNetworkAclsPost, name, 0),
        JSON_STRING(ApiNetworkAclsPost, description, 0),
        JSON_LIST(ApiNetworkAclsPost, egress, ApiNetworkAclRule, api_network_acl_rule_fields, 0),
        JSON_LIST(ApiNetworkAclsPost, ingress, ApiNetworkAclRule, api_network_acl_rule_fields, 0),
        JSON_STRMAP(ApiNetworkAclsPost, config, 0),
        JSON_END,
};
