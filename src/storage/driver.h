/* What a storage backend implements: one const struct a driver, with designated initialisers.
 *
 * The core (pool.c, volume.c) keeps names, records, links and undo; a driver only does what its
 * backend needs. Every function may block. A member that is NULL means what its comment says. All
 * drivers stand in the registry of drivers.c. */
#pragma once

#include "archive/copy.h"
#include "base/error.h"
#include "base/text.h"
#include "database/storage_pools.h"
#include "runtime/runtime.h"

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
        bool block_volumes;   /* block volumes are devices, not files in a directory */
        bool snapshot_copies; /* copy() takes a snapshot as its target */
        bool plain_snapshots; /* a snapshot is a tree that create() makes and anybody can fill */
} StorageCapabilities;

/* What a driver keeps in a volume's directory for itself: never carried elsewhere. */
#define STORAGE_PRIVATE TREE_PRIVATE

/* Called now and then with the bytes done so far; total 0: not known. May be NULL. */
typedef void (*StorageProgress)(void *userdata, uint64_t done, uint64_t total);

typedef struct StorageTransfer {
        StorageProgress progress;
        void *userdata;
} StorageTransfer;

typedef struct StoragePoolOps {
        /* Makes the backend; the pool's directory exists. May fill in pool->row.config. Undoes
         * itself on failure: what was given as the source may be somebody's. */
        int (*create)(StoragePool *pool, Error **err);
        int (*delete)(StoragePool *pool, Error **err); /* what is not there is fine */
        /* Makes volumes reachable below pool->path after a start of the host; may be called when
         * it is mounted. NULL: nothing to do. */
        int (*mount)(StoragePool *pool, Error **err);
        int (*unmount)(StoragePool *pool, Error **err);
        int (*usage)(StoragePool *pool, StorageUsage *ret, Error **err);
        /* Applies what differs between pool->row.config and the new config. NULL: nothing does. */
        int (*update)(StoragePool *pool, const StrMap *config, Error **err);
} StoragePoolOps;

/* Where a function takes a volume, volume->snapshot may be set: then it is about that snapshot,
 * unless its comment says otherwise. The parent directory of volume->path exists. */
typedef struct StorageVolumeOps {
        /* A new empty directory tree at volume->path. */
        int (*create)(StorageVolume *volume, Error **err);
        /* `volume` (not there yet) with the content of `source`, on the same pool. A snapshot as
         * the target comes out as create_snapshot makes them; NULL: the core copies the trees. */
        int (*copy)(StorageVolume *volume, const StorageVolume *source,
                    const StorageTransfer *transfer, Error **err);
        /* Makes the content of `volume`, which exists, that of `source`, on the same pool. NULL:
         * the core compares and copies what differs. */
        int (*refresh)(StorageVolume *volume, const StorageVolume *source,
                       const StorageTransfer *transfer, Error **err);
        /* `snapshot` (not there yet) with the present content of its volume. */
        int (*create_snapshot)(StorageVolume *snapshot, Error **err);
        /* Makes the volume's content that of its snapshot, all or nothing. */
        int (*restore)(StorageVolume *volume, StorageVolume *snapshot, Error **err);
        /* What is not there is fine. The snapshots of a volume are gone by then. */
        int (*delete)(StorageVolume *volume, Error **err);
        /* A volume with its snapshots (whose directory the core moves), or one snapshot. */
        int (*rename)(StorageVolume *volume, const StorageVolume *to, Error **err);
        /* Bytes, as far as they are counted already: ERROR_UNSUPPORTED else. NULL: never. */
        int (*usage)(StorageVolume *volume, uint64_t *ret, Error **err);
        /* Limits the volume; 0 removes the limit. NULL: there are no limits. */
        int (*set_size)(StorageVolume *volume, uint64_t bytes, Error **err);
        /* Makes the files reachable at volume->path; may be called when they are. A snapshot is
         * shown read-only. NULL: volumes are always mounted with their pool. */
        int (*mount)(StorageVolume *volume, Error **err);
        int (*unmount)(StorageVolume *volume, Error **err); /* not mounted: fine */
        /* Mounts so that the files have the ids of the map (empty: the inner ones), which becomes
         * the volume's; *ret_mapped false: the caller sees to the ids. NULL: that always. */
        int (*mount_mapped)(StorageVolume *volume, const IdMap *map, bool *ret_mapped,
                            Error **err);
        /* Makes what others can fill: a plain tree of the present content, with the ids that it
         * shows. NULL: it always is one. */
        int (*flatten)(StorageVolume *volume, Error **err);
        /* An image's rootfs is a file system of its own (squashfs), which the driver uses as it
         * is. NULL: it is unpacked. */
        int (*adopt_rootfs)(StorageVolume *volume, const char *file, Error **err);
} StorageVolumeOps;

/* A stream that only the same driver understands. */
typedef struct StorageStreamOps {
        /* Everything, or what has changed since `parent`, a snapshot of the same volume. `volume`
         * does not change meanwhile (the core gives a snapshot). */
        int (*send)(StorageVolume *volume, const StorageVolume *parent, int fd, Error **err);
        /* `volume`, not there yet, becomes what was sent. */
        int (*receive)(StorageVolume *volume, int fd, Error **err);
} StorageStreamOps;

typedef struct StorageDriver {
        const char *name;
        const char *version; /* NULL: what find_version says */
        char *(*find_version)(void); /* owned; NULL: a program that it needs is missing */
        StorageCapabilities can;
        const StoragePoolOps *pool;
        const StorageVolumeOps *volume;
        const StorageStreamOps *stream; /* NULL: trees are sent */
} StorageDriver;

struct StoragePool {
        const StorageDriver *driver;
        StoragePoolRow row;
        char *directory; /* BERTH_DIR */
        char *path;      /* BERTH_DIR/storage-pools/NAME */
        bool unavailable; /* its backend could not be mounted */
        Runtime *runtime; /* borrowed; NULL in tests */
};

typedef enum StorageContent {
        STORAGE_FILESYSTEM = 0, /* a tree */
        STORAGE_BLOCK = 1,      /* raw: root.img in the volume's directory */
        STORAGE_ISO = 2,        /* the same, read-only */
} StorageContent;

struct StorageVolume {
        StoragePool *pool; /* borrowed */
        StorageVolumeType type;
        StorageContent content;
        char *project, *title; /* of the record; project NULL: an image */
        char *name;     /* on disk: [PROJECT_]NAME, an image's fingerprint */
        char *snapshot; /* NULL: the volume itself */
        char *path; /* where its files are while it is mounted: POOL/TYPE/NAME, and of snapshots
                     * POOL/TYPE-snapshots/NAME/SNAPSHOT */
};

/* NULL when there is none of that name. */
const StorageDriver *storage_driver_find(const char *name);
const StorageDriver *const *storage_drivers(size_t *ret_count);

extern const StorageDriver storage_driver_dir;
extern const StoragePoolOps storage_dir_pool_ops; /* also of drivers that keep directories */
extern const StorageDriver storage_driver_btrfs;
extern const StorageDriver storage_driver_overlay;
