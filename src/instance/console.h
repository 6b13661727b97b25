/* The console: attaching (POST …/console, as exec.h's sessions) and its log. */
#pragma once

#include "api/instance_exec.h"
#include "instance/instance.h"

typedef struct InstanceConsole InstanceConsole;

/* Type "console" only; ERROR_INVALID "Instance is not running". */
int instance_console_new(Instances *instances, const Instance *instance,
                         const ApiInstanceConsolePost *post, InstanceConsole **ret, Error **err)
        _must_check_;
void instance_console_attach(InstanceConsole *console, Operation *operation);
void instance_console_free(InstanceConsole *console); /* before it has an operation */
extern const OperationHooks instance_console_hooks;

/* The ring buffer of a running instance, the console.log of a stopped one. */
int instance_console_log(Instances *instances, const Instance *instance, char **ret_data,
                         size_t *ret_size, Error **err) _must_check_;
int instance_console_clear(Instances *instances, const Instance *instance, Error **err)
        _must_check_;
