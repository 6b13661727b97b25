#include "loop/loop.h"

#include "base/memory.h"
#include "base/times.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#define BATCH 64

typedef struct Message {
        LoopCallback callback;
        void *userdata;
} Message;

struct LoopSource {
        Loop *loop;
        int fd;
        LoopFdCallback callback;
        void *userdata;
        bool removed;
        LoopSource *next_removed;
};

/* Timers are a binary heap by time; `index` is the place in it. */
struct LoopTimer {
        Loop *loop;
        int64_t at_ns;
        LoopCallback callback;
        void *userdata;
        size_t index;
};

struct Loop {
        int epoll;
        int wakeup;
        pthread_t thread;  /* the one that runs the loop; atomic */
        pthread_t started; /* by loop_start_thread(), while threaded */
        bool threaded;
        int running; /* atomic */
        LoopSource *removed; /* freed after the batch, which may still name them */
        pthread_mutex_t lock; /* messages and timers */
        bool woken;
        Message *messages;
        size_t message_count, message_capacity;
        LoopTimer **timers;
        size_t timer_count, timer_capacity;
};

int loop_new(Loop **ret, Error **err) {
        Loop *loop = mem_new(Loop);
        loop->epoll = epoll_create1(EPOLL_CLOEXEC);
        loop->wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        pthread_mutex_init(&loop->lock, NULL);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
        if (loop->epoll < 0 || loop->wakeup < 0 ||
            epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->wakeup, &event) < 0) {
                int number = errno;
                loop_free(loop);
                return error_errno(err, number, "Cannot make an event loop");
        }
        *ret = loop;
        return 0;
}

static void free_removed(Loop *loop) {
        while (loop->removed != NULL) {
                LoopSource *source = loop->removed;
                loop->removed = source->next_removed;
                free(source);
        }
}

void loop_free(Loop *loop) {
        if (loop == NULL)
                return;
        free_removed(loop);
        for (size_t i = 0; i < loop->timer_count; i++)
                free(loop->timers[i]);
        free(loop->timers);
        free(loop->messages);
        fd_close(&loop->epoll);
        fd_close(&loop->wakeup);
        pthread_mutex_destroy(&loop->lock);
        free(loop);
}

static void wake(Loop *loop) {
        uint64_t one = 1;
        if (!loop->woken) {
                loop->woken = true;
                (void) !write(loop->wakeup, &one, sizeof one);
        }
}

void loop_post(Loop *loop, LoopCallback callback, void *userdata) {
        pthread_mutex_lock(&loop->lock);
        mem_grow((void **) &loop->messages, &loop->message_capacity, loop->message_count + 1,
                 sizeof(Message));
        loop->messages[loop->message_count++] = (Message){callback, userdata};
        wake(loop);
        pthread_mutex_unlock(&loop->lock);
}

static void heap_place(Loop *loop, LoopTimer *timer, size_t index) {
        loop->timers[index] = timer;
        timer->index = index;
}

static void heap_up(Loop *loop, LoopTimer *timer) {
        size_t index = timer->index;
        while (index > 0 && loop->timers[(index - 1) / 2]->at_ns > timer->at_ns) {
                heap_place(loop, loop->timers[(index - 1) / 2], index);
                index = (index - 1) / 2;
        }
        heap_place(loop, timer, index);
}

static void heap_down(Loop *loop, LoopTimer *timer) {
        size_t index = timer->index;
        for (;;) {
                size_t child = 2 * index + 1;
                if (child >= loop->timer_count)
                        break;
                if (child + 1 < loop->timer_count &&
                    loop->timers[child + 1]->at_ns < loop->timers[child]->at_ns)
                        child++;
                if (loop->timers[child]->at_ns >= timer->at_ns)
                        break;
                heap_place(loop, loop->timers[child], index);
                index = child;
        }
        heap_place(loop, timer, index);
}

static void heap_remove(Loop *loop, LoopTimer *timer) {
        LoopTimer *last = loop->timers[--loop->timer_count];
        if (last == timer)
                return;
        heap_place(loop, last, timer->index);
        heap_down(loop, last);
        heap_up(loop, last);
}

LoopTimer *loop_timer_add(Loop *loop, int64_t at_ns, LoopCallback callback, void *userdata) {
        LoopTimer *timer = mem_new(LoopTimer);
        *timer = (LoopTimer){loop, at_ns, callback, userdata, 0};
        pthread_mutex_lock(&loop->lock);
        mem_grow((void **) &loop->timers, &loop->timer_capacity, loop->timer_count + 1,
                 sizeof(LoopTimer *));
        heap_place(loop, timer, loop->timer_count++);
        heap_up(loop, timer);
        if (timer->index == 0)
                wake(loop);
        pthread_mutex_unlock(&loop->lock);
        return timer;
}

void loop_timer_cancel(LoopTimer *timer) {
        pthread_mutex_lock(&timer->loop->lock);
        heap_remove(timer->loop, timer);
        pthread_mutex_unlock(&timer->loop->lock);
        free(timer);
}

int loop_source_add(Loop *loop, int fd, uint32_t events, LoopFdCallback callback, void *userdata,
                    LoopSource **ret, Error **err) {
        LoopSource *source = mem_new(LoopSource);
        *source = (LoopSource){.loop = loop, .fd = fd, .callback = callback, .userdata = userdata};
        struct epoll_event event = {.events = events, .data.ptr = source};
        *ret = source; /* before it can fire */
        if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
                int number = errno;
                free(source);
                *ret = NULL;
                return error_errno(err, number, "Cannot watch a file descriptor");
        }
        return 0;
}

int loop_source_modify(LoopSource *source, uint32_t events, Error **err) {
        struct epoll_event event = {.events = events, .data.ptr = source};
        if (epoll_ctl(source->loop->epoll, EPOLL_CTL_MOD, source->fd, &event) < 0)
                return error_errno(err, errno, "Cannot watch a file descriptor");
        return 0;
}

void loop_source_remove(LoopSource *source) {
        if (source == NULL || source->removed)
                return;
        (void) epoll_ctl(source->loop->epoll, EPOLL_CTL_DEL, source->fd, NULL);
        source->removed = true;
        source->next_removed = source->loop->removed;
        source->loop->removed = source;
}

static int timeout_ms(Loop *loop) {
        int timeout = -1;
        pthread_mutex_lock(&loop->lock);
        if (loop->message_count > 0) {
                timeout = 0;
        } else if (loop->timer_count > 0) {
                int64_t left = loop->timers[0]->at_ns - time_monotonic_ns();
                timeout = left <= 0                      ? 0
                          : left / NS_PER_MS >= INT32_MAX ? INT32_MAX
                                                          : (int) (left / NS_PER_MS) + 1;
        }
        pthread_mutex_unlock(&loop->lock);
        return timeout;
}

static void run_timers(Loop *loop) {
        for (;;) {
                pthread_mutex_lock(&loop->lock);
                LoopTimer *timer = loop->timer_count > 0 ? loop->timers[0] : NULL;
                if (timer != NULL && timer->at_ns <= time_monotonic_ns())
                        heap_remove(loop, timer);
                else
                        timer = NULL;
                pthread_mutex_unlock(&loop->lock);
                if (timer == NULL)
                        return;
                timer->callback(timer->userdata);
                free(timer);
        }
}

static void run_messages(Loop *loop) {
        pthread_mutex_lock(&loop->lock);
        size_t count = loop->message_count;
        Message *messages = TAKE_PTR(loop->messages);
        loop->message_count = loop->message_capacity = 0;
        loop->woken = false;
        pthread_mutex_unlock(&loop->lock);
        for (size_t i = 0; i < count; i++)
                messages[i].callback(messages[i].userdata);
        free(messages);
}

void loop_run(Loop *loop) {
        struct epoll_event events[BATCH];
        __atomic_store_n(&loop->thread, pthread_self(), __ATOMIC_RELEASE);
        __atomic_store_n(&loop->running, 1, __ATOMIC_RELEASE);
        while (__atomic_load_n(&loop->running, __ATOMIC_ACQUIRE)) {
                int count = epoll_wait(loop->epoll, events, BATCH, timeout_ms(loop));
                for (int i = 0; i < count; i++) {
                        LoopSource *source = events[i].data.ptr;
                        uint64_t drained;
                        if (source == NULL)
                                (void) !read(loop->wakeup, &drained, sizeof drained);
                        else if (!source->removed)
                                source->callback(source->userdata, events[i].events);
                }
                run_messages(loop);
                run_timers(loop);
                free_removed(loop);
        }
}

static void stop_running(void *userdata) {
        Loop *loop = userdata;
        __atomic_store_n(&loop->running, 0, __ATOMIC_RELEASE);
}

void loop_stop(Loop *loop) {
        loop_post(loop, stop_running, loop);
}

bool loop_is_own_thread(const Loop *loop) {
        return pthread_equal(__atomic_load_n(&loop->thread, __ATOMIC_ACQUIRE), pthread_self());
}

static void *thread_main(void *userdata) {
        loop_run(userdata);
        return NULL;
}

int loop_start_thread(Loop *loop, const char *name, Error **err) {
        int number = pthread_create(&loop->started, NULL, thread_main, loop);
        if (number != 0)
                return error_errno(err, number, "Cannot start thread %s", name);
        (void) pthread_setname_np(loop->started, name);
        loop->threaded = true;
        return 0;
}

void loop_join_thread(Loop *loop) {
        if (!loop->threaded)
                return;
        loop_stop(loop);
        pthread_join(loop->started, NULL);
        loop->threaded = false;
}
