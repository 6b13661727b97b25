#include "linux/overlay.h"

#include "base/memory.h"
#include "linux/mounts.h"
#include "linux/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>

/* Lies over the lower directory itself, in our own mount namespace: kernels before 6.8 take lower
 * directories by path alone. */
static int show_lower(const OverlaySpec *spec, Error **err) {
        _cleanup_close_ int userns = -1, fd = -1;
        if (spec->map->count == 0)
                return 0;
        if (userns_open(spec->map, &userns, err) < 0 ||
            mount_clone(AT_FDCWD, spec->lower, 0, &fd, err) < 0 ||
            mount_configure(fd, 0, userns, err) < 0)
                return -1;
        return mount_attach(fd, AT_FDCWD, spec->lower, err);
}

/* By way of an fd, so that no character of a path is taken for a separator. */
static int set_directory(int fs, const char *key, const char *path, int *ret_fd, Error **err) {
        _cleanup_close_ int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        _cleanup_free_ char *name = str_printf("/proc/self/fd/%d", fd);
        if (fd < 0)
                return error_errno(err, errno, "Failed to open %s", path);
        if (fsconfig(fs, FSCONFIG_SET_STRING, key, name, 0) < 0)
                return error_errno(err, errno, "Failed to set %s of an overlay", key);
        *ret_fd = TAKE_FD(fd);
        return 0;
}

static int set_lowers(int fs, const OverlaySpec *spec, int lower_fds[2], Error **err) {
        _cleanup_free_ char *both = NULL;
        if (spec->work != NULL)
                return set_directory(fs, "lowerdir", spec->lower, &lower_fds[0], err);
        lower_fds[0] = open(spec->upper, O_PATH | O_DIRECTORY | O_CLOEXEC);
        lower_fds[1] = open(spec->lower, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (lower_fds[0] < 0 || lower_fds[1] < 0)
                return error_errno(err, errno, "Failed to open %s or %s", spec->upper, spec->lower);
        both = str_printf("/proc/self/fd/%d:/proc/self/fd/%d", lower_fds[0], lower_fds[1]);
        if (fsconfig(fs, FSCONFIG_SET_STRING, "lowerdir", both, 0) < 0)
                return error_errno(err, errno, "Failed to set the layers of an overlay");
        return 0;
}

static int make_overlay(const OverlaySpec *spec, int *ret_fd, Error **err) {
        /* Changing owner or mode of a file copies none of its content. */
        const char *const options[][2] = {
                {"source", "berth"},
                {"metacopy", "on"},
                {"redirect_dir", spec->work != NULL ? "on" : "follow"},
        };
        _cleanup_close_ int fs = fsopen("overlay", FSOPEN_CLOEXEC), upper = -1, work = -1;
        _cleanup_close_ int first = -1, second = -1;
        int lowers[2] = {-1, -1};
        if (fs < 0)
                return error_errno(err, errno, "Failed to begin an overlay mount");
        int result = set_lowers(fs, spec, lowers, err);
        first = lowers[0];
        second = lowers[1];
        if (result < 0 ||
            (spec->work != NULL &&
             (set_directory(fs, "upperdir", spec->upper, &upper, err) < 0 ||
              set_directory(fs, "workdir", spec->work, &work, err) < 0)))
                return -1;
        for (size_t i = 0; i < ARRAY_SIZE(options); i++)
                if (fsconfig(fs, FSCONFIG_SET_STRING, options[i][0], options[i][1], 0) < 0)
                        return error_errno(err, errno, "Failed to set %s of an overlay",
                                           options[i][0]);
        if (fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
                return error_errno(err, errno, "Failed to make an overlay on %s", spec->lower);
        int fd = fsmount(fs, FSMOUNT_CLOEXEC, spec->work == NULL ? MOUNT_ATTR_RDONLY : 0);
        if (fd < 0)
                return error_errno(err, errno, "Failed to mount an overlay on %s", spec->lower);
        *ret_fd = fd;
        return 0;
}

int overlay_mount(const OverlaySpec *spec, Error **err) {
        _cleanup_close_ int home = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC), fd = -1;
        if (home < 0)
                return error_errno(err, errno, "Failed to open the mount namespace");
        if (unshare(CLONE_NEWNS) < 0)
                return error_errno(err, errno, "Failed to make a mount namespace");
        if (mount_make_private("/", err) < 0 || show_lower(spec, err) < 0 ||
            make_overlay(spec, &fd, err) < 0)
                return -1;
        if (setns(home, CLONE_NEWNS) < 0)
                return error_errno(err, errno, "Failed to return to the mount namespace");
        return mount_attach(fd, AT_FDCWD, spec->target, err);
}
