/* Terminals and pipes of this program joined to websockets of an instance: exec and console. */
#pragma once

#include "cli/signals.h"
#include "client/client.h"

#define STREAMS_MAX 3

typedef struct Streams Streams;

/* `control` may be NULL. Takes no socket: the caller frees them after streams_free(). */
Streams *streams_new(Client *client, WebSocket *control, const Signals *signals);
/* A thread writes what the socket brings to `fd` until its end. */
int streams_add_output(Streams *streams, WebSocket *socket, int fd, Error **err) _must_check_;
/* A thread sends what `fd` brings; at its end an empty text message. `detachable`: ctrl-a q ends
 * streams_run() and is not sent. */
int streams_add_input(Streams *streams, WebSocket *socket, int fd, bool detachable, Error **err)
        _must_check_;
/* Until the operation ends, the outputs all ended, or the user detached. Signals go to the control
 * socket; SIGWINCH sends `terminal`'s size when it is not -1. *ret_operation: its last state,
 * NULL after a detach. */
int streams_run(Streams *streams, const json_t *operation, int terminal, json_t **ret_operation,
                Error **err) _must_check_;
/* The size of the terminal, to the control socket. */
void streams_send_size(Streams *streams, int terminal);
/* Waits for the outputs to drain and ends the threads. */
void streams_free(Streams *streams);
DEFINE_CLEANUP(Streams, streams, streams_free)
