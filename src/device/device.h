/* Devices of instances: one const struct a kind, found by type and subtype.
 *
 * start() makes what the host needs and says what liblxc has to do; for an instance that runs
 * already, plug() then puts it inside. unplug() takes it out again and stop() undoes the host's
 * part; stop() is safe to call when start() did not run or failed half-way. All functions are
 * thread-safe for different instances and may block. */
#pragma once

#include "base/error.h"
#include "base/text.h"
#include "runtime/runtime.h"

typedef struct DeviceContext {
        const char *instance;    /* name on disk */
        const char *name;        /* of the device */
        const StrMap *config;    /* expanded */
        const StrMap *volatiles; /* the instance's config: volatile.NAME.* are this device's */
        unsigned nic_index;      /* place among the nics: lxc.net.N */
        bool unprivileged;
        Runtime *runtime;              /* plug, unplug */
        const RuntimeProcess *process; /* plug, unplug: the running instance */
} DeviceContext;

/* What a device adds to the start. */
typedef struct DeviceRun {
        StrList lines;    /* "key = value" of the liblxc configuration */
        StrMap volatiles; /* whole keys; an empty value removes one */
        /* For plug(). */
        char *link, *inner_name;       /* of a nic: the end that goes inside, its name there */
        char *source, *target;         /* of a disk */
        unsigned mount_flags;          /* MountFlags */
        bool shift;
} DeviceRun;

typedef struct DeviceDriver {
        const char *type;    /* "nic" */
        const char *subtype; /* nictype; NULL: the type says all */
        bool is_nic;
        /* Each may be NULL: nothing to do. validate: beyond what the key table checks. */
        int (*validate)(const DeviceContext *context, Error **err);
        int (*start)(const DeviceContext *context, DeviceRun *run, Error **err);
        int (*plug)(const DeviceContext *context, const DeviceRun *run, Error **err);
        int (*unplug)(const DeviceContext *context, Error **err);
        void (*stop)(const DeviceContext *context, StrMap *volatiles);
        /* Why it cannot come or go while the instance runs; NULL result: it can. */
        const char *(*needs_stop)(const DeviceContext *context);
} DeviceDriver;

/* Checks keys and values and finds the driver; ERROR_INVALID names what is wrong. */
int device_validate(const DeviceContext *context, Error **err) _must_check_;
int device_find(const StrMap *config, const DeviceDriver **ret, Error **err) _must_check_;
bool device_is_nic(const StrMap *config);
bool device_is_root_disk(const StrMap *config); /* type disk, path /, no source */
void device_run_done(DeviceRun *run);
#define _cleanup_device_run_ _cleanup_(device_run_done)
/* The value of volatile.DEVICE.KEY, NULL when unset. */
const char *device_volatile(const DeviceContext *context, const char *key);
void device_set_volatile(StrMap *volatiles, const DeviceContext *context, const char *key,
                         const char *value);
/* A path for lxc.mount.entry: blanks and backslashes as octal escapes. */
char *device_mount_escape(const char *path);

extern const DeviceDriver device_disk;
extern const DeviceDriver device_nic_bridged;
extern const DeviceDriver device_nic_p2p;
extern const DeviceDriver device_none;
