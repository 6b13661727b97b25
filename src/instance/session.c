#include "instance/session.h"

#include "base/files.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/times.h"
#include "base/units.h"
#include "http/server.h"
#include "http/websocket.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>

#define CLOSE_NORMAL 1000

int session_init(Session *session, Error **err) {
        *session = (Session) {.event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
        if (session->event_fd < 0)
                return error_errno(err, errno, "Failed to make an event fd");
        pthread_mutex_init(&session->lock, NULL);
        return 0;
}

void session_done(Session *session) {
        for (size_t i = 0; i < session->count; i++) {
                websocket_free(session->sockets[i].socket);
                free(session->sockets[i].secret);
        }
        fd_close(&session->event_fd);
        pthread_mutex_destroy(&session->lock);
}

void session_add(Session *session, const char *name, bool required) {
        session->sockets[session->count++] =
                (SessionSocket) {.name = name, .secret = random_hex(32), .required = required};
}

json_t *session_fds(Session *session) {
        json_t *fds = json_object();
        for (size_t i = 0; i < session->count; i++)
                json_object_set_new(fds, session->sockets[i].name,
                                    json_string(session->sockets[i].secret));
        return fds;
}

static SessionSocket *take_socket(Session *session, const char *secret) {
        SessionSocket *found = NULL;
        pthread_mutex_lock(&session->lock);
        for (size_t i = 0; i < session->count; i++)
                if (!session->sockets[i].taken &&
                    str_equal_secret(session->sockets[i].secret, secret))
                        found = &session->sockets[i];
        if (found != NULL)
                found->taken = true;
        pthread_mutex_unlock(&session->lock);
        return found;
}

int session_connect(Session *session, const char *secret, struct HttpExchange *exchange,
                    Error **err) {
        static const uint64_t one = 1;
        WebSocket *socket = NULL;
        if (str_is_empty(secret))
                return error_set(err, ERROR_INVALID, 0, "missing secret");
        SessionSocket *place = take_socket(session, secret);
        if (place == NULL)
                return error_set(err, ERROR_FORBIDDEN, 0, "permission denied");
        if (http_exchange_upgrade(exchange, &socket, err) < 0) {
                pthread_mutex_lock(&session->lock);
                place->taken = false;
                pthread_mutex_unlock(&session->lock);
                return -1;
        }
        pthread_mutex_lock(&session->lock);
        place->socket = socket;
        pthread_mutex_unlock(&session->lock);
        return fd_write_all(session->event_fd, &one, sizeof one, err);
}

static bool is_complete(Session *session) {
        bool complete = true;
        pthread_mutex_lock(&session->lock);
        for (size_t i = 0; i < session->count; i++)
                if (session->sockets[i].required && session->sockets[i].socket == NULL)
                        complete = false;
        pthread_mutex_unlock(&session->lock);
        return complete;
}

int session_wait(Session *session, int timeout_ms, Error **err) {
        int64_t end = time_monotonic_ns() + timeout_ms * NS_PER_MS;
        while (!is_complete(session)) {
                struct pollfd wait = {.fd = session->event_fd, .events = POLLIN};
                int64_t left = (end - time_monotonic_ns()) / NS_PER_MS;
                uint64_t count;
                if (left <= 0)
                        return error_set(err, ERROR_TIMEOUT, 0,
                                         "Timed out waiting for websockets to connect");
                (void) poll(&wait, 1, (int) left);
                (void) !read(session->event_fd, &count, sizeof count);
        }
        return 0;
}

WebSocket *session_socket(Session *session, const char *name) {
        WebSocket *socket = NULL;
        pthread_mutex_lock(&session->lock);
        for (size_t i = 0; i < session->count; i++)
                if (str_equal(session->sockets[i].name, name))
                        socket = session->sockets[i].socket;
        pthread_mutex_unlock(&session->lock);
        return socket;
}

void session_close(Session *session) {
        for (size_t i = 0; i < session->count; i++) {
                WebSocket *socket = session_socket(session, session->sockets[i].name);
                if (socket != NULL)
                        ws_close(socket, CLOSE_NORMAL);
        }
}
