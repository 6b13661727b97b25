/* Processes that stand beside an instance for a device: devices/INSTANCE/PREFIX.DEVICE says which
 * they are, and outlives the daemon as they do. */
#pragma once

#include "device/device.h"

int device_process_record(const DeviceContext *context, const char *prefix, pid_t pid,
                          uint64_t start, Error **err) _must_check_;
/* Kills what the file names and removes the file. Not such a file, or not there: nothing. */
void device_process_end(const char *file);
char *device_process_file(const DeviceContext *context, const char *prefix);
/* A name in devices/INSTANCE is of a process; of one of these devices. */
bool device_process_is_file(const char *name);
bool device_process_is_owned(const DeviceMap *devices, const char *name);
