/* The tarball of an instance. */
#pragma once

#include "backup/backup.h"

/* `target`: path of the new file. The caller holds the instance. *ret_optimized: whether it is in
 * the driver's own format. */
int backup_pack(const BackupHost *host, const Instance *instance, const BackupSpec *spec,
                const char *target, Error **err) _must_check_;
