/* The kernel's news of devices (kobject uevents), and such news for a container. */
#pragma once

#include "base/error.h"
#include "base/text.h"

/* A netlink socket that polls readable when there is news. `path` (not NULL): a datagram socket at
 * that path instead, for tests. */
int uevent_open(const char *path, int *ret_fd, Error **err) _must_check_;
/* Makes "KEY=VALUE" parts of a message, as many as it has; false: nothing (more) to read, or it did
 * not come from the kernel. */
bool uevent_read(int fd, StrList *ret_parts);
/* The value of a part; NULL when there is none. */
const char *uevent_get(const StrList *parts, const char *key);
/* Sends to those who listen in the network namespace of the caller. */
int uevent_send(const StrList *parts, Error **err) _must_check_;
