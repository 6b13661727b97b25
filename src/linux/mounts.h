/* Mounts by the fd-based kernel calls (open_tree, mount_setattr, move_mount; Linux 5.12).
 * Thread-safe; acts on the mount namespace of the caller. */
#pragma once

#include "base/error.h"
#include "base/text.h"

typedef enum MountFlags {
        MOUNT_RECURSIVE = 1 << 0,
        MOUNT_READONLY = 1 << 1,
        MOUNT_NOSUID = 1 << 2,
        MOUNT_NODEV = 1 << 3,
        MOUNT_NOEXEC = 1 << 4,
        MOUNT_NOATIME = 1 << 5,
        /* How mounts made below travel; none of them: as the source has it. With MOUNT_RECURSIVE
         * for those below too. */
        MOUNT_PRIVATE = 1 << 6,
        MOUNT_SHARED = 1 << 7,
        MOUNT_SLAVE = 1 << 8,
        MOUNT_UNBINDABLE = 1 << 9,
} MountFlags;

/* A detached copy of what is mounted at `path` (relative to `dir_fd`, AT_FDCWD allowed; "" is
 * dir_fd itself). The fd is the mount: closing it without attaching drops it. */
int mount_clone(int dir_fd, const char *path, unsigned flags, int *ret_fd, Error **err)
        _must_check_;
/* Applies flags to a detached mount; with `userns_fd` >= 0 ids are shown as that namespace maps
 * them (a file owned by its inner id N on disk belongs to N inside). */
int mount_configure(int mount_fd, unsigned flags, int userns_fd, Error **err) _must_check_;
/* Attaches; "" attaches onto dir_fd itself. */
int mount_attach(int mount_fd, int dir_fd, const char *path, Error **err) _must_check_;

int mount_bind(const char *source, const char *target, unsigned flags, Error **err) _must_check_;
int mount_filesystem(const char *type, const char *source, const char *target, unsigned flags,
                     const char *options, Error **err) _must_check_;
/* "noatime,compress=zstd" as fstab has it: flags of the kernel's, and the rest for the file system
 * (NULL: none). */
void mount_parse_options(const char *text, unsigned *ret_flags, char **ret_rest);
int mount_change(const char *target, unsigned flags, const char *options, Error **err)
        _must_check_;
/* Not mounted: fine. `lazy`: detaches even when busy. Removes every mount stacked there. */
int mount_remove(const char *target, bool lazy, Error **err) _must_check_;
int mount_make_private(const char *target, Error **err) _must_check_; /* recursively */
int mount_make_shared(const char *target, Error **err) _must_check_;  /* recursively */
bool mount_exists(const char *path); /* is a mount point (statx) */
/* All mount points at or below `prefix`, in the order in which they can be unmounted. */
int mount_list_below(const char *prefix, StrList *ret, Error **err) _must_check_;

/* A new file system, detached. `options`: "a,b=c" of mount(8), without those that MountFlags have;
 * a name with a blank value is a switch. `flags` also give the superblock's read-only. */
int mount_create(const char *type, const char *source, const char *options, unsigned flags,
                 int *ret_fd, Error **err) _must_check_;
