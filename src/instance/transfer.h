/* What copies between hosts need of this folder. */
#pragma once

#include "instance/create.h"
#include "instance/instance.h"

/* Keeps every other verb away from the instance, and waits for the one at work. */
int instance_hold(Instances *instances, const Instance *instance, const char *verb, Error **err)
        _must_check_;
void instance_unhold(Instances *instances, const Instance *instance);
/* Stops the processes of one that is held and runs; does nothing when it does not run or is frozen
 * already: *ret_frozen says whether it has to be given back to instance_thaw_held(). */
int instance_freeze_held(Instances *instances, const Instance *instance, bool *ret_frozen,
                         Error **err) _must_check_;
void instance_thaw_held(Instances *instances, const Instance *instance);
/* Notes which ids its files have now. */
int instance_set_disk_idmap(Instances *instances, const Instance *instance, const IdMap *idmap,
                            Error **err) _must_check_;
/* Its root's pool, with which its files are transferred. */
int instance_pool(Instances *instances, const Instance *instance, StoragePool **ret, Error **err)
        _must_check_;
