/* disk: a path of the host shown inside. The root disk is the instance's volume itself, which the
 * start plan mounts. */
#include "device/device.h"

#include "base/memory.h"
#include "linux/mounts.h"

#include <string.h>
#include <sys/stat.h>

static bool is_required(const StrMap *config) {
        return !str_is_false(strmap_get(config, "required")) &&
               !str_is_true(strmap_get(config, "optional"));
}

static int disk_validate(const DeviceContext *context, Error **err) {
        const char *path = strmap_get(context->config, "path");
        const char *source = strmap_get(context->config, "source");
        if (str_is_empty(path))
                return error_set(err, ERROR_INVALID, 0, "Disk entry is missing the required "
                                                        "\"path\" property");
        if (str_equal(path, "/")) {
                if (!str_is_empty(source))
                        return error_set(err, ERROR_INVALID, 0,
                                         "Root disk entry may not have a \"source\" property set");
                if (str_is_empty(strmap_get(context->config, "pool")))
                        return error_set(err, ERROR_INVALID, 0,
                                         "Root disk entry must have a \"pool\" property set");
                return 0;
        }
        if (strstr(path, "..") != NULL)
                return error_set(err, ERROR_INVALID, 0, "Path \"%s\" must not contain \"..\"",
                                 path);
        if (!str_is_empty(strmap_get(context->config, "pool")))
                return error_set(err, ERROR_UNSUPPORTED, 0,
                                 "Only the root disk may be on a storage pool: volumes cannot be "
                                 "attached");
        if (str_is_empty(source))
                return error_set(err, ERROR_INVALID, 0, "Disk entry is missing the required "
                                                        "\"source\" or \"path\" property");
        if (*source != '/')
                return error_set(err, ERROR_INVALID, 0, "Source path \"%s\" must be absolute",
                                 source);
        /* Whether the source exists is asked at the start: OpenNebula mounts it after creating. */
        return 0;
}

static int disk_start(const DeviceContext *context, DeviceRun *run, Error **err) {
        const StrMap *config = context->config;
        const char *source = strmap_get(config, "source"), *path = strmap_get(config, "path");
        const char *propagation = strmap_get(config, "propagation");
        const char *options = strmap_get(config, "raw.mount.options");
        struct stat info;
        if (device_is_root_disk(config))
                return 0;
        if (stat(source, &info) < 0) {
                if (!is_required(config))
                        return 0;
                return error_set(err, ERROR_INVALID, 0,
                                 "Missing source path \"%s\" for disk \"%s\"", source,
                                 context->name);
        }
        bool recursive = str_is_true(strmap_get(config, "recursive"));
        bool readonly = str_is_true(strmap_get(config, "readonly"));
        run->shift = str_is_true(strmap_get(config, "shift")) && context->unprivileged;
        run->source = str_dup(source);
        run->target = str_dup(path);
        run->mount_flags = (recursive ? MOUNT_RECURSIVE : 0u) | (readonly ? MOUNT_READONLY : 0u);
        _cleanup_free_ char *from = device_mount_escape(source);
        _cleanup_free_ char *to = device_mount_escape(path + strspn(path, "/"));
        strlist_printf(&run->lines, "lxc.mount.entry = %s %s none %s,create=%s%s%s%s%s%s%s 0 0",
                       from, to, recursive ? "rbind" : "bind",
                       S_ISDIR(info.st_mode) ? "dir" : "file", readonly ? ",ro" : "",
                       run->shift ? ",idmap=container" : "", propagation != NULL ? "," : "",
                       propagation != NULL ? propagation : "", options != NULL ? "," : "",
                       options != NULL ? options : "");
        return 0;
}

static int disk_plug(const DeviceContext *context, const DeviceRun *run, Error **err) {
        const RuntimeMount mount = {.source = run->source,
                                    .target = run->target,
                                    .flags = run->mount_flags,
                                    .shift = run->shift};
        if (run->source == NULL) /* not required and not there */
                return 0;
        if (runtime_mount(context->runtime, context->process, &mount, err) < 0)
                return error_prefix(err, "Failed to add mount for device inside container");
        return 0;
}

static int disk_unplug(const DeviceContext *context, Error **err) {
        const char *path = strmap_get(context->config, "path");
        if (runtime_unmount(context->runtime, context->process, path, err) < 0)
                return error_prefix(err, "Failed to unmount device inside container");
        return 0;
}

static const char *disk_needs_stop(const DeviceContext *context) {
        return device_is_root_disk(context->config) ? "The root disk cannot be changed while the "
                                                      "instance is running"
                                                    : NULL;
}

const DeviceDriver device_disk = {
        .type = "disk",
        .validate = disk_validate,
        .start = disk_start,
        .plug = disk_plug,
        .unplug = disk_unplug,
        .needs_stop = disk_needs_stop,
};
