#include "device/device.h"

#include "base/memory.h"
#include "schema/key.h"

#include <ctype.h>

/* The registry: a new kind adds its line here. */
static const DeviceDriver *const drivers[] = {
        &device_disk,
        &device_nic_bridged,
        &device_nic_p2p,
        &device_none,
};

int device_find(const StrMap *config, const DeviceDriver **ret, Error **err) {
        const char *type = strmap_get(config, "type"), *nictype = strmap_get(config, "nictype");
        for (size_t i = 0; i < ARRAY_SIZE(drivers); i++)
                if (str_equal(drivers[i]->type, type) &&
                    (drivers[i]->subtype == NULL || str_equal(drivers[i]->subtype, nictype))) {
                        *ret = drivers[i];
                        return 0;
                }
        if (str_is_empty(type))
                return error_set(err, ERROR_INVALID, 0, "Missing device type");
        if (nictype != NULL)
                return error_set(err, ERROR_INVALID, 0, "Unsupported device type \"%s\" (nictype "
                                                        "\"%s\")", type, nictype);
        return error_set(err, ERROR_INVALID, 0, "Unsupported device type \"%s\"", type);
}

int device_validate(const DeviceContext *context, Error **err) {
        const DeviceDriver *driver;
        if (device_find(context->config, &driver, err) < 0 ||
            config_validate_device(context->config, driver->subtype, err) < 0 ||
            (driver->validate != NULL && driver->validate(context, err) < 0))
                return error_prefix(err, "Device validation failed for \"%s\"", context->name);
        return 0;
}

void device_run_done(DeviceRun *run) {
        strlist_done(&run->lines);
        strmap_done(&run->volatiles);
        free(run->link);
        free(run->inner_name);
        free(run->source);
        free(run->target);
        *run = (DeviceRun) {.link = NULL};
}

bool device_is_nic(const StrMap *config) {
        return str_equal(strmap_get(config, "type"), "nic");
}

bool device_is_root_disk(const StrMap *config) {
        return str_equal(strmap_get(config, "type"), "disk") &&
               str_equal(strmap_get(config, "path"), "/") &&
               str_is_empty(strmap_get(config, "source"));
}

const char *device_volatile(const DeviceContext *context, const char *key) {
        _cleanup_free_ char *name = str_printf("volatile.%s.%s", context->name, key);
        return strmap_get(context->volatiles, name);
}

void device_set_volatile(StrMap *volatiles, const DeviceContext *context, const char *key,
                         const char *value) {
        _cleanup_free_ char *name = str_printf("volatile.%s.%s", context->name, key);
        strmap_set(volatiles, name, value);
}

char *device_mount_escape(const char *path) {
        StrBuf escaped = {};
        for (const char *c = path; *c != '\0'; c++)
                if (isspace((unsigned char) *c) || *c == '\\')
                        strbuf_printf(&escaped, "\\%03o", (unsigned char) *c);
                else
                        strbuf_add_char(&escaped, *c);
        return strbuf_take(&escaped);
}
