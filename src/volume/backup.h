/* Backups of custom volumes: tarballs that LXD reads, and its own read here. Locks as volume.h. */
#pragma once

#include "archive/archive.h"
#include "database/storage_volume_backups.h"
#include "volume/volume.h"

/* A name for one without: backupN. */
int volume_backup_name(Volumes *volumes, const StorageVolumeRow *row, char **ret, Error **err)
        _must_check_;
typedef struct VolumeBackup {
        const char *name;
        int64_t expires_ns; /* TIME_ZERO: never */
        bool volume_only;   /* without snapshots */
        bool optimized;     /* in the driver's own format, when it has one */
        const char *compression; /* "": by the server's backups.compression_algorithm */
        ArchiveProgress progress; /* may be NULL */
        void *userdata;
} VolumeBackup;
int volume_backup_create(Volumes *volumes, const StorageVolumeRow *row, const VolumeBackup *backup,
                         const EventRequestor *requestor, Error **err) _must_check_;
/* `row`: of the volume. */
int volume_backup_rename(Volumes *volumes, const StorageVolumeRow *row, const char *name,
                         const char *to, const EventRequestor *requestor, Error **err)
        _must_check_;
int volume_backup_delete(Volumes *volumes, const StorageVolumeRow *row, const char *name,
                         const EventRequestor *requestor, Error **err) _must_check_;
char *volume_backup_path(const Volumes *volumes, const StorageVolumeRow *row, const char *name);
/* A client reads it. */
void volume_backup_retrieved(Volumes *volumes, const StorageVolumeRow *row, const char *name,
                             const EventRequestor *requestor);

/* A file for what a client sends; removed when it is freed, and when the daemon starts. */
typedef struct VolumeUpload {
        char *path;
        int fd;
} VolumeUpload;
int volume_upload_new(Volumes *volumes, VolumeUpload *ret, Error **err) _must_check_;
void volume_upload_done(VolumeUpload *upload);

/* What a tarball says of itself: name, content, whether the pool can take it. */
int volume_import_look(Volumes *volumes, const char *path, StorageVolumeRow *target, Error **err)
        _must_check_;
/* A volume (pool, project and name of `target`; the name "" is the tarball's) from a tarball. */
int volume_import(Volumes *volumes, const char *path, const StorageVolumeRow *target,
                  const EventRequestor *requestor, Error **err) _must_check_;
/* The same from the bytes of an ISO image. */
int volume_import_iso(Volumes *volumes, const char *path, const StorageVolumeRow *target,
                      const EventRequestor *requestor, Error **err) _must_check_;
