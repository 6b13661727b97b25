/* The HTTP/1.1 server: connections on the loop, requests on workers.
 *
 * The loop's thread accepts, and reads until a head is complete; then a worker owns the connection
 * and calls the handler with an HttpExchange. An idle connection costs no thread and never delays
 * another one. The exchange belongs to the handler's thread until the handler returns; then the
 * connection goes on with its next request. */
#pragma once

#include "base/error.h"
#include "base/text.h"
#include "http/parser.h"
#include "http/transport.h"
#include "loop/loop.h"
#include "loop/workers.h"

#include <sys/types.h>

typedef struct HttpServer HttpServer;
typedef struct HttpExchange HttpExchange;
typedef struct HttpParked HttpParked;
typedef struct HttpListener HttpListener;
typedef struct TlsServer TlsServer;
typedef struct WebSocket WebSocket;

typedef void (*HttpHandler)(HttpExchange *exchange, void *userdata);

typedef struct HttpPeer {
        bool is_unix;
        pid_t pid; /* unix */
        uid_t uid;
        gid_t gid;
        char address[64]; /* "ADDRESS:PORT" of a network peer */
} HttpPeer;

typedef struct HttpServerSpec {
        Loop *loop;
        Workers *workers;
        HttpHandler handler;
        void *userdata;
        size_t connection_limit; /* 0: half of the process's fd limit */
} HttpServerSpec;

HttpServer *http_server_new(const HttpServerSpec *spec);
/* Listens on a bound and listening socket (taken). Loop's thread, or before the loop runs. */
int http_server_listen(HttpServer *server, int fd, Error **err) _must_check_;
/* The same with TLS (a reference is kept); the result is for http_listener_close(). */
int http_server_listen_tls(HttpServer *server, int fd, TlsServer *tls, HttpListener **ret,
                           Error **err) _must_check_;
/* Accepts no more; connections stay. Loop's thread only. */
void http_listener_close(HttpListener *listener);
/* Stops accepting and closes idle connections; those in a handler finish. Loop's thread only. */
void http_server_stop(HttpServer *server);
size_t http_server_connections(HttpServer *server);
void http_server_free(HttpServer *server); /* after the loop and the workers have ended */

/* The request. Borrowed texts are valid while the exchange is. */
const char *http_exchange_method(const HttpExchange *exchange);
const char *http_exchange_path(const HttpExchange *exchange);  /* raw, still %-encoded */
const char *http_exchange_query(const HttpExchange *exchange); /* "" when there is none */
const char *http_exchange_header(const HttpExchange *exchange, const char *name);
void http_exchange_peer(const HttpExchange *exchange, HttpPeer *ret);
/* The certificate that the peer showed, DER (caller's); NULL: none. */
void *http_exchange_certificate(const HttpExchange *exchange, size_t *ret_size);
int64_t http_exchange_content_length(const HttpExchange *exchange); /* -1: not known */
/* Body bytes, 0 at its end; a body that is cut off is an error. */
int http_exchange_read(HttpExchange *exchange, void *data, size_t size, size_t *ret_size,
                       Error **err) _must_check_;
int http_exchange_read_all(HttpExchange *exchange, size_t limit, char **ret_data,
                           size_t *ret_size, Error **err) _must_check_;
/* Whether the peer has closed its end, for work that should then stop. */
bool http_exchange_peer_is_gone(HttpExchange *exchange);

/* The reply, once. `headers` (may be NULL) come after ours. HEAD sends no body. */
int http_exchange_reply(HttpExchange *exchange, int status, const StrMap *headers,
                        const void *body, size_t size, Error **err);
int http_exchange_reply_fd(HttpExchange *exchange, int status, const StrMap *headers, int fd,
                           uint64_t offset, uint64_t size, Error **err);
/* A body of unknown length: begin, any number of writes, end. */
int http_exchange_stream_begin(HttpExchange *exchange, int status, const StrMap *headers,
                               Error **err);
int http_exchange_stream_write(HttpExchange *exchange, const void *data, size_t size,
                               Error **err);
int http_exchange_stream_end(HttpExchange *exchange, Error **err);
bool http_exchange_replied(const HttpExchange *exchange);

/* Becomes a websocket (owned by the caller; http/websocket.h). No check of Origin or Host. */
int http_exchange_upgrade(HttpExchange *exchange, WebSocket **ret, Error **err) _must_check_;
/* Answers 101 with "Upgrade: protocol" and hands over the bare stream; ERROR_INVALID when the
 * client did not ask for that protocol. */
int http_exchange_upgrade_raw(HttpExchange *exchange, const char *protocol, Transport **ret,
                              Error **err) _must_check_;

/* Parks the exchange: the handler returns, no thread waits, and one later http_parked_reply()
 * answers. `on_hangup` is called on the loop's thread when the client leaves first; then the
 * parked handle is gone and must not be used. Neither happens before the handler has returned. */
int http_exchange_park(HttpExchange *exchange, LoopCallback on_hangup, void *userdata,
                       HttpParked **ret, Error **err) _must_check_;
/* On the loop's thread. */
void http_parked_reply(HttpParked *parked, int status, const StrMap *headers, const void *body,
                       size_t size);
