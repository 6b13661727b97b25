/* The loop's side: listeners, idle connections, complete heads, parked ones. */
#include "http/server.h"

#include "http/connection.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/times.h"
#include "http/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#define HEAD_TIMEOUT_NS (30 * NS_PER_SECOND)
#define ACCEPT_PAUSE_NS (100 * NS_PER_MS)
#define ACCEPT_BATCH 64
#define LONG_BODY (1u << 20)
/* A worker waits this long for a next request before it gives the connection back to the loop:
 * two thread switches cost more than this poll, and clients ask in quick succession. */
#define LINGER_NS 300000L

struct HttpListener {
        HttpListener *next;
        HttpServer *server;
        TlsServer *tls; /* NULL: plain */
        int fd;
        LoopSource *source;
        LoopTimer *pause;
};

static size_t default_limit(void) {
        struct rlimit limit;
        if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
                return 512;
        return limit.rlim_cur > 1u << 20 ? (size_t) 1 << 19 : (size_t) limit.rlim_cur / 2;
}

HttpServer *http_server_new(const HttpServerSpec *spec) {
        HttpServer *server = mem_new(HttpServer);
        server->spec = *spec;
        if (server->spec.connection_limit == 0)
                server->spec.connection_limit = default_limit();
        return server;
}

size_t http_server_connections(HttpServer *server) {
        return __atomic_load_n(&server->count, __ATOMIC_RELAXED);
}

static void read_peer(Connection *connection, int fd, const struct sockaddr_storage *address) {
        HttpPeer *peer = &connection->peer;
        char text[INET6_ADDRSTRLEN] = "";
        if (address->ss_family == AF_UNIX) {
                struct ucred credentials;
                socklen_t size = sizeof credentials;
                peer->is_unix = true;
                peer->uid = (uid_t) -1;
                if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0) {
                        peer->pid = credentials.pid;
                        peer->uid = credentials.uid;
                        peer->gid = credentials.gid;
                }
        } else if (address->ss_family == AF_INET) {
                const struct sockaddr_in *in = (const void *) address;
                inet_ntop(AF_INET, &in->sin_addr, text, sizeof text);
                snprintf(peer->address, sizeof peer->address, "%s:%u", text,
                         (unsigned) ntohs(in->sin_port));
        } else {
                const struct sockaddr_in6 *in6 = (const void *) address;
                inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof text);
                snprintf(peer->address, sizeof peer->address, "[%s]:%u", text,
                         (unsigned) ntohs(in6->sin6_port));
        }
}

static void connection_unlink(Connection *connection) {
        HttpServer *server = connection->server;
        if (connection->previous != NULL)
                connection->previous->next = connection->next;
        else
                server->connections = connection->next;
        if (connection->next != NULL)
                connection->next->previous = connection->previous;
        __atomic_sub_fetch(&server->count, 1, __ATOMIC_RELAXED);
}

void connection_close(Connection *connection) {
        if (connection->head_timer != NULL)
                loop_timer_cancel(connection->head_timer);
        loop_source_remove(connection->source);
        connection_unlink(connection);
        parked_free(connection->parked);
        transport_free(connection->transport);
        free(connection->input);
        free(connection);
}

void connection_consume(Connection *connection, size_t size) {
        connection->input_size -= size;
        memmove(connection->input, connection->input + size, connection->input_size);
}

void connection_refuse(Connection *connection, int status, const char *message) {
        _cleanup_free_ char *head =
                str_printf("HTTP/1.1 %d Refused\r\nContent-Type: application/json\r\n"
                           "Connection: close\r\nContent-Length: ",
                           status);
        _cleanup_free_ char *body =
                str_printf("{\"type\":\"error\",\"status\":\"\",\"status_code\":0,"
                           "\"operation\":\"\",\"error_code\":%d,\"error\":\"%s\","
                           "\"metadata\":null}\n",
                           status, message);
        _cleanup_free_ char *text = str_printf("%s%zu\r\n\r\n%s", head, strlen(body), body);
        size_t put;
        (void) !transport_write_now(connection->transport, text, strlen(text), &put, NULL);
        transport_shutdown(connection->transport);
}

static void head_timed_out(void *userdata) {
        Connection *connection = userdata;
        connection->head_timer = NULL;
        if (connection->owner == CONNECTION_WORKER) {
                /* In the middle of a handshake: the worker sees the end. */
                transport_abort(connection->transport);
                return;
        }
        connection_refuse(connection, 408, "The request took too long to arrive");
        connection_close(connection);
}

static void connection_arm(Connection *connection, uint32_t events) {
        if (loop_source_modify(connection->source, events | EPOLLRDHUP | EPOLLONESHOT, NULL) < 0)
                connection_close(connection);
}

static void close_message(void *userdata) {
        connection_close(userdata);
}

static void resume_message(void *userdata) {
        connection_resume(userdata);
}

/* Reads what is there. False: the peer has left or sent what is no HTTP. */
static bool connection_fill(Connection *connection) {
        bool ready = true;
        for (;;) {
                size_t got;
                if (connection->input_size >= HTTP_HEAD_LIMIT)
                        return true;
                mem_grow((void **) &connection->input, &connection->input_capacity,
                         connection->input_size + 4096, 1);
                size_t room = connection->input_capacity - connection->input_size;
                if (transport_read_now(connection->transport,
                                       connection->input + connection->input_size, room, &got,
                                       &ready, NULL) < 0)
                        return false;
                if (!ready)
                        return true;
                if (got == 0)
                        return false;
                connection->input_size += got;
                if (got < room && !transport_has_pending(connection->transport))
                        return true;
        }
}

/* Whether a next request is complete within the linger time; only when nobody else waits. */
static size_t linger(Connection *connection) {
        struct pollfd entry = {.fd = transport_fd(connection->transport), .events = POLLIN};
        struct timespec wait = {.tv_nsec = LINGER_NS};
        if (connection->input_size == 0 && !transport_has_pending(connection->transport) &&
            ppoll(&entry, 1, &wait, NULL) <= 0)
                return 0;
        if (connection->input_size == 0 && !connection_fill(connection))
                return 0;
        return http_head_end(connection->input, connection->input_size);
}

/* Whether a body may keep a worker for long: one of unknown or large size. The head is parsed
 * properly by the worker; this only chooses the queue, so that uploads cannot take every thread
 * from short requests. */
static bool has_long_body(const Connection *connection, size_t head) {
        const char *line = connection->input, *end = connection->input + head;
        while (line < end) {
                const char *next = memchr(line, '\n', (size_t) (end - line));
                if (next == NULL)
                        return false;
                if (strncasecmp(line, "Transfer-Encoding:", 18) == 0)
                        return true;
                if (strncasecmp(line, "Content-Length:", 15) == 0 &&
                    strtoull(line + 15, NULL, 10) > LONG_BODY)
                        return true;
                line = next + 1;
        }
        return false;
}

static void serve_on_worker(void *userdata) {
        Connection *connection = userdata;
        Loop *loop = connection->server->spec.loop;
        size_t head = http_head_end(connection->input, connection->input_size);
        while (head > 0) {
                if (!exchange_run(connection, head)) {
                        loop_post(loop, close_message, connection);
                        return;
                }
                if (connection->owner == CONNECTION_PARKED)
                        break;
                head = linger(connection);
                if (head > 0 && has_long_body(connection, head))
                        break;
        }
        loop_post(loop, resume_message, connection);
}

static void dispatch(Connection *connection, size_t head) {
        if (connection->head_timer != NULL) {
                loop_timer_cancel(connection->head_timer);
                connection->head_timer = NULL;
        }
        connection->owner = CONNECTION_WORKER;
        workers_submit(connection->server->spec.workers,
                       has_long_body(connection, head) ? WORK_LONG : WORK_SHORT, serve_on_worker,
                       connection);
}

/* Decides what the collected input means: a request, more to come, or nonsense. */
static void connection_look(Connection *connection) {
        size_t head = http_head_end(connection->input, connection->input_size);
        if (head > 0) {
                dispatch(connection, head);
        } else if (connection->input_size >= HTTP_HEAD_LIMIT) {
                connection_refuse(connection, 431, "Request headers over 64 KiB");
                connection_close(connection);
        } else {
                bool begun = connection->input_size > 0 || !tls_is_ready(connection->transport);
                if (begun && connection->head_timer == NULL)
                        connection->head_timer = loop_timer_add(
                                connection->server->spec.loop,
                                time_monotonic_ns() + HEAD_TIMEOUT_NS, head_timed_out, connection);
                connection_arm(connection, EPOLLIN);
        }
}

/* Reads on a worker: the arithmetic of a handshake would keep everybody else waiting. */
static void fill_on_worker(void *userdata) {
        Connection *connection = userdata;
        Loop *loop = connection->server->spec.loop;
        if (connection_fill(connection))
                loop_post(loop, resume_message, connection);
        else
                loop_post(loop, close_message, connection);
}

static void connection_handshake(Connection *connection) {
        connection->owner = CONNECTION_WORKER;
        workers_submit(connection->server->spec.workers, WORK_SHORT, fill_on_worker, connection);
}

void connection_resume(Connection *connection) {
        if (connection->owner == CONNECTION_PARKED) {
                connection_arm(connection, 0);
                parked_settle(connection->parked);
                return;
        }
        connection->owner = CONNECTION_LOOP;
        if (connection->server->stopping ||
            (connection->input_size == 0 && transport_has_pending(connection->transport) &&
             !connection_fill(connection)))
                connection_close(connection);
        else
                connection_look(connection);
}

static void connection_event(void *userdata, uint32_t events) {
        Connection *connection = userdata;
        if (connection->owner == CONNECTION_WORKER)
                return; /* a parked reply was handed to a worker between arming and this event */
        if (connection->owner == CONNECTION_PARKED) {
                connection->parked->on_hangup(connection->parked->userdata);
                connection_close(connection);
        } else if ((events & EPOLLIN) != 0 && !tls_is_ready(connection->transport)) {
                connection_handshake(connection);
        } else if ((events & EPOLLIN) != 0 && connection_fill(connection)) {
                connection_look(connection);
        } else {
                connection_close(connection);
        }
}

static void connection_new(HttpListener *listener, int fd,
                           const struct sockaddr_storage *address) {
        HttpServer *server = listener->server;
        Connection *connection = mem_new(Connection);
        connection->server = server;
        connection->transport = listener->tls != NULL ? tls_server_transport(listener->tls, fd)
                                                      : transport_new(fd);
        read_peer(connection, fd, address);
        if (address->ss_family != AF_UNIX) {
                int one = 1;
                (void) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        }
        connection->next = server->connections;
        if (connection->next != NULL)
                connection->next->previous = connection;
        server->connections = connection;
        size_t count = __atomic_add_fetch(&server->count, 1, __ATOMIC_RELAXED);
        if (count > server->spec.connection_limit) {
                connection_refuse(connection, 503, "Too many open connections");
                connection_close(connection);
                return;
        }
        if (loop_source_add(server->spec.loop, fd, EPOLLIN | EPOLLRDHUP | EPOLLONESHOT,
                            connection_event, connection, &connection->source, NULL) < 0)
                connection_close(connection);
        else if (listener->tls != NULL)
                connection->head_timer = loop_timer_add(server->spec.loop,
                                                        time_monotonic_ns() + HEAD_TIMEOUT_NS,
                                                        head_timed_out, connection);
}

static void listener_continue(void *userdata) {
        HttpListener *listener = userdata;
        listener->pause = NULL;
        (void) !loop_source_modify(listener->source, EPOLLIN, NULL);
}

/* Out of fds: the backlog waits a moment instead of spinning. */
static void listener_pause(HttpListener *listener, int number) {
        log_warning("Cannot accept a connection: %s", strerror(number));
        (void) !loop_source_modify(listener->source, 0, NULL);
        listener->pause = loop_timer_add(listener->server->spec.loop,
                                         time_monotonic_ns() + ACCEPT_PAUSE_NS, listener_continue,
                                         listener);
}

static void listener_event(void *userdata, uint32_t events) {
        HttpListener *listener = userdata;
        for (int i = 0; i < ACCEPT_BATCH; i++) {
                struct sockaddr_storage address = {};
                socklen_t size = sizeof address;
                int fd = accept4(listener->fd, (struct sockaddr *) &address, &size,
                                 SOCK_CLOEXEC | SOCK_NONBLOCK);
                if (fd >= 0)
                        connection_new(listener, fd, &address);
                else if (errno == EAGAIN)
                        return;
                else if (errno != EINTR && errno != ECONNABORTED) {
                        listener_pause(listener, errno);
                        return;
                }
        }
}

int http_server_listen_tls(HttpServer *server, int fd, TlsServer *tls, HttpListener **ret,
                           Error **err) {
        HttpListener *listener = mem_new(HttpListener);
        listener->server = server;
        listener->fd = fd;
        (void) fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
        if (loop_source_add(server->spec.loop, fd, EPOLLIN, listener_event, listener,
                            &listener->source, err) < 0) {
                fd_close(&listener->fd);
                free(listener);
                return -1;
        }
        listener->tls = tls_server_ref(tls);
        listener->next = server->listeners;
        server->listeners = listener;
        *ret = listener;
        return 0;
}

int http_server_listen(HttpServer *server, int fd, Error **err) {
        HttpListener *listener;
        return http_server_listen_tls(server, fd, NULL, &listener, err);
}

static void listener_free(HttpListener *listener) {
        if (listener->pause != NULL)
                loop_timer_cancel(listener->pause);
        loop_source_remove(listener->source);
        fd_close(&listener->fd);
        tls_server_free(listener->tls);
        free(listener);
}

void http_listener_close(HttpListener *listener) {
        HttpListener **link = &listener->server->listeners;
        while (*link != listener)
                link = &(*link)->next;
        *link = listener->next;
        listener_free(listener);
}

void http_server_stop(HttpServer *server) {
        server->stopping = true;
        while (server->listeners != NULL) {
                HttpListener *listener = server->listeners;
                server->listeners = listener->next;
                listener_free(listener);
        }
        for (Connection *connection = server->connections, *next; connection != NULL;
             connection = next) {
                next = connection->next;
                if (connection->owner == CONNECTION_LOOP)
                        connection_close(connection);
        }
}

void http_server_free(HttpServer *server) {
        if (server == NULL)
                return;
        while (server->connections != NULL)
                connection_close(server->connections);
        while (server->listeners != NULL) {
                HttpListener *listener = server->listeners;
                server->listeners = listener->next;
                listener_free(listener);
        }
        free(server);
}
