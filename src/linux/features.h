/* What this kernel can do, by trying it once at the daemon's start. Whether one file system takes
 * idmapped mounts needs a user namespace, so the helper tries: runtime_can_idmap(). Thread-safe. */
#pragma once

#include "base/error.h"

typedef struct Features {
        bool idmapped_mounts;   /* mount_setattr with MOUNT_ATTR_IDMAP is known */
        bool pidfd_setns;       /* setns(pidfd, …) */
        bool netnsid_getifaddrs; /* RTM_GETLINK with IFLA_TARGET_NETNSID */
        bool openat2;
        bool close_range;
        bool uevent_injection;  /* a netlink uevent socket can be opened */
        bool unpriv_fscaps;     /* version 3 file capabilities */
        bool seccomp_listener;
        bool seccomp_listener_continue;
        bool cgroup2;           /* the unified hierarchy is the only one */
        bool shiftfs;           /* always false: gone from the kernel */
        bool apparmor;
        bool bpf;
} Features;

void features_probe(Features *ret);
/* "ext4", "btrfs", "0x1234" of the file system that holds `path`. */
int features_filesystem(const char *path, char **ret, Error **err) _must_check_;
/* uname: kernel release, architecture. Owned. */
char *features_kernel_version(void);
char *features_machine(void);
