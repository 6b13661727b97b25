/* Shared by the files of acl/, and for tests. */
#pragma once

#include "acl/acl.h"

int acl_check_content(ApiNetworkAclPut *content, Error **err) _must_check_;

/* Rules in the order the firewall tries them: drop, reject, allow, each as its ACLs have them, then
 * the network's defaults. */
typedef struct AclPlan {
        FirewallAclRule *rules;
        size_t count, capacity;
        StrList strings; /* owns what the rules point to */
} AclPlan;

void acl_plan_done(AclPlan *plan);
#define _cleanup_acl_plan_ _cleanup_(acl_plan_done)
/* `acls` as security.acls names them. */
int acl_plan(const char *network, const StrMap *config, const ApiNetworkAcl *acls, size_t count,
             AclPlan *ret, Error **err) _must_check_;
/* The items of security.acls. */
void acl_names(const StrMap *config, StrList *ret);
