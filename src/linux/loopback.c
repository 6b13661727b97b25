#include "linux/loopback.h"

#include "base/files.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#define ATTEMPTS 64

/* Between asking for a free one and taking it somebody else may have done so. */
static int attach_free(int control, int backing, const char *file, bool readonly,
                       char **ret_device, int *ret_fd, Error **err) {
        int number = ioctl(control, LOOP_CTL_GET_FREE);
        if (number < 0)
                return error_errno(err, errno, "Cannot get a loop device");
        _cleanup_free_ char *device = str_printf("/dev/loop%d", number);
        _cleanup_close_ int fd = open(device, (readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC);
        if (fd < 0)
                return error_errno(err, errno, "Cannot open %s", device);
        struct loop_config config = {
                .fd = (uint32_t) backing,
                .info = {.lo_flags = LO_FLAGS_AUTOCLEAR | (readonly ? LO_FLAGS_READ_ONLY : 0)}};
        (void) snprintf((char *) config.info.lo_file_name, sizeof config.info.lo_file_name, "%s",
                        file);
        if (ioctl(fd, LOOP_CONFIGURE, &config) < 0)
                return error_errno(err, errno, "Cannot attach %s to %s", file, device);
        *ret_device = TAKE_PTR(device);
        *ret_fd = TAKE_FD(fd);
        return 0;
}

int loopback_attach(const char *file, bool readonly, char **ret_device, int *ret_fd, Error **err) {
        _cleanup_close_ int backing = open(file, (readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC);
        if (backing < 0)
                return error_errno(err, errno, "Cannot open %s", file);
        _cleanup_close_ int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
        if (control < 0)
                return error_errno(err, errno, "Cannot open /dev/loop-control");
        for (int attempt = 1;; attempt++) {
                Error *failed = NULL;
                if (attach_free(control, backing, file, readonly, ret_device, ret_fd, &failed) == 0)
                        return 0;
                if (failed->number != EBUSY || attempt == ATTEMPTS)
                        return error_move(err, &failed);
                error_free(failed);
        }
}

static bool serves(const char *device, const struct stat *file) {
        struct loop_info64 info;
        _cleanup_close_ int fd = open(device, O_RDONLY | O_CLOEXEC);
        return fd >= 0 && ioctl(fd, LOOP_GET_STATUS64, &info) == 0 &&
               info.lo_device == file->st_dev && info.lo_inode == file->st_ino;
}

int loopback_find(const char *file, char **ret_device, Error **err) {
        _cleanup_strlist_ StrList names = {.items = NULL};
        struct stat info;
        if (stat(file, &info) < 0)
                return error_errno(err, errno, "Cannot find %s", file);
        if (directory_list("/sys/block", &names, err) < 0)
                return -1;
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_free_ char *device = str_printf("/dev/%s", names.items[i]);
                if (!str_has_prefix(names.items[i], "loop") || !serves(device, &info))
                        continue;
                *ret_device = TAKE_PTR(device);
                return 0;
        }
        return error_set(err, ERROR_NOT_FOUND, 0, "No loop device serves %s", file);
}

int loopback_refresh(const char *device, Error **err) {
        _cleanup_close_ int fd = open(device, O_RDWR | O_CLOEXEC);
        if (fd < 0 || ioctl(fd, LOOP_SET_CAPACITY) < 0)
                return error_errno(err, errno, "Cannot resize %s", device);
        return 0;
}
