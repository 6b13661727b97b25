/* Delete and rename. */
#include "instance/update.h"

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/units.h"
#include "database/storage_volumes.h"
#include "instance/instance_private.h"
#include "schema/names.h"

#include <stdio.h>

static int remove_files(Instances *instances, const Instance *instance, Error **err) {
        static const char *const places[] = {"logs", "security/seccomp", "devices", "shmounts"};
        for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
                _cleanup_free_ char *path = str_printf("%s/%s/%s", instances->directory, places[i],
                                                       instance->disk_name);
                if (path_remove_all(path, err) < 0)
                        return -1;
        }
        return 0;
}

static int find_volume(Transaction *tx, const Instance *instance, StorageVolumeRow *ret,
                       Error **err) {
        const StorageVolumeRow key = {.pool = (char *) instance_root_pool(instance),
                                      .project = instance->row.project,
                                      .name = instance->row.name,
                                      .type = STORAGE_VOLUME_CONTAINER};
        return db_storage_volume_get(tx, &key, ret, err);
}

/* Both records go; deleting the instance alone would leave the volume's. */
static int forget(Instances *instances, const Instance *instance, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(storage_volume_row_done) StorageVolumeRow volume = {.name = NULL};
        if (database_begin(instances->spec.database, DATABASE_WRITE, &tx, err) < 0 ||
            db_instance_delete(tx, instance->row.id, err) < 0)
                return -1;
        if (instance_root_pool(instance) != NULL &&
            find_volume(tx, instance, &volume, NULL) == 0 &&
            db_storage_volume_delete(tx, volume.id, err) < 0)
                return -1;
        return transaction_commit(&tx, err);
}

/* The records go last: until then everything can be tried again. */
int instance_delete_held(Instances *instances, Instance *instance,
                         const EventRequestor *requestor, Error **err) {
        const char *pool_name = instance_root_pool(instance);
        _cleanup_(storage_pool_cleanup) StoragePool *pool = NULL;
        _cleanup_strmap_ StrMap changes = {.items = NULL};
        instance_devices_stop(instances, instance, &changes);
        if (pool_name != NULL &&
            (storage_pool_find(instances->spec.storage, pool_name, &pool, err) < 0 ||
             storage_instance_delete(instances->spec.storage, pool, instance->row.project,
                                     instance->row.name, err) < 0))
                return error_prefix(err, "Failed deleting instance \"%s\"", instance->row.name);
        if (remove_files(instances, instance, err) < 0 || forget(instances, instance, err) < 0)
                return -1;
        instance_emit(instances, instance, "instance-deleted", NULL, requestor);
        return 0;
}

static int check_deletable(Instances *instances, const Instance *instance, Error **err) {
        _cleanup_(runtime_process_done) RuntimeProcess process = {.name = NULL};
        if (instance_is_running(instance))
                return error_set(err, ERROR_BAD_STATE, 0, "Instance is running");
        if (str_is_true(strmap_get(&instance->config, "security.protection.delete")))
                return error_set(err, ERROR_BAD_STATE, 0, "Instance is protected");
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
            find_volume(tx, instance, &volume, err) < 0 ||
            db_storage_volume_rename(tx, volume.id, to, err) < 0)
                return -1;
        return transaction_commit(&tx, err);
}

static int rename_held(Instances *instances, const Instance *instance, const char *to,
                       Error **err) {
        Storage *storage = instances->spec.storage;
        const char *project = instance->row.project, *name = instance->row.name;
        _cleanup_(storage_pool_cleanup) StoragePool *pool = NULL;
        if (storage_pool_find(storage, instance_root_pool(instance), &pool, err) < 0 ||
            storage_instance_rename(storage, pool, project, name, to, err) < 0)
                return -1;
        if (rename_records(instances, instance, to, err) < 0) {
                if (storage_instance_rename(storage, pool, project, to, name, NULL) < 0)
                        log_error("The volume of %s is now named %s", name, to);
                return -1;
        }
        _cleanup_free_ char *disk_name = storage_instance_name(project, to);
        _cleanup_free_ char *old_log = instance_log_directory(instances, instance);
        _cleanup_free_ char *new_log = str_printf("%s/logs/%s", instances->directory, disk_name);
        if (path_remove_all(new_log, NULL) == 0)
                (void) rename(old_log, new_log);
        return 0;
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

int instance_rename(Instances *instances, Instance *instance, const char *to,
                    const EventRequestor *requestor, Error **err) {
        if (name_check_instance(to, err) < 0 ||
            runner_acquire(instances, instance, "rename", false, err) < 0)
                return -1;
        int result = check_rename(instances, instance, to, err);
        if (result == 0)
                result = rename_held(instances, instance, to, err);
        if (result < 0) {
                runner_release(instances, instance);
                return -1;
        }
        runner_forget(instances, instance->disk_name);
        json_t *context = json_pack("{s:s}", "old_name", instance->row.name);
        str_replace(&instance->row.name, str_dup(to));
        str_replace(&instance->disk_name, storage_instance_name(instance->row.project, to));
        instance_emit(instances, instance, "instance-renamed", context, requestor);
        return 0;
}
