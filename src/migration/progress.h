/* The progress that clients of either operation see: "fs_progress". */
#pragma once

#include "operation/operation.h"

typedef struct MigrationProgress {
        Operation *operation;
        const char *name; /* of what is under way */
        int64_t started_ns, reported_ns;
} MigrationProgress;

/* MigrationWire.progress; userdata is the MigrationProgress. */
void migration_progress(void *userdata, uint64_t bytes);
