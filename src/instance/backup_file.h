/* backup.yaml in each instance's volume: all that it takes to know it without the database. */
#pragma once

#include "instance/instance.h"

/* The document (api/backup.h, ApiBackupConfig); a new reference. `snapshots`: with them. */
int instance_backup_config(Instances *instances, const Instance *instance, bool snapshots,
                           json_t **ret, Error **err) _must_check_;
/* Writes it as the records are now; the caller holds the instance. A failure is only logged: the
 * next change writes it again. */
void instance_backup_file_update(Instances *instances, const Instance *instance);
