#pragma once

#include "operation/operation.h"

/* Storage's and the archives' progress as metadata of an operation, at most five times a second:
 * every report is an event for every listener. */
typedef struct InstanceProgress {
        Operation *operation; /* may be NULL */
        const char *key, *label; /* "fs_progress"; "LABEL: 45%", or in bytes without a total */
        uint64_t reported;
        int64_t reported_ns;
} InstanceProgress;
void instance_report_progress(void *userdata, uint64_t done, uint64_t total);
