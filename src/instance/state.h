/* Life: start, stop, restart, freeze; and the figures of /state. */
#pragma once

#include "api/instance_state.h"
#include "instance/instance.h"

typedef enum InstanceAction {
        INSTANCE_ACTION_START,
        INSTANCE_ACTION_STOP,
        INSTANCE_ACTION_RESTART,
        INSTANCE_ACTION_FREEZE,
        INSTANCE_ACTION_UNFREEZE,
        _INSTANCE_ACTION_MAX,
} InstanceAction;

typedef struct InstanceChange {
        InstanceAction action;
        int64_t timeout_seconds; /* stop, restart; <= 0: wait for ever */
        bool force;              /* kill */
        bool stateful;           /* ERROR_UNSUPPORTED */
        const EventRequestor *requestor;
} InstanceChange;

/* "start", "stop", "restart", "freeze", "unfreeze"; ERROR_INVALID "Unknown action". */
int instance_action_parse(const char *name, InstanceAction *ret, Error **err) _must_check_;
/* "Starting instance"…: the operation's description. */
const char *instance_action_description(InstanceAction action);
/* Refuses what the present state does not allow ("The instance is already running"), waits for the
 * end of what it began. Reads the instance anew, so a copy may be old. */
int instance_change_state(Instances *instances, const Instance *instance,
                          const InstanceChange *change, Error **err) _must_check_;

/* What the figures of many instances have in common: the pool that was looked up last. */
typedef struct InstanceStateCache {
        char *pool_name;
        StoragePool *pool;
} InstanceStateCache;
void instance_state_cache_done(InstanceStateCache *cache);

/* Figures; ret is initialised by the caller (api_instance_state_init). `cache` starts as {}. */
int instance_state(Instances *instances, const Instance *instance, InstanceStateCache *cache,
                   ApiInstanceState *ret, Error **err) _must_check_;
