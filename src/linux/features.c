#include "linux/features.h"

#include "base/files.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/vfs.h>

/* A call that exists refuses nonsense with something else than ENOSYS. */
static bool has_mount_setattr(void) {
        return mount_setattr(-1, "", 0, NULL, 0) < 0 && errno != ENOSYS;
}

static bool has_openat2(void) {
        return syscall(SYS_openat2, -1, "", NULL, (size_t) 0) < 0 && errno != ENOSYS;
}

/* Into our own namespaces: allowed nothing changes, refused it says why. */
static bool has_pidfd_setns(void) {
        _cleanup_close_ int fd = pidfd_open(getpid(), 0);
        return fd >= 0 && setns(fd, 0) < 0 && errno == EINVAL;
}

static bool has_uevent_injection(void) {
        _cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 15);
        return fd >= 0;
}

static bool seccomp_action(uint32_t action) {
        return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

static bool has_listener_continue(void) {
        _cleanup_free_ char *version = features_kernel_version();
        int major = 0, minor = 0;
        if (sscanf(version, "%d.%d", &major, &minor) != 2)
                return false;
        return major > 5 || (major == 5 && minor >= 5);
}

static bool has_apparmor(void) {
        _cleanup_free_ char *text = NULL;
        return file_read("/sys/module/apparmor/parameters/enabled", 16, &text, NULL, NULL) == 0 &&
               text[0] == 'Y';
}

static bool only_cgroup2(void) {
        struct statfs info;
        return statfs("/sys/fs/cgroup", &info) == 0 && info.f_type == 0x63677270;
}

void features_probe(Features *ret) {
        bool mounts = has_mount_setattr();
        *ret = (Features) {
                .idmapped_mounts = mounts, /* Linux 5.12 brought the call and the attribute */
                .pidfd_setns = has_pidfd_setns(),
                .netnsid_getifaddrs = true, /* since 5.0, older than anything that has the rest */
                .openat2 = has_openat2(),
                .close_range = syscall(SYS_close_range, 1U, 0U, 0U) < 0 && errno == EINVAL,
                .uevent_injection = has_uevent_injection(),
                .unpriv_fscaps = true, /* since 4.14 */
                .seccomp_listener = seccomp_action(SECCOMP_RET_USER_NOTIF),
                .seccomp_listener_continue = seccomp_action(SECCOMP_RET_USER_NOTIF) &&
                                             has_listener_continue(),
                .cgroup2 = only_cgroup2(),
                .apparmor = has_apparmor(),
                .bpf = path_exists("/sys/fs/bpf"),
        };
}

typedef struct FilesystemName {
        long magic;
        const char *name;
} FilesystemName;

static const FilesystemName filesystem_names[] = {
        {0xef53, "ext4"},      {0x9123683e, "btrfs"}, {0x58465342, "xfs"},
        {0x01021994, "tmpfs"}, {0x2fc12fc1, "zfs"},   {0x794c7630, "overlay"},
        {0x73717368, "squashfs"}, {0x65735546, "fuse"}, {0x6969, "nfs"},
        {0x00c36400, "ceph"},  {0xf2f52010, "f2fs"},
};

int features_filesystem(const char *path, char **ret, Error **err) {
        struct statfs info;
        if (statfs(path, &info) < 0)
                return error_errno(err, errno, "Failed to look at the file system of %s", path);
        for (size_t i = 0; i < ARRAY_SIZE(filesystem_names); i++) {
                if (filesystem_names[i].magic == (long) info.f_type) {
                        *ret = str_dup(filesystem_names[i].name);
                        return 0;
                }
        }
        *ret = str_printf("0x%lx", (long) info.f_type);
        return 0;
}

static char *uname_part(bool machine) {
        struct utsname name;
        if (uname(&name) < 0)
                return str_dup("unknown");
        return str_dup(machine ? name.machine : name.release);
}

char *features_kernel_version(void) {
        return uname_part(false);
}

char *features_machine(void) {
        return uname_part(true);
}
