#include "linux/sysctl.h"

#include "base/files.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>

static char *sysctl_path(const char *path) {
        return str_printf("/proc/sys/%s", path);
}

int sysctl_set(const char *path, const char *value, Error **err) {
        _cleanup_free_ char *file = sysctl_path(path);
        _cleanup_close_ int fd = open(file, O_WRONLY | O_CLOEXEC);
        if (fd < 0)
                return error_errno(err, errno, "Failed to open sysctl %s", path);
        if (write(fd, value, strlen(value)) < 0)
                return error_errno(err, errno, "Failed to set sysctl %s to %s", path, value);
        return 0;
}

int sysctl_get(const char *path, char **ret, Error **err) {
        _cleanup_free_ char *file = sysctl_path(path), *text = NULL;
        if (file_read(file, 0, &text, NULL, err) < 0)
                return -1;
        *ret = str_trim(text);
        return 0;
}

bool sysctl_exists(const char *path) {
        _cleanup_free_ char *file = sysctl_path(path);
        return path_exists(file);
}
