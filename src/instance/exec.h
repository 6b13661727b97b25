/* Exec sessions (POST …/exec): the streams of objects.md §7.
 *
 *     instance_exec_new(instances, instance, &post, &session, err)
 *     operation = operation_new(ops, {.class = instance_exec_is_websocket(session) ? …WEBSOCKET
 *             : …TASK, .hooks = &instance_exec_hooks, .userdata = session, …})
 *     instance_exec_attach(session, operation)      sets the metadata
 *     reply with the operation (which starts it)
 *
 * The operation owns the session from then on (hooks.release). */
#pragma once

#include "api/instance_exec.h"
#include "instance/instance.h"

typedef struct InstanceExec InstanceExec;

/* ERROR_INVALID "Instance is not running", "Instance is frozen", "No command given". */
int instance_exec_new(Instances *instances, const Instance *instance,
                      const ApiInstanceExecPost *post, InstanceExec **ret, Error **err)
        _must_check_;
bool instance_exec_is_websocket(const InstanceExec *exec);
void instance_exec_attach(InstanceExec *exec, Operation *operation);
void instance_exec_free(InstanceExec *exec); /* before it has an operation */
extern const OperationHooks instance_exec_hooks;
