/* The daemon's start and end, seen by the instances. */
#include "instance/lifecycle_private.h"
#include "instance/state.h"

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "database/warnings.h"
#include "device/entries.h"
#include "schema/key.h"

#include <string.h>

#define BOOT_WAIT_SECONDS 5

static int by_disk_name(InstanceList *list, const char *disk_name) {
        for (size_t i = 0; i < list->count; i++)
                if (str_equal(list->items[i].disk_name, disk_name))
                        return (int) i;
        return -1;
}

/* A device that came or went when the daemon ended, and is not in the records so. */
static void recover_devices(Instances *instances, const Instance *instance) {
        _cleanup_(runtime_process_done) RuntimeProcess process = {.name = NULL};
        _cleanup_error_ Error *err = NULL;
        if (instance_process(instances, instance, &process, NULL) < 0 ||
            instance->devices.count == 0)
                return;
        DeviceContext context =
                instance_device_context(instances, instance, &instance->devices, 0);
        context.process = &process;
        if (device_recover(&context, &err) < 0)
                log_warning("Devices of %s: %s", instance->disk_name, error_message(err));
}

/* Containers that outlived the daemon are taken up again; one without records is left alone. */
static int adopt_running(Instances *instances, InstanceList *list, Error **err) {
        _cleanup_(runtime_process_list_done) RuntimeProcessList running = {.items = NULL};
        if (runtime_scan(instances->spec.runtime, &running, err) < 0)
                return -1;
        for (size_t i = 0; i < running.count; i++) {
                int index = by_disk_name(list, running.items[i].name);
                if (index < 0) {
                        log_warning("%s runs but is not known", running.items[i].name);
                        continue;
                }
                bool frozen = runtime_is_frozen(instances->spec.runtime, &running.items[i]);
                list->items[index].status = frozen ? INSTANCE_FROZEN : INSTANCE_RUNNING;
                instance_adopt_cpus(instances, &list->items[index], &running.items[i]);
                runner_set_process(instances, &list->items[index], &running.items[i]);
                recover_devices(instances, &list->items[index]);
        }
        instances_balance_cpus(instances);
        return 0;
}

static bool was_running(const Instance *instance) {
        return str_equal(strmap_get(&instance->config, "volatile.last_state.power"), "RUNNING");
}

/* What ended, or began, while nobody watched: its links go, its records say stopped. */
static void settle(Instances *instances, const Instance *listed) {
        _cleanup_(instance_cleanup) Instance *instance = NULL;
        if (instance_is_running(listed))
                return;
        /* Of a start that was cut short. */
        device_entries_clean(instances->devices, listed->disk_name);
        if (!was_running(listed) ||
            instance_load(instances, listed->row.project, listed->row.name, &instance, NULL) < 0)
                return;
        instance_stopped(instances, instance, "instance-shutdown", NULL);
}

static int64_t priority(const Instance *instance, const char *key) {
        return config_integer(&config_instance, &instance->config, key, 0);
}

static int by_start_priority(const void *a, const void *b) {
        const Instance *x = a, *y = b;
        int64_t px = priority(x, "boot.autostart.priority");
        int64_t py = priority(y, "boot.autostart.priority");
        if (px != py)
                return px > py ? -1 : 1;
        return strcmp(x->row.name, y->row.name);
}

/* boot.autostart, or what ran when the daemon ended. */
static bool wants_start(const Instance *instance) {
        const char *wish = strmap_get(&instance->config, "boot.autostart");
        return wish != NULL ? str_is_true(wish) : was_running(instance);
}

typedef struct Boot {
        Instances *instances;
        InstanceList list;
        bool *start;
} Boot;

static void start_one(Instances *instances, const Instance *wanted) {
        const InstanceChange change = {.action = INSTANCE_ACTION_START};
        _cleanup_error_ Error *err = NULL;
        if (instance_change_state(instances, wanted, &change, &err) < 0)
                database_warn(instances->spec.database,
                              &(WarningSpec){WARNING_INSTANCE_AUTOSTART_FAILURE,
                                             WARNING_OF_INSTANCE, wanted->row.id,
                                             wanted->row.project, error_message(err)});
        else
                database_warning_gone(instances->spec.database,
                                      WARNING_INSTANCE_AUTOSTART_FAILURE, WARNING_OF_INSTANCE,
                                      wanted->row.id);
        int64_t delay = priority(wanted, "boot.autostart.delay");
        if (delay > 0)
                sleep((unsigned) MIN_OF(delay, 3600));
}

static void boot_on_worker(void *userdata) {
        Boot *boot = userdata;
        for (size_t i = 0; i < boot->list.count && !boot->instances->stopping; i++)
                if (boot->start[i] && !instance_is_running(&boot->list.items[i]))
                        start_one(boot->instances, &boot->list.items[i]);
        pthread_mutex_lock(&boot->instances->lock);
        boot->instances->booting = false;
        pthread_cond_broadcast(&boot->instances->changed);
        pthread_mutex_unlock(&boot->instances->lock);
        instance_list_done(&boot->list);
        free(boot->start);
        free(boot);
}

/* Who waits for the daemon to be ready also waits for what it starts, but not for hundreds. */
static void wait_for_boot(Instances *instances) {
        struct timespec end;
        (void) clock_gettime(CLOCK_REALTIME, &end);
        end.tv_sec += BOOT_WAIT_SECONDS;
        pthread_mutex_lock(&instances->lock);
        while (instances->booting &&
               pthread_cond_timedwait(&instances->changed, &instances->lock, &end) == 0)
                continue;
        pthread_mutex_unlock(&instances->lock);
}

int instances_start(Instances *instances, Error **err) {
        Boot *boot = mem_new(Boot);
        boot->instances = instances;
        if (hotplug_start(instances, err) < 0) {
                free(boot);
                return -1;
        }
        instances_replay_journal(instances);
        if (instance_list(instances, NULL, &boot->list, err) < 0 ||
            adopt_running(instances, &boot->list, err) < 0) {
                instance_list_done(&boot->list);
                free(boot);
                return -1;
        }
        qsort(boot->list.items, boot->list.count, sizeof *boot->list.items, by_start_priority);
        boot->start = mem_alloc_array(boot->list.count, sizeof(bool));
        for (size_t i = 0; i < boot->list.count; i++) {
                boot->start[i] = wants_start(&boot->list.items[i]);
                settle(instances, &boot->list.items[i]);
        }
        instances->booting = true;
        workers_submit(instances->spec.workers, WORK_LONG, boot_on_worker, boot);
        wait_for_boot(instances);
        return 0;
}

static int by_stop_priority(const void *a, const void *b) {
        int64_t px = priority(a, "boot.stop.priority"), py = priority(b, "boot.stop.priority");
        return (px < py) - (px > py);
}

typedef struct HostStop {
        Instances *instances;
        const Instance *instance;
        pthread_mutex_t *lock;
        pthread_cond_t *done;
        size_t *left;
} HostStop;

/* It ran when the host went down: the next start of the daemon starts it. */
static void remember_running(Instances *instances, const Instance *listed) {
        _cleanup_(instance_cleanup) Instance *instance = NULL;
        _cleanup_strmap_ StrMap power = {.items = NULL};
        strmap_set(&power, "volatile.last_state.power", "RUNNING");
        if (instance_load(instances, listed->row.project, listed->row.name, &instance, NULL) == 0 &&
            instance_set_volatile(instances, instance, &power, false, NULL) < 0)
                log_warning("%s will not be started again by itself", listed->disk_name);
}

static void stop_on_worker(void *userdata) {
        HostStop *job = userdata;
        const Instance *wanted = job->instance;
        _cleanup_error_ Error *err = NULL;
        InstanceChange change = {.action = INSTANCE_ACTION_STOP};
        change.timeout_seconds = config_integer(&config_instance, &wanted->config,
                                                "boot.host_shutdown_timeout", 30);
        if (instance_change_state(job->instances, wanted, &change, NULL) < 0) {
                change.force = true;
                if (instance_change_state(job->instances, wanted, &change, &err) < 0)
                        log_warning("Cannot stop %s: %s", wanted->disk_name, error_message(err));
        }
        if (!wanted->row.ephemeral)
                remember_running(job->instances, wanted);
        pthread_mutex_lock(job->lock);
        (*job->left)--;
        pthread_cond_signal(job->done);
        pthread_mutex_unlock(job->lock);
        free(job);
}

/* Those of one priority stop together. */
void instances_shutdown(Instances *instances) {
        _cleanup_(instance_list_done) InstanceList list = {};
        pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
        pthread_cond_t done = PTHREAD_COND_INITIALIZER;
        instances->stopping = true;
        if (instance_list(instances, NULL, &list, NULL) < 0)
                return;
        qsort(list.items, list.count, sizeof *list.items, by_stop_priority);
        for (size_t i = 0, end; i < list.count; i = end) {
                size_t left = 0;
                pthread_mutex_lock(&lock);
                for (end = i; end < list.count &&
                              by_stop_priority(&list.items[i], &list.items[end]) == 0;
                     end++) {
                        if (!instance_is_running(&list.items[end]))
                                continue;
                        HostStop *job = mem_new(HostStop);
                        *job = (HostStop){instances, &list.items[end], &lock, &done, &left};
                        left++;
                        workers_submit(instances->spec.workers, WORK_LONG, stop_on_worker, job);
                }
                while (left > 0)
                        pthread_cond_wait(&done, &lock);
                pthread_mutex_unlock(&lock);
        }
}
