/* The other changes of state: stop, restart, freeze; and what follows an end from whatever side. */
#include "instance/state.h"

#include "base/log.h"
#include "base/memory.h"
#include "instance/apparmor.h"
#include "instance/instance_private.h"

#define KILL_TIMEOUT_MS 60000

void instance_stopped(Instances *instances, Instance *instance, const char *action,
                      const EventRequestor *requestor) {
        _cleanup_strmap_ StrMap changes = {.items = NULL};
        _cleanup_error_ Error *err = NULL;
        runner_clear_process(instances, instance);
        instance->status = INSTANCE_STOPPED;
        instances_balance_cpus(instances);
        instance_unload_apparmor(instances, instance);
        instance_devices_stop(instances, instance, &changes);
        instance_volume_unmount(instances, instance);
        strmap_set(&changes, "volatile.last_state.power", "STOPPED");
        strmap_set(&changes, "volatile.last_state.ready", "");
        if (instance_set_volatile(instances, instance, &changes, false, &err) < 0)
                log_error("Cannot record the stop of %s: %s", instance->disk_name,
                          error_message(err));
        instance_emit(instances, instance, action, NULL, requestor);
        if (!instance->row.ephemeral || str_equal(action, "instance-restarted"))
                return;
        if (instance_delete_held(instances, instance, requestor, &err) < 0)
                log_error("Cannot delete the ephemeral %s: %s", instance->disk_name,
                          error_message(err));
}

/* -1: for ever. */
static int timeout_ms(int64_t seconds) {
        return seconds <= 0 || seconds > INT32_MAX / 1000 ? -1 : (int) seconds * 1000;
}

static int shut_down(Instances *instances, const Instance *instance,
                     const RuntimeProcess *process, const InstanceChange *change, Error **err) {
        Runtime *runtime = instances->spec.runtime;
        _cleanup_error_ Error *late = NULL;
        /* What is frozen hears no signal. */
        if (instance->status == INSTANCE_FROZEN && runtime_unfreeze(runtime, process, err) < 0)
                return -1;
        if (runtime_shutdown(process, 0, err) < 0)
                return -1;
        if (runtime_wait_stopped(process, timeout_ms(change->timeout_seconds), &late) == 0)
                return 0;
        if (!error_is(late, ERROR_TIMEOUT))
                return error_move(err, &late);
        return error_set(err, ERROR_TIMEOUT, 0,
                         "Failed shutting down instance, status is \"Running\": context deadline "
                         "exceeded");
}

static int stop_process(Instances *instances, const Instance *instance,
                        const InstanceChange *change, Error **err) {
        _cleanup_(runtime_process_done) RuntimeProcess process = {.name = NULL};
        if (!instance_is_running(instance))
                return error_set(err, ERROR_BAD_STATE, 0, "The instance is already stopped");
        if (change->stateful)
                return error_set(err, ERROR_UNSUPPORTED, 0,
                                 "Unable to perform container live migration. CRIU isn't "
                                 "installed");
        if (instance_process(instances, instance, &process, err) < 0)
                return -1;
        if (!change->force)
                return shut_down(instances, instance, &process, change, err);
        if (runtime_kill(instances->spec.runtime, &process, err) < 0)
                return -1;
        return runtime_wait_stopped(&process, KILL_TIMEOUT_MS, err);
}

static int do_start(Instances *instances, Instance *instance, const InstanceChange *change,
                    Error **err) {
        instance_forget_ends(instances, instance);
        return instance_start_held(instances, instance, change->requestor, err);
}

int instance_stop_held(Instances *instances, Instance *instance, const InstanceChange *change,
                       Error **err) {
        if (stop_process(instances, instance, change, err) < 0)
                return -1;
        instance_stopped(instances, instance,
                         change->force ? "instance-stopped" : "instance-shutdown",
                         change->requestor);
        return 0;
}

static int do_restart(Instances *instances, Instance *instance, const InstanceChange *change,
                      Error **err) {
        if (stop_process(instances, instance, change, err) < 0)
                return -1;
        instance_stopped(instances, instance, "instance-restarted", change->requestor);
        return instance_start_held(instances, instance, change->requestor, err);
}

static int set_frozen(Instances *instances, Instance *instance, bool frozen,
                      const InstanceChange *change, Error **err) {
        Runtime *runtime = instances->spec.runtime;
        _cleanup_(runtime_process_done) RuntimeProcess process = {.name = NULL};
        if (!instance_is_running(instance))
                return error_set(err, ERROR_BAD_STATE, 0, "The container isn't running");
        if (frozen == (instance->status == INSTANCE_FROZEN))
                return error_set(err, ERROR_BAD_STATE, 0,
                                 frozen ? "The container is already frozen"
                                        : "The container is already running");
        if (instance_process(instances, instance, &process, err) < 0 ||
            (frozen ? runtime_freeze(runtime, &process, err)
                    : runtime_unfreeze(runtime, &process, err)) < 0)
                return -1;
        pthread_mutex_lock(&instances->lock);
        Runner *runner = runner_of(instances, instance->disk_name);
        if (runner != NULL)
                runner->frozen = frozen;
        pthread_mutex_unlock(&instances->lock);
        instance->status = frozen ? INSTANCE_FROZEN : INSTANCE_RUNNING;
        instance_emit(instances, instance, frozen ? "instance-paused" : "instance-resumed", NULL,
                      change->requestor);
        return 0;
}

static int do_freeze(Instances *instances, Instance *instance, const InstanceChange *change,
                     Error **err) {
        return set_frozen(instances, instance, true, change, err);
}

static int do_unfreeze(Instances *instances, Instance *instance, const InstanceChange *change,
                       Error **err) {
        return set_frozen(instances, instance, false, change, err);
}

static const struct {
        const char *name, *description;
        int (*run)(Instances *instances, Instance *instance, const InstanceChange *change,
                   Error **err);
} actions[_INSTANCE_ACTION_MAX] = {
        [INSTANCE_ACTION_START] = {"start", "Starting instance", do_start},
        [INSTANCE_ACTION_STOP] = {"stop", "Stopping instance", instance_stop_held},
        [INSTANCE_ACTION_RESTART] = {"restart", "Restarting instance", do_restart},
        [INSTANCE_ACTION_FREEZE] = {"freeze", "Freezing instance", do_freeze},
        [INSTANCE_ACTION_UNFREEZE] = {"unfreeze", "Unfreezing instance", do_unfreeze},
};

int instance_action_parse(const char *name, InstanceAction *ret, Error **err) {
        for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
                if (str_equal(actions[i].name, name)) {
                        *ret = (InstanceAction) i;
                        return 0;
                }
        return error_set(err, ERROR_INVALID, 0, "Unknown action: '%s'", name != NULL ? name : "");
}

const char *instance_action_description(InstanceAction action) {
        return actions[action].description;
}

/* A forced stop may come while a clean one waits: it ends what the other one waits for. */
static bool interrupt_stop(Instances *instances, const Instance *instance,
                           const InstanceChange *change) {
        _cleanup_(runtime_process_done) RuntimeProcess process = {.name = NULL};
        if (change->action != INSTANCE_ACTION_STOP || !change->force ||
            !runner_is_busy_with(instances, instance, actions[INSTANCE_ACTION_STOP].name))
                return false;
        return instance_process(instances, instance, &process, NULL) == 0 &&
               runtime_kill(instances->spec.runtime, &process, NULL) == 0 &&
               runtime_wait_stopped(&process, KILL_TIMEOUT_MS, NULL) == 0;
}

int instance_change_state(Instances *instances, const Instance *instance,
                          const InstanceChange *change, Error **err) {
        _cleanup_(instance_cleanup) Instance *current = NULL;
        if (interrupt_stop(instances, instance, change))
                return 0;
        if (runner_acquire(instances, instance, actions[change->action].name, false, err) < 0)
                return -1;
        int result = instance_load(instances, instance->row.project, instance->row.name, &current,
                                   err);
        if (result == 0)
                result = actions[change->action].run(instances, current, change, err);
        runner_release(instances, instance);
        return result;
}
