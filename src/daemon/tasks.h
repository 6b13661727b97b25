/* What the daemon does now and then by itself: one row a task in tasks.c. */
#pragma once

#include "rest/context.h"

typedef struct DaemonTasks DaemonTasks;

/* Begins to count; `context` (borrowed) is what the tasks get. Never two of one kind at a time. */
DaemonTasks *daemon_tasks_start(RestContext *context);
/* Runs one now and returns when it is done; one that is at work is waited for first.
 * ERROR_NOT_FOUND names the tasks. */
int daemon_tasks_run(DaemonTasks *tasks, const char *name, Error **err) _must_check_;
