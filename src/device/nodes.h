/* Device nodes for instances: made in devices/INSTANCE with the owner that the instance's id map
 * asks for, and mounted inside from there, because a user namespace cannot make any itself. */
#pragma once

#include "device/device.h"

/* Makes the nodes, and the mounts and rules of those whose place inside is free. */
int device_nodes_start(const DeviceContext *context, const char *prefix, const DeviceNodes *nodes,
                       DeviceRun *run, Error **err) _must_check_;
/* Takes entries out of the running instance and removes them: all, or those that `keep` (may be
 * NULL) does not have. Their paths inside are added to `removed` (may be NULL). */
int device_nodes_remove(const DeviceContext *context, const char *prefix, const DeviceNodes *keep,
                        StrList *removed, Error **err) _must_check_;
/* Those without an entry yet. Borrows: only the array is freed. */
DeviceNodes device_nodes_new(const DeviceContext *context, const char *prefix,
                             const DeviceNodes *nodes);
/* Type and numbers of the host's node ROOT/PATH; ERROR_NOT_FOUND, or ERROR_INVALID "Not a
 * device". */
int device_node_stat(const char *root, const char *path, DeviceNode *ret, Error **err)
        _must_check_;
/* mode, uid and gid of the configuration. */
int device_node_owner(const DeviceContext *context, DeviceNode *node, Error **err) _must_check_;
