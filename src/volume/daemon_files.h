/* Where the daemon keeps its backups and images: in its own directory, or on a custom volume that
 * storage.backups_volume and storage.images_volume name as POOL/VOLUME. */
#pragma once

#include "volume/volume.h"

/* Of a value that is about to be set. Errors have the key in front. */
int volumes_daemon_check(Volumes *volumes, const char *key, const char *value, Error **err)
        _must_check_;
/* Moves the files to where `config` says; nothing when they are there. What fails leaves them. */
int volumes_daemon_move(Volumes *volumes, const StrMap *config, Error **err) _must_check_;
