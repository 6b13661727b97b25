#include "linux/mounts.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>

static int set_string(int context, const char *key, const char *value, Error **err) {
        if (fsconfig(context, FSCONFIG_SET_STRING, key, value, 0) < 0)
                return error_errno(err, errno, "The file system refuses %s=%s", key, value);
        return 0;
}

static int set_option(int context, const char *option, Error **err) {
        const char *equals = strchr(option, '=');
        if (equals == NULL) {
                if (fsconfig(context, FSCONFIG_SET_FLAG, option, NULL, 0) < 0)
                        return error_errno(err, errno, "The file system refuses %s", option);
                return 0;
        }
        _cleanup_free_ char *key = str_ndup(option, (size_t) (equals - option));
        return set_string(context, key, equals + 1, err);
}

int mount_create(const char *type, const char *source, const char *options, unsigned flags,
                 int *ret_fd, Error **err) {
        _cleanup_strlist_ StrList list = {.items = NULL};
        _cleanup_close_ int context = fsopen(type, FSOPEN_CLOEXEC);
        if (context < 0)
                return error_errno(err, errno, "The kernel has no file system %s", type);
        if (!str_is_empty(source) && set_string(context, "source", source, err) < 0)
                return -1;
        if ((flags & MOUNT_READONLY) && set_option(context, "ro", err) < 0)
                return -1;
        strlist_split(&list, options != NULL ? options : "", ",", true);
        for (size_t i = 0; i < list.count; i++)
                if (set_option(context, list.items[i], err) < 0)
                        return -1;
        if (fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
                return error_errno(err, errno, "Failed to open %s as %s", source, type);
        int fd = fsmount(context, FSMOUNT_CLOEXEC, 0);
        if (fd < 0)
                return error_errno(err, errno, "Failed to make a mount of %s", source);
        *ret_fd = fd;
        return 0;
}
