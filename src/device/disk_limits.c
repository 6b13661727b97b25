#include "device/disk_limits.h"

#include "base/memory.h"
#include "base/units.h"
#include "device/device.h"

#include <stdio.h>
#include <string.h>

enum { READ_BYTES, READ_OPERATIONS, WRITE_BYTES, WRITE_OPERATIONS, LIMIT_MAX };

static const struct {
        const char *key;    /* of the device; limits.max stands for both */
        bool operations;
        const char *v1, *v2;
} limits[LIMIT_MAX] = {
        [READ_BYTES] = {"limits.read", false, "blkio.throttle.read_bps_device", "rbps"},
        [READ_OPERATIONS] = {"limits.read", true, "blkio.throttle.read_iops_device", "riops"},
        [WRITE_BYTES] = {"limits.write", false, "blkio.throttle.write_bps_device", "wbps"},
        [WRITE_OPERATIONS] = {"limits.write", true, "blkio.throttle.write_iops_device", "wiops"},
};

/* Of one block device: sums and how many disks they are of. */
typedef struct Throttle {
        BlockDevice device;
        uint64_t sum[LIMIT_MAX];
        unsigned count[LIMIT_MAX];
} Throttle;

typedef struct Throttles {
        Throttle *items;
        size_t count, capacity;
} Throttles;

static void throttles_done(Throttles *throttles) {
        free(throttles->items);
}

static int parse(const StrMap *config, size_t which, uint64_t *ret, Error **err) {
        const char *value = strmap_get(config, "limits.max");
        int64_t bytes = 0;
        *ret = 0;
        if (str_is_empty(value))
                value = strmap_get(config, limits[which].key);
        if (str_is_empty(value) || str_has_suffix(value, "iops") != limits[which].operations)
                return 0;
        if (limits[which].operations) {
                _cleanup_free_ char *digits = str_ndup(value, strlen(value) - strlen("iops"));
                if (!str_to_uint64(digits, ret))
                        return error_set(err, ERROR_INVALID, 0, "Invalid limit \"%s\"", value);
                return 0;
        }
        if (units_parse_bytes(value, &bytes, err) < 0)
                return -1;
        *ret = (uint64_t) bytes;
        return 0;
}

static Throttle *throttle_of(Throttles *throttles, BlockDevice device) {
        for (size_t i = 0; i < throttles->count; i++)
                if (throttles->items[i].device.major == device.major &&
                    throttles->items[i].device.minor == device.minor)
                        return &throttles->items[i];
        mem_grow((void **) &throttles->items, &throttles->capacity, throttles->count + 1,
                 sizeof *throttles->items);
        throttles->items[throttles->count] = (Throttle) {.device = device};
        return &throttles->items[throttles->count++];
}

static int add_disk(const DiskLimitsSpec *spec, const StrMap *config, Throttles *throttles,
                    Error **err) {
        const char *source = device_is_root_disk(config) ? spec->root
                                                         : strmap_get(config, "source");
        uint64_t values[LIMIT_MAX], any = 0;
        BlockDevice device;
        for (size_t i = 0; i < LIMIT_MAX; i++) {
                if (parse(config, i, &values[i], err) < 0)
                        return -1;
                any |= values[i];
        }
        if (any == 0)
                return 0;
        if ((spec->find != NULL ? spec->find : blockdev_of_path)(source, &device, err) < 0)
                return error_prefix(err, "Block device doesn't support quotas");
        Throttle *throttle = throttle_of(throttles, device);
        for (size_t i = 0; i < LIMIT_MAX; i++) {
                throttle->sum[i] += values[i];
                throttle->count[i] += values[i] > 0;
        }
        return 0;
}

static int collect(const DiskLimitsSpec *spec, const DeviceMap *devices, Throttles *ret,
                   Error **err) {
        for (size_t i = 0; devices != NULL && i < devices->count; i++) {
                const StrMap *config = &devices->items[i].config;
                if (str_equal(strmap_get(config, "type"), "disk") &&
                    str_is_empty(strmap_get(config, "pool")) == !device_is_root_disk(config) &&
                    add_disk(spec, config, ret, err) < 0)
                        return -1;
        }
        return 0;
}

static uint64_t mean(const Throttle *throttle, size_t which) {
        return throttle->count[which] > 0 ? throttle->sum[which] / throttle->count[which] : 0;
}

static void plan_v1(const Throttle *throttle, const Throttle *old, StrList *ret) {
        for (size_t i = 0; i < LIMIT_MAX; i++)
                if (throttle->count[i] > 0 || old->count[i] > 0)
                        strlist_printf(ret, "%s %u:%u %llu", limits[i].v1, throttle->device.major,
                                       throttle->device.minor,
                                       (unsigned long long) mean(throttle, i));
}

static void plan_v2(const Throttle *throttle, const Throttle *old, StrList *ret) {
        StrBuf line = {.data = NULL};
        strbuf_printf(&line, "io.max %u:%u", throttle->device.major, throttle->device.minor);
        for (size_t i = 0; i < LIMIT_MAX; i++)
                if (throttle->count[i] > 0)
                        strbuf_printf(&line, " %s=%llu", limits[i].v2,
                                      (unsigned long long) mean(throttle, i));
                else if (old->count[i] > 0)
                        strbuf_printf(&line, " %s=max", limits[i].v2);
        strlist_take(ret, strbuf_take(&line));
}

int disk_limits_plan(const DiskLimitsSpec *spec, StrList *ret, Error **err) {
        _cleanup_(throttles_done) Throttles now = {.items = NULL}, before = {.items = NULL};
        if (collect(spec, spec->devices, &now, err) < 0)
                return -1;
        /* What was possible then may not be any more: then it is not in force either. */
        (void) !collect(spec, spec->before, &before, NULL);
        for (size_t i = 0; i < before.count; i++)
                (void) throttle_of(&now, before.items[i].device);
        for (size_t i = 0; i < now.count; i++) {
                const Throttle *old = throttle_of(&before, now.items[i].device);
                if (spec->unified)
                        plan_v2(&now.items[i], old, ret);
                else
                        plan_v1(&now.items[i], old, ret);
        }
        return 0;
}
