/* What may be a name. Each check returns 0 or ERROR_INVALID with the text that LXD's clients know.
 * Thread-safe. */
#pragma once

#include "base/error.h"

/* 1 to 63 ASCII letters, digits and hyphens; no digit or hyphen first, no hyphen last. */
int name_check_instance(const char *name, Error **err) _must_check_;
/* No slash, no white space, not "." or "..", at most 255 bytes. */
int name_check_snapshot(const char *name, Error **err) _must_check_;
int name_check_volume_snapshot(const char *name, Error **err) _must_check_;
int name_check_backup(const char *name, Error **err) _must_check_;
int name_check_profile(const char *name, Error **err) _must_check_;
int name_check_project(const char *name, Error **err) _must_check_;
int name_check_pool(const char *name, Error **err) _must_check_;
int name_check_volume(const char *name, Error **err) _must_check_;
int name_check_bucket(const char *name, Error **err) _must_check_; /* as S3 wants it */
int name_check_image_alias(const char *name, Error **err) _must_check_;
int name_check_device(const char *name, Error **err) _must_check_;
/* A network interface: 2 to 15 of [-_a-zA-Z0-9.]. */
int name_check_interface(const char *name, Error **err) _must_check_;
int name_check_network(const char *name, Error **err) _must_check_; /* that makes one */
/* A network without an interface of its own. */
int name_check_plain_network(const char *name, Error **err) _must_check_;
int name_check_acl(const char *name, Error **err) _must_check_;
int name_check_zone(const char *name, Error **err) _must_check_;
int name_check_member(const char *name, Error **err) _must_check_;
int name_check_cluster_group(const char *name, Error **err) _must_check_;
/* "NAME" or "INSTANCE/SNAPSHOT". */
int name_check_instance_path(const char *name, Error **err) _must_check_;
/* A host name label, as instance names are, but digits may lead. */
int name_check_hostname(const char *name, Error **err) _must_check_;
