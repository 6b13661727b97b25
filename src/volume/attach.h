/* What a disk device of a pool's volume needs of it. */
#pragma once

#include "volume/volume.h"

/* Which volume, for which instance; borrowed. */
typedef struct VolumeAttach {
        const char *project; /* of the instance */
        const char *pool, *source;
        const char *instance; /* its name in its project */
        const char *idmap;    /* its ids, as volatile.idmap.* has them; NULL: privileged */
} VolumeAttach;

/* It is there (else ERROR_NOT_FOUND) and of a kind that containers take. */
int volume_attachable(Volumes *volumes, const VolumeAttach *attach, Error **err) _must_check_;
/* Mounts it and makes the owners on disk what the instance needs: nothing with security.unmapped,
 * its ids, or with security.shifted bare ones, which *ret_shift says the mount has to map. Refuses
 * when other instances need other ids. */
int volume_attach(Volumes *volumes, const VolumeAttach *attach, char **ret_path, bool *ret_shift,
                  Error **err) _must_check_;
/* The instance does not use it any more; it is unmounted when nobody does. */
void volume_detach(Volumes *volumes, const VolumeAttach *attach);
