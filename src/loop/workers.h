/* A pool of worker threads for blocking work. Thread-safe.
 *
 * The pool grows while jobs wait, up to `limit`, and idle threads end after ten seconds. Long jobs
 * (uploads, operations, sessions) may take at most three quarters of the limit, so that short
 * requests always find a thread. */
#pragma once

#include "base/error.h"

typedef struct Workers Workers;
typedef void (*WorkFunction)(void *userdata);

typedef enum WorkKind {
        WORK_SHORT,
        WORK_LONG,
} WorkKind;

Workers *workers_new(size_t limit);
/* Waits for the jobs that run; those still queued are run too. */
void workers_free(Workers *workers);
DEFINE_CLEANUP(Workers, workers, workers_free)

void workers_submit(Workers *workers, WorkKind kind, WorkFunction function, void *userdata);
size_t workers_busy(Workers *workers);
