/* New instances. Source of the rules: LXD 5.0.2's POST /1.0/instances. */
#pragma once

#include "instance/instance.h"

struct InstanceCreate;
/* What an instance is made of that is neither an image nor empty: a copy, a backup. */
typedef struct InstanceOrigin {
        const char *trigger; /* of the templates at the next start; NULL: as it is */
        bool keeps_volatile; /* volatile.uuid and the like are the origin's */
        /* Makes the volume, with its snapshots. */
        int (*make)(void *userdata, const struct InstanceCreate *create, StoragePool *pool,
                    Error **err);
        /* Adds records in the transaction that records the instance; may be NULL. */
        int (*record)(void *userdata, Transaction *tx, const struct InstanceCreate *create,
                      int64_t volume_id, Error **err);
        /* All is recorded; may be NULL. */
        void (*settled)(void *userdata, const struct InstanceCreate *create, StoragePool *pool);
} InstanceOrigin;

/* What is asked for, and after instance_create_prepare() what will be made. */
typedef struct InstanceCreate {
        InstanceRow row;       /* project, name ("" makes one), config, devices, profiles… */
        bool default_profiles; /* no list was given: [default] */
        bool from_image;       /* else empty (source type "none") */
        char *image;           /* alias or fingerprint; NULL: by image_properties */
        StrMap image_properties;
        ImageRow image_row; /* found by prepare */
        bool start;         /* start it when it is made */
        const InstanceOrigin *origin; /* NULL: none; borrowed */
        void *origin_userdata;
} InstanceCreate;
void instance_create_done(InstanceCreate *create);

/* From a body of the API; `profiles_given` says whether it had "profiles" (not null). Sources are
 * "image" (local: alias, fingerprint or properties), "none", and "migration" and "copy", which the
 * caller makes come true with `origin`. */
int instance_create_from_api(const ApiInstancesPost *post, const char *project,
                             bool profiles_given, InstanceCreate *ret, Error **err) _must_check_;
/* Completes and checks the request: name, profiles, image, keys, devices, root disk. */
int instance_create_prepare(Instances *instances, InstanceCreate *create, Error **err)
        _must_check_;
/* Makes it; on failure nothing is left. `operation` (may be NULL) gets progress. */
int instance_create(Instances *instances, InstanceCreate *create, Operation *operation,
                    const EventRequestor *requestor, Error **err) _must_check_;
