/* The registry's inside, for the files of this folder. */
#pragma once

#include "instance/instance.h"

#include "database/profiles.h"
#include "device/device.h"
#include "instance/lxc_config.h"
#include "linux/cgroup.h"
#include "linux/cpuset.h"
#include "linux/features.h"
#include "loop/loop.h"
#include "loop/workers.h"

#include <pthread.h>

/* What is known of an instance beyond its records; made when it is first needed. */
typedef struct Runner {
        char *project, *name, *disk_name;
        const char *busy; /* the verb at work, NULL: none */
        bool brief;       /* it ends by itself: other verbs wait for it instead of failing */
        RuntimeProcess process; /* init_pid 0: not running */
        bool frozen;
        FilesSession *files;
        int64_t files_used_ns;
        int64_t started_ns; /* monotonic */
        unsigned ends_in_a_row; /* that nobody asked for */
        bool claims_cpus; /* runs or is being started */
        CpuClaim cpu_claim;
} Runner;

typedef struct GuestListener GuestListener;
typedef struct Hotplug Hotplug;

struct Instances {
        InstancesSpec spec;
        char *directory;
        char *devlxd; /* DIRECTORY/devlxd */
        char *devices; /* DIRECTORY/devices */
        const char *host_root, *device_monitor; /* for DeviceContext */
        pthread_mutex_t lock;
        pthread_cond_t changed;
        pthread_mutex_t balance_lock; /* taken before `lock` */
        Table *runners; /* by disk name */
        IdRange id_range;
        CgroupLayout cgroups;
        Features features;
        StrList host_paths; /* those of lxc_config_binds that exist */
        uint64_t memory_total;
        bool memory_swap;
        const char *disk_weight; /* file of the blkio controller; NULL: none */
        Table *idmappable; /* by device number: "yes" or "no" */
        GuestListener *guest_listeners;
        Hotplug *hotplug;
        bool stopping;
        bool booting; /* instances_start() has begun to start some */
        int64_t scheduled_minute; /* since 1970: up to here schedules were looked at */
};

/* Excludes other verbs; ERROR_BUSY when one is at work (`wait`: waits for its end instead). */
int runner_acquire(Instances *instances, const Instance *instance, const char *verb, bool wait,
                   Error **err) _must_check_;
/* Whoever comes now waits for the end of the verb at work. */
void runner_set_brief(Instances *instances, const Instance *instance);
bool runner_is_busy_with(Instances *instances, const Instance *instance, const char *verb);
void runner_release(Instances *instances, const Instance *instance);
/* One verb from its beginning to its end: held, loaded anew, released. `run` gets the instance as
 * it is then. */
typedef struct RunnerVerb {
        const char *name;
        bool wait, brief;
        bool forget; /* when it succeeds, the name is free */
        int (*run)(Instances *instances, Instance *current, void *userdata, Error **err);
        void *userdata;
} RunnerVerb;
int runner_run(Instances *instances, const Instance *instance, const RunnerVerb *verb,
               Error **err) _must_check_;
Runner *runner_of(Instances *instances, const char *disk_name); /* under the lock; may be NULL */
/* Under the lock; makes it. */
Runner *runner_get(Instances *instances, const char *project, const char *name,
                   const char *disk_name);
/* Notes that it runs and watches for its end. Takes `process`. */
void runner_set_process(Instances *instances, const Instance *instance, RuntimeProcess *process);
/* Notes that it does not run any more. */
void runner_clear_process(Instances *instances, const Instance *instance);
void runner_forget(Instances *instances, const char *disk_name);

/* Applies profiles and local settings in their order. */
int instance_expand(Instances *instances, Transaction *tx, Instance *instance, Error **err)
        _must_check_;
/* The same with one profile as it was before. */
int instance_expand_with(Transaction *tx, Instance *instance, const ProfileRow *other, Error **err)
        _must_check_;
/* Of a list that is sorted by project: profiles are read once. */
int instance_expand_all(Transaction *tx, InstanceList *list, Error **err) _must_check_;
#define PROFILES_FEATURE "features.profiles" /* for db_project_holder() */
/* Keys and devices; the root disk's pool exists. */
int instance_check(Instances *instances, const Instance *instance, Error **err) _must_check_;
/* The root disk of the expanded devices: its pool. NULL: none. */
const char *instance_root_pool(const Instance *instance);
/* Puts volatile keys into the copies in `instance`; an empty value removes a key. */
void instance_apply_volatile(Instance *instance, const StrMap *changes);
/* Writes them to the database too, in one transaction; with `used` also the time of last use. */
int instance_set_volatile(Instances *instances, Instance *instance, const StrMap *changes,
                          bool used, Error **err) _must_check_;
bool instance_is_privileged(const Instance *instance);
/* Fills in what is missing: volatile.uuid, hardware addresses, the id map of the next start. */
int instance_plan_volatile(Instances *instances, const Instance *instance, StrMap *changes,
                           Error **err) _must_check_;
/* The map of the next start (volatile.idmap.next). Empty: privileged. */
int instance_idmap(const Instance *instance, IdMap *ret, Error **err) _must_check_;
/* Makes the owners on disk what the next start or a look at the files needs: nothing where mounts
 * can be idmapped, else shifted. `changes` gets volatile.last_state.idmap. */
int instance_prepare_root(Instances *instances, const Instance *instance, const char *rootfs,
                          StrMap *changes, bool *ret_idmapped, Error **err) _must_check_;
void instance_volume_unmount(Instances *instances, const Instance *instance);
/* After init has ended, from whatever side: devices, volatile keys, events, ephemeral ones. The
 * caller holds the runner. `action`: the event. */
void instance_stopped(Instances *instances, Instance *instance, const char *action,
                      const EventRequestor *requestor);
/* The devices alone: what a failed or interrupted start left. */
void instance_devices_stop(Instances *instances, const Instance *instance, StrMap *changes);
/* Throttles of disks as lines for liblxc (disks.c). */
int instance_disk_limits(Instances *instances, const Instance *instance, StrList *lines,
                         Error **err) _must_check_;
/* Throttles and the root disk's size, where they differ; `process` NULL: it does not run. `after`
 * gets volatile.ROOT.apply_quota when the size has to wait for the next start. */
int instance_change_disks(Instances *instances, const RuntimeProcess *process,
                          const Instance *before, Instance *after, Error **err) _must_check_;
/* Of a volume that was just made, or that waited for it. */
int instance_init_root_size(Instances *instances, const Instance *instance, Error **err)
        _must_check_;
int instance_deferred_size(Instances *instances, const Instance *instance, StrMap *changes,
                           Error **err) _must_check_;
/* Devices of running instances whose nodes come and go with the host's (hotplug.c). start: before
 * the first instance is followed. */
int hotplug_start(Instances *instances, Error **err) _must_check_;
/* `instance` runs, perhaps with other devices than before; what changed meanwhile is caught up. */
void hotplug_follow(Instances *instances, const Instance *instance);
void hotplug_forget(Instances *instances, const Instance *instance);
/* The caller holds the runner. */
int instance_start_held(Instances *instances, Instance *instance, const EventRequestor *requestor,
                        Error **err) _must_check_;
struct InstanceChange;
int instance_stop_held(Instances *instances, Instance *instance,
                       const struct InstanceChange *change, Error **err) _must_check_;
int instance_delete_held(Instances *instances, Instance *instance,
                         const EventRequestor *requestor, Error **err) _must_check_;
/* Renders the templates whose "when" has one of the triggers. */
int instance_apply_templates(Instances *instances, const Instance *instance, const char *rootfs,
                             const StrList *triggers, Error **err) _must_check_;
/* What is new or changed goes together with the other instances; `before` NULL: all is new. */
int instance_admit_devices(Instances *instances, const Instance *before, const Instance *after,
                           Error **err) _must_check_;
/* Tells the drivers what has come and what goes. `before` NULL: a new instance, `after` NULL: it is
 * deleted. */
void instance_devices_changed(Instances *instances, const Instance *before,
                              const Instance *after);
/* What a device driver is told; borrows from the instance. `index`: place in its devices. */
DeviceContext instance_device_context(Instances *instances, const Instance *instance,
                                      const DeviceMap *devices, size_t index);
/* Everything but the paths of one start, for the plan. */
LxcConfigSpec instance_lxc_spec(Instances *instances, const Instance *instance);
/* Places the instance among those that run, for its start: what goes into cpuset.cpus; NULL: all.
 * The claim stands until runner_unclaim_cpus(). */
char *instance_place_cpus(Instances *instances, const Instance *instance);
/* The claim of limits.cpu as it is now; `present` NULL: it keeps what it has. */
void runner_claim_cpus(Instances *instances, const Instance *instance, const CpuSet *present);
void runner_unclaim_cpus(Instances *instances, const Instance *instance);
/* The claim of one that ran before the daemon did. */
void instance_adopt_cpus(Instances *instances, const Instance *instance,
                         const RuntimeProcess *process);
/* After any claim or the processors have changed. */
void instances_balance_cpus(Instances *instances);
/* limits.network.priority of a running instance; `before` NULL: it has just started. */
int instance_set_network_priority(Instances *instances, const Instance *before,
                                  const Instance *after, const RuntimeProcess *process,
                                  Error **err) _must_check_;
/* After instance_stopped() of one that nobody stopped: boot.autorestart. */
void instance_ended_by_itself(Instances *instances, const Instance *instance);
void instance_forget_ends(Instances *instances, const Instance *instance);
/* A new id for cloud-init, if the change is one that it has to see. */
void instance_renew_cloud_id(const Instance *before, const Instance *after, StrMap *changes);
/* What the server of intercepted calls looks up at each call. */
int instance_write_intercept(Instances *instances, const Instance *instance, Error **err)
        _must_check_;
/* linux.kernel_modules; what is built in is there already. */
int instance_load_modules(const Instance *instance, Error **err) _must_check_;
/* nvidia.runtime: the hook, owned; NULL when it is not wanted. */
int instance_find_nvidia_hook(const Instance *instance, char **ret, Error **err) _must_check_;
/* Keys of the expanded config that cannot stand together. */
int instance_check_combinations(const StrMap *config, Error **err) _must_check_;
/* Two words with a hyphen. */
char *instance_random_name(void);
/* Volumes ask who uses them from now on. */
void instances_answer_volumes(Instances *instances);
