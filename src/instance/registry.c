/* What runs, who is busy, and the end of a container that nobody asked for. */
#include "instance/instance_private.h"

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/times.h"
#include "linux/procfs.h"

#include <sys/epoll.h>

static void runner_free(void *value) {
        Runner *runner = value;
        files_session_free(runner->files);
        runtime_process_done(&runner->process);
        free(runner->project);
        free(runner->name);
        free(runner->disk_name);
        free(runner);
}

static void probe_host(Instances *instances) {
        _cleanup_free_ char *text = NULL;
        for (size_t i = 0; lxc_config_binds[i] != NULL; i++)
                if (path_exists(lxc_config_binds[i]))
                        strlist_add(&instances->host_paths, lxc_config_binds[i]);
        if (file_read("/proc/meminfo", 0, &text, NULL, NULL) == 0) {
                int64_t total = procfs_field(text, "MemTotal");
                instances->memory_total = total > 0 ? (uint64_t) total * 1024 : 0;
        }
}

/* The kernel's schedulers differ in the name, and the top group has none of them. */
static const char *find_disk_weight(const CgroupLayout *layout) {
        static const char *const files[2][2] = {{"blkio.weight", "blkio.bfq.weight"},
                                                {"io.weight", "io.bfq.weight"}};
        _cleanup_cgroup_paths_ CgroupPaths paths = {.directories = {NULL}};
        _cleanup_strlist_ StrList places = {.items = NULL}, groups = {.items = NULL};
        const char *mount = layout->mounts[CGROUP_BLKIO];
        if (mount == NULL)
                return NULL;
        if (cgroup_paths_load(layout, getpid(), NULL, NULL, &paths, NULL) == 0 &&
            paths.directories[CGROUP_BLKIO] != NULL)
                strlist_add(&places, paths.directories[CGROUP_BLKIO]);
        if (directory_list(mount, &groups, NULL) == 0)
                for (size_t i = 0; i < groups.count; i++)
                        strlist_take(&places, path_join(mount, groups.items[i]));
        for (size_t i = 0; i < places.count; i++)
                for (size_t f = 0; f < ARRAY_SIZE(files[0]); f++) {
                        const char *file = files[layout->unified[CGROUP_BLKIO]][f];
                        _cleanup_free_ char *path = path_join(places.items[i], file);
                        if (path_exists(path))
                                return file;
                }
        _cleanup_free_ char *cost = path_join(mount, "io.cost.qos");
        return layout->unified[CGROUP_BLKIO] && path_exists(cost) ? files[1][0] : NULL;
}

static const char *from_environment(const char *name, const char *otherwise) {
        const char *value = getenv(name);
        return str_is_empty(value) ? otherwise : value;
}

int instances_new(const InstancesSpec *spec, Instances **ret, Error **err) {
        Instances *instances = mem_new(Instances);
        instances->spec = *spec;
        instances->scheduled_minute = time_now_ns() / NS_PER_SECOND / 60 - 1;
        instances->directory = str_dup(spec->directory);
        instances->devlxd = path_join(spec->directory, "devlxd");
        instances->devices = path_join(spec->directory, "devices");
        instances->host_root = from_environment("BERTH_TEST_ROOT", "");
        instances->device_monitor = from_environment("LXD_DEVMONITOR_DIR", "/dev");
        pthread_mutex_init(&instances->lock, NULL);
        pthread_cond_init(&instances->changed, NULL);
        pthread_mutex_init(&instances->balance_lock, NULL);
        instances->runners = table_new(runner_free);
        instances->idmappable = table_new(NULL);
        features_probe(&instances->features);
        probe_host(instances);
        if (id_range_load(&instances->id_range, err) < 0 ||
            cgroup_layout_load(NULL, NULL, &instances->cgroups, err) < 0) {
                instances_free(instances);
                return -1;
        }
        const char *memory = instances->cgroups.mounts[CGROUP_MEMORY];
        _cleanup_free_ char *swap = memory != NULL
                                            ? path_join(memory, "memory.memsw.limit_in_bytes")
                                            : NULL;
        instances->memory_swap = swap != NULL && path_exists(swap);
        instances->disk_weight = find_disk_weight(&instances->cgroups);
        instances_answer_volumes(instances);
        *ret = instances;
        return 0;
}

void instances_free(Instances *instances) {
        if (instances == NULL)
                return;
        table_free(instances->runners);
        table_free(instances->idmappable);
        strlist_done(&instances->host_paths);
        cgroup_layout_done(&instances->cgroups);
        pthread_mutex_destroy(&instances->lock);
        pthread_cond_destroy(&instances->changed);
        pthread_mutex_destroy(&instances->balance_lock);
        free(instances->directory);
        free(instances->devlxd);
        free(instances->devices);
        free(instances);
}

Runtime *instances_runtime(Instances *instances) {
        return instances->spec.runtime;
}

Runner *runner_of(Instances *instances, const char *disk_name) {
        return table_get(instances->runners, disk_name);
}

Runner *runner_get(Instances *instances, const char *project, const char *name,
                   const char *disk_name) {
        Runner *runner = runner_of(instances, disk_name);
        if (runner != NULL)
                return runner;
        runner = mem_new(Runner);
        runner->project = str_dup(project);
        runner->name = str_dup(name);
        runner->disk_name = str_dup(disk_name);
        table_set(instances->runners, disk_name, runner);
        return runner;
}

int runner_acquire(Instances *instances, const Instance *instance, const char *verb, bool wait,
                   Error **err) {
        int result = 0;
        pthread_mutex_lock(&instances->lock);
        Runner *runner = runner_get(instances, instance->row.project, instance->row.name,
                                    instance->disk_name);
        while (runner->busy != NULL && (wait || runner->brief)) {
                pthread_cond_wait(&instances->changed, &instances->lock);
                runner = runner_get(instances, instance->row.project, instance->row.name,
                                    instance->disk_name);
        }
        if (runner->busy != NULL) {
                result = error_set(err, ERROR_BUSY, 0,
                                   "Instance is busy running a \"%s\" operation", runner->busy);
        } else {
                runner->busy = verb;
                runner->brief = false;
        }
        pthread_mutex_unlock(&instances->lock);
        return result;
}

void runner_set_brief(Instances *instances, const Instance *instance) {
        pthread_mutex_lock(&instances->lock);
        Runner *runner = runner_of(instances, instance->disk_name);
        if (runner != NULL)
                runner->brief = true;
        pthread_mutex_unlock(&instances->lock);
}

int runner_run(Instances *instances, const Instance *instance, const RunnerVerb *verb,
               Error **err) {
        _cleanup_(instance_cleanup) Instance *current = NULL;
        if (runner_acquire(instances, instance, verb->name, verb->wait, err) < 0)
                return -1;
        if (verb->brief)
                runner_set_brief(instances, instance);
        if (instance_load(instances, instance->row.project, instance->row.name, &current, err) <
            0) {
                runner_forget(instances, instance->disk_name);
                return -1;
        }
        int result = verb->run(instances, current, verb->userdata, err);
        if (result == 0 && verb->forget)
                runner_forget(instances, instance->disk_name);
        else
                runner_release(instances, instance);
        return result;
}

bool runner_is_busy_with(Instances *instances, const Instance *instance, const char *verb) {
        pthread_mutex_lock(&instances->lock);
        const Runner *runner = runner_of(instances, instance->disk_name);
        bool busy = runner != NULL && str_equal(runner->busy, verb);
        pthread_mutex_unlock(&instances->lock);
        return busy;
}

static void runner_release_named(Instances *instances, const char *disk_name) {
        pthread_mutex_lock(&instances->lock);
        Runner *runner = runner_of(instances, disk_name);
        if (runner != NULL)
                runner->busy = NULL;
        pthread_cond_broadcast(&instances->changed);
        pthread_mutex_unlock(&instances->lock);
}

void runner_release(Instances *instances, const Instance *instance) {
        runner_release_named(instances, instance->disk_name);
}

void runner_forget(Instances *instances, const char *disk_name) {
        pthread_mutex_lock(&instances->lock);
        (void) table_remove(instances->runners, disk_name);
        pthread_cond_broadcast(&instances->changed);
        pthread_mutex_unlock(&instances->lock);
}

/* The end of a monitor: on the loop only the watch is taken away, a worker does the rest. */
typedef struct Ended {
        Instances *instances;
        char *project, *name;
        pid_t monitor_pid;
        int monitor_fd;
        LoopSource *source;
} Ended;

/* Waits until nobody is at work and holds the runner, as long as that monitor is still its own: a
 * stop through the API has cleaned up already, and whoever comes after it must not find it busy. */
static bool acquire_end(Instances *instances, const char *disk_name, pid_t monitor_pid) {
        bool held = false;
        pthread_mutex_lock(&instances->lock);
        for (;;) {
                Runner *runner = runner_of(instances, disk_name);
                if (runner == NULL || runner->process.monitor_pid != monitor_pid)
                        break;
                if (runner->busy == NULL) {
                        runner->busy = "stop";
                        held = true;
                        break;
                }
                pthread_cond_wait(&instances->changed, &instances->lock);
        }
        pthread_mutex_unlock(&instances->lock);
        return held;
}

static void settle_end(Instances *instances, Instance *instance) {
        _cleanup_error_ Error *err = NULL;
        bool reboot = runtime_take_reboot(instances->spec.runtime, instance->disk_name);
        instance_stopped(instances, instance, reboot ? "instance-restarted" : "instance-shutdown",
                         NULL);
        if (!reboot)
                instance_ended_by_itself(instances, instance);
        else if (!instances->stopping && instance_start_held(instances, instance, NULL, &err) < 0)
                log_error("Cannot start %s again: %s", instance->row.name, error_message(err));
}

static void ended_on_worker(void *userdata) {
        Ended *ended = userdata;
        _cleanup_(instance_cleanup) Instance *current = NULL;
        _cleanup_free_ char *disk_name = storage_instance_name(ended->project, ended->name);
        Instances *instances = ended->instances;
        if (acquire_end(instances, disk_name, ended->monitor_pid)) {
                /* Loaded once nobody else changes it. */
                if (instance_load(instances, ended->project, ended->name, &current, NULL) == 0)
                        settle_end(instances, current);
                runner_release_named(instances, disk_name);
        }
        fd_close(&ended->monitor_fd);
        free(ended->project);
        free(ended->name);
        free(ended);
}

/* Runs on the loop. */
static void monitor_event(void *userdata, _unused_ uint32_t events) {
        Ended *watch = userdata;
        loop_source_remove(TAKE_PTR(watch->source));
        workers_submit(watch->instances->spec.workers, WORK_LONG, ended_on_worker, watch);
}

/* Runs on the loop: sources are added there only. */
static void watch_monitor(void *userdata) {
        Ended *watch = userdata;
        _cleanup_error_ Error *err = NULL;
        if (loop_source_add(watch->instances->spec.loop, watch->monitor_fd, EPOLLIN,
                            monitor_event, watch, &watch->source, &err) < 0)
                log_error("Cannot watch %s: %s", watch->name, error_message(err));
}

static Ended *ended_new(Instances *instances, const Instance *instance, pid_t monitor_pid) {
        Ended *ended = mem_new(Ended);
        *ended = (Ended) {.instances = instances,
                          .project = str_dup(instance->row.project),
                          .name = str_dup(instance->row.name),
                          .monitor_pid = monitor_pid,
                          .monitor_fd = -1};
        return ended;
}

void runner_set_process(Instances *instances, const Instance *instance, RuntimeProcess *process) {
        Ended *watch = ended_new(instances, instance, process->monitor_pid);
        bool open = runtime_open_monitor(process, &watch->monitor_fd, NULL) == 0;
        str_replace(&process->name, str_dup(instance->disk_name));
        pthread_mutex_lock(&instances->lock);
        Runner *runner = runner_get(instances, instance->row.project, instance->row.name,
                                    instance->disk_name);
        FilesSession *files = TAKE_PTR(runner->files);
        runtime_process_done(&runner->process);
        runner->process = *process;
        runner->started_ns = time_monotonic_ns();
        runner->frozen = instance->status == INSTANCE_FROZEN;
        *process = (RuntimeProcess) {.name = NULL};
        pthread_mutex_unlock(&instances->lock);
        files_session_free(files);
        hotplug_follow(instances, instance);
        if (open)
                loop_post(instances->spec.loop, watch_monitor, watch);
        else /* it ended before it could be watched */
                workers_submit(instances->spec.workers, WORK_LONG, ended_on_worker, watch);
}

void runner_clear_process(Instances *instances, const Instance *instance) {
        hotplug_forget(instances, instance);
        pthread_mutex_lock(&instances->lock);
        Runner *runner = runner_of(instances, instance->disk_name);
        FilesSession *files = NULL;
        if (runner != NULL) {
                runtime_process_done(&runner->process);
                runner->process = (RuntimeProcess) {.name = NULL};
                runner->frozen = false;
                runner->claims_cpus = false;
                files = TAKE_PTR(runner->files);
        }
        pthread_mutex_unlock(&instances->lock);
        files_session_free(files);
}

int instance_process(Instances *instances, const Instance *instance, RuntimeProcess *ret,
                     Error **err) {
        int result = 0;
        pthread_mutex_lock(&instances->lock);
        Runner *runner = runner_of(instances, instance->disk_name);
        if (runner == NULL || runner->process.init_pid == 0) {
                result = error_set(err, ERROR_BAD_STATE, 0, "Instance is not running");
        } else {
                *ret = runner->process;
                ret->name = str_dup(runner->process.name);
        }
        pthread_mutex_unlock(&instances->lock);
        return result;
}
