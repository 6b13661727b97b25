/* Device nodes that come and go with the host's. Whatever the news (a name in /dev, a uevent, an
 * instance that has just started), the answer is the same: a worker compares what a device wants
 * now with what stands inside, so that no order of events can leave a difference. */
#include "instance/instance_private.h"

#include "base/log.h"
#include "base/memory.h"
#include "linux/uevent.h"
#include "linux/watch.h"

#include <string.h>
#include <sys/epoll.h>

#define MAX_EVENTS 256 /* that wait for one instance */

/* A running instance with such devices. */
typedef struct Follower {
        char *project, *name;
        StrList paths;
        bool uevents;
        bool queued;     /* a worker will look */
        StrList events;  /* that came since, each with its parts separated by newlines */
} Follower;

struct Hotplug {
        pthread_mutex_t lock;
        Table *followers; /* by disk name */
        PathWatch *watch;
        int uevents;
        LoopSource *watch_source, *uevent_source;
};

static void follower_free(void *value) {
        Follower *follower = value;
        free(follower->project);
        free(follower->name);
        strlist_done(&follower->paths);
        strlist_done(&follower->events);
        free(follower);
}

/* What happened to nodes, the last thing for each. */
static void split_events(const StrList *events, StrList *ret_gone) {
        for (size_t i = 0; i < events->count; i++) {
                _cleanup_strlist_ StrList parts = {.items = NULL};
                strlist_split(&parts, events->items[i], "\n", true);
                const char *node = uevent_get(&parts, "DEVNAME");
                _cleanup_free_ char *path = str_printf("/dev/%s", node != NULL ? node : "");
                for (size_t g = ret_gone->count; g-- > 0;)
                        if (str_equal(ret_gone->items[g], path))
                                strlist_remove(ret_gone, g);
                if (str_equal(uevent_get(&parts, "ACTION"), "remove"))
                        strlist_add(ret_gone, path);
        }
}

/* Those that are about nodes which the instance got or lost. */
static void pass_on(Instances *instances, const RuntimeProcess *process, const StrList *events,
                    const StrList *changed) {
        for (size_t i = 0; i < events->count; i++) {
                _cleanup_strlist_ StrList parts = {.items = NULL};
                _cleanup_error_ Error *err = NULL;
                strlist_split(&parts, events->items[i], "\n", true);
                const char *node = uevent_get(&parts, "DEVNAME");
                _cleanup_free_ char *path = str_printf("/dev/%s", node != NULL ? node : "");
                if (strlist_has(changed, path) &&
                    runtime_send_uevent(instances->spec.runtime, process, &parts, &err) < 0)
                        log_warning("%s does not learn of %s: %s", process->name, path,
                                    error_message(err));
        }
}

static void sync_devices(Instances *instances, const Instance *instance, const StrList *events) {
        _cleanup_(runtime_process_done) RuntimeProcess process = {.name = NULL};
        _cleanup_strlist_ StrList paths = {.items = NULL}, gone = {.items = NULL};
        _cleanup_strlist_ StrList changed = {.items = NULL};
        if (instance_process(instances, instance, &process, NULL) < 0)
                return;
        split_events(events, &gone);
        for (size_t i = 0; i < instance->devices.count; i++) {
                DeviceContext context =
                        instance_device_context(instances, instance, &instance->devices, i);
                _cleanup_error_ Error *err = NULL;
                context.process = &process;
                if (device_follows(&context, &paths) != DEVICE_FOLLOWS_NOTHING &&
                    device_sync(&context, &gone, &changed, &err) < 0)
                        log_warning("Device %s of %s: %s", context.name, instance->disk_name,
                                    error_message(err));
        }
        pass_on(instances, &process, events, &changed);
}

typedef struct HotplugJob {
        Instances *instances;
        char *disk_name, *project, *name;
} HotplugJob;

static void take_events(Hotplug *hotplug, const char *disk_name, StrList *ret) {
        pthread_mutex_lock(&hotplug->lock);
        Follower *follower = table_get(hotplug->followers, disk_name);
        if (follower != NULL) {
                *ret = follower->events;
                follower->events = (StrList) {.items = NULL};
                follower->queued = false;
        }
        pthread_mutex_unlock(&hotplug->lock);
}

static void run_job(void *userdata) {
        HotplugJob *job = userdata;
        Instances *instances = job->instances;
        _cleanup_(instance_cleanup) Instance *named = NULL, *current = NULL;
        if (instance_load(instances, job->project, job->name, &named, NULL) == 0 &&
            runner_acquire(instances, named, "update", true, NULL) == 0) {
                _cleanup_strlist_ StrList events = {.items = NULL};
                take_events(instances->hotplug, job->disk_name, &events);
                if (instance_load(instances, job->project, job->name, &current, NULL) == 0 &&
                    instance_is_running(current))
                        sync_devices(instances, current, &events);
                runner_release(instances, named);
        }
        free(job->disk_name);
        free(job->project);
        free(job->name);
        free(job);
}

/* Under the lock. */
static void queue(Instances *instances, const char *disk_name, Follower *follower) {
        if (follower->queued)
                return;
        follower->queued = true;
        HotplugJob *job = mem_new(HotplugJob);
        *job = (HotplugJob) {.instances = instances,
                             .disk_name = str_dup(disk_name),
                             .project = str_dup(follower->project),
                             .name = str_dup(follower->name)};
        workers_submit(instances->spec.workers, WORK_LONG, run_job, job);
}

/* Runs on the loop. */
static void paths_changed(void *userdata, _unused_ uint32_t events) {
        Instances *instances = userdata;
        Hotplug *hotplug = instances->hotplug;
        _cleanup_strlist_ StrList paths = {.items = NULL};
        const char *disk_name;
        void *value;
        pathwatch_read(hotplug->watch, &paths);
        pthread_mutex_lock(&hotplug->lock);
        for (size_t cursor = 0;
             paths.count > 0 && table_next(hotplug->followers, &cursor, &disk_name, &value);) {
                Follower *follower = value;
                for (size_t i = 0; i < follower->paths.count; i++)
                        if (strlist_has(&paths, follower->paths.items[i]))
                                queue(instances, disk_name, follower);
        }
        pthread_mutex_unlock(&hotplug->lock);
}

static void balance_cpus(void *userdata) {
        instances_balance_cpus(userdata);
}

/* Runs on the loop. */
static void uevent_came(void *userdata, _unused_ uint32_t events) {
        Instances *instances = userdata;
        Hotplug *hotplug = instances->hotplug;
        _cleanup_strlist_ StrList parts = {.items = NULL};
        while (uevent_read(hotplug->uevents, &parts)) {
                const char *action = uevent_get(&parts, "ACTION");
                const char *disk_name;
                void *value;
                if (str_equal(uevent_get(&parts, "SUBSYSTEM"), "cpu"))
                        workers_submit(instances->spec.workers, WORK_SHORT, balance_cpus,
                                       instances);
                if (uevent_get(&parts, "DEVNAME") == NULL ||
                    (!str_equal(action, "add") && !str_equal(action, "remove")))
                        continue;
                _cleanup_free_ char *text = strlist_join(&parts, "\n");
                pthread_mutex_lock(&hotplug->lock);
                for (size_t cursor = 0;
                     table_next(hotplug->followers, &cursor, &disk_name, &value);) {
                        Follower *follower = value;
                        if (!follower->uevents)
                                continue;
                        if (follower->events.count < MAX_EVENTS)
                                strlist_add(&follower->events, text);
                        queue(instances, disk_name, follower);
                }
                pthread_mutex_unlock(&hotplug->lock);
        }
}

/* Under the lock. */
static void watch_paths(Hotplug *hotplug) {
        _cleanup_strlist_ StrList paths = {.items = NULL};
        void *value;
        for (size_t cursor = 0; table_next(hotplug->followers, &cursor, NULL, &value);) {
                const Follower *follower = value;
                for (size_t i = 0; i < follower->paths.count; i++)
                        if (!strlist_has(&paths, follower->paths.items[i]))
                                strlist_add(&paths, follower->paths.items[i]);
        }
        pathwatch_set(hotplug->watch, &paths);
}

static Follower *follower_new(Instances *instances, const Instance *instance) {
        Follower *follower = mem_new(Follower);
        for (size_t i = 0; i < instance->devices.count; i++) {
                const DeviceContext context =
                        instance_device_context(instances, instance, &instance->devices, i);
                if (device_follows(&context, &follower->paths) == DEVICE_FOLLOWS_UEVENTS)
                        follower->uevents = true;
        }
        follower->project = str_dup(instance->row.project);
        follower->name = str_dup(instance->row.name);
        return follower;
}

void hotplug_follow(Instances *instances, const Instance *instance) {
        Hotplug *hotplug = instances->hotplug;
        if (hotplug == NULL) /* before the start: it comes again */
                return;
        Follower *follower = follower_new(instances, instance);
        bool wanted = follower->uevents || follower->paths.count > 0;
        pthread_mutex_lock(&hotplug->lock);
        const Follower *old = table_get(hotplug->followers, instance->disk_name);
        bool watched = follower->paths.count > 0 || (old != NULL && old->paths.count > 0);
        if (wanted) {
                table_set(hotplug->followers, instance->disk_name, follower);
        } else {
                (void) table_remove(hotplug->followers, instance->disk_name);
                follower_free(follower);
        }
        if (watched)
                watch_paths(hotplug);
        /* What appeared before anybody watched. */
        if (wanted)
                queue(instances, instance->disk_name, follower);
        pthread_mutex_unlock(&hotplug->lock);
}

void hotplug_forget(Instances *instances, const Instance *instance) {
        Hotplug *hotplug = instances->hotplug;
        if (hotplug == NULL)
                return;
        pthread_mutex_lock(&hotplug->lock);
        const Follower *old = table_get(hotplug->followers, instance->disk_name);
        bool watched = old != NULL && old->paths.count > 0;
        (void) table_remove(hotplug->followers, instance->disk_name);
        if (watched)
                watch_paths(hotplug);
        pthread_mutex_unlock(&hotplug->lock);
}

/* Runs on the loop: sources are added there only. */
static void add_sources(void *userdata) {
        Instances *instances = userdata;
        Hotplug *hotplug = instances->hotplug;
        _cleanup_error_ Error *err = NULL;
        if (loop_source_add(instances->spec.loop, pathwatch_fd(hotplug->watch), EPOLLIN,
                            paths_changed, instances, &hotplug->watch_source, &err) < 0 ||
            loop_source_add(instances->spec.loop, hotplug->uevents, EPOLLIN, uevent_came,
                            instances, &hotplug->uevent_source, &err) < 0)
                log_error("Devices that come and go are not noticed: %s", error_message(err));
}

int hotplug_start(Instances *instances, Error **err) {
        Hotplug *hotplug = mem_new(Hotplug);
        pthread_mutex_init(&hotplug->lock, NULL);
        hotplug->followers = table_new(follower_free);
        hotplug->uevents = -1;
        instances->hotplug = hotplug;
        if (pathwatch_new(instances->device_monitor, &hotplug->watch, err) < 0 ||
            uevent_open(getenv("BERTH_TEST_UEVENTS"), &hotplug->uevents, err) < 0)
                return -1;
        loop_post(instances->spec.loop, add_sources, instances);
        return 0;
}
