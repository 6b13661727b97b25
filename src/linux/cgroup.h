/* Control groups, whatever layout the host has: v1 (a hierarchy a controller), hybrid (v1 beside an
 * empty v2) and v2. CgroupLayout is read once; the rest works with a process's paths in it.
 * Thread-safe; the layout is read-only after cgroup_layout_load(). */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <sys/types.h>

typedef enum CgroupController {
        CGROUP_MEMORY,
        CGROUP_CPU,
        CGROUP_CPUACCT,
        CGROUP_CPUSET,
        CGROUP_PIDS,
        CGROUP_BLKIO, /* "io" in v2 */
        CGROUP_FREEZER, /* built into v2 */
        CGROUP_DEVICES, /* BPF in v2: no files */
        CGROUP_HUGETLB,
        CGROUP_NET_PRIO,
        _CGROUP_CONTROLLER_MAX,
} CgroupController;

typedef struct CgroupLayout {
        char *mounts[_CGROUP_CONTROLLER_MAX]; /* where its hierarchy is mounted; NULL: not there */
        char *roots[_CGROUP_CONTROLLER_MAX];  /* the group that stands at the mount, "/" mostly */
        bool unified[_CGROUP_CONTROLLER_MAX]; /* that hierarchy is v2 */
        StrList others;      /* v1 hierarchies of other controllers and names (name=systemd) */
        char *unified_mount; /* the v2 hierarchy, also when it has no controller; NULL */
} CgroupLayout;

/* `mountinfo`/`root` for tests: NULL reads /proc/self/mountinfo and prefixes nothing. */
int cgroup_layout_load(const char *mountinfo, const char *root, CgroupLayout *ret,
                       Error **err) _must_check_;
void cgroup_layout_done(CgroupLayout *layout);
bool cgroup_has(const CgroupLayout *layout, CgroupController controller);

/* The directories of one container. */
typedef struct CgroupPaths {
        char *directories[_CGROUP_CONTROLLER_MAX]; /* full paths; NULL: none */
} CgroupPaths;

/* From the init process: one read of /proc/PID/cgroup. A container's init may sit below the
 * container's own group (systemd's init.scope), so the path is cut behind the part that starts with
 * `payload` ("lxc.payload.NAME"; NULL: not cut). `text`: the file's content for tests. */
int cgroup_paths_load(const CgroupLayout *layout, pid_t pid, const char *payload,
                      const char *text, CgroupPaths *ret, Error **err) _must_check_;
void cgroup_paths_done(CgroupPaths *paths);
#define _cleanup_cgroup_paths_ _cleanup_(cgroup_paths_done)

/* Figures; -1 where the kernel has no such number. */
typedef struct CgroupUsage {
        int64_t memory, memory_peak, memory_limit; /* bytes; limit -1: none */
        int64_t swap, swap_peak;                   /* bytes */
        int64_t cpu_ns;
        int64_t processes;
} CgroupUsage;
void cgroup_usage(const CgroupLayout *layout, const CgroupPaths *paths, CgroupUsage *ret);

/* One file of the controller's directory: "memory.limit_in_bytes", "cpu.max". */
int cgroup_get(const CgroupPaths *paths, CgroupController controller, const char *file,
               char **ret, Error **err) _must_check_;
int cgroup_set(const CgroupPaths *paths, CgroupController controller, const char *file,
               const char *value, Error **err);
bool cgroup_has_file(const CgroupPaths *paths, CgroupController controller, const char *file);

/* Freezes or thaws and waits until it is so. */
int cgroup_freeze(const CgroupLayout *layout, const CgroupPaths *paths, bool freeze,
                  int timeout_ms, Error **err);
bool cgroup_is_frozen(const CgroupLayout *layout, const CgroupPaths *paths);
/* SIGKILL to every process in it (cgroup.kill, else by pid until none is left). */
int cgroup_kill(const CgroupLayout *layout, const CgroupPaths *paths, Error **err) _must_check_;
/* Removes the group `name` of the top level and those below it from every hierarchy, as far as they
 * have no process. False: some stay. */
bool cgroup_remove_empty(const CgroupLayout *layout, const char *name);
/* All pids, of groups below too; *ret is the caller's (free). */
int cgroup_pids(const CgroupLayout *layout, const CgroupPaths *paths, pid_t **ret,
                size_t *ret_count, Error **err) _must_check_;
