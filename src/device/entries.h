/* devices/INSTANCE: one entry for each thing that devices put inside, called PREFIX.DEVICE.PATH
 * with slashes as dashes and dashes doubled (unix.my--dev.dev-ttyS0, disk.data.mnt-data). An entry
 * is the node itself, or an empty file or directory that only says that something is mounted. */
#pragma once

#include "device/device.h"

/* The file's whole path. */
char *device_entry(const DeviceContext *context, const char *prefix, const char *path);
/* The names of this device's entries, sorted. */
int device_entries(const DeviceContext *context, const char *prefix, StrList *ret, Error **err)
        _must_check_;
/* The path inside that an entry of this device stands for. */
char *device_entry_target(const DeviceContext *context, const char *prefix, const char *name);
/* Another device has an entry for the same path inside, whose mount stands there. */
bool device_entry_is_shared(const DeviceContext *context, const char *prefix, const char *name);
/* Makes an empty file or directory, and devices/INSTANCE. */
int device_entry_make(const DeviceContext *context, const char *file, bool directory,
                      Error **err) _must_check_;
/* devices/INSTANCE, made. */
int device_entry_directory(const DeviceContext *context, char **ret, Error **err) _must_check_;
/* Removes the entry, and what is mounted on it. */
int device_entry_remove(const DeviceContext *context, const char *name, Error **err)
        _must_check_;
/* Entries of no device that the instance has: of one whose removal or addition was cut short. */
int device_entries_orphaned(const DeviceContext *instance, StrList *ret, Error **err)
        _must_check_;
/* The paths inside that an entry may stand for, when its device is not known: names have dots. */
void device_entry_guess(const char *name, StrList *ret);
/* Nothing of the instance may be left: after its end. */
void device_entries_clean(const char *directory, const char *instance);
