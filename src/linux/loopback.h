/* Loop devices: a file as a block device. Thread-safe. */
#pragma once

#include "base/error.h"

/* A device for the file that lives as long as it is open or mounted: keep *ret_fd until then. */
int loopback_attach(const char *file, bool readonly, char **ret_device, int *ret_fd, Error **err)
        _must_check_;
/* The device that serves the file; ERROR_NOT_FOUND: none. */
int loopback_find(const char *file, char **ret_device, Error **err) _must_check_;
/* Takes notice that the file has grown. */
int loopback_refresh(const char *device, Error **err) _must_check_;
