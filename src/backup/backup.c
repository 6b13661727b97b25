/* The file is written beside and gets its name in the transaction that records it. */
#include "backup/backup.h"

#include "archive/archive.h"
#include "backup/pack.h"
#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/times.h"
#include "base/units.h"
#include "instance/publish.h"
#include "instance/transfer.h"
#include "project/project.h"
#include "schema/names.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

char *backup_path(const BackupHost *host, const Instance *instance, const char *name) {
        return str_printf("%s/backups/instances/%s/%s", host->directory, instance->disk_name, name);
}

int backup_scratch(const BackupHost *host, char **ret, Error **err) {
        _cleanup_free_ char *directory = str_printf("%s/backups/.making", host->directory);
        _cleanup_free_ char *name = random_hex(8);
        if (directory_make_all(directory, 0700, err) < 0)
                return -1;
        *ret = path_join(directory, name);
        return 0;
}

int backup_list(const BackupHost *host, const Instance *instance, InstanceBackupRowList *ret,
                Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        if (database_begin(host->database, DATABASE_READ, &tx, err) < 0)
                return -1;
        return db_instance_backup_list(tx, instance != NULL ? instance->row.id : 0, ret, err);
}

int backup_find(const BackupHost *host, const Instance *instance, const char *name,
                InstanceBackupRow *ret, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        if (database_begin(host->database, DATABASE_READ, &tx, err) < 0)
                return -1;
        return db_instance_backup_get(tx, instance->row.id, name, ret, err);
}

static char *next_name(const InstanceBackupRowList *list) {
        int64_t next = 0, number;
        for (size_t i = 0; i < list->count; i++) {
                const char *digits = str_after_prefix(list->items[i].name, "backup");
                if (digits != NULL && str_to_int64(digits, &number) && number >= next &&
                    number < INT64_MAX)
                        next = number + 1;
        }
        return str_printf("backup%lld", (long long) next);
}

static int check_name(const char *name, Error **err) {
        if (strchr(name, '/') != NULL)
                return error_set(err, ERROR_INVALID, 0, "Backup names may not contain slashes");
        return name_check_backup(name, err);
}

static int check_project(const BackupHost *host, const char *project, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        if (database_begin(host->database, DATABASE_READ, &tx, err) < 0)
                return -1;
        return project_allow_backup(tx, project, err);
}

int backup_check(const BackupHost *host, const Instance *instance, const BackupSpec *spec,
                 char **ret_name, Error **err) {
        _cleanup_(instance_backup_row_list_done) InstanceBackupRowList list = {.items = NULL};
        ArchiveFormat format;
        int level;
        if (check_project(host, instance->row.project, err) < 0 ||
            (!str_is_empty(spec->name) && check_name(spec->name, err) < 0) ||
            instance_compression(host->instances, instance->row.project, spec->compression,
                                 "backups.compression_algorithm", &format, &level, err) < 0 ||
            backup_list(host, instance, &list, err) < 0)
                return -1;
        *ret_name = str_is_empty(spec->name) ? next_name(&list) : str_dup(spec->name);
        return 0;
}

static void emit(const BackupHost *host, const Instance *instance, const char *name,
                 const char *action, json_t *context, const EventRequestor *requestor) {
        _cleanup_free_ char *escaped = url_escape(name);
        _cleanup_free_ char *below = str_printf("backups/%s", escaped);
        instance_emit_at(host->instances, instance, below, action, context, requestor);
}

static int check_free(const BackupHost *host, const Instance *instance, const char *name,
                      Error **err) {
        _cleanup_(instance_backup_row_done) InstanceBackupRow row = {.id = 0};
        if (backup_find(host, instance, name, &row, NULL) == 0)
                return error_set(err, ERROR_EXISTS, 0, "Backup \"%s/%s\" already exists",
                                 instance->row.name, name);
        return 0;
}

static int name_file(const BackupHost *host, const Instance *instance, const char *name,
                     const char *from, Error **err) {
        _cleanup_free_ char *path = backup_path(host, instance, name);
        _cleanup_free_ char *directory = path_directory(path);
        if (directory_make_all(directory, 0700, err) < 0)
                return -1;
        if (rename(from, path) < 0)
                return error_errno(err, errno, "Cannot rename %s", from);
        return 0;
}

static int record(const BackupHost *host, const Instance *instance, const BackupSpec *spec,
                  const char *file, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        const InstanceBackupRow row = {.instance_id = instance->row.id,
                                       .name = (char *) spec->name,
                                       .created_ns = time_now_ns(),
                                       .expires_ns = spec->expires_ns,
                                       .instance_only = spec->instance_only};
        int64_t id;
        if (database_begin(host->database, DATABASE_WRITE, &tx, err) < 0 ||
            db_instance_backup_create(tx, &row, &id, err) < 0 ||
            name_file(host, instance, spec->name, file, err) < 0)
                return -1;
        return transaction_commit(&tx, err);
}

static int create_held(const BackupHost *host, const Instance *instance, const BackupSpec *spec,
                       Error **err) {
        _cleanup_free_ char *file = NULL;
        if (check_free(host, instance, spec->name, err) < 0 ||
            backup_scratch(host, &file, err) < 0)
                return -1;
        int result = backup_pack(host, instance, spec, file, err);
        if (result == 0)
                result = record(host, instance, spec, file, err);
        if (result < 0 && file_remove(file, NULL) < 0)
                log_warning("%s stays behind", file);
        return result;
}

/* Held and loaded anew: *ret stays held until release(). */
static int hold(const BackupHost *host, const Instance *instance, Instance **ret, Error **err) {
        if (instance_hold(host->instances, instance, "backup", err) < 0)
                return -1;
        if (instance_load(host->instances, instance->row.project, instance->row.name, ret, err) ==
            0)
                return 0;
        instance_unhold(host->instances, instance);
        return -1;
}

int backup_create(const BackupHost *host, const Instance *instance, const BackupSpec *spec,
                  Error **err) {
        _cleanup_(instance_cleanup) Instance *current = NULL;
        if (hold(host, instance, &current, err) < 0)
                return -1;
        int result = create_held(host, current, spec, err);
        instance_unhold(host->instances, instance);
        if (result < 0)
                return error_prefix(err, "Create backup");
        emit(host, instance, spec->name, "instance-backup-created", NULL, spec->requestor);
        return 0;
}

static int rename_held(const BackupHost *host, const Instance *instance, const char *name,
                       const char *to, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(instance_backup_row_done) InstanceBackupRow row = {.id = 0};
        _cleanup_free_ char *file = backup_path(host, instance, name);
        if (check_free(host, instance, to, err) < 0 ||
            database_begin(host->database, DATABASE_WRITE, &tx, err) < 0 ||
            db_instance_backup_get(tx, instance->row.id, name, &row, err) < 0 ||
            db_instance_backup_rename(tx, row.id, to, err) < 0 ||
            name_file(host, instance, to, file, err) < 0)
                return -1;
        return transaction_commit(&tx, err);
}

int backup_rename(const BackupHost *host, const Instance *instance, const char *name,
                  const char *to, const EventRequestor *requestor, Error **err) {
        _cleanup_(instance_cleanup) Instance *current = NULL;
        if (check_name(to, err) < 0 || hold(host, instance, &current, err) < 0)
                return -1;
        int result = rename_held(host, current, name, to, err);
        instance_unhold(host->instances, instance);
        if (result == 0)
                emit(host, instance, to, "instance-backup-renamed",
                     json_pack("{s:s}", "old_name", name), requestor);
        return result;
}

/* The file first: a record without one can be deleted again. */
static int delete_held(const BackupHost *host, const Instance *instance, const char *name,
                       Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(instance_backup_row_done) InstanceBackupRow row = {.id = 0};
        _cleanup_free_ char *file = backup_path(host, instance, name);
        _cleanup_free_ char *directory = path_directory(file);
        if (database_begin(host->database, DATABASE_WRITE, &tx, err) < 0 ||
            db_instance_backup_get(tx, instance->row.id, name, &row, err) < 0 ||
            file_remove(file, err) < 0 || db_instance_backup_delete(tx, row.id, err) < 0 ||
            transaction_commit(&tx, err) < 0)
                return -1;
        (void) rmdir(directory); /* the last one takes it along */
        return 0;
}

int backup_delete(const BackupHost *host, const Instance *instance, const char *name,
                  const EventRequestor *requestor, Error **err) {
        _cleanup_(instance_cleanup) Instance *current = NULL;
        if (hold(host, instance, &current, err) < 0)
                return -1;
        int result = delete_held(host, current, name, err);
        instance_unhold(host->instances, instance);
        if (result == 0)
                emit(host, instance, name, "instance-backup-deleted", NULL, requestor);
        return result;
}

void backup_retrieved(const BackupHost *host, const Instance *instance, const char *name,
                      const EventRequestor *requestor) {
        emit(host, instance, name, "instance-backup-retrieved", NULL, requestor);
}

static void prune(const BackupHost *host, const InstanceBackupRow *row) {
        _cleanup_(instance_cleanup) Instance *instance = NULL;
        _cleanup_error_ Error *err = NULL;
        if (instance_load(host->instances, row->project, row->instance, &instance, &err) < 0 ||
            backup_delete(host, instance, row->name, NULL, &err) < 0)
                log_error("Cannot delete the expired backup %s of %s: %s", row->name,
                          row->instance, error_message(err));
}

void backups_prune(const BackupHost *host) {
        _cleanup_(instance_backup_row_list_done) InstanceBackupRowList list = {.items = NULL};
        _cleanup_error_ Error *err = NULL;
        if (backup_list(host, NULL, &list, &err) < 0) {
                log_error("Cannot list backups: %s", error_message(err));
                return;
        }
        for (size_t i = 0; i < list.count; i++) {
                int64_t expires_ns = list.items[i].expires_ns;
                if (expires_ns != TIME_ZERO && expires_ns <= time_now_ns())
                        prune(host, &list.items[i]);
        }
}
