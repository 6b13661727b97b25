/* disk: a path of the host shown inside, or the file system of a block device. The root disk is the
 * instance's volume itself, which the start plan mounts. */
#include "device/device.h"

#include "base/files.h"
#include "base/memory.h"
#include "device/drivers/disk_volume.h"
#include "device/entries.h"
#include "linux/mounts.h"
#include "process/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define CLOUD_INIT_SOURCE "cloud-init:config"

static const char *get(const DeviceContext *context, const char *key) {
        return strmap_get(context->config, key);
}

static bool has(const DeviceContext *context, const char *key) {
        return !str_is_empty(get(context, key));
}

static bool is_required(const StrMap *config) {
        return !str_is_false(strmap_get(config, "required")) &&
               !str_is_true(strmap_get(config, "optional"));
}

static bool is_ceph(const char *source) {
        return str_has_prefix(source, "ceph:") || str_has_prefix(source, "cephfs:");
}

static int validate_root(const DeviceContext *context, Error **err) {
        if (has(context, "source"))
                return error_set(err, ERROR_INVALID, 0,
                                 "Root disk entry may not have a \"source\" property set");
        if (!has(context, "pool"))
                return error_set(err, ERROR_INVALID, 0,
                                 "Root disk entry must have a \"pool\" property set");
        if (has(context, "recursive"))
                return error_set(err, ERROR_INVALID, 0, "The recursive option is only supported "
                                                        "for additional bind-mounted paths");
        return 0;
}

/* Keys that belong to other disks. */
static int validate_keys(const DeviceContext *context, Error **err) {
        if (has(context, "required") && has(context, "optional"))
                return error_set(err, ERROR_INVALID, 0,
                                 "Cannot use both \"required\" and deprecated \"optional\" "
                                 "properties at the same time");
        if (has(context, "size") && !str_equal(get(context, "path"), "/"))
                return error_set(err, ERROR_INVALID, 0,
                                 "Only the root disk may have a size quota");
        if (has(context, "size.state") && !str_equal(get(context, "path"), "/"))
                return error_set(err, ERROR_INVALID, 0,
                                 "Only the root disk may have a migration size quota");
        if (str_is_true(get(context, "recursive")) && str_is_true(get(context, "readonly")))
                return error_set(err, ERROR_INVALID, 0,
                                 "Recursive read-only bind-mounts aren't currently supported by "
                                 "the kernel");
        if ((has(context, "ceph.cluster_name") || has(context, "ceph.user_name")) &&
            !is_ceph(get(context, "source")))
                return error_set(err, ERROR_INVALID, 0,
                                 "Invalid options ceph.cluster_name/ceph.user_name for source "
                                 "\"%s\"", has(context, "source") ? get(context, "source") : "");
        return 0;
}

static int validate_path(const DeviceContext *context, Error **err) {
        const char *path = get(context, "path");
        size_t count = 0;
        if (str_is_empty(path))
                return error_set(err, ERROR_INVALID, 0,
                                 "Disk entry is missing the required \"path\" property");
        for (size_t i = 0; context->devices != NULL && i < context->devices->count; i++) {
                const StrMap *other = &context->devices->items[i].config;
                count += str_equal(strmap_get(other, "type"), "disk") &&
                         str_equal(strmap_get(other, "path"), path);
        }
        if (count > 1)
                return error_set(err, ERROR_INVALID, 0,
                                 "More than one disk device uses the same path \"%s\"", path);
        if (strstr(path, "..") != NULL)
                return error_set(err, ERROR_INVALID, 0, "Path \"%s\" must not contain \"..\"",
                                 path);
        return 0;
}

static int validate_source(const DeviceContext *context, Error **err) {
        const char *source = get(context, "source");
        if (disk_is_volume(context))
                return disk_volume_validate(context, err);
        if (str_equal(source, CLOUD_INIT_SOURCE))
                return error_set(err, ERROR_INVALID, 0,
                                 "disks with source=" CLOUD_INIT_SOURCE
                                 " are only supported by virtual machines");
        if (*source != '/')
                return error_set(err, ERROR_INVALID, 0,
                                 "Source path must be absolute for local sources");
        /* Whether the source exists is asked at the start: OpenNebula mounts it after creating. */
        if (has(context, "recursive") && path_exists(source) && !path_is_directory(source))
                return error_set(err, ERROR_INVALID, 0, "The recursive option is only supported "
                                                        "for additional bind-mounted paths");
        return 0;
}

static int disk_validate(const DeviceContext *context, Error **err) {
        bool root = str_equal(get(context, "path"), "/");
        if (validate_keys(context, err) < 0)
                return -1;
        if (!root && !has(context, "source"))
                return error_set(err, ERROR_INVALID, 0, "Disk entry is missing the required "
                                                        "\"source\" or \"path\" property");
        if (root)
                return validate_root(context, err);
        return validate_path(context, err) < 0 ? -1 : validate_source(context, err);
}

static unsigned propagation(const DeviceContext *context) {
        const char *wanted = get(context, "propagation");
        for (size_t i = 0; wanted != NULL && i < ARRAY_SIZE(device_propagations); i++)
                if (str_equal(wanted + (*wanted == 'r'), device_propagations[i].name))
                        return device_propagations[i].flag;
        return 0;
}

/* The words of raw.mount.options that any mount knows; the others are the file system's. */
static unsigned mount_words(const char *options, StrList *ret_others) {
        _cleanup_strlist_ StrList list = {.items = NULL};
        unsigned flags = 0;
        strlist_split(&list, options != NULL ? options : "", ",", true);
        for (size_t i = 0; i < list.count; i++) {
                size_t known = 0;
                while (known < ARRAY_SIZE(device_mount_words) &&
                       !str_equal(device_mount_words[known].name, list.items[i]))
                        known++;
                if (known < ARRAY_SIZE(device_mount_words))
                        flags |= device_mount_words[known].flag;
                else if (!str_equal(list.items[i], "rw"))
                        strlist_add(ret_others, list.items[i]);
        }
        return flags;
}

/* The file system of a block device, mounted at the entry. */
static int mount_block(const DeviceContext *context, const char *source, const char *entry,
                       unsigned flags, Error **err) {
        _cleanup_strlist_ StrList others = {.items = NULL};
        _cleanup_free_ char *type = NULL;
        const SpawnSpec spec = {
                .argv = SPAWN_ARGV("blkid", "-p", "-s", "TYPE", "-o", "value", source)};
        (void) mount_words(get(context, "raw.mount.options"), &others);
        _cleanup_free_ char *options = strlist_join(&others, ",");
        if (spawn_run_checked(&spec, NULL, &type, err) < 0)
                return error_prefix(err, "Failed detecting source path \"%s\" block device "
                                         "filesystem", source);
        if (str_is_empty(type))
                return error_set(err, ERROR_INVALID, 0,
                                 "Source path \"%s\" is a block device without a file system",
                                 source);
        if (device_entry_make(context, entry, true, err) < 0)
                return -1;
        return mount_filesystem(type, source, entry, flags, options, err);
}

/* Opened once: what is looked at is what is mounted. -1 in *ret_fd: it is missing and may be. */
static int open_source(const DeviceContext *context, const char *source, int *ret_fd,
                       struct stat *ret, Error **err) {
        _cleanup_close_ int fd = open(source, O_PATH | O_CLOEXEC);
        *ret_fd = -1;
        if (fd >= 0 && fstatat(fd, "", ret, AT_EMPTY_PATH) == 0) {
                *ret_fd = TAKE_FD(fd);
                return 0;
        }
        if (errno != ENOENT && errno != ENOTDIR)
                return error_errno(err, errno, "Failed accessing source path \"%s\" for disk "
                                               "\"%s\"", source, context->name);
        if (!is_required(context->config))
                return 0;
        return error_set(err, ERROR_INVALID, 0, "Missing source path \"%s\" for disk \"%s\"",
                         source, context->name);
}

/* liblxc mounts with the rights of the container's root, which cannot pass directories like /root:
 * it finds the source at the entry until the instance runs. */
static int mount_path(const DeviceContext *context, int fd, const char *entry, bool directory,
                      unsigned flags, Error **err) {
        _cleanup_close_ int mount = -1;
        if (device_entry_make(context, entry, directory, err) < 0 ||
            mount_clone(fd, "", flags, &mount, err) < 0 ||
            mount_configure(mount, flags, -1, err) < 0)
                return -1;
        return mount_attach(mount, AT_FDCWD, entry, err);
}

static unsigned mount_flags(const DeviceContext *context) {
        _cleanup_strlist_ StrList others = {.items = NULL};
        return propagation(context) |
               (str_is_true(get(context, "recursive")) ? MOUNT_RECURSIVE : 0) |
               (str_is_true(get(context, "readonly")) ? MOUNT_READONLY : 0) |
               mount_words(get(context, "raw.mount.options"), &others);
}

static int disk_start(const DeviceContext *context, DeviceRun *run, Error **err) {
        const char *source = get(context, "source"), *path = get(context, "path");
        _cleanup_free_ char *volume = NULL;
        _cleanup_close_ int fd = -1;
        struct stat info;
        bool shift = context->unprivileged && str_is_true(get(context, "shift"));
        if (device_is_root_disk(context->config))
                return 0;
        if (disk_is_volume(context)) {
                if (disk_volume_start(context, &volume, &shift, err) < 0)
                        return -1;
                source = volume;
        }
        if (open_source(context, source, &fd, &info, err) < 0)
                return -1;
        if (fd < 0)
                return 0;
        _cleanup_free_ char *entry = device_entry(context, device_disk.prefix, path);
        DeviceMount mount = {.source = entry, .target = (char *) path,
                             .flags = mount_flags(context),
                             .directory = S_ISDIR(info.st_mode) || S_ISBLK(info.st_mode),
                             .shift = shift};
        /* Left by a start that was cut short. */
        if (mount_exists(entry) && mount_remove(entry, true, err) < 0)
                return -1;
        if (S_ISBLK(info.st_mode)) {
                if (mount_block(context, source, entry, mount.flags, err) < 0)
                        return -1;
        } else if (context->process == NULL) {
                if (mount_path(context, fd, entry, mount.directory, mount.flags, err) < 0)
                        return -1;
        } else {
                mount.source = (char *) source;
        }
        if (mount.shift && context->runtime != NULL &&
            !runtime_can_idmap(context->runtime, mount.source))
                return error_set(err, ERROR_UNSUPPORTED, 0,
                                 "Required idmapping abilities not available: the file system of "
                                 "\"%s\" cannot be shown with other ids", source);
        device_run_mount(run, &mount);
        return 0;
}

/* The instance has its own mount by now. */
static int disk_running(const DeviceContext *context, Error **err) {
        const char *path = get(context, "path");
        if (device_is_root_disk(context->config) || path == NULL)
                return 0;
        _cleanup_free_ char *entry = device_entry(context, device_disk.prefix, path);
        return mount_exists(entry) ? mount_remove(entry, true, err) : 0;
}

static void disk_stop(const DeviceContext *context, StrMap *volatiles) {
        if (disk_is_volume(context))
                disk_volume_stop(context);
}

static const char *disk_needs_stop(const DeviceContext *context) {
        return device_is_root_disk(context->config) ? "The root disk cannot be changed while the "
                                                      "instance is running"
                                                    : NULL;
}

static const char *const live_keys[] = {"limits.max", "limits.read", "limits.write", "size",
                                        "size.state", NULL};

const DeviceDriver device_disk = {
        .type = "disk",
        .prefix = "disk",
        .live_keys = live_keys,
        .validate = disk_validate,
        .start = disk_start,
        .running = disk_running,
        .stop = disk_stop,
        .needs_stop = disk_needs_stop,
};
