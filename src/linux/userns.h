/* User namespaces made for their id map alone, and going into namespaces. For single-threaded
 * helper processes only: the kernel refuses threads, and the daemon never enters anything. */
#pragma once

#include "linux/idmap.h"

/* A namespace with this map, held by the fd. */
int userns_open(const IdMap *map, int *ret_fd, Error **err) _must_check_;
/* Becomes id 0 in the namespace of the fd, without supplementary groups. */
int userns_enter(int userns_fd, Error **err) _must_check_;
/* A mount namespace of our own whose root is `rootfs`, shown through `userns_fd` (-1: ids as on
 * disk). Nothing of the host's tree stays reachable. */
int mountns_make_root(const char *rootfs, int userns_fd, Error **err) _must_check_;
/* User and mount namespace of a process, as its root. A process of our own user namespace
 * (privileged) gives its mount namespace only. */
int namespaces_enter(int pidfd, Error **err) _must_check_;
