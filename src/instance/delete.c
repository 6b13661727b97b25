/* Delete and rename. */
#include "instance/update.h"

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/units.h"
#include "database/storage_volumes.h"
#include "instance/apparmor.h"
#include "instance/backup_file.h"
#include "instance/journal.h"
#include "instance/snapshots.h"
#include "schema/names.h"

#include <stdio.h>

static int remove_files(Instances *instances, const Instance *instance, Error **err) {
        static const char *const places[] = {"logs", "security/seccomp", "devices", "shmounts",
                                             "backups/instances"};
        for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
                _cleanup_free_ char *path = str_printf("%s/%s/%s", instances->directory, places[i],
                                                       instance->disk_name);
                if (path_remove_all(path, err) < 0)
                        return -1;
        }
        instance_forget_apparmor(instances, instance);
        return 0;
}

/* Both records go; deleting the instance alone would leave the volume's. */
static int forget(Instances *instances, const Instance *instance, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(storage_volume_row_done) StorageVolumeRow volume = {.name = NULL};
        if (database_begin(instances->spec.database, DATABASE_WRITE, &tx, err) < 0 ||
            db_instance_delete(tx, instance->row.id, err) < 0)
                return -1;
        if (instance_root_pool(instance) != NULL &&
            instance_volume_record(tx, instance, &volume, NULL) == 0 &&
            db_storage_volume_delete(tx, volume.id, err) < 0)
                return -1;
        return transaction_commit(&tx, err);
}

/* The records go last: until then everything can be tried again. */
static int delete_volume(Instances *instances, const Instance *instance, Error **err) {
        const char *pool_name = instance_root_pool(instance);
        _cleanup_(storage_pool_cleanup) StoragePool *pool = NULL;
        if (pool_name == NULL)
                return 0;
        if (storage_pool_find(instances->spec.storage, pool_name, &pool, err) < 0 ||
            storage_instance_delete(instances->spec.storage, pool, instance->row.project,
                                    instance->row.name, err) < 0)
                return error_prefix(err, "Failed deleting instance \"%s\"", instance->row.name);
        return 0;
}

static int delete_journaled(Instances *instances, Instance *instance, Error **err) {
        const JournalNote note = {.verb = JOURNAL_DELETE,
                                  .pool = instance_root_pool(instance),
                                  .project = instance->row.project,
                                  .name = instance->row.name};
        _cleanup_strmap_ StrMap changes = {.items = NULL};
        char *journal;
        instance_devices_stop(instances, instance, &changes);
        if (journal_begin(instances, &note, &journal, err) < 0)
                return -1;
        int result = delete_volume(instances, instance, err);
        if (result == 0)
                result = remove_files(instances, instance, err);
        if (result == 0)
                result = forget(instances, instance, err);
        journal_done(journal);
        return result;
}

int instance_delete_held(Instances *instances, Instance *instance,
                         const EventRequestor *requestor, Error **err) {
        _cleanup_(instance_list_done) InstanceList snapshots = {.items = NULL};
        if (instance_snapshots_of(instances, instance, 1, &snapshots, err) < 0 ||
            delete_journaled(instances, instance, err) < 0)
                return -1;
        for (size_t i = 0; i < snapshots.count; i++)
                instance_emit(instances, &snapshots.items[i], "instance-snapshot-deleted", NULL,
                              requestor);
        instance_devices_changed(instances, instance, NULL);
        instance_emit(instances, instance, "instance-deleted", NULL, requestor);
        return 0;
}

static int check_deletable(Instances *instances, const Instance *instance, Error **err) {
        _cleanup_(runtime_process_done) RuntimeProcess process = {.name = NULL};
        if (instance_is_running(instance))
                return error_set(err, ERROR_BAD_STATE, 0, "Instance is running");
        if (str_is_true(strmap_get(&instance->config, "security.protection.delete")))
                return error_set(err, ERROR_BAD_STATE, 0, "Container is protected");
        /* A start that outlived the daemon which began it. */
        if (runtime_find(instances->spec.runtime, instance->disk_name, &process, NULL) < 0)
                return 0;
        if (runtime_kill(instances->spec.runtime, &process, err) < 0)
                return -1;
        return runtime_wait_stopped(&process, 60000, err);
}

int instance_delete(Instances *instances, Instance *instance, const EventRequestor *requestor,
                    Error **err) {
        _cleanup_(instance_cleanup) Instance *current = NULL;
        if (runner_acquire(instances, instance, "delete", false, err) < 0)
                return -1;
        int result = instance_load(instances, instance->row.project, instance->row.name, &current,
                                   err);
        if (result == 0)
                result = check_deletable(instances, current, err);
        if (result == 0)
                result = instance_delete_held(instances, current, requestor, err);
        if (result == 0)
                runner_forget(instances, instance->disk_name);
        else
                runner_release(instances, instance);
        return result;
}

static int rename_records(Instances *instances, const Instance *instance, const char *to,
                          Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(storage_volume_row_done) StorageVolumeRow volume = {.name = NULL};
        _cleanup_strmap_ StrMap changes = {.items = NULL};
        _cleanup_free_ char *cloud_id = random_uuid();
        strmap_set(&changes, "volatile.apply_template", "rename");
        strmap_set(&changes, "volatile.cloud-init.instance-id", cloud_id);
        if (database_begin(instances->spec.database, DATABASE_WRITE, &tx, err) < 0 ||
            db_instance_rename(tx, instance->row.id, to, err) < 0 ||
            db_instance_config_set(tx, instance->row.id, &changes, err) < 0 ||
            instance_volume_record(tx, instance, &volume, err) < 0 ||
            db_storage_volume_rename(tx, volume.id, to, err) < 0)
                return -1;
        return transaction_commit(&tx, err);
}

/* The volume, then the records; a note in the journal leads back from a crash in between. */
static int rename_journaled(Instances *instances, const Instance *instance, const char *to,
                            Error **err) {
        Storage *storage = instances->spec.storage;
        const char *project = instance->row.project, *name = instance->row.name;
        _cleanup_(storage_pool_cleanup) StoragePool *pool = NULL;
        char *journal;
        if (storage_pool_find(storage, instance_root_pool(instance), &pool, err) < 0)
                return -1;
        const JournalNote note = {.verb = JOURNAL_RENAME,
                                  .pool = pool->row.name,
                                  .project = project,
                                  .name = name,
                                  .to = to};
        if (journal_begin(instances, &note, &journal, err) < 0)
                return -1;
        int result = storage_instance_rename(storage, pool, project, name, to, err);
        if (result == 0 && rename_records(instances, instance, to, err) < 0) {
                if (storage_instance_rename(storage, pool, project, to, name, NULL) < 0)
                        log_error("The volume of %s is now named %s", name, to);
                result = -1;
        }
        journal_done(journal);
        return result;
}

static int check_rename(Instances *instances, const Instance *instance, const char *to,
                        Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(instance_row_done) InstanceRow other = {.name = NULL};
        if (instance_is_running(instance))
                return error_set(err, ERROR_BAD_STATE, 0,
                                 "Renaming of running container not allowed");
        if (database_begin(instances->spec.database, DATABASE_READ, &tx, err) < 0)
                return -1;
        if (db_instance_get(tx, instance->row.project, to, &other, NULL) == 0)
                return error_set(err, ERROR_EXISTS, 0, "Name \"%s\" already in use", to);
        return 0;
}

/* What lies beside the volume under the instance's name. */
void instance_rename_files(Instances *instances, const char *from, const char *to) {
        static const char *const places[] = {"logs", "backups/instances"};
        for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
                _cleanup_free_ char *old = str_printf("%s/%s/%s", instances->directory, places[i],
                                                      from);
                _cleanup_free_ char *new = str_printf("%s/%s/%s", instances->directory, places[i],
                                                      to);
                if (path_exists(old) && path_remove_all(new, NULL) == 0)
                        (void) rename(old, new);
        }
}

typedef struct Rename {
        const char *to;
        const EventRequestor *requestor;
} Rename;

static int rename_held(Instances *instances, Instance *instance, void *userdata, Error **err) {
        const Rename *job = userdata;
        if (check_rename(instances, instance, job->to, err) < 0 ||
            rename_journaled(instances, instance, job->to, err) < 0)
                return -1;
        instance_devices_changed(instances, instance, NULL);
        json_t *context = json_pack("{s:s}", "old_name", instance->row.name);
        _cleanup_free_ char *old = TAKE_PTR(instance->disk_name);
        instance->disk_name = storage_instance_name(instance->row.project, job->to);
        str_replace(&instance->row.name, str_dup(job->to));
        instance_rename_files(instances, old, instance->disk_name);
        instance_backup_file_update(instances, instance);
        instance_devices_changed(instances, NULL, instance);
        instance_emit(instances, instance, "instance-renamed", context, job->requestor);
        return 0;
}

int instance_rename(Instances *instances, Instance *instance, const char *to,
                    const EventRequestor *requestor, Error **err) {
        Rename job = {.to = to, .requestor = requestor};
        const RunnerVerb verb = {
                .name = "rename", .forget = true, .run = rename_held, .userdata = &job};
        if (name_check_instance(to, err) < 0)
                return -1;
        return runner_run(instances, instance, &verb, err);
}
