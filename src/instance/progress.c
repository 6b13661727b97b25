#include "instance/progress.h"

#include "base/memory.h"
#include "base/times.h"
#include "base/units.h"

void instance_report_progress(void *userdata, uint64_t done, uint64_t total) {
        InstanceProgress *progress = userdata;
        uint64_t step = total > 0 ? done * 100 / total : done;
        int64_t now = time_monotonic_ns();
        if (progress->operation == NULL || step == progress->reported ||
            now - progress->reported_ns < 200 * NS_PER_MS)
                return;
        progress->reported = step;
        progress->reported_ns = now;
        _cleanup_free_ char *bytes = units_format_bytes_decimal(done);
        _cleanup_free_ char *text =
                total > 0 ? str_printf("%s: %llu%%", progress->label, (unsigned long long) step)
                          : str_printf("%s: %s", progress->label, bytes);
        operation_set_progress(progress->operation, progress->key, text);
}
