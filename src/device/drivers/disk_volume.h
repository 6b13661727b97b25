/* Disks that are custom volumes of a pool (pool=POOL source=VOLUME), for disk.c. */
#pragma once

#include "device/device.h"

bool disk_is_volume(const DeviceContext *context); /* the root disk is none */
int disk_volume_validate(const DeviceContext *context, Error **err) _must_check_;
/* The path on the host, and whether the mount has to map ids. */
int disk_volume_start(const DeviceContext *context, char **ret_path, bool *ret_shift, Error **err)
        _must_check_;
void disk_volume_stop(const DeviceContext *context);
