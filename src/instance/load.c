/* Instances from their records: profiles applied, status added. */
#include "instance/instance_private.h"

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/times.h"
#include "database/profiles.h"
#include "database/projects.h"
#include "device/device.h"
#include "json/json.h"
#include "schema/arch.h"
#include "schema/key.h"
#include "schema/names.h"

void instance_free(Instance *instance) {
        if (instance == NULL)
                return;
        instance_row_done(&instance->row);
        strmap_done(&instance->config);
        devicemap_done(&instance->devices);
        free(instance->disk_name);
        free(instance->snapshot);
        free(instance->pool);
        free(instance);
}

void instance_list_done(InstanceList *list) {
        for (size_t i = 0; i < list->count; i++) {
                instance_row_done(&list->items[i].row);
                strmap_done(&list->items[i].config);
                devicemap_done(&list->items[i].devices);
                free(list->items[i].disk_name);
                free(list->items[i].snapshot);
                free(list->items[i].pool);
        }
        free(list->items);
        *list = (InstanceList){};
}

const char *instance_status_name(InstanceStatus status) {
        return status == INSTANCE_RUNNING  ? "Running"
               : status == INSTANCE_FROZEN ? "Frozen"
               : status == INSTANCE_READY  ? "Ready"
                                           : "Stopped";
}

bool instance_is_running(const Instance *instance) {
        return instance->status != INSTANCE_STOPPED;
}

char *instance_url(const Instance *instance) {
        if (instance->snapshot == NULL)
                return str_printf("/1.0/instances/%s", instance->row.name);
        _cleanup_free_ char *snapshot = url_escape(instance->snapshot);
        return str_printf("/1.0/instances/%s/snapshots/%s", instance->row.name, snapshot);
}

char *instance_log_directory(Instances *instances, const Instance *instance) {
        return str_printf("%s/logs/%s", instances->directory, instance->disk_name);
}

char *instance_config_file(Instances *instances, const Instance *instance) {
        return str_printf("%s/logs/%s/lxc.conf", instances->directory, instance->disk_name);
}

const char *instance_root_pool(const Instance *instance) {
        if (instance->pool != NULL)
                return instance->pool;
        for (size_t i = 0; i < instance->devices.count; i++) {
                const StrMap *config = &instance->devices.items[i].config;
                if (device_is_root_disk(config))
                        return strmap_get(config, "pool");
        }
        return NULL;
}

void instance_emit_at(Instances *instances, const Instance *instance, const char *below,
                      const char *action, json_t *context, const EventRequestor *requestor) {
        _cleanup_free_ char *url = instance_url(instance);
        _cleanup_free_ char *source =
                below != NULL ? str_printf("%s/%s", url, below) : str_dup(url);
        const EventLifecycle event = {.action = action,
                                      .project = instance->row.project,
                                      .source = source,
                                      .context = context,
                                      .requestor = requestor};
        event_emit_lifecycle(instances->spec.events, &event);
        json_decref(context);
}

void instance_emit(Instances *instances, const Instance *instance, const char *action,
                   json_t *context, const EventRequestor *requestor) {
        instance_emit_at(instances, instance, NULL, action, context, requestor);
}

void instance_to_api(const Instance *instance, ApiInstance *ret) {
        const InstanceRow *row = &instance->row;
        static char empty[] = "", location[] = "none", container[] = "container";
        *ret = (ApiInstance) {
                .architecture = (char *) architecture_name((int) row->architecture),
                .config = row->config,
                .devices = row->devices,
                .ephemeral = row->ephemeral,
                .profiles = row->profiles,
                .restore = empty,
                .stateful = row->stateful,
                .description = row->description,
                .created_at = row->created_ns,
                .expanded_config = instance->config,
                .expanded_devices = instance->devices,
                .name = row->name,
                .status = (char *) instance_status_name(instance->status),
                .status_code = instance->status,
                .last_used_at = row->used_ns != TIME_ZERO ? row->used_ns : 0, /* as LXD shows it */
                .location = location,
                .type = container,
                .project = row->project,
        };
}

json_t *instance_etag(const Instance *instance) {
        const InstanceRow *row = &instance->row;
        return json_pack("[I, o, o, b, o]", (json_int_t) row->architecture,
                         json_from_strmap(&row->config), json_from_devicemap(&row->devices),
                         (int) row->ephemeral, json_from_strlist(&row->profiles));
}

static bool has_profile(const ProfileRowList *profiles, const char *name) {
        for (size_t i = 0; i < profiles->count; i++)
                if (str_equal(profiles->items[i].name, name))
                        return true;
        return false;
}

static void apply(Instance *instance, const ProfileRowList *profiles) {
        profile_rows_apply(profiles, &instance->row.profiles, &instance->config,
                           &instance->devices);
        strmap_merge(&instance->config, &instance->row.config);
        devicemap_merge(&instance->devices, &instance->row.devices);
}

int instance_expand_with(Transaction *tx, Instance *instance, const ProfileRow *other,
                         Error **err) {
        _cleanup_(profile_row_list_done) ProfileRowList profiles = {.items = NULL};
        _cleanup_free_ char *project = NULL;
        strmap_done(&instance->config);
        devicemap_done(&instance->devices);
        if (instance->row.profiles.count > 0 &&
            (db_project_holder(tx, instance->row.project, PROFILES_FEATURE, &project, err) < 0 ||
             db_profile_list(tx, project, &profiles, err) < 0))
                return -1;
        for (size_t i = 0; other != NULL && i < profiles.count; i++)
                if (str_equal(profiles.items[i].name, other->name)) {
                        strmap_copy(&profiles.items[i].config, &other->config);
                        devicemap_copy(&profiles.items[i].devices, &other->devices);
                }
        for (size_t i = 0; i < instance->row.profiles.count; i++)
                if (!has_profile(&profiles, instance->row.profiles.items[i]))
                        return error_set(err, ERROR_NOT_FOUND, 0, "Profile not found");
        apply(instance, &profiles);
        return 0;
}

int instance_expand(_unused_ Instances *instances, Transaction *tx, Instance *instance,
                    Error **err) {
        return instance_expand_with(tx, instance, NULL, err);
}

/* Under the lock. */
static void read_status(Instances *instances, Instance *instance) {
        const Runner *runner = runner_of(instances, instance->disk_name);
        if (runner == NULL || runner->process.init_pid == 0)
                instance->status = INSTANCE_STOPPED;
        else if (runner->frozen)
                instance->status = INSTANCE_FROZEN;
        else
                instance->status = str_is_true(strmap_get(&instance->row.config,
                                                          "volatile.last_state.ready"))
                                           ? INSTANCE_READY
                                           : INSTANCE_RUNNING;
}

int instance_load(Instances *instances, const char *project, const char *name, Instance **ret,
                  Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(instance_cleanup) Instance *instance = mem_new(Instance);
        if (database_begin(instances->spec.database, DATABASE_READ, &tx, err) < 0 ||
            db_instance_get(tx, project, name, &instance->row, err) < 0 ||
            instance_expand(instances, tx, instance, err) < 0)
                return -1;
        instance->disk_name = storage_instance_name(project, name);
        pthread_mutex_lock(&instances->lock);
        read_status(instances, instance);
        pthread_mutex_unlock(&instances->lock);
        *ret = TAKE_PTR(instance);
        return 0;
}

/* Profiles of all projects once, then each instance picks its own. */
int instance_expand_all(Transaction *tx, InstanceList *list, Error **err) {
        _cleanup_(profile_row_list_done) ProfileRowList all = {};
        _cleanup_free_ char *holder = NULL;
        const char *last = NULL;
        size_t first = 0, end = 0;
        if (db_profile_list(tx, NULL, &all, err) < 0)
                return -1;
        for (size_t i = 0; i < list->count; i++) {
                const char *project = list->items[i].row.project;
                if (last == NULL || !str_equal(last, project)) {
                        str_replace(&holder, NULL);
                        if (db_project_holder(tx, project, PROFILES_FEATURE, &holder, err) < 0)
                                return -1;
                        for (first = 0; first < all.count &&
                                        !str_equal(all.items[first].project, holder);)
                                first++;
                        for (end = first;
                             end < all.count && str_equal(all.items[end].project, holder);)
                                end++;
                        last = project;
                }
                const ProfileRowList own = {.items = all.items + first, .count = end - first};
                apply(&list->items[i], &own);
        }
        return 0;
}

int instance_names(Instances *instances, const char *project, StrList *ret, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        if (database_begin(instances->spec.database, DATABASE_READ, &tx, err) < 0)
                return -1;
        return db_instance_names(tx, project, ret, err);
}

int instance_list(Instances *instances, const char *project, InstanceList *ret, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(instance_row_list_done) InstanceRowList rows = {};
        _cleanup_(instance_list_done) InstanceList list = {};
        if (database_begin(instances->spec.database, DATABASE_READ, &tx, err) < 0 ||
            db_instance_list(tx, project, &rows, err) < 0)
                return -1;
        list.items = mem_new_array(Instance, rows.count);
        for (; list.count < rows.count; list.count++) {
                Instance *instance = &list.items[list.count];
                instance->row = rows.items[list.count];
                rows.items[list.count] = (InstanceRow){};
                instance->disk_name =
                        storage_instance_name(instance->row.project, instance->row.name);
        }
        if (list.count > 0 && instance_expand_all(tx, &list, err) < 0)
                return -1;
        pthread_mutex_lock(&instances->lock);
        for (size_t i = 0; i < list.count; i++)
                read_status(instances, &list.items[i]);
        pthread_mutex_unlock(&instances->lock);
        *ret = list;
        list = (InstanceList){};
        return 0;
}

DeviceContext instance_device_context(Instances *instances, const Instance *instance,
                                      const DeviceMap *devices, size_t index) {
        unsigned nics = 0;
        for (size_t i = 0; i < index; i++)
                nics += device_is_nic(&devices->items[i].config);
        return (DeviceContext) {.instance = instance->disk_name,
                                .project = instance->row.project,
                                .title = instance->row.name,
                                .volumes = instances->spec.volumes,
                                .networks = instances->spec.networks,
                                .name = devices->items[index].name,
                                .config = &devices->items[index].config,
                                .devices = devices,
                                .volatiles = &instance->config,
                                .directory = instances->devices,
                                .host_root = instances->host_root,
                                .monitor = instances->device_monitor,
                                .cgroups = &instances->cgroups,
                                .nic_index = nics,
                                .unprivileged = !instance_is_privileged(instance),
                                .firewall = networks_firewall(instances->spec.networks),
                                .runtime = instances->spec.runtime};
}

static int check_devices(Instances *instances, const Instance *instance, Error **err) {
        unsigned roots = 0;
        for (size_t i = 0; i < instance->devices.count; i++) {
                const DeviceContext context =
                        instance_device_context(instances, instance, &instance->devices, i);
                if (name_check_device(context.name, err) < 0 ||
                    device_validate(&context, err) < 0)
                        return -1;
                roots += device_is_root_disk(context.config);
        }
        if (roots == 1)
                return 0;
        return error_set(err, ERROR_INVALID, 0,
                         roots == 0 ? "Failed detecting root disk device: No root device could be "
                                      "found"
                                    : "More than one root device");
}

int instance_check(Instances *instances, const Instance *instance, Error **err) {
        if (config_validate(&config_instance, instance->row.name, &instance->row.config, err) < 0)
                return error_prefix(err, "Invalid config");
        if (instance_check_combinations(&instance->config, err) < 0)
                return error_prefix(err, "Invalid expanded config");
        if (check_devices(instances, instance, err) < 0)
                return error_prefix(err, "Invalid devices");
        return 0;
}

void instance_apply_volatile(Instance *instance, const StrMap *changes) {
        for (size_t i = 0; i < changes->count; i++) {
                const char *key = changes->items[i].key;
                const char *value = changes->items[i].value;
                strmap_set(&instance->row.config, key, str_is_empty(value) ? NULL : value);
                strmap_set(&instance->config, key, str_is_empty(value) ? NULL : value);
        }
}

int instance_set_volatile(Instances *instances, Instance *instance, const StrMap *changes,
                          bool used, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        int64_t now = time_now_ns();
        if (changes->count == 0 && !used)
                return 0;
        if (database_begin(instances->spec.database, DATABASE_WRITE, &tx, err) < 0 ||
            db_instance_config_set(tx, instance->row.id, changes, err) < 0 ||
            (used && db_instance_touch(tx, instance->row.id, now, err) < 0) ||
            transaction_commit(&tx, err) < 0)
                return -1;
        instance_apply_volatile(instance, changes);
        if (used)
                instance->row.used_ns = now;
        return 0;
}

int instance_volume_mount(Instances *instances, const Instance *instance, char **ret,
                          Error **err) {
        _cleanup_(storage_pool_cleanup) StoragePool *pool = NULL;
        _cleanup_free_ char *path = NULL;
        if (instance_volume_path(instances, instance, &path, err) < 0 ||
            storage_pool_find(instances->spec.storage, instance_root_pool(instance), &pool, err) <
                    0)
                return -1;
        const StorageInstance volume = {pool, instance->row.project, instance->row.name,
                                        instance->snapshot};
        if (storage_instance_mount(&volume, err) < 0)
                return -1;
        *ret = TAKE_PTR(path);
        return 0;
}

void instance_volume_unmount(Instances *instances, const Instance *instance) {
        _cleanup_(storage_pool_cleanup) StoragePool *pool = NULL;
        _cleanup_error_ Error *err = NULL;
        const char *name = instance_root_pool(instance);
        if (name == NULL || storage_pool_find(instances->spec.storage, name, &pool, NULL) < 0)
                return;
        const StorageInstance volume = {pool, instance->row.project, instance->row.name,
                                        instance->snapshot};
        if (storage_instance_unmount(&volume, &err) < 0)
                log_warning("The volume of %s stays mounted: %s", instance->disk_name,
                            error_message(err));
}

int instance_volume_path(Instances *instances, const Instance *instance, char **ret,
                         Error **err) {
        const char *pool = instance_root_pool(instance);
        if (pool == NULL)
                return error_set(err, ERROR_INVALID, 0, "No root device could be found");
        *ret = str_printf("%s/storage-pools/%s/containers%s/%s%s%s", instances->directory, pool,
                          instance->snapshot != NULL ? "-snapshots" : "", instance->disk_name,
                          instance->snapshot != NULL ? "/" : "",
                          instance->snapshot != NULL ? instance->snapshot : "");
        return 0;
}
