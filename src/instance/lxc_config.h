/* The liblxc configuration of a start, as a printable plan. Pure: everything that depends on the
 * host comes in through the spec. */
#pragma once

#include "linux/cgroup.h"
#include "linux/idmap.h"

typedef struct LxcConfigSpec {
        const StrMap *config; /* expanded */
        const char *name;     /* the host name inside */
        const char *architecture;  /* lxc.arch */
        const char *log_directory; /* lxc.log, console.log */
        const char *rootfs;
        const char *stop_hook;
        const char *seccomp_profile; /* path; NULL: none */
        const char *seccomp_proxy;   /* socket of the interception; NULL: none */
        const IdMap *idmap;          /* NULL or empty: privileged */
        bool idmapped;               /* the root is shown through the map */
        const CgroupLayout *cgroups;
        uint64_t memory_total;  /* bytes of the host, for percentages */
        const char *cpus;       /* which processors; NULL: all */
        const char *disk_weight; /* file of the blkio controller; NULL: none */
        const char *lxcfs;      /* its mount point; NULL: not running */
        bool memory_swap; /* v1: memory.memsw.* exist */
        const char *apparmor; /* profile; NULL: the host has none */
        const char *nvidia_hook; /* NULL: none */
        const StrList *device_lines; /* from the devices, in their order */
        const char *devlxd;          /* shown at /dev/lxd; NULL: not there */
        const StrList *host_paths;   /* which of the optional bind sources exist; NULL: all */
} LxcConfigSpec;

/* Sources of the optional binds, NULL-ended: to find out which exist. */
extern const char *const lxc_config_binds[];
/* Appends "key = value" lines; raw.lxc comes last. ERROR_INVALID for a limit that makes no
 * sense. */
int lxc_config_plan(const LxcConfigSpec *spec, StrList *lines, Error **err) _must_check_;
/* The policy text of security.syscalls.*; NULL when it is switched off. */
char *seccomp_policy(const StrMap *config);
/* Whether calls are handed to us; the settings that the server of the calls reads. */
bool seccomp_intercepts(const StrMap *config);
char *seccomp_settings(const StrMap *config);

/* One value for a file of a controller: the same rows serve the start (lxc.cgroup[2].FILE) and the
 * change of a running instance. */
typedef struct CgroupSetting {
        CgroupController controller;
        char *file, *value;
} CgroupSetting;
typedef struct CgroupSettings {
        CgroupSetting *items;
        size_t count, capacity;
} CgroupSettings;
int cgroup_settings_plan(const LxcConfigSpec *spec, CgroupSettings *ret, Error **err)
        _must_check_;
void cgroup_settings_done(CgroupSettings *settings);
