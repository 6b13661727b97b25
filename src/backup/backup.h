/* Backups of instances: tarballs at backups/instances/[PROJECT_]NAME/BACKUP, with index.yaml first.
 * Thread-safe; functions may block. */
#pragma once

#include "database/instance_backups.h"
#include "instance/instance.h"

/* What this folder stands on; borrowed. */
typedef struct BackupHost {
        Instances *instances;
        Storage *storage;
        Database *database;
        const char *directory; /* BERTH_DIR */
} BackupHost;

typedef struct BackupSpec {
        const char *name;
        int64_t expires_ns;      /* TIME_ZERO: never */
        bool instance_only;      /* without snapshots */
        bool optimized;          /* in the driver's own format, when it has one */
        const char *compression; /* "": by backups.compression_algorithm */
        Operation *operation;    /* gets progress; may be NULL */
        const EventRequestor *requestor;
} BackupSpec;

/* What can be refused before an operation begins: name, compression, the project's restriction.
 * *ret_name: what is asked for, or the next backupN. */
int backup_check(const BackupHost *host, const Instance *instance, const BackupSpec *spec,
                 char **ret_name, Error **err) _must_check_;
int backup_create(const BackupHost *host, const Instance *instance, const BackupSpec *spec,
                  Error **err) _must_check_;
int backup_find(const BackupHost *host, const Instance *instance, const char *name,
                InstanceBackupRow *ret, Error **err) _must_check_;
/* Of one instance, NULL: of all; sorted by project, instance and name. */
int backup_list(const BackupHost *host, const Instance *instance, InstanceBackupRowList *ret,
                Error **err) _must_check_;
int backup_rename(const BackupHost *host, const Instance *instance, const char *name,
                  const char *to, const EventRequestor *requestor, Error **err) _must_check_;
int backup_delete(const BackupHost *host, const Instance *instance, const char *name,
                  const EventRequestor *requestor, Error **err) _must_check_;
/* The file; owned. */
char *backup_path(const BackupHost *host, const Instance *instance, const char *name);
/* A client reads it. */
void backup_retrieved(const BackupHost *host, const Instance *instance, const char *name,
                      const EventRequestor *requestor);
/* Deletes what has expired. */
void backups_prune(const BackupHost *host);

/* The path of a file that is being written: what a crash leaves there goes at the next start. */
int backup_scratch(const BackupHost *host, char **ret, Error **err) _must_check_;
