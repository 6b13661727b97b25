/* Instances from tarballs, ours and LXD's. */
#pragma once

#include "api/backup.h"
#include "backup/backup.h"
#include "instance/create.h"

typedef struct BackupImport {
        char *path; /* of the tarball; the import owns the file and removes it */
        ApiBackupIndex index;
        InstanceCreate create;
} BackupImport;
void backup_import_done(BackupImport *import);

typedef struct BackupImportSpec {
        const char *project;
        const char *name; /* NULL or "": the tarball's */
        const char *pool; /* NULL or "": the tarball's, else the default profile's */
} BackupImportSpec;

/* Reads what import->path says of itself, completes and checks the request. */
int backup_import_prepare(const BackupHost *host, const BackupImportSpec *spec,
                          BackupImport *import, Error **err) _must_check_;
int backup_import(const BackupHost *host, BackupImport *import, Operation *operation,
                  const EventRequestor *requestor, Error **err) _must_check_;
/* The row, without pool, of what a document says; the name "" is the document's. */
int backup_instance_row(const ApiInstance *api, const char *project, const char *name,
                        InstanceRow *ret, Error **err) _must_check_;
/* A snapshot as a document has it; instance_list_done() frees. */
void backup_add_snapshot(const ApiInstanceSnapshot *api, const InstanceRow *owner,
                         InstanceList *list);
