/* limits.* as values of control group files; one plan for the start and for a live change. */
#include "instance/lxc_config.h"

#include "base/memory.h"
#include "base/units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add(CgroupSettings *settings, CgroupController controller, const char *file,
                char *owned_value) {
        mem_grow((void **) &settings->items, &settings->capacity, settings->count + 1,
                 sizeof *settings->items);
        settings->items[settings->count++] = (CgroupSetting) {
                .controller = controller, .file = str_dup(file), .value = owned_value};
}

static void add_number(CgroupSettings *settings, CgroupController controller, const char *file,
                       int64_t value) {
        add(settings, controller, file, str_printf("%lld", (long long) value));
}

void cgroup_settings_done(CgroupSettings *settings) {
        for (size_t i = 0; i < settings->count; i++) {
                free(settings->items[i].file);
                free(settings->items[i].value);
        }
        free(settings->items);
        *settings = (CgroupSettings) {.items = NULL};
}

static int size_or_percent(const LxcConfigSpec *spec, const char *key, const char *value,
                           int64_t *ret, Error **err) {
        size_t length = strlen(value);
        if (length > 0 && value[length - 1] == '%') {
                _cleanup_free_ char *digits = str_ndup(value, length - 1);
                int64_t percent;
                if (!str_to_int64(digits, &percent) || percent < 0)
                        return error_set(err, ERROR_INVALID, 0, "Invalid %s \"%s\"", key, value);
                *ret = (int64_t) (spec->memory_total / 100) * percent;
                return 0;
        }
        return units_parse_bytes(value, ret, err);
}

static int plan_memory(const LxcConfigSpec *spec, CgroupSettings *settings, Error **err) {
        const char *limit = strmap_get(spec->config, "limits.memory");
        const char *swap = strmap_get(spec->config, "limits.memory.swap");
        const char *priority = strmap_get(spec->config, "limits.memory.swap.priority");
        bool soft = str_equal(strmap_get(spec->config, "limits.memory.enforce"), "soft");
        bool v2 = spec->cgroups->unified[CGROUP_MEMORY];
        int64_t bytes = -1, steps = 0;
        if (!cgroup_has(spec->cgroups, CGROUP_MEMORY))
                return 0;
        if (!str_is_empty(limit)) {
                if (size_or_percent(spec, "limits.memory", limit, &bytes, err) < 0)
                        return -1;
                if (!soft)
                        add_number(settings, CGROUP_MEMORY,
                                   v2 ? "memory.max" : "memory.limit_in_bytes", bytes);
                /* v1 counts memory and swap together, and its file exists only where the kernel
                 * accounts swap. */
                if (!soft && !v2 && !str_is_false(swap) && spec->memory_swap)
                        add_number(settings, CGROUP_MEMORY, "memory.memsw.limit_in_bytes", bytes);
                /* What is kept for it when the host runs short. */
                add_number(settings, CGROUP_MEMORY,
                           v2 ? "memory.low" : "memory.soft_limit_in_bytes",
                           soft ? bytes : (int64_t) ((double) bytes * 0.9));
        }
        /* v2 counts swap apart: none beyond a hard limit, as v1's common limit has it. */
        if (v2 && (str_is_false(swap) || (!str_is_empty(limit) && !soft)))
                add_number(settings, CGROUP_MEMORY, "memory.swap.max", 0);
        if (!v2 && str_is_false(swap))
                add_number(settings, CGROUP_MEMORY, "memory.swappiness", 0);
        else if (!v2 && priority != NULL && str_to_int64(priority, &steps))
                add_number(settings, CGROUP_MEMORY, "memory.swappiness", 70 - steps);
        return 0;
}

/* "N%": a share when the CPUs are contended; "25ms/100ms": a hard limit. */
static int plan_cpu_share(const LxcConfigSpec *spec, CgroupSettings *settings, Error **err) {
        const char *allowance = strmap_get(spec->config, "limits.cpu.allowance");
        const char *priority = strmap_get(spec->config, "limits.cpu.priority");
        bool v2 = spec->cgroups->unified[CGROUP_CPU];
        int64_t most = v2 ? 100 : 1024, shares = most, steps = 10, quota = 0, period = 0;
        if (!cgroup_has(spec->cgroups, CGROUP_CPU) ||
            (str_is_empty(allowance) && str_is_empty(priority)))
                return 0;
        if (!str_is_empty(allowance)) {
                char unit[4] = "";
                long long first = 0, second = 0;
                if (sscanf(allowance, "%lldms/%lldms", &first, &second) == 2) {
                        quota = first * 1000;
                        period = second * 1000;
                } else if (sscanf(allowance, "%lld%1[%]", &first, unit) == 2) {
                        shares = most * first / 100;
                } else {
                        return error_set(err, ERROR_INVALID, 0,
                                         "Invalid limits.cpu.allowance \"%s\"", allowance);
                }
        }
        if (!str_is_empty(priority) && str_to_int64(priority, &steps))
                shares -= 10 - steps;
        if (shares != most)
                add_number(settings, CGROUP_CPU, v2 ? "cpu.weight" : "cpu.shares",
                           MAX_OF(shares, v2 ? 1 : 2));
        if (period > 0 && v2) {
                add(settings, CGROUP_CPU, "cpu.max",
                    str_printf("%lld %lld", (long long) quota, (long long) period));
        } else if (period > 0) {
                add_number(settings, CGROUP_CPU, "cpu.cfs_period_us", period);
                add_number(settings, CGROUP_CPU, "cpu.cfs_quota_us", quota);
        }
        return 0;
}

static int plan_disk(const LxcConfigSpec *spec, CgroupSettings *settings, Error **err) {
        const char *priority = strmap_get(spec->config, "limits.disk.priority");
        int64_t steps;
        if (str_is_empty(priority) || !str_to_int64(priority, &steps))
                return 0;
        if (spec->disk_weight == NULL)
                return error_set(err, ERROR_UNSUPPORTED, 0,
                                 "Cannot apply limits.disk.priority as blkio.weight cgroup "
                                 "controller is missing");
        add_number(settings, CGROUP_BLKIO, spec->disk_weight, steps > 0 ? steps * 100 : 10);
        return 0;
}

static int plan_huge_pages(const LxcConfigSpec *spec, CgroupSettings *settings, Error **err) {
        static const char *const sizes[] = {"64KB", "1MB", "2MB", "1GB"};
        for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
                _cleanup_free_ char *key = str_printf("limits.hugepages.%s", sizes[i]);
                const char *value = strmap_get(spec->config, key);
                int64_t bytes;
                if (str_is_empty(value) || !cgroup_has(spec->cgroups, CGROUP_HUGETLB))
                        continue;
                if (units_parse_bytes(value, &bytes, err) < 0)
                        return -1;
                _cleanup_free_ char *file =
                        str_printf("hugetlb.%s.%s", sizes[i],
                                   spec->cgroups->unified[CGROUP_HUGETLB] ? "max"
                                                                          : "limit_in_bytes");
                add_number(settings, CGROUP_HUGETLB, file, bytes);
        }
        return 0;
}

int cgroup_settings_plan(const LxcConfigSpec *spec, CgroupSettings *ret, Error **err) {
        const char *processes = strmap_get(spec->config, "limits.processes");
        if (plan_memory(spec, ret, err) < 0 || plan_cpu_share(spec, ret, err) < 0 ||
            plan_disk(spec, ret, err) < 0 || plan_huge_pages(spec, ret, err) < 0)
                return -1;
        if (spec->cpus != NULL && cgroup_has(spec->cgroups, CGROUP_CPUSET))
                add(ret, CGROUP_CPUSET, "cpuset.cpus", str_dup(spec->cpus));
        if (!str_is_empty(processes) && cgroup_has(spec->cgroups, CGROUP_PIDS))
                add(ret, CGROUP_PIDS, "pids.max", str_dup(processes));
        return 0;
}
