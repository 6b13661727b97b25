/* What a storage backend implements: one const struct a driver, with designated initialisers.
 *
 * The core (pool.c, volume.c) keeps names, records, links and undo; a driver only does what its
 * backend needs. Every function may block. A member that is NULL means what its comment says. All
 * drivers stand in the registry of drivers.c. */
#pragma once

#include "base/error.h"
#include "base/text.h"
#include "database/storage_pools.h"

typedef struct StoragePool StoragePool;
typedef struct StorageVolume StorageVolume;

typedef struct StorageUsage {
        uint64_t space_used, space_total;
        uint64_t inodes_used, inodes_total;
} StorageUsage;

/* What the core may rely on; it never asks for a driver's name. */
typedef struct StorageCapabilities {
        bool remote;          /* shared by several hosts */
        bool cheap_copies;    /* a copy shares blocks with its source */
        bool volume_quota;    /* volumes have a size */
        bool block_volumes;
} StorageCapabilities;

typedef struct StoragePoolOps {
        /* Makes the backend; the pool's directory exists. The core removes what is left on failure
         * through delete. */
        int (*create)(StoragePool *pool, Error **err);
        int (*delete)(StoragePool *pool, Error **err); /* what is not there is fine */
        /* Makes volumes reachable below pool->path after a start of the host; may be called when
         * it is mounted. NULL: nothing to do. */
        int (*mount)(StoragePool *pool, Error **err);
        int (*unmount)(StoragePool *pool, Error **err);
        int (*usage)(StoragePool *pool, StorageUsage *ret, Error **err);
} StoragePoolOps;

typedef struct StorageVolumeOps {
        /* A new empty directory tree at volume->path. */
        int (*create)(StorageVolume *volume, Error **err);
        /* `volume` (not there yet) with the content of `source`, on the same pool. */
        int (*copy)(StorageVolume *volume, const StorageVolume *source, Error **err);
        int (*delete)(StorageVolume *volume, Error **err); /* what is not there is fine */
        int (*rename)(StorageVolume *volume, const StorageVolume *to, Error **err);
        int (*usage)(StorageVolume *volume, uint64_t *ret, Error **err);
        /* Limits the volume; 0 removes the limit. NULL: sizes are refused. */
        int (*set_size)(StorageVolume *volume, uint64_t bytes, Error **err);
        /* NULL: volumes are always mounted with their pool. */
        int (*mount)(StorageVolume *volume, Error **err);
        int (*unmount)(StorageVolume *volume, Error **err);
} StorageVolumeOps;

typedef struct StorageDriver {
        const char *name;
        const char *version;
        StorageCapabilities can;
        StoragePoolOps pool;
        StorageVolumeOps volume;
} StorageDriver;

struct StoragePool {
        const StorageDriver *driver;
        StoragePoolRow row;
        char *directory; /* BERTH_DIR */
        char *path;      /* BERTH_DIR/storage-pools/NAME */
};

struct StorageVolume {
        StoragePool *pool; /* borrowed */
        StorageVolumeType type;
        char *name; /* on disk: [PROJECT_]NAME, an image's fingerprint */
        char *path; /* where its files are while it is mounted */
};

/* NULL when there is none of that name. */
const StorageDriver *storage_driver_find(const char *name);
const StorageDriver *const *storage_drivers(size_t *ret_count);

extern const StorageDriver storage_driver_dir;
