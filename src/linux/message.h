/* Messages with fds between the daemon and its helpers: a SOCK_SEQPACKET pair, one text a message.
 * Thread-safe as far as one thread sends and one receives. */
#pragma once

#include "base/error.h"

#define MESSAGE_MAX_SIZE 16384
#define MESSAGE_MAX_FDS 4

int message_pair(int ret_fds[static 2], Error **err) _must_check_;
/* `fds` are borrowed. */
int message_send(int socket_fd, const char *text, const int *fds, size_t fd_count, Error **err);

typedef struct Message {
        char *text; /* NULL: the other side is gone */
        int fds[MESSAGE_MAX_FDS];
        size_t fd_count;
} Message;

/* timeout_ms -1: for ever. ERROR_TIMEOUT; the end of the other side is no error. */
int message_receive(int socket_fd, int timeout_ms, Message *ret, Error **err) _must_check_;
int message_take_fd(Message *message, size_t index); /* -1 when there is none */
void message_done(Message *message); /* closes the fds not taken */
#define _cleanup_message_ _cleanup_(message_done)
