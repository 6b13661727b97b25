/* The websockets of one exec or console operation: each has a secret, clients connect them in any
 * order. connect() comes from request threads, everything else from the operation's own. */
#pragma once

#include "base/error.h"

#include <jansson.h>
#include <pthread.h>

struct HttpExchange;
typedef struct WebSocket WebSocket;

#define SESSION_MAX_SOCKETS 4

typedef struct SessionSocket {
        const char *name; /* "0", "1", "2", "control" */
        char *secret;
        bool required, taken;
        WebSocket *socket; /* NULL until connected */
} SessionSocket;

typedef struct Session {
        pthread_mutex_t lock;
        int event_fd; /* readable when a socket was connected */
        SessionSocket sockets[SESSION_MAX_SOCKETS];
        size_t count;
} Session;

int session_init(Session *session, Error **err) _must_check_;
void session_done(Session *session);
void session_add(Session *session, const char *name, bool required);
/* {"0": SECRET, …}; a new reference. */
json_t *session_fds(Session *session);
int session_connect(Session *session, const char *secret, struct HttpExchange *exchange,
                    Error **err) _must_check_;
/* Until all required ones are connected. */
int session_wait(Session *session, int timeout_ms, Error **err) _must_check_;
/* NULL: not connected (yet). Stays valid until session_done(). */
WebSocket *session_socket(Session *session, const char *name);
/* Sends a close frame on each. */
void session_close(Session *session);
