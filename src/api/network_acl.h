/* /1.0/network-acls. Conventions: api/api.h. */
#pragma once

#include "api/api.h"

typedef struct ApiNetworkAclRule {
        char *action;
        char *source;
        char *destination;
        char *protocol;
        char *source_port;
        char *destination_port;
        char *icmp_type;
        char *icmp_code;
        char *description;
        char *state;
} ApiNetworkAclRule;
API_STRUCT(ApiNetworkAclRule, api_network_acl_rule)
JSON_DEFINE_LIST(ApiNetworkAclRule);

typedef struct ApiNetworkAclPost {
        char *name;
} ApiNetworkAclPost;
API_STRUCT(ApiNetworkAclPost, api_network_acl_post)

typedef struct ApiNetworkAclPut {
        char *description;
        ApiNetworkAclRuleList egress;
        ApiNetworkAclRuleList ingress;
        StrMap config;
} ApiNetworkAclPut;
API_STRUCT(ApiNetworkAclPut, api_network_acl_put)

typedef struct ApiNetworkAcl {
        char *name;
        char *description;
        ApiNetworkAclRuleList egress;
        ApiNetworkAclRuleList ingress;
        StrMap config;
        StrList used_by;
        StrList access_entitlements;
        char *project;
} ApiNetworkAcl;
API_STRUCT(ApiNetworkAcl, api_network_acl)

typedef struct ApiNetworkAclsPost {
        char *name;
        char *description;
        ApiNetworkAclRuleList egress;
        ApiNetworkAclRuleList ingress;
        StrMap config;
} ApiNetworkAclsPost;
API_STRUCT(ApiNetworkAclsPost, api_network_acls_post)
