#include "linux/blockdev.h"

#include "base/files.h"
#include "base/memory.h"
#include "base/text.h"
#include "linux/sysfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* btrfs and its kind number their file systems themselves: the mount table has the device. */
static bool find_mount_source(const char *number, struct stat *ret) {
        _cleanup_free_ char *text = NULL;
        _cleanup_strlist_ StrList lines = {.items = NULL};
        if (file_read("/proc/self/mountinfo", (size_t) 64 << 20, &text, NULL, NULL) < 0)
                return false;
        strlist_split(&lines, text, "\n", true);
        for (size_t i = 0; i < lines.count; i++) {
                _cleanup_strlist_ StrList words = {.items = NULL};
                strlist_split(&words, lines.items[i], " ", true);
                size_t dash = 6;
                while (dash < words.count && !str_equal(words.items[dash], "-"))
                        dash++;
                if (dash + 2 < words.count && str_equal(words.items[2], number) &&
                    stat(words.items[dash + 2], ret) == 0 && S_ISBLK(ret->st_mode))
                        return true;
        }
        return false;
}

static void partition_to_disk(BlockDevice *device) {
        _cleanup_free_ char *link = str_printf("/sys/dev/block/%u:%u", device->major,
                                               device->minor);
        _cleanup_free_ char *directory = realpath(link, NULL);
        if (directory == NULL || sysfs_number(directory, "partition", 0) == 0)
                return;
        _cleanup_free_ char *disk = path_directory(directory);
        (void) sysfs_device_number(disk, &device->major, &device->minor);
}

int blockdev_of_path(const char *path, BlockDevice *ret, Error **err) {
        struct stat info;
        if (stat(path, &info) < 0)
                return error_errno(err, errno, "Failed to find the block device of \"%s\"", path);
        dev_t number = S_ISBLK(info.st_mode) ? info.st_rdev : info.st_dev;
        if (major(number) == 0) {
                _cleanup_free_ char *text = str_printf("0:%u", minor(number));
                if (!find_mount_source(text, &info))
                        return error_set(err, ERROR_UNSUPPORTED, 0,
                                         "The file system of \"%s\" is on no block device", path);
                number = info.st_rdev;
        }
        *ret = (BlockDevice) {.major = major(number), .minor = minor(number)};
        partition_to_disk(ret);
        return 0;
}

int64_t blockdev_physical_block(const char *node) {
        _cleanup_close_ int fd = open(node, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        unsigned size = 0;
        return fd >= 0 && ioctl(fd, BLKPBSZGET, &size) == 0 ? (int64_t) size : 0;
}
