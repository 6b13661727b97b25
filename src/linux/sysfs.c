#include "linux/sysfs.h"

#include "base/files.h"
#include "base/memory.h"

#include <ctype.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

char *sysfs_text(const char *directory, const char *name) {
        _cleanup_free_ char *path = path_join(directory, name);
        _cleanup_free_ char *text = NULL;
        if (file_read(path, (size_t) 64 * 1024, &text, NULL, NULL) < 0)
                return NULL;
        return str_trim(text);
}

int64_t sysfs_number(const char *directory, const char *name, int64_t otherwise) {
        _cleanup_free_ char *text = sysfs_text(directory, name);
        char *end = NULL;
        if (str_is_empty(text))
                return otherwise;
        int64_t value = strtoll(text, &end, str_has_prefix(text, "0x") ? 16 : 10);
        return *end == '\0' || isspace((unsigned char) *end) ? value : otherwise;
}

bool sysfs_write(const char *directory, const char *name, const char *text) {
        _cleanup_free_ char *path = path_join(directory, name);
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);
        return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t) strlen(text);
}

char *sysfs_link(const char *directory, const char *name) {
        char target[PATH_MAX];
        _cleanup_free_ char *path = path_join(directory, name);
        ssize_t length = readlink(path, target, sizeof target - 1);
        if (length <= 0)
                return NULL;
        target[length] = '\0';
        return str_dup(path_name(target));
}

bool sysfs_device_number(const char *directory, uint32_t *ret_major, uint32_t *ret_minor) {
        _cleanup_free_ char *text = sysfs_text(directory, "dev");
        char *colon = text != NULL ? strchr(text, ':') : NULL;
        uint64_t major, minor;
        if (colon == NULL)
                return false;
        *colon = '\0';
        if (!str_to_uint64(text, &major) || !str_to_uint64(colon + 1, &minor))
                return false;
        *ret_major = (uint32_t) major;
        *ret_minor = (uint32_t) minor;
        return true;
}

char *sysfs_uevent(const char *directory, const char *key) {
        _cleanup_free_ char *text = sysfs_text(directory, "uevent");
        _cleanup_strlist_ StrList lines = {.items = NULL};
        strlist_split(&lines, text != NULL ? text : "", "\n", true);
        for (size_t i = 0; i < lines.count; i++) {
                const char *rest = str_after_prefix(lines.items[i], key);
                if (rest != NULL && *rest == '=')
                        return str_dup(rest + 1);
        }
        return NULL;
}

void sysfs_list(const char *directory, StrList *ret) {
        strlist_done(ret);
        (void) !directory_list(directory, ret, NULL);
}
