#include "linux/mounts.h"

#include "base/files.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

static unsigned long attributes(unsigned flags) {
        return ((flags & MOUNT_READONLY) ? MOUNT_ATTR_RDONLY : 0) |
               ((flags & MOUNT_NOSUID) ? MOUNT_ATTR_NOSUID : 0) |
               ((flags & MOUNT_NODEV) ? MOUNT_ATTR_NODEV : 0) |
               ((flags & MOUNT_NOEXEC) ? MOUNT_ATTR_NOEXEC : 0) |
               ((flags & MOUNT_NOATIME) ? MOUNT_ATTR_NOATIME : 0);
}

static uint64_t propagation_of(unsigned flags) {
        return flags & MOUNT_SHARED       ? MS_SHARED
               : flags & MOUNT_SLAVE      ? MS_SLAVE
               : flags & MOUNT_UNBINDABLE ? MS_UNBINDABLE
               : flags & MOUNT_PRIVATE    ? MS_PRIVATE
                                          : 0;
}

int mount_clone(int dir_fd, const char *path, unsigned flags, int *ret_fd, Error **err) {
        unsigned how = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH;
        if (flags & MOUNT_RECURSIVE)
                how |= AT_RECURSIVE;
        int fd = open_tree(dir_fd, path, how);
        if (fd < 0)
                return error_errno(err, errno, "Failed to clone the mount of %s", path);
        *ret_fd = fd;
        return 0;
}

int mount_configure(int mount_fd, unsigned flags, int userns_fd, Error **err) {
        struct mount_attr attr = {.attr_set = attributes(flags),
                                  .propagation = propagation_of(flags)};
        if (attr.attr_set & MOUNT_ATTR_NOATIME)
                attr.attr_clr = MOUNT_ATTR__ATIME;
        if (userns_fd >= 0) {
                attr.attr_set |= MOUNT_ATTR_IDMAP;
                attr.userns_fd = (uint64_t) userns_fd;
        }
        if (attr.attr_set == 0 && attr.propagation == 0)
                return 0;
        unsigned how = AT_EMPTY_PATH | ((flags & MOUNT_RECURSIVE) ? AT_RECURSIVE : 0);
        if (mount_setattr(mount_fd, "", how, &attr, sizeof(attr)) < 0)
                return error_errno(err, errno, userns_fd >= 0 ? "Failed to map the ids of a mount"
                                                              : "Failed to configure a mount");
        return 0;
}

int mount_attach(int mount_fd, int dir_fd, const char *path, Error **err) {
        unsigned how = MOVE_MOUNT_F_EMPTY_PATH;
        if (path[0] == '\0')
                how |= MOVE_MOUNT_T_EMPTY_PATH;
        if (move_mount(mount_fd, "", dir_fd, path, how) < 0)
                return error_errno(err, errno, "Failed to attach a mount at \"%s\"", path);
        return 0;
}

int mount_bind(const char *source, const char *target, unsigned flags, Error **err) {
        _cleanup_close_ int fd = -1;
        if (mount_clone(AT_FDCWD, source, flags, &fd, err) < 0)
                return -1;
        if (mount_configure(fd, flags, -1, err) < 0)
                return -1;
        return mount_attach(fd, AT_FDCWD, target, err);
}

static unsigned long old_flags(unsigned flags) {
        return ((flags & MOUNT_READONLY) ? MS_RDONLY : 0) |
               ((flags & MOUNT_NOSUID) ? MS_NOSUID : 0) |
               ((flags & MOUNT_NODEV) ? MS_NODEV : 0) |
               ((flags & MOUNT_NOEXEC) ? MS_NOEXEC : 0) |
               ((flags & MOUNT_NOATIME) ? MS_NOATIME : 0);
}

int mount_filesystem(const char *type, const char *source, const char *target, unsigned flags,
                     const char *options, Error **err) {
        if (mount(source, target, type, old_flags(flags), options) < 0)
                return error_errno(err, errno, "Failed to mount %s (%s) at %s", source, type,
                                   target);
        return 0;
}

void mount_parse_options(const char *text, unsigned *ret_flags, char **ret_rest) {
        static const struct {
                const char *word;
                unsigned flag;
        } words[] = {
                {"ro", MOUNT_READONLY}, {"nosuid", MOUNT_NOSUID},   {"nodev", MOUNT_NODEV},
                {"noexec", MOUNT_NOEXEC}, {"noatime", MOUNT_NOATIME}, {"rw", 0},
                {"defaults", 0}, {"relatime", 0},
        };
        _cleanup_strlist_ StrList options = {0}, rest = {0};
        unsigned flags = 0;
        strlist_split(&options, text != NULL ? text : "", ",", true);
        for (size_t i = 0; i < options.count; i++) {
                size_t w = 0;
                while (w < ARRAY_SIZE(words) && !str_equal(words[w].word, options.items[i]))
                        w++;
                if (w < ARRAY_SIZE(words))
                        flags |= words[w].flag;
                else
                        strlist_add(&rest, options.items[i]);
        }
        *ret_flags = flags;
        *ret_rest = rest.count > 0 ? strlist_join(&rest, ",") : NULL;
}

int mount_change(const char *target, unsigned flags, const char *options, Error **err) {
        if (mount(NULL, target, NULL, MS_REMOUNT | old_flags(flags), options) < 0)
                return error_errno(err, errno, "Failed to change the mount options of %s to \"%s\"",
                                   target, options != NULL ? options : "");
        return 0;
}

int mount_remove(const char *target, bool lazy, Error **err) {
        for (;;) {
                if (umount2(target, UMOUNT_NOFOLLOW | (lazy ? MNT_DETACH : 0)) == 0)
                        continue;
                if (errno == EINVAL || errno == ENOENT)
                        return 0;
                return error_errno(err, errno, "Failed to unmount %s", target);
        }
}

static int propagate(const char *target, uint64_t propagation, Error **err) {
        struct mount_attr attr = {.propagation = propagation};
        if (mount_setattr(AT_FDCWD, target, AT_RECURSIVE, &attr, sizeof(attr)) < 0)
                return error_errno(err, errno, "Failed to set the propagation of %s", target);
        return 0;
}

int mount_make_private(const char *target, Error **err) {
        return propagate(target, MS_PRIVATE, err);
}

int mount_make_shared(const char *target, Error **err) {
        return propagate(target, MS_SHARED, err);
}

bool mount_exists(const char *path) {
        struct statx info;
        if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, 0, &info) < 0)
                return false;
        return (info.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

/* The kernel writes blanks and backslashes as three octal digits. */
static char *unescape(const char *text, size_t length) {
        StrBuf out = {0};
        for (size_t i = 0; i < length; i++) {
                if (text[i] == '\\' && i + 3 < length) {
                        int value = (text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                    (text[i + 3] - '0');
                        strbuf_add_char(&out, (char) value);
                        i += 3;
                } else {
                        strbuf_add_char(&out, text[i]);
                }
        }
        return strbuf_take(&out);
}

/* Field 5 of a mountinfo line. */
static char *mount_point(const char *line) {
        for (int i = 1; i < 5; i++) {
                line = strchr(line, ' ');
                if (line == NULL)
                        return NULL;
                line++;
        }
        return unescape(line, strcspn(line, " \n"));
}

static bool is_below(const char *path, const char *prefix) {
        const char *rest = str_after_prefix(path, prefix);
        return rest != NULL && (rest[0] == '\0' || rest[0] == '/' || str_equal(prefix, "/"));
}

int mount_list_below(const char *prefix, StrList *ret, Error **err) {
        _cleanup_free_ char *text = NULL;
        if (file_read("/proc/self/mountinfo", (size_t) 64 * 1024 * 1024, &text, NULL, err) < 0)
                return -1;
        StrList found = {0};
        for (const char *line = text; *line != '\0';) {
                char *point = mount_point(line);
                if (point != NULL && is_below(point, prefix))
                        strlist_take(&found, point);
                else
                        free(point);
                line += strcspn(line, "\n");
                line += *line == '\n';
        }
        /* Later mounts lie deeper or on top, so the reverse order unmounts. */
        for (size_t i = found.count; i > 0; i--)
                strlist_add(ret, found.items[i - 1]);
        strlist_done(&found);
        return 0;
}
