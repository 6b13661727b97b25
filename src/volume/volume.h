/* Custom volumes and their snapshots.
 *
 * A verb takes the row that a request loaded as the name of what it means; it locks the volume,
 * loads the row again and works on what is there by then. Volumes that are only read (the source
 * of a copy, a backup) are locked together with other readers. What is on disk and the records
 * change together: what fails or is interrupted leaves the state before or the one after.
 * All functions are thread-safe and may block. */
#pragma once

#include "database/storage_volumes.h"
#include "event/event.h"
#include "storage/storage.h"

typedef struct Volumes Volumes;

/* An instance whose expanded devices have the volume. */
typedef struct VolumeInstance {
        char *project, *name;
        bool running;
        char *idmap; /* of its ids, as volatile.idmap.* has it: now, or at its next start */
} VolumeInstance;

typedef struct VolumeInstanceList {
        VolumeInstance *items;
        size_t count, capacity;
} VolumeInstanceList;

void volume_instance_list_done(VolumeInstanceList *list);

/* What this folder asks of those above it. */
typedef struct VolumesHooks {
        int (*instances)(void *userdata, const StorageVolumeRow *volume, VolumeInstanceList *ret,
                         Error **err);
        void *userdata;
} VolumesHooks;

typedef struct VolumesSpec { /* all borrowed */
        Database *database;
        Storage *storage;
        EventHub *events;
        const char *directory; /* BERTH_DIR */
} VolumesSpec;

Volumes *volumes_new(const VolumesSpec *spec);
void volumes_free(Volumes *volumes);
/* Once storage is there: removes what an interrupted backup or import left. */
void volumes_start(Volumes *volumes);
void volumes_set_hooks(Volumes *volumes, const VolumesHooks *hooks); /* before the first call */

/* "container", "filesystem"; NULL when there is no such code. */
const char *volume_type_name(int64_t type);
int volume_type_parse(const char *name, int64_t *ret, Error **err) _must_check_;
const char *volume_content_name(int64_t content);
int volume_content_parse(const char *name, int64_t *ret, Error **err) _must_check_; /* "": files */
/* "/1.0/storage-pools/POOL/volumes/TYPE/NAME[/snapshots/SNAPSHOT]", without query. */
char *volume_url(const StorageVolumeRow *row);
/* URLs of instances, profiles, images and, when the daemon itself keeps files there, "/1.0". */
void volume_used_by(const Volumes *volumes, const StorageVolumeRow *row,
                    const StorageVolumeUserList *users, StrList *ret);

/* A new volume: pool, project, name, content_type, description and config of `row`. */
int volume_create(Volumes *volumes, const StorageVolumeRow *row, const EventRequestor *requestor,
                  Error **err) _must_check_;
/* Any type's description and config; what is missing in `config` is unset, but volatile.*. */
int volume_update(Volumes *volumes, const StorageVolumeRow *row, const StrMap *config,
                  const char *description, const EventRequestor *requestor, Error **err)
        _must_check_;
int volume_rename(Volumes *volumes, const StorageVolumeRow *row, const char *to,
                  const EventRequestor *requestor, Error **err) _must_check_;
/* ERROR_IN_USE while a device names it. */
int volume_delete(Volumes *volumes, const StorageVolumeRow *row, const EventRequestor *requestor,
                  Error **err) _must_check_;
/* Used bytes, and the size it may have (0: no limit). */
int volume_usage(Volumes *volumes, const StorageVolumeRow *row, uint64_t *ret_used,
                 uint64_t *ret_total, Error **err) _must_check_;

typedef struct VolumeCopy {
        StorageVolumeRow source; /* pool, project, name (of a volume or a snapshot); borrowed */
        StorageVolumeRow target; /* pool, project, name, and description and config unless
                                  * inherited; borrowed */
        bool inherit;            /* description and config come from the source */
        bool volume_only;        /* without its snapshots */
        bool refresh;            /* the target may exist: it becomes equal */
        StorageTransfer transfer;
} VolumeCopy;
int volume_copy(Volumes *volumes, const VolumeCopy *copy, const EventRequestor *requestor,
                Error **err) _must_check_;
/* To `target`'s pool, project and name, with snapshots and backups. */
int volume_move(Volumes *volumes, const StorageVolumeRow *row, const StorageVolumeRow *target,
                const StorageTransfer *transfer, const EventRequestor *requestor, Error **err)
        _must_check_;

/* Snapshots. The name that one without a name gets. */
int volume_snapshot_name(Volumes *volumes, const StorageVolumeRow *row, char **ret, Error **err)
        _must_check_;
typedef struct VolumeSnapshot {
        const char *name;
        const char *description; /* NULL: the volume's */
        bool has_expiry;         /* else by snapshots.expiry */
        int64_t expires_ns;
} VolumeSnapshot;
int volume_snapshot_create(Volumes *volumes, const StorageVolumeRow *row,
                           const VolumeSnapshot *snapshot, const EventRequestor *requestor,
                           Error **err) _must_check_;
/* `row`: of the snapshot. */
int volume_snapshot_update(Volumes *volumes, const StorageVolumeRow *row, const char *description,
                           int64_t expires_ns, const EventRequestor *requestor, Error **err)
        _must_check_;
int volume_snapshot_rename(Volumes *volumes, const StorageVolumeRow *row, const char *to,
                           const EventRequestor *requestor, Error **err) _must_check_;
int volume_snapshot_delete(Volumes *volumes, const StorageVolumeRow *row,
                           const EventRequestor *requestor, Error **err) _must_check_;
/* Makes the volume's content that of its snapshot. */
int volume_restore(Volumes *volumes, const StorageVolumeRow *row, const char *snapshot,
                   const EventRequestor *requestor, Error **err) _must_check_;
