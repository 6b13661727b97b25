/* Network ACLs. A network names ACLs in security.acls; what they say is in force as long as the
 * network runs, and changes with them. Thread-safe. */
#pragma once

#include "api/network_acl.h"
#include "database/network_objects.h"
#include "firewall/firewall.h"

typedef struct Acls Acls;

Acls *acls_new(Database *database, Firewall *firewall); /* both borrowed */

/* `content` is changed into its normal form: no blanks in lists. */
int acl_create(Acls *acls, const char *project, const char *name, ApiNetworkAclPut *content,
               Error **err) _must_check_;
/* Networks that use it follow. A network that cannot refuses the change, and nothing is changed. */
int acl_update(Acls *acls, const char *project, const NetworkObjectRow *row,
               ApiNetworkAclPut *content, Error **err) _must_check_;
int acl_rename(Acls *acls, const char *project, const char *name, const char *to, Error **err)
        _must_check_;
int acl_delete(Acls *acls, const char *project, const char *name, Error **err) _must_check_;
int acl_get(Acls *acls, const char *project, const char *name, NetworkObjectRow *ret, Error **err)
        _must_check_;
/* The row as an object; used_by is left empty. */
int acl_read(const NetworkObjectRow *row, ApiNetworkAcl *ret, Error **err) _must_check_;
/* URLs of networks, instances, profiles and other ACLs. */
int acl_used_by(Transaction *tx, const char *project, const char *name, StrList *ret, Error **err)
        _must_check_;

/* What `config` (of a network or nic) names is there: "Network ACL "x" does not exist". */
int acl_check_names(Transaction *tx, const char *project, const StrMap *config, Error **err)
        _must_check_;
/* For a bridge network that starts or was changed: puts its ACLs in force, or clears them when
 * security.acls is empty. */
int acl_apply_network(Acls *acls, const char *project, const char *network, const StrMap *config,
                      Error **err) _must_check_;
