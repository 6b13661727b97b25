/* Changes of what is recorded: config, devices, profiles, name; and the end. */
#pragma once

#include "database/profiles.h"
#include "instance/instance.h"

/* `row`: a copy of the instance's (instance_row_copy) with the new architecture, ephemeral,
 * description, config, devices, profiles. volatile.* keys may be changed. Live keys take effect at
 * once, nics and disks are plugged in and out; what cannot change while it runs is refused, and
 * then nothing is changed. */
int instance_update(Instances *instances, Instance *instance, InstanceRow *row,
                    const EventRequestor *requestor, Error **err) _must_check_;
/* Row from a PUT/PATCH body; `put` was read over instance_to_put() for PATCH. */
/* ERROR_NOT_FOUND "Profile not found" for an unknown profile. */
int instance_row_from_put(Instances *instances, const Instance *instance,
                          const ApiInstancePut *put, InstanceRow *ret, Error **err) _must_check_;
/* The writable part, owned (api_instance_put_done): what PATCH starts from. */
void instance_to_put(const Instance *instance, ApiInstancePut *ret);
int instance_rename(Instances *instances, Instance *instance, const char *to,
                    const EventRequestor *requestor, Error **err) _must_check_;
/* "Instance is running" while it is. */
int instance_delete(Instances *instances, Instance *instance, const EventRequestor *requestor,
                    Error **err) _must_check_;
/* After a profile has changed: what runs with it takes live keys and devices over. `before`: the
 * profile as it was. Failures are logged. */
void instances_profile_changed(Instances *instances, const ProfileRow *before);
