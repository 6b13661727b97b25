/* The layers of a pool.
 *
 * POOL/images/FINGERPRINT is an image; a file system of its own (rootfs.squashfs) is mounted at its
 * rootfs/ when it is needed. An image that is deleted while volumes stand on it goes to
 * POOL/layers/FINGERPRINT and leaves with the last of them.
 *
 * A layered volume has, besides the files of its own directory and an empty rootfs/ as the mount
 * point, the directory .berth: `lower` (the fingerprint), `upper`, `work`, `idmap` (of the ids that
 * the files in `upper` have) and, while these are being changed, `idmap.next`. */
#pragma once

#include "linux/idmap.h"
#include "storage/storage_private.h"

bool layer_has(const StorageVolume *volume); /* the volume is layered */
char *layer_path(const StorageVolume *volume, const char *name); /* VOLUME/.berth/NAME */

/* Excludes changes of who uses which image; closing the fd ends it. */
int layer_hold(const StoragePool *pool, int *ret_fd, Error **err) _must_check_;
/* The root of the image, mounted if need be. */
int layer_lower(const StoragePool *pool, const char *fingerprint, char **ret, Error **err)
        _must_check_;
/* Makes .berth of a volume on an image: nothing has been changed yet. */
int layer_create(const StorageVolume *volume, const char *fingerprint, Error **err) _must_check_;
/* The fingerprint. */
int layer_read_lower(const StorageVolume *volume, char **ret, Error **err) _must_check_;
/* The ids that the upper files have, after changing them to those of `wanted` (NULL: as they are;
 * but a change that was interrupted is ended). */
int layer_settle_ids(const StorageVolume *volume, const IdMap *wanted, IdMap *ret, Error **err)
        _must_check_;
/* An image volume goes, or out of sight while it is needed. */
int layer_retire(StorageVolume *image, Error **err) _must_check_;
/* After a volume on that image has gone. */
int layer_collect(const StoragePool *pool, const char *fingerprint, Error **err) _must_check_;
