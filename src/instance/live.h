/* Changes of what runs. */
#pragma once

#include "instance/instance.h"

/* Brings the running instance from `before` to `after`: limits, then devices; on failure back.
 * Volatile keys that devices make are put into `after`. The caller holds the runner. */
int instance_change_live(Instances *instances, const Instance *before, Instance *after,
                         Error **err) _must_check_;
/* Devices whose change needs no coming and going; `process` NULL: it does not run. */
int instance_update_devices(Instances *instances, const RuntimeProcess *process,
                            const Instance *before, Instance *after, Error **err)
        _must_check_;
