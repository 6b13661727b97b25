#include "instance/backup_file.h"

#include "api/backup.h"
#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/times.h"
#include "database/projects.h"
#include "database/storage_volumes.h"
#include "instance/lifecycle_private.h"
#include "instance/snapshots.h"
#include "json/json.h"
#include "json/yaml.h"

#include <string.h>

static json_t *instance_json(const Instance *instance) {
        ApiInstance api;
        instance_to_api(instance, &api);
        return api_instance_to_json(&api);
}

static int add_snapshots(Instances *instances, const Instance *instance, json_t *config,
                         Error **err) {
        _cleanup_(instance_list_done) InstanceList list = {.items = NULL};
        json_t *array = json_array();
        json_object_set_new(config, "snapshots", array);
        if (instance_snapshots_of(instances, instance, 1, &list, err) < 0)
                return -1;
        for (size_t i = 0; i < list.count; i++) {
                ApiInstanceSnapshot api;
                instance_snapshot_to_api(&list.items[i], -1, &api);
                json_array_append_new(array, api_instance_snapshot_to_json(&api));
        }
        return 0;
}

static int add_pool(Transaction *tx, const char *name, json_t *config, Error **err) {
        _cleanup_(storage_pool_row_done) StoragePoolRow row = {.name = NULL};
        static char none[] = "none", created[] = "Created", *locations[] = {none, NULL};
        if (db_storage_pool_get(tx, name, &row, err) < 0)
                return -1;
        const ApiStoragePool api = {.config = row.config,
                                    .description = row.description,
                                    .name = row.name,
                                    .driver = row.driver,
                                    .status = created,
                                    .locations = {.items = locations, .count = 1}};
        json_object_set_new(config, "pool", api_storage_pool_to_json(&api));
        return 0;
}

static int add_profiles(Transaction *tx, const char *project, json_t *config, Error **err) {
        _cleanup_(profile_row_list_done) ProfileRowList rows = {.items = NULL};
        _cleanup_free_ char *holder = NULL;
        json_t *array = json_array();
        json_object_set_new(config, "profiles", array);
        if (db_project_holder(tx, project, PROFILES_FEATURE, &holder, err) < 0 ||
            db_profile_list(tx, holder, &rows, err) < 0)
                return -1;
        for (size_t i = 0; i < rows.count; i++) {
                const ApiProfile api = {.config = rows.items[i].config,
                                        .description = rows.items[i].description,
                                        .devices = rows.items[i].devices,
                                        .name = rows.items[i].name};
                json_array_append_new(array, api_profile_to_json(&api));
        }
        return 0;
}

static json_t *volume_json(const StorageVolumeRow *row) {
        const ApiStorageVolume api = {.config = row->config,
                                      .description = row->description,
                                      .restore = (char *) "",
                                      .name = row->name,
                                      .type = (char *) "container",
                                      .location = (char *) "none",
                                      .content_type = (char *) "filesystem",
                                      .project = row->project,
                                      .created_at = TIME_ZERO};
        return api_storage_volume_to_json(&api);
}

static json_t *volume_snapshot_json(const StorageVolumeRow *row) {
        const char *slash = strchr(row->name, '/');
        const ApiStorageVolumeSnapshot api = {
                .description = row->description,
                .expires_at = row->expires_ns,
                .name = (char *) (slash != NULL ? slash + 1 : row->name),
                .config = row->config,
                .content_type = (char *) "filesystem",
                .created_at = TIME_ZERO};
        return api_storage_volume_snapshot_to_json(&api);
}

static int add_volume(Transaction *tx, const Instance *instance, bool snapshots, json_t *config,
                      Error **err) {
        _cleanup_(storage_volume_row_done) StorageVolumeRow row = {.name = NULL};
        _cleanup_(storage_volume_row_list_done) StorageVolumeRowList list = {.items = NULL};
        if (instance_volume_record(tx, instance, &row, err) < 0)
                return -1;
        json_object_set_new(config, "volume", volume_json(&row));
        json_t *array = json_array();
        json_object_set_new(config, "volume_snapshots", array);
        if (snapshots && db_storage_volume_snapshot_list(tx, row.id, &list, err) < 0)
                return -1;
        for (size_t i = 0; i < list.count; i++)
                json_array_append_new(array, volume_snapshot_json(&list.items[i]));
        return 0;
}

int instance_backup_config(Instances *instances, const Instance *instance, bool snapshots,
                           json_t **ret, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_json_ json_t *config = json_object();
        json_object_set_new(config, "container", instance_json(instance));
        if ((snapshots && add_snapshots(instances, instance, config, err) < 0) ||
            database_begin(instances->spec.database, DATABASE_READ, &tx, err) < 0 ||
            add_pool(tx, instance_root_pool(instance), config, err) < 0 ||
            add_profiles(tx, instance->row.project, config, err) < 0 ||
            add_volume(tx, instance, snapshots, config, err) < 0)
                return -1;
        *ret = TAKE_PTR(config);
        return 0;
}

static int write_file(Instances *instances, const Instance *instance, const StorageVolume *volume,
                      Error **err) {
        _cleanup_json_ json_t *config = NULL;
        _cleanup_free_ char *path = path_join(volume->path, "backup.yaml");
        if (instance_backup_config(instances, instance, true, &config, err) < 0)
                return -1;
        _cleanup_free_ char *text = yaml_dump_fields(api_backup_config_fields, config);
        return file_write(path, text, strlen(text), 0400, false, err);
}

static int update(Instances *instances, const Instance *instance, Error **err) {
        _cleanup_(instance_cleanup) Instance *current = NULL;
        _cleanup_(storage_pool_cleanup) StoragePool *pool = NULL;
        if (instance_load(instances, instance->row.project, instance->row.name, &current, err) <
                    0 ||
            storage_pool_find(instances->spec.storage, instance_root_pool(current), &pool, err) <
                    0)
                return -1;
        _cleanup_(storage_volume_cleanup) StorageVolume *volume =
                storage_volume_new(pool, STORAGE_VOLUME_CONTAINER, current->row.project,
                                   current->row.name);
        if (storage_volume_mount(volume, err) < 0)
                return -1;
        return write_file(instances, current, volume, err);
}

void instance_backup_file_update(Instances *instances, const Instance *instance) {
        _cleanup_error_ Error *err = NULL;
        if (update(instances, instance, &err) < 0)
                log_warning("Cannot write backup.yaml of %s: %s", instance->disk_name,
                            error_message(err));
}
