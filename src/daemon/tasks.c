/* A timer on the loop ticks at the beginning of each minute of the wall clock, wherever that jumps;
 * what is due runs on a worker. Intervals are counted in ticks, so a jump of the clock neither
 * skips nor repeats what has only an interval. */
#include "daemon/tasks.h"

#include "backup/backup.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/times.h"
#include "image/update.h"
#include "instance/snapshots.h"
#include "loop/loop.h"
#include "loop/workers.h"
#include "network/network.h"
#include "storage/storage.h"
#include "volume/schedule.h"

typedef struct Task {
        const char *name;
        unsigned minutes; /* between two runs */
        bool at_start;    /* also when the daemon starts; else first after the interval */
        void (*run)(RestContext *context);
} Task;

static void prune_images(RestContext *context) {
        images_expire(context->images);
}

static void update_images(RestContext *context) {
        images_update(context->images, false);
}

static void retry_networks(RestContext *context) {
        networks_retry(context->networks);
}

static void retry_storage(RestContext *context) {
        storage_retry(context->storage);
}

static void take_snapshots(RestContext *context) {
        instances_take_scheduled_snapshots(context->instances);
}

static void prune_backups(RestContext *context) {
        const BackupHost host = {context->instances, context->storage, context->database,
                                 context->directory};
        backups_prune(&host);
}

static void prune_snapshots(RestContext *context) {
        instances_prune_snapshots(context->instances);
}

static void take_volume_snapshots(RestContext *context) {
        volumes_take_scheduled_snapshots(context->volumes);
}

static void prune_volumes(RestContext *context) {
        volumes_prune(context->volumes);
}

/* To add one: a row. A task logs what fails; the next run tries again. */
static const Task rows[] = {
        {"snapshots-take", 1, false, take_snapshots},
        {"snapshots-prune", 1, false, prune_snapshots},
        {"volume-snapshots-take", 1, false, take_volume_snapshots},
        {"volumes-prune", 1, false, prune_volumes},
        {"backups-prune", 60, true, prune_backups},
        {"images-prune", 24 * 60, true, prune_images},
        {"images-update", 60, true, update_images},
        {"networks-retry", 1, false, retry_networks},
        {"storage-pools-retry", 1, false, retry_storage},
};

typedef struct TaskState {
        DaemonTasks *tasks;
        const Task *row;
        unsigned waited; /* ticks since the last run */
        bool running;
} TaskState;

struct DaemonTasks {
        RestContext *context;
        pthread_mutex_t lock;
        pthread_cond_t changed;
        TaskState states[ARRAY_SIZE(rows)];
};

static void finish(TaskState *state) {
        pthread_mutex_lock(&state->tasks->lock);
        state->running = false;
        pthread_cond_broadcast(&state->tasks->changed);
        pthread_mutex_unlock(&state->tasks->lock);
}

static void run_on_worker(void *userdata) {
        TaskState *state = userdata;
        if (rest_context_state(state->tasks->context) == REST_STATE_READY) {
                log_debug("Running the task %s", state->row->name);
                state->row->run(state->tasks->context);
        }
        finish(state);
}

/* What is still at work is left out, and gets its turn at the next tick. */
static void start_due(DaemonTasks *tasks) {
        pthread_mutex_lock(&tasks->lock);
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                TaskState *state = &tasks->states[i];
                if (++state->waited < state->row->minutes || state->running)
                        continue;
                state->waited = 0;
                state->running = true;
                workers_submit(tasks->context->workers, WORK_LONG, run_on_worker, state);
        }
        pthread_mutex_unlock(&tasks->lock);
}

static void add_timer(DaemonTasks *tasks);

static void tick(void *userdata) {
        DaemonTasks *tasks = userdata;
        start_due(tasks);
        add_timer(tasks);
}

static void add_timer(DaemonTasks *tasks) {
        const int64_t minute = 60 * NS_PER_SECOND, margin = 100 * NS_PER_MS;
        int64_t left = minute - time_now_ns() % minute + margin;
        (void) loop_timer_add(tasks->context->loop, time_monotonic_ns() + left, tick, tasks);
}

DaemonTasks *daemon_tasks_start(RestContext *context) {
        DaemonTasks *tasks = mem_new(DaemonTasks);
        tasks->context = context;
        pthread_mutex_init(&tasks->lock, NULL);
        pthread_cond_init(&tasks->changed, NULL);
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                tasks->states[i] = (TaskState) {.tasks = tasks,
                                                .row = &rows[i],
                                                .waited = rows[i].at_start ? rows[i].minutes : 0};
        add_timer(tasks);
        return tasks;
}

static TaskState *find(DaemonTasks *tasks, const char *name, Error **err) {
        _cleanup_strlist_ StrList names = {.items = NULL};
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                if (str_equal(rows[i].name, name))
                        return &tasks->states[i];
                strlist_add(&names, rows[i].name);
        }
        _cleanup_free_ char *list = strlist_join(&names, ", ");
        (void) error_set(err, ERROR_NOT_FOUND, 0, "There is no task \"%s\"; there are: %s", name,
                         list);
        return NULL;
}

int daemon_tasks_run(DaemonTasks *tasks, const char *name, Error **err) {
        TaskState *state = find(tasks, name, err);
        if (state == NULL)
                return -1;
        pthread_mutex_lock(&tasks->lock);
        while (state->running)
                pthread_cond_wait(&tasks->changed, &tasks->lock);
        state->running = true;
        pthread_mutex_unlock(&tasks->lock);
        state->row->run(tasks->context);
        finish(state);
        return 0;
}
