/* The registry's inside, for the files of this folder. */
#pragma once

#include "instance/instance.h"

#include "linux/cgroup.h"
#include "linux/features.h"
#include "loop/loop.h"
#include "loop/workers.h"

#include <pthread.h>

/* What is known of an instance beyond its records; made when it is first needed. */
typedef struct Runner {
        char *project, *name, *disk_name;
        const char *busy; /* the verb at work, NULL: none */
        RuntimeProcess process; /* init_pid 0: not running */
        bool frozen;
        FilesSession *files;
        int64_t files_used_ns;
} Runner;

struct Instances {
        InstancesSpec spec;
        char *directory;
        pthread_mutex_t lock;
        pthread_cond_t changed;
        Table *runners; /* by disk name */
        Table *idmap_devices; /* device numbers that were tried: "can" or "cannot" */
        IdRange id_range;
        CgroupLayout cgroups;
        Features features;
        bool stopping;
};

/* Excludes other verbs; ERROR_BUSY when one is at work (`wait`: waits for its end instead). */
int runner_acquire(Instances *instances, const Instance *instance, const char *verb, bool wait,
                   Error **err) _must_check_;
void runner_release(Instances *instances, const Instance *instance);
Runner *runner_of(Instances *instances, const char *disk_name); /* under the lock; may be NULL */
/* Under the lock; makes it. */
Runner *runner_get(Instances *instances, const char *project, const char *name,
                   const char *disk_name);
/* Notes that it runs and watches for its end. Takes `process`. */
void runner_set_process(Instances *instances, const Instance *instance, RuntimeProcess *process);
/* Notes that it does not run any more. */
void runner_clear_process(Instances *instances, const Instance *instance);
void runner_forget(Instances *instances, const char *disk_name);

/* Applies profiles and local settings in their order. `profile_project` is found by features. */
int instance_expand(Instances *instances, Transaction *tx, Instance *instance, Error **err)
        _must_check_;
int instance_profile_project(Transaction *tx, const char *project, char **ret, Error **err)
        _must_check_;
int instance_check(Instances *instances, const Instance *instance, Error **err) _must_check_;
/* The root disk of the expanded devices: its pool. */
const char *instance_root_pool(const Instance *instance);
/* Writes volatile keys to the database and the copies in `instance`, in one transaction. */
int instance_set_volatile(Instances *instances, Instance *instance, const StrMap *changes,
                          Error **err) _must_check_;
bool instance_is_privileged(const Instance *instance);
int instance_idmap(Instances *instances, const Instance *instance, IdMap *ret, Error **err)
        _must_check_;
/* After init has ended, from whatever side: devices, volatile keys, events, ephemeral ones. */
void instance_stopped(Instances *instances, Instance *instance, const char *action,
                      const EventRequestor *requestor);
/* Deletes without asking for the lock, which the caller has. */
int instance_delete_now(Instances *instances, Instance *instance, const EventRequestor *requestor,
                        Error **err);
int instance_apply_templates(Instances *instances, Instance *instance, const char *trigger,
                             Error **err) _must_check_;
/* The words of a generated name. */
char *instance_random_name(void);
