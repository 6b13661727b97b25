#include "instance/transfer.h"

#include "base/log.h"
#include "base/memory.h"
#include "instance/instance_private.h"

int instance_hold(Instances *instances, const Instance *instance, const char *verb, Error **err) {
        return runner_acquire(instances, instance, verb, true, err);
}

void instance_unhold(Instances *instances, const Instance *instance) {
        runner_release(instances, instance);
}

int instance_freeze_held(Instances *instances, const Instance *instance, bool *ret_frozen,
                         Error **err) {
        _cleanup_(runtime_process_done) RuntimeProcess process = {.name = NULL};
        *ret_frozen = false;
        if (instance->status != INSTANCE_RUNNING)
                return 0;
        if (instance_process(instances, instance, &process, err) < 0 ||
            runtime_freeze(instances->spec.runtime, &process, err) < 0)
                return -1;
        *ret_frozen = true;
        return 0;
}

void instance_thaw_held(Instances *instances, const Instance *instance) {
        _cleanup_(runtime_process_done) RuntimeProcess process = {.name = NULL};
        _cleanup_error_ Error *err = NULL;
        if (instance_process(instances, instance, &process, NULL) == 0 &&
            runtime_unfreeze(instances->spec.runtime, &process, &err) < 0)
                log_error("Instance %s stays frozen: %s", instance->disk_name, error_message(err));
}

int instance_set_disk_idmap(Instances *instances, const Instance *instance, const IdMap *idmap,
                            Error **err) {
        _cleanup_(instance_cleanup) Instance *fresh = NULL;
        _cleanup_free_ char *text = idmap_to_json(idmap);
        _cleanup_strmap_ StrMap changes = {.items = NULL};
        strmap_set(&changes, "volatile.last_state.idmap", text);
        if (instance_load(instances, instance->row.project, instance->row.name, &fresh, err) < 0)
                return -1;
        return instance_set_volatile(instances, fresh, &changes, false, err);
}

int instance_pool(Instances *instances, const Instance *instance, StoragePool **ret, Error **err) {
        const char *name = instance_root_pool(instance);
        if (name == NULL)
                return error_set(err, ERROR_INVALID, 0, "The instance's root device is missing the "
                                                        "pool property");
        return storage_pool_find(instances->spec.storage, name, ret, err);
}
