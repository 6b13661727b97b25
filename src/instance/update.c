/* Changes of config, devices and profiles: checked as a whole, then live, then recorded. */
#include "instance/update.h"

#include "base/log.h"
#include "base/memory.h"
#include "database/projects.h"
#include "instance/apparmor.h"
#include "instance/guest.h"
#include "instance/instance_private.h"
#include "instance/live.h"
#include "project/project.h"
#include "schema/arch.h"

void instance_to_put(const Instance *instance, ApiInstancePut *ret) {
        const InstanceRow *row = &instance->row;
        api_instance_put_init(ret);
        ret->architecture = str_dup(architecture_name((int) row->architecture));
        strmap_copy(&ret->config, &row->config);
        devicemap_copy(&ret->devices, &row->devices);
        ret->ephemeral = row->ephemeral;
        strlist_copy(&ret->profiles, &row->profiles);
        ret->stateful = row->stateful;
        ret->description = str_dup(row->description);
}

static int check_profiles(Instances *instances, const char *project, const StrList *names,
                          Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_free_ char *holder = NULL;
        if (database_begin(instances->spec.database, DATABASE_READ, &tx, err) < 0 ||
            db_project_holder(tx, project, PROFILES_FEATURE, &holder, err) < 0)
                return -1;
        for (size_t i = 0; i < names->count; i++) {
                _cleanup_(profile_row_done) ProfileRow profile = {.name = NULL};
                if (db_profile_get(tx, holder, names->items[i], &profile, err) < 0)
                        return -1;
        }
        return 0;
}

int instance_row_from_put(Instances *instances, const Instance *instance,
                          const ApiInstancePut *put, InstanceRow *ret, Error **err) {
        int architecture = (int) instance->row.architecture;
        if (check_profiles(instances, instance->row.project, &put->profiles, err) < 0)
                return -1;
        if (!str_is_empty(put->architecture) &&
            architecture_parse(put->architecture, &architecture, err) < 0)
                return -1;
        instance_row_copy(ret, &instance->row);
        ret->architecture = architecture;
        ret->ephemeral = put->ephemeral;
        strmap_copy(&ret->config, &put->config);
        devicemap_copy(&ret->devices, &put->devices);
        strlist_copy(&ret->profiles, &put->profiles);
        str_replace(&ret->description, str_dup(put->description != NULL ? put->description : ""));
        return 0;
}

/* Volatile keys are the daemon's: a client that leaves them out (OpenNebula, pylxd) does not lose
 * them, one that sends others than it read may (OpenNebula puts volatile.last_state.idmap). */
static void keep_volatile(const Instance *before, InstanceRow *row) {
        for (size_t i = 0; i < before->row.config.count; i++) {
                const StrPair *pair = &before->row.config.items[i];
                if (str_has_prefix(pair->key, "volatile.") &&
                    !strmap_has(&row->config, pair->key))
                        strmap_set(&row->config, pair->key, pair->value);
        }
        /* An empty value unsets. */
        for (size_t i = row->config.count; i-- > 0;)
                if (str_is_empty(row->config.items[i].value))
                        (void) strmap_remove(&row->config, row->config.items[i].key);
}

static int expand(Instances *instances, Instance *instance, const InstanceRow *row,
                  const Instance *before, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        if (database_begin(instances->spec.database, DATABASE_READ, &tx, err) < 0 ||
            project_allow_instance(tx, row, &before->row.config, false, err) < 0)
                return -1;
        return instance_expand(instances, tx, instance, err);
}

static int plan_update(Instances *instances, const Instance *before, InstanceRow *row,
                       Instance *after, Error **err) {
        _cleanup_strmap_ StrMap changes = {.items = NULL};
        keep_volatile(before, row);
        instance_row_copy(&after->row, row);
        after->disk_name = str_dup(before->disk_name);
        after->status = before->status;
        if (expand(instances, after, row, before, err) < 0 ||
            instance_check(instances, after, err) < 0)
                return -1;
        const char *pool = instance_root_pool(before);
        if (pool != NULL && !str_equal(pool, instance_root_pool(after)))
                return error_set(err, ERROR_INVALID, 0, "Cannot update root disk device pool name");
        if (instance_plan_volatile(instances, after, &changes, err) < 0)
                return -1;
        if (!instance_is_running(before) &&
            !str_equal(strmap_get(&before->config, "raw.apparmor"),
                       strmap_get(&after->config, "raw.apparmor")) &&
            instance_check_apparmor(instances, after, err) < 0)
                return -1;
        instance_renew_cloud_id(before, after, &changes);
        instance_apply_volatile(after, &changes);
        return instance_admit_devices(instances, before, after, err);
}

static int record(Instances *instances, const InstanceRow *row, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_free_ char *profile_project = NULL;
        if (database_begin(instances->spec.database, DATABASE_WRITE, &tx, err) < 0 ||
            db_project_holder(tx, row->project, PROFILES_FEATURE, &profile_project, err) < 0 ||
            project_allow_instance(tx, row, &row->config, true, err) < 0 ||
            db_instance_update(tx, row, profile_project, err) < 0)
                return -1;
        return transaction_commit(&tx, err);
}

static int update_held(Instances *instances, const Instance *before, InstanceRow *row,
                       Error **err) {
        _cleanup_(instance_cleanup) Instance *after = mem_new(Instance);
        if (plan_update(instances, before, row, after, err) < 0)
                return -1;
        if (!instance_is_running(before)) {
                if (instance_update_devices(instances, NULL, before, after, err) < 0 ||
                    record(instances, &after->row, err) < 0)
                        return -1;
                instance_devices_changed(instances, before, after);
                return 0;
        }
        if (instance_change_live(instances, before, after, err) < 0)
                return -1;
        if (record(instances, &after->row, err) == 0) {
                instance_devices_changed(instances, before, after);
                hotplug_follow(instances, after);
                instance_guest_changed(instances, before, after);
                return 0;
        }
        if (instance_change_live(instances, after, (Instance *) before, NULL) < 0)
                log_error("%s runs with a configuration that could not be recorded",
                          before->disk_name);
        return -1;
}

int instance_update(Instances *instances, Instance *instance, InstanceRow *row,
                    const EventRequestor *requestor, Error **err) {
        _cleanup_(instance_cleanup) Instance *current = NULL;
        if (runner_acquire(instances, instance, "update", true, err) < 0)
                return -1;
        int result = instance_load(instances, instance->row.project, instance->row.name, &current,
                                   err);
        if (result == 0)
                result = update_held(instances, current, row, err);
        runner_release(instances, instance);
        if (result == 0)
                instance_emit(instances, instance, "instance-updated", NULL, requestor);
        return result;
}

static int follow_profile(Instances *instances, const Instance *listed, const ProfileRow *before,
                          Error **err) {
        _cleanup_(instance_cleanup) Instance *after = NULL, *old = mem_new(Instance);
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_strmap_ StrMap config = {.items = NULL};
        if (instance_load(instances, listed->row.project, listed->row.name, &after, err) < 0)
                return -1;
        instance_row_copy(&old->row, &after->row);
        old->disk_name = str_dup(after->disk_name);
        old->status = after->status;
        if (database_begin(instances->spec.database, DATABASE_READ, &tx, err) < 0 ||
            instance_expand_with(tx, old, before, err) < 0)
                return -1;
        transaction_rollback(TAKE_PTR(tx));
        instance_devices_changed(instances, old, after);
        instance_renew_cloud_id(old, after, &config);
        if (!instance_is_running(after))
                return instance_set_volatile(instances, after, &config, false, err);
        instance_apply_volatile(after, &config);
        if (instance_change_live(instances, old, after, err) < 0)
                return -1;
        hotplug_follow(instances, after);
        instance_guest_changed(instances, old, after);
        strmap_copy(&config, &after->row.config);
        return instance_set_volatile(instances, after, &config, false, err);
}

/* The projects whose instances take their profiles from `holder`. */
static int list_followers(Instances *instances, const char *holder, StrList *ret, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(project_row_list_done) ProjectRowList projects = {.items = NULL};
        if (database_begin(instances->spec.database, DATABASE_READ, &tx, err) < 0 ||
            db_project_list(tx, &projects, err) < 0)
                return -1;
        for (size_t i = 0; i < projects.count; i++) {
                _cleanup_free_ char *found = NULL;
                const char *name = projects.items[i].name;
                if (db_project_holder(tx, name, PROFILES_FEATURE, &found, err) < 0)
                        return -1;
                if (str_equal(found, holder))
                        strlist_add(ret, name);
        }
        return 0;
}

void instances_profile_changed(Instances *instances, const ProfileRow *before) {
        _cleanup_(instance_list_done) InstanceList list = {.items = NULL};
        _cleanup_strlist_ StrList projects = {.items = NULL};
        _cleanup_error_ Error *failed = NULL;
        if (list_followers(instances, before->project, &projects, &failed) < 0 ||
            instance_list(instances, NULL, &list, &failed) < 0) {
                log_error("Cannot list instances: %s", error_message(failed));
                return;
        }
        for (size_t i = 0; i < list.count; i++) {
                const Instance *instance = &list.items[i];
                _cleanup_error_ Error *err = NULL;
                if (!strlist_has(&projects, instance->row.project) ||
                    !strlist_has(&instance->row.profiles, before->name) ||
                    runner_acquire(instances, instance, "update", true, NULL) < 0)
                        continue;
                if (follow_profile(instances, instance, before, &err) < 0)
                        log_warning("%s does not follow its profile %s: %s", instance->disk_name,
                                    before->name, error_message(err));
                runner_release(instances, instance);
        }
}
