#include "migration/progress.h"

#include "base/memory.h"
#include "base/times.h"
#include "base/units.h"

/* Every report is an event for every listener: at most two a second. */
#define REPORT_NS (500 * NS_PER_MS)

void migration_progress(void *userdata, uint64_t bytes) {
        MigrationProgress *progress = userdata;
        int64_t now = time_monotonic_ns();
        if (progress->started_ns == 0)
                progress->started_ns = progress->reported_ns = now;
        if (now - progress->reported_ns < REPORT_NS)
                return;
        progress->reported_ns = now;
        double seconds = (double) (now - progress->started_ns) / 1e9;
        _cleanup_free_ char *moved = units_format_bytes_decimal(bytes);
        _cleanup_free_ char *speed = units_format_bytes_decimal((uint64_t) (bytes / seconds));
        _cleanup_free_ char *text = str_printf("%s: %s (%s/s)", progress->name, moved, speed);
        operation_set_progress(progress->operation, "fs_progress", text);
}
