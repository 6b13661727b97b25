/* boot.autorestart: a container that ends by itself is started again, at once the first time and
 * after growing pauses when it ends again soon; after ten ends in a row it stays down. A life of a
 * minute, or a start that somebody asks for, begins the count anew. */
#include "instance/instance_private.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/times.h"
#include "database/warnings.h"

#define GOOD_LIFE_NS (60 * NS_PER_SECOND)

static const int pause_seconds[] = {0, 1, 2, 4, 8, 16, 32, 32, 32, 32};

typedef struct Restart {
        Instances *instances;
        char *project, *name;
} Restart;

static void restart_free(Restart *restart) {
        free(restart->project);
        free(restart->name);
        free(restart);
}

static bool is_wanted(const Instance *instance) {
        return str_is_true(strmap_get(&instance->config, "boot.autorestart"));
}

/* How long to wait; -1: it has ended too often. */
static int next_pause(Instances *instances, const Instance *instance) {
        int pause = -1;
        pthread_mutex_lock(&instances->lock);
        Runner *runner = runner_get(instances, instance->row.project, instance->row.name,
                                    instance->disk_name);
        if (time_monotonic_ns() - runner->started_ns > GOOD_LIFE_NS)
                runner->ends_in_a_row = 0;
        if (runner->ends_in_a_row < ARRAY_SIZE(pause_seconds))
                pause = pause_seconds[runner->ends_in_a_row++];
        pthread_mutex_unlock(&instances->lock);
        return pause;
}

void instance_forget_ends(Instances *instances, const Instance *instance) {
        pthread_mutex_lock(&instances->lock);
        Runner *runner = runner_of(instances, instance->disk_name);
        if (runner != NULL)
                runner->ends_in_a_row = 0;
        pthread_mutex_unlock(&instances->lock);
}

static void start_again(Instances *instances, Instance *instance) {
        _cleanup_error_ Error *err = NULL;
        if (instance_is_running(instance) || !is_wanted(instance) || instances->stopping)
                return;
        log_info("Starting %s again", instance->disk_name);
        if (instance_start_held(instances, instance, NULL, &err) == 0)
                return;
        log_error("Cannot start %s again: %s", instance->disk_name, error_message(err));
        instance_ended_by_itself(instances, instance);
}

static void restart_on_worker(void *userdata) {
        Restart *restart = userdata;
        Instances *instances = restart->instances;
        _cleanup_(instance_cleanup) Instance *named = NULL, *current = NULL;
        if (instance_load(instances, restart->project, restart->name, &named, NULL) == 0 &&
            runner_acquire(instances, named, "start", true, NULL) == 0) {
                if (instance_load(instances, restart->project, restart->name, &current, NULL) == 0)
                        start_again(instances, current);
                runner_release(instances, named);
        }
        restart_free(restart);
}

/* On the loop. */
static void restart_due(void *userdata) {
        const Restart *restart = userdata;
        workers_submit(restart->instances->spec.workers, WORK_LONG, restart_on_worker, userdata);
}

void instance_ended_by_itself(Instances *instances, const Instance *instance) {
        if (!is_wanted(instance) || instance->row.ephemeral || instances->stopping)
                return;
        int pause = next_pause(instances, instance);
        if (pause < 0) {
                log_warning("%s ended too often and stays down", instance->disk_name);
                database_warn(instances->spec.database,
                              &(WarningSpec){WARNING_INSTANCE_AUTOSTART_FAILURE,
                                             WARNING_OF_INSTANCE, instance->row.id,
                                             instance->row.project,
                                             "The instance ended too often to be started again"});
                return;
        }
        Restart *restart = mem_new(Restart);
        *restart = (Restart) {.instances = instances,
                              .project = str_dup(instance->row.project),
                              .name = str_dup(instance->row.name)};
        log_info("%s ended by itself and is started again in %d s", instance->disk_name, pause);
        (void) loop_timer_add(instances->spec.loop, time_monotonic_ns() + pause * NS_PER_SECOND,
                              restart_due, restart);
}
