/* Extended attributes by fd, and the two that hold ids: POSIX ACLs and file capabilities.
 * Thread-safe. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#define XATTR_ACL_ACCESS "system.posix_acl_access"
#define XATTR_ACL_DEFAULT "system.posix_acl_default"
#define XATTR_CAPABILITY "security.capability"

/* Absent or not supported: *ret_data NULL and size 0. */
int xattr_get(int fd, const char *name, char **ret_data, size_t *ret_size, Error **err)
        _must_check_;
int xattr_set(int fd, const char *name, const void *data, size_t size, Error **err) _must_check_;
int xattr_list(int fd, StrList *ret, Error **err) _must_check_; /* sorted */

/* Maps one id; returning (uint32_t) -1 says "not mapped" and makes the rewrite fail. */
typedef uint32_t (*XattrMapId)(void *userdata, bool group, uint32_t id);

/* Rewrites the ids in an ACL value (struct posix_acl_xattr) in place. */
int xattr_acl_map(char *data, size_t size, XattrMapId map, void *userdata, Error **err)
        _must_check_;
/* Sets the root id of a file capability: version 2 is turned into 3; root_id 0 turns it back.
 * Writes at most 24 bytes into `ret`. */
int xattr_capability_set_root(const char *data, size_t size, uint32_t root_id, char ret[static 24],
                              size_t *ret_size, Error **err) _must_check_;
int xattr_capability_root(const char *data, size_t size, uint32_t *ret, Error **err)
        _must_check_;
