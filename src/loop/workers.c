#include "loop/workers.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/times.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#define IDLE_SECONDS 10
#define STACK_SIZE ((size_t) 512 << 10)

typedef struct Job Job;
struct Job {
        Job *next;
        WorkFunction function;
        void *userdata;
};

typedef struct Queue {
        Job *head;
        Job **tail;
} Queue;

/* A thread that waits for work; on its own stack. */
typedef struct Sleeper Sleeper;
struct Sleeper {
        Sleeper *next;
        pthread_cond_t wake;
        bool woken;
};

struct Workers {
        pthread_mutex_t lock;
        /* Last in, first out: the threads of a burst that is over are left to sleep until they
         * end, and what runs has its memory warm. */
        Sleeper *sleepers;
        pthread_cond_t ended;
        size_t limit;
        size_t threads;
        size_t running[2]; /* by WorkKind */
        Queue queues[2];
        bool stopping;
};

static void queue_add(Queue *queue, Job *job) {
        *queue->tail = job;
        queue->tail = &job->next;
}

static Job *queue_take(Queue *queue) {
        Job *job = queue->head;
        if (job != NULL) {
                queue->head = job->next;
                if (queue->head == NULL)
                        queue->tail = &queue->head;
        }
        return job;
}

Workers *workers_new(size_t limit) {
        Workers *workers = mem_new(Workers);
        pthread_mutex_init(&workers->lock, NULL);
        pthread_cond_init(&workers->ended, NULL);
        workers->limit = limit < 4 ? 4 : limit;
        for (size_t i = 0; i < 2; i++)
                workers->queues[i].tail = &workers->queues[i].head;
        return workers;
}

static size_t long_limit(const Workers *workers) {
        return workers->limit - workers->limit / 4;
}

/* The next job that may run now; short ones first. Under the lock. */
static Job *next_job(Workers *workers, WorkKind *ret_kind) {
        Job *job = queue_take(&workers->queues[WORK_SHORT]);
        *ret_kind = WORK_SHORT;
        if (job == NULL &&
            (workers->running[WORK_LONG] < long_limit(workers) || workers->stopping)) {
                job = queue_take(&workers->queues[WORK_LONG]);
                *ret_kind = WORK_LONG;
        }
        return job;
}

static void sleeper_remove(Workers *workers, const Sleeper *sleeper) {
        for (Sleeper **at = &workers->sleepers; *at != NULL; at = &(*at)->next)
                if (*at == sleeper) {
                        *at = sleeper->next;
                        return;
                }
}

/* Wakes the thread that went to sleep last; false when all are at work. Under the lock. */
static bool wake_one(Workers *workers) {
        Sleeper *sleeper = workers->sleepers;
        if (sleeper == NULL)
                return false;
        workers->sleepers = sleeper->next;
        sleeper->woken = true;
        pthread_cond_signal(&sleeper->wake);
        return true;
}

/* False: nothing came for IDLE_SECONDS, or the pool stops. Under the lock. */
static bool wait_for_work(Workers *workers) {
        struct timespec until;
        pthread_condattr_t attributes;
        Sleeper self = {.next = workers->sleepers};
        if (workers->stopping)
                return false;
        pthread_condattr_init(&attributes);
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        pthread_cond_init(&self.wake, &attributes);
        pthread_condattr_destroy(&attributes);
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += IDLE_SECONDS;
        workers->sleepers = &self;
        int result = 0;
        while (!self.woken && result != ETIMEDOUT)
                result = pthread_cond_timedwait(&self.wake, &workers->lock, &until);
        if (!self.woken)
                sleeper_remove(workers, &self);
        pthread_cond_destroy(&self.wake);
        return self.woken;
}

static void *worker_main(void *userdata) {
        Workers *workers = userdata;
        WorkKind kind;
        (void) pthread_setname_np(pthread_self(), "berth-worker");
        pthread_mutex_lock(&workers->lock);
        for (;;) {
                Job *job = next_job(workers, &kind);
                if (job == NULL) {
                        if (!wait_for_work(workers))
                                break;
                        continue;
                }
                workers->running[kind]++;
                pthread_mutex_unlock(&workers->lock);
                job->function(job->userdata);
                free(job);
                pthread_mutex_lock(&workers->lock);
                workers->running[kind]--;
        }
        workers->threads--;
        pthread_cond_broadcast(&workers->ended);
        pthread_mutex_unlock(&workers->lock);
        /* A burst is over: what it took from the system is given back. */
        (void) malloc_trim(0);
        return NULL;
}

static int start_thread(Workers *workers) {
        pthread_attr_t attributes;
        pthread_t thread;
        pthread_attr_init(&attributes);
        pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
        pthread_attr_setstacksize(&attributes, STACK_SIZE);
        int number = pthread_create(&thread, &attributes, worker_main, workers);
        pthread_attr_destroy(&attributes);
        if (number == 0)
                workers->threads++;
        return number;
}

void workers_submit(Workers *workers, WorkKind kind, WorkFunction function, void *userdata) {
        Job *job = mem_new(Job);
        *job = (Job){NULL, function, userdata};
        int number = 0;
        pthread_mutex_lock(&workers->lock);
        queue_add(&workers->queues[kind], job);
        if (!wake_one(workers) && workers->threads < workers->limit)
                number = start_thread(workers);
        bool stuck = number != 0 && workers->threads == 0;
        pthread_mutex_unlock(&workers->lock);
        if (stuck)
                log_error("No worker thread can be started: %s", strerror(number));
}

size_t workers_busy(Workers *workers) {
        pthread_mutex_lock(&workers->lock);
        size_t busy = workers->running[WORK_SHORT] + workers->running[WORK_LONG];
        pthread_mutex_unlock(&workers->lock);
        return busy;
}

void workers_free(Workers *workers) {
        if (workers == NULL)
                return;
        pthread_mutex_lock(&workers->lock);
        workers->stopping = true;
        while (wake_one(workers))
                ;
        while (workers->threads > 0)
                pthread_cond_wait(&workers->ended, &workers->lock);
        pthread_mutex_unlock(&workers->lock);
        pthread_cond_destroy(&workers->ended);
        pthread_mutex_destroy(&workers->lock);
        free(workers);
}
