/* Moving bytes between websockets and fds, until the process behind the fds has ended. */
#pragma once

#include "instance/session.h"

#include <pthread.h>

/* fd -> socket, on a thread of its own: a client that does not read stdout must not keep its
 * signals and its stdin waiting. */
typedef struct OutputStream {
        WebSocket *socket;
        int fd;       /* owned, non-blocking */
        int ended_fd; /* an eventfd: readable when no more than what is there will come */
        bool abort_at_end; /* the socket's receiver is to see the end, too */
        bool running;
        pthread_t thread;
} OutputStream;
/* Takes the fd, also on failure. */
int output_stream_start(OutputStream *stream, WebSocket *socket, int fd, bool abort_at_end,
                        Error **err) _must_check_;
/* What is in the pipe is still sent; then the end is. */
void output_stream_finish(OutputStream *stream);

typedef struct StreamLoop StreamLoop;
struct StreamLoop {
        Session *session;
        int input_fd;   /* where socket "0" goes: non-blocking; -1: closed */
        bool keep_input; /* the fd is a terminal: the end of "0" does not close it */
        int process_fd; /* readable: ended */
        /* A message of the control socket; NULL: it was closed. */
        void (*control)(StreamLoop *loop, const char *text, size_t size);
        void *userdata;
};
/* socket "0" -> fd, and control messages, until the process has ended or, without one (process_fd
 * -1), socket "0" is closed. */
void stream_loop_run(StreamLoop *loop);
int stream_set_nonblocking(int fd, Error **err) _must_check_;
