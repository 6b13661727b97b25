#include "device/entries.h"

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "device/processes.h"
#include "linux/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

static void encode(StrBuf *out, const char *text) {
        for (const char *c = text; *c != '\0'; c++)
                strbuf_add(out, *c == '-' ? "--" : *c == '/' ? "-" : (const char[]){*c, '\0'});
}

static char *decode(const char *text) {
        StrBuf out = {.data = NULL};
        for (const char *c = text; *c != '\0'; c++) {
                bool doubled = c[0] == '-' && c[1] == '-';
                strbuf_add_char(&out, doubled || *c != '-' ? *c : '/');
                c += doubled;
        }
        return strbuf_take(&out);
}

static char *device_prefix(const char *prefix, const char *device) {
        StrBuf name = {.data = NULL};
        strbuf_printf(&name, "%s.", prefix);
        encode(&name, device);
        strbuf_add_char(&name, '.');
        return strbuf_take(&name);
}

static char *entry_name(const DeviceContext *context, const char *prefix, const char *path) {
        StrBuf name = {.data = NULL};
        _cleanup_free_ char *start = device_prefix(prefix, context->name);
        strbuf_add(&name, start);
        encode(&name, path + strspn(path, "/"));
        return strbuf_take(&name);
}

char *device_entry(const DeviceContext *context, const char *prefix, const char *path) {
        _cleanup_free_ char *name = entry_name(context, prefix, path);
        return str_printf("%s/%s/%s", context->directory, context->instance, name);
}

/* Names may have dots, so that "unix.a.b.c" could be of "a" or of "a.b": the longer one that there
 * is has it. */
static bool is_of_device(const DeviceContext *context, const char *prefix, const char *name) {
        _cleanup_free_ char *own = device_prefix(prefix, context->name);
        if (!str_has_prefix(name, own))
                return false;
        for (size_t i = 0; context->devices != NULL && i < context->devices->count; i++) {
                _cleanup_free_ char *other =
                        device_prefix(prefix, context->devices->items[i].name);
                if (strlen(other) > strlen(own) && str_has_prefix(name, other))
                        return false;
        }
        return true;
}

static int list(const DeviceContext *context, StrList *ret, Error **err) {
        _cleanup_free_ char *directory = path_join(context->directory, context->instance);
        if (!path_exists(directory))
                return 0;
        return directory_list(directory, ret, err);
}

int device_entries(const DeviceContext *context, const char *prefix, StrList *ret, Error **err) {
        _cleanup_strlist_ StrList all = {.items = NULL};
        if (list(context, &all, err) < 0)
                return -1;
        for (size_t i = 0; i < all.count; i++)
                if (is_of_device(context, prefix, all.items[i]))
                        strlist_add(ret, all.items[i]);
        return 0;
}

char *device_entry_target(const DeviceContext *context, const char *prefix, const char *name) {
        static const char *const keys[] = {"path", "source", "pathrm"};
        /* "a-" + "/b" and "a" + "/-b" look the same: what the configuration says comes first. */
        for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
                const char *path = strmap_get(context->config, keys[i]);
                _cleanup_free_ char *expected =
                        path != NULL ? entry_name(context, prefix, path) : NULL;
                if (str_equal(expected, name))
                        return str_printf("/%s", path + strspn(path, "/"));
        }
        _cleanup_free_ char *start = device_prefix(prefix, context->name);
        _cleanup_free_ char *rest = decode(name + strlen(start));
        return str_printf("/%s", rest);
}

bool device_entry_is_shared(const DeviceContext *context, const char *prefix, const char *name) {
        _cleanup_strlist_ StrList all = {.items = NULL};
        _cleanup_free_ char *start = device_prefix(prefix, context->name);
        _cleanup_free_ char *ending = str_printf(".%s", name + strlen(start));
        if (list(context, &all, NULL) < 0)
                return false;
        for (size_t i = 0; i < all.count; i++)
                if (!str_equal(all.items[i], name) && str_has_suffix(all.items[i], ending) &&
                    !device_process_is_file(all.items[i]))
                        return true;
        return false;
}

int device_entry_directory(const DeviceContext *context, char **ret, Error **err) {
        char *directory = path_join(context->directory, context->instance);
        if (directory_make_all(directory, 0711, err) < 0) {
                free(directory);
                return -1;
        }
        *ret = directory;
        return 0;
}

int device_entry_make(const DeviceContext *context, const char *file, bool directory,
                      Error **err) {
        _cleanup_free_ char *parent = NULL;
        if (device_entry_directory(context, &parent, err) < 0)
                return -1;
        if (strlen(path_name(file)) > NAME_MAX)
                return error_set(err, ERROR_INVALID, ENAMETOOLONG,
                                 "The path of device \"%s\" is too long: with the device's name "
                                 "at most %d characters are possible", context->name, NAME_MAX);
        if (directory)
                return directory_make(file, 0700, err);
        _cleanup_close_ int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return error_errno(err, errno, "Failed to make \"%s\"", file);
        return 0;
}

static int remove_file(const char *file, Error **err) {
        device_process_end(file);
        if (mount_exists(file) && mount_remove(file, true, err) < 0)
                return -1;
        if (unlink(file) == 0 || errno == ENOENT || (errno == EISDIR && rmdir(file) == 0))
                return 0;
        return error_errno(err, errno, "Failed to remove \"%s\"", file);
}

int device_entry_remove(const DeviceContext *context, const char *name, Error **err) {
        _cleanup_free_ char *directory = path_join(context->directory, context->instance);
        _cleanup_free_ char *file = path_join(directory, name);
        if (remove_file(file, err) < 0)
                return -1;
        (void) rmdir(directory); /* when it was the last */
        return 0;
}

int device_entries_orphaned(const DeviceContext *instance, StrList *ret, Error **err) {
        _cleanup_strlist_ StrList all = {.items = NULL};
        if (list(instance, &all, err) < 0)
                return -1;
        for (size_t i = 0; i < all.count; i++) {
                bool owned = device_process_is_owned(instance->devices, all.items[i]);
                for (size_t d = 0; d < instance->devices->count && !owned; d++) {
                        const DeviceEntry *device = &instance->devices->items[d];
                        const DeviceDriver *driver;
                        DeviceContext context = *instance;
                        context.config = &device->config;
                        if (device_find(&context, &driver, NULL) < 0 ||
                            driver->prefix == NULL)
                                continue;
                        _cleanup_free_ char *start = device_prefix(driver->prefix, device->name);
                        owned = str_has_prefix(all.items[i], start);
                }
                if (!owned)
                        strlist_add(ret, all.items[i]);
        }
        return 0;
}

void device_entry_guess(const char *name, StrList *ret) {
        const char *dot = strchr(name, '.');
        while (dot != NULL && (dot = strchr(dot + 1, '.')) != NULL) {
                _cleanup_free_ char *path = decode(dot + 1);
                strlist_printf(ret, "/%s", path);
        }
}

void device_entries_clean(const char *directory, const char *instance) {
        _cleanup_free_ char *path = path_join(directory, instance);
        _cleanup_strlist_ StrList names = {.items = NULL};
        if (!path_exists(path) || directory_list(path, &names, NULL) < 0)
                return;
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_free_ char *file = path_join(path, names.items[i]);
                _cleanup_error_ Error *err = NULL;
                if (remove_file(file, &err) < 0)
                        log_warning("%s", error_message(err));
        }
        (void) rmdir(path);
}
