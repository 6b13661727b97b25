/* Devices of instances: one const struct a kind, found by type and subtype.
 *
 * device_start() makes what the host needs and says what liblxc has to do; for an instance that
 * runs already, device_plug() then puts it inside. device_unplug() takes it out again and
 * device_stop() undoes the host's part; it is safe to call when the start did not run or failed
 * half-way. All functions are thread-safe for different instances and may block.
 *
 * What stands inside because of a device has an entry in devices/INSTANCE (entries.h), made before
 * it and removed after it: a device is taken out by its entries, whatever its configuration says
 * by then, and nothing is lost sight of when the daemon is killed in between. */
#pragma once

#include "base/error.h"
#include "base/text.h"
#include "linux/cgroup.h"
#include "network/network.h"
#include "runtime/runtime.h"

struct Volumes;

typedef struct DeviceContext {
        const char *instance;    /* name on disk */
        const char *project, *title; /* of the instance or profile, and its name */
        const char *name;        /* of the device */
        const StrMap *config;    /* expanded */
        const DeviceMap *devices; /* all of the instance, expanded */
        const StrMap *volatiles; /* the instance's config: volatile.NAME.* are this device's */
        const char *directory;   /* DIRECTORY/devices */
        const char *host_root;   /* "" but in tests: prefix of the host's /sys and /dev */
        const char *monitor;     /* the directory whose nodes may come and go, mostly /dev */
        unsigned nic_index;      /* place among the nics: lxc.net.N */
        bool unprivileged;
        const CgroupLayout *cgroups;
        Networks *networks;
        Runtime *runtime;
        struct Volumes *volumes; /* NULL: of a profile */
        struct Firewall *firewall; /* NULL: of a profile, or the host has none */
        const RuntimeProcess *process; /* the running instance; NULL: it does not run yet */
} DeviceContext;

/* Something of the host that is mounted inside. */
typedef struct DeviceMount {
        char *source;    /* absolute path of the host */
        char *target;    /* absolute path inside */
        unsigned flags;  /* MountFlags */
        bool directory, shift;
} DeviceMount;

/* What a device adds to the start. */
typedef struct DeviceRun {
        StrList lines;    /* "key = value" of the liblxc configuration */
        StrMap volatiles; /* whole keys; an empty value removes one */
        DeviceMount *mounts;
        size_t mount_count, mount_capacity;
        StrList rules;    /* of the devices control group: "c 10:229 rwm" */
        /* For plug() of a nic: the end that goes inside, its name there. */
        char *link, *inner_name;
} DeviceRun;

/* A device node that an instance gets. */
typedef struct DeviceNode {
        bool block;
        uint32_t major, minor;
        mode_t mode;
        uint32_t uid, gid; /* inside */
        char *path;        /* inside, absolute */
} DeviceNode;
typedef struct DeviceNodes {
        DeviceNode *items;
        size_t count, capacity;
} DeviceNodes;

/* By what a driver learns that nodes of the host come and go. */
typedef enum DeviceFollow {
        DEVICE_FOLLOWS_NOTHING,
        DEVICE_FOLLOWS_PATHS,   /* they stand at known paths */
        DEVICE_FOLLOWS_UEVENTS, /* the kernel says so, and the instance is told too */
} DeviceFollow;

typedef struct DeviceDriver {
        const char *type;    /* "nic" */
        const char *subtype; /* nictype, gputype; NULL: the type says all */
        const char *prefix;  /* of its entries in devices/INSTANCE; NULL: it has none */
        bool is_nic;
        /* Keys whose change update() carries out; NULL-ended. NULL: a changed device is removed
         * and added. */
        const char *const *live_keys;
        /* Each may be NULL: nothing to do. validate: beyond what the key table checks. */
        int (*validate)(const DeviceContext *context, Error **err);
        /* Whether it goes together with the devices of other instances. */
        int (*admit)(const DeviceContext *context, Error **err);
        /* It has come to an instance, or it goes, running or not. */
        int (*added)(const DeviceContext *context, Error **err);
        void (*removed)(const DeviceContext *context);
        int (*start)(const DeviceContext *context, DeviceRun *run, Error **err);
        /* The nodes that it wants now. They come and go with those of the host when the driver
         * `follows` them; paths are added to `paths`. */
        int (*nodes)(const DeviceContext *context, DeviceNodes *ret, Error **err);
        DeviceFollow (*follows)(const DeviceContext *context, StrList *paths);
        /* The instance runs: processes beside it. */
        int (*running)(const DeviceContext *context, Error **err);
        int (*plug)(const DeviceContext *context, const DeviceRun *run, Error **err);
        int (*unplug)(const DeviceContext *context, Error **err);
        void (*stop)(const DeviceContext *context, StrMap *volatiles);
        /* context->process NULL: the instance is stopped. */
        int (*update)(const DeviceContext *context, const StrMap *before, Error **err);
        /* Why it cannot come or go while the instance runs; NULL result: it can. */
        const char *(*needs_stop)(const DeviceContext *context);
} DeviceDriver;

/* Checks keys and values and finds the driver; ERROR_INVALID names what is wrong. */
int device_validate(const DeviceContext *context, Error **err) _must_check_;
/* A nic that names a network has the driver of the network's type. */
int device_find(const DeviceContext *context, const DeviceDriver **ret, Error **err)
        _must_check_;
/* Against other instances; "Failed add validation for device …" and the like are the caller's. */
int device_admit(const DeviceContext *context, Error **err) _must_check_;
int device_added(const DeviceContext *context, Error **err) _must_check_;
void device_removed(const DeviceContext *context);
/* The order in which devices start: places in `devices`. The caller frees. */
size_t *device_order(const DeviceMap *devices);

/* Fills `run`, also when it fails: stop() finds by its volatile keys what had been made. */
int device_start(const DeviceContext *context, DeviceRun *run, Error **err) _must_check_;
int device_plug(const DeviceContext *context, const DeviceRun *run, Error **err) _must_check_;
int device_running(const DeviceContext *context, Error **err) _must_check_;
int device_unplug(const DeviceContext *context, Error **err) _must_check_;
void device_stop(const DeviceContext *context, StrMap *volatiles);
/* Only keys that can be changed in place differ from `other`. */
bool device_can_update(const DeviceContext *context, const StrMap *other);
int device_update(const DeviceContext *context, const StrMap *before, Error **err) _must_check_;
DeviceFollow device_follows(const DeviceContext *context, StrList *paths);
/* Nodes of a running instance follow those of the host, `gone` (paths inside) aside: the kernel
 * tells of a removal before it is done. The paths of those that came or went are added. */
int device_sync(const DeviceContext *context, const StrList *gone, StrList *changed, Error **err)
        _must_check_;
/* Takes out of a running instance what an entry stands for that belongs to no device any more. */
int device_recover(const DeviceContext *instance, Error **err) _must_check_;

bool device_is_nic(const StrMap *config);
bool device_is_root_disk(const StrMap *config); /* type disk, path /, no source */
void device_run_done(DeviceRun *run);
#define _cleanup_device_run_ _cleanup_(device_run_done)
typedef struct DeviceMountWord {
        const char *name;
        unsigned flag; /* of MountFlags */
} DeviceMountWord;
extern const DeviceMountWord device_propagations[4];
extern const DeviceMountWord device_mount_words[5]; /* options that any mount knows */
/* Strings are copied. */
void device_run_mount(DeviceRun *run, const DeviceMount *mount);
void device_nodes_add(DeviceNodes *nodes, const DeviceNode *node);
void device_nodes_done(DeviceNodes *nodes);
/* The value of volatile.DEVICE.KEY, NULL when unset. */
const char *device_volatile(const DeviceContext *context, const char *key);
void device_set_volatile(StrMap *volatiles, const DeviceContext *context, const char *key,
                         const char *value);
/* A path for lxc.mount.entry: blanks and backslashes as octal escapes. */
char *device_mount_escape(const char *path);

extern const DeviceDriver device_disk;
extern const DeviceDriver device_gpu_mdev;
extern const DeviceDriver device_gpu_mig;
extern const DeviceDriver device_gpu_physical;
extern const DeviceDriver device_gpu_sriov;
extern const DeviceDriver device_nic_bridged;
extern const DeviceDriver device_nic_ipvlan;
extern const DeviceDriver device_nic_macvlan;
extern const DeviceDriver device_nic_p2p;
extern const DeviceDriver device_nic_physical;
extern const DeviceDriver device_nic_routed;
extern const DeviceDriver device_nic_sriov;
extern const DeviceDriver device_none;
extern const DeviceDriver device_pci;
extern const DeviceDriver device_proxy;
extern const DeviceDriver device_tpm;
extern const DeviceDriver device_unix_block;
extern const DeviceDriver device_unix_char;
extern const DeviceDriver device_unix_hotplug;
extern const DeviceDriver device_usb;
