/* An event loop: one thread, epoll, timers and messages from other threads.
 *
 * loop_post(), loop_timer_add() and loop_stop() may be called from any thread; everything else, and
 * every callback, belongs to the loop's own thread. Posted functions run after the batch of fd
 * events in which they arrive, in order, so an object that is freed by a posted function is not
 * used by an event of the same batch. */
#pragma once

#include "base/error.h"

typedef struct Loop Loop;
typedef struct LoopTimer LoopTimer;
typedef struct LoopSource LoopSource;

typedef void (*LoopCallback)(void *userdata);
typedef void (*LoopFdCallback)(void *userdata, uint32_t events); /* EPOLL* bits */

int loop_new(Loop **ret, Error **err) _must_check_;
void loop_free(Loop *loop); /* after loop_run() returned or was never called */
DEFINE_CLEANUP(Loop, loop, loop_free)

void loop_run(Loop *loop); /* until loop_stop() */
void loop_stop(Loop *loop);
bool loop_is_own_thread(const Loop *loop);

/* Runs loop_run() on a new thread / stops and joins it. */
int loop_start_thread(Loop *loop, const char *name, Error **err) _must_check_;
void loop_join_thread(Loop *loop);

/* Calls `callback` on the loop's thread soon. Never fails; dropped when the loop has ended. */
void loop_post(Loop *loop, LoopCallback callback, void *userdata);

/* Calls once at the monotonic time `at_ns`. The handle is valid until the callback begins or it is
 * cancelled; cancel on the loop's thread only. */
LoopTimer *loop_timer_add(Loop *loop, int64_t at_ns, LoopCallback callback, void *userdata);
void loop_timer_cancel(LoopTimer *timer);

/* Watches `fd` (not owned) for EPOLL* `events` (EPOLLONESHOT allowed; re-arm with modify, which may
 * be called from any thread). */
int loop_source_add(Loop *loop, int fd, uint32_t events, LoopFdCallback callback, void *userdata,
                    LoopSource **ret, Error **err) _must_check_;
int loop_source_modify(LoopSource *source, uint32_t events, Error **err) _must_check_;
/* Stops watching; the callback is not called any more. Loop's thread only. */
void loop_source_remove(LoopSource *source);
