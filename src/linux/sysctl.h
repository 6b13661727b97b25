/* Kernel settings below /proc/sys. Those of the network are our namespace's. */
#pragma once

#include "base/error.h"
#include "base/text.h"

/* "net/ipv4/ip_forward". A link's name with dots stays one part of the path. */
int sysctl_set(const char *path, const char *value, Error **err) _must_check_;
int sysctl_get(const char *path, char **ret, Error **err) _must_check_;
bool sysctl_exists(const char *path);
