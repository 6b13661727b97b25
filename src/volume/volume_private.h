/* What the files of this folder share. */
#pragma once

#include "volume/volume.h"

#include <pthread.h>

struct Volumes {
        VolumesSpec spec;
        VolumesHooks hooks;
        pthread_mutex_t lock;
        pthread_cond_t changed;
        Table *held; /* VolumeHold by "POOL/PROJECT/NAME" */
        int64_t scheduled_minute; /* since 1970: up to here schedules were looked at */
        StrList daemons; /* "POOL/NAME" of those that hold the daemon's own files */
};

/* Volumes that are held together, so that two verbs never wait for each other in a circle. */
typedef struct VolumeLock {
        Volumes *volumes;
        struct {
                char *key;
                bool exclusive;
        } items[2];
        size_t count;
} VolumeLock;
/* Of a snapshot's row the volume is held. `second` may be NULL. */
VolumeLock *volume_lock(Volumes *volumes, const StorageVolumeRow *first, bool exclusive,
                        const StorageVolumeRow *second, bool second_exclusive);
void volume_unlock(VolumeLock *lock);
DEFINE_CLEANUP(VolumeLock, volume_unlock, volume_unlock)
#define _cleanup_volume_lock_ _cleanup_(volume_unlock_cleanup)

/* A volume or snapshot as it is now: record, pool and place on disk. */
typedef struct Volume {
        StorageVolumeRow row;
        StoragePool *pool;
        StorageVolume *disk;
} Volume;
void volume_done(Volume *volume);
#define _cleanup_volume_ _cleanup_(volume_done)
int volume_load(Volumes *volumes, const StorageVolumeRow *key, Volume *ret, Error **err)
        _must_check_;
/* The place of one that has no record yet; `row` is not copied. */
int volume_place(Volumes *volumes, const StorageVolumeRow *row, StoragePool **ret_pool,
                 StorageVolume **ret, Error **err) _must_check_;
int volume_load_snapshots(Volumes *volumes, const Volume *volume, StorageVolumeRowList *ret,
                          Error **err) _must_check_;
/* The part behind the slash of a snapshot's name; NULL: of a volume. */
const char *volume_snapshot_part(const char *name);
char *volume_name_part(const char *name);

/* Checks keys and values; empty ones go. */
int volume_check_config(const StoragePool *pool, StorageVolumeRow *row, Error **err)
        _must_check_;
/* Drops the keys of other drivers that a volume brings along. */
void volume_adapt_config(const StoragePool *pool, StrMap *config);
/* Fills in the pool's defaults first. */
int volume_prepare_config(const StoragePool *pool, StorageVolumeRow *row, Error **err)
        _must_check_;
/* Bytes of the size key; 0: none, or of block volumes their default. */
int volume_size(const StorageVolumeRow *row, uint64_t *ret, Error **err) _must_check_;
/* Applies the size key to a tree that was made without. */
int volume_limit(const StorageVolumeRow *row, StorageVolume *disk, Error **err) _must_check_;
/* ERROR_EXISTS when the name is taken. */
int volume_check_free(Volumes *volumes, const StorageVolumeRow *row, Error **err) _must_check_;
/* Instances that have it as a device; cheap when no device names it. */
int volume_instances(Volumes *volumes, const StorageVolumeRow *row, VolumeInstanceList *ret,
                     Error **err) _must_check_;
/* ERROR_IN_USE with `text` while a running instance has it. */
int volume_check_idle(Volumes *volumes, const StorageVolumeRow *row, const char *text, Error **err)
        _must_check_;
/* The daemon's own images or backups are on it. */
bool volume_is_daemons(const Volumes *volumes, const StorageVolumeRow *row);
/* Records it with its snapshots (rows with bare or whole names), or nothing. */
int volume_record(Volumes *volumes, const StorageVolumeRow *row,
                  const StorageVolumeRowList *snapshots, Error **err) _must_check_;
/* A snapshot's record, then the snapshot. */
int volume_snapshot_remove(Volumes *volumes, const StorageVolumeRow *row, StorageVolume *disk,
                           Error **err) _must_check_;
/* The files of all backups of the volume; the records go with its own. */
int volume_backups_remove(Volumes *volumes, const StorageVolumeRow *row, Error **err)
        _must_check_;
/* The same files for another name, while it is open which of both the record has. */
int volume_backups_link(Volumes *volumes, const StorageVolumeRow *row, const StorageVolumeRow *to,
                        Error **err) _must_check_;
void volume_snapshot_names(const StorageVolumeRowList *snapshots, StrList *ret);
/* The volume or snapshot gets the place of `to` on disk, noted until volume_rename_done() (which
 * frees the note): call that when the record has changed, or the place is what it was again. */
int volume_rename_on_disk(Volumes *volumes, const Volume *from, const StorageVolumeRow *to,
                          StorageVolume *renamed, char **ret_note, Error **err) _must_check_;
void volume_rename_done(char *note);
/* Ends renames that were cut short. */
void volume_renames_end(Volumes *volumes);
/* Brings the daemon's own files to where the configuration says. */
void volume_daemon_start(Volumes *volumes);
/* Files that a daemon before this one was writing. */
void volume_backups_sweep(Volumes *volumes);
void volume_copy_row(StorageVolumeRow *to, const StorageVolumeRow *from);
/* `context` is stolen and may be NULL. */
void volume_emit(Volumes *volumes, const StorageVolumeRow *row, const char *action,
                 json_t *context, const EventRequestor *requestor);
