/* The worker's side: one request and its reply. */
#include "http/connection.h"

#include "base/memory.h"
#include "base/times.h"
#include "http/tls.h"
#include "http/websocket.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define READ_TIMEOUT_MS (120 * 1000)
#define WRITE_TIMEOUT_MS (300 * 1000)
/* An unread body up to this size is skipped to keep the connection; a larger one costs it. */
#define DRAIN_LIMIT ((uint64_t) 256 << 10)
#define SMALL_BODY ((size_t) 16 << 10)

static const struct {
        int status;
        const char *reason;
} reasons[] = {
        {100, "Continue"},     {101, "Switching Protocols"}, {200, "OK"},
        {201, "Created"},      {202, "Accepted"},            {204, "No Content"},
        {206, "Partial Content"}, {301, "Moved Permanently"}, {308, "Permanent Redirect"},
        {400, "Bad Request"},  {401, "Unauthorized"},        {403, "Forbidden"},
        {404, "Not Found"},    {408, "Request Timeout"},     {409, "Conflict"},
        {412, "Precondition Failed"}, {413, "Content Too Large"}, {431, "Header Too Large"},
        {500, "Internal Server Error"}, {501, "Not Implemented"}, {503, "Service Unavailable"},
};

static const char *reason_of(int status) {
        for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
                if (reasons[i].status == status)
                        return reasons[i].reason;
        return "Unknown";
}

static void response_head(StrBuf *head, int status, const StrMap *headers, const char *framing) {
        char date[64];
        time_t now = time(NULL);
        struct tm parts;
        gmtime_r(&now, &parts);
        strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &parts);
        strbuf_printf(head, "HTTP/1.1 %d %s\r\nDate: %s\r\n", status, reason_of(status), date);
        for (size_t i = 0; headers != NULL && i < headers->count; i++) {
                /* A value with a line break would be a header of the attacker's choice. */
                if (strpbrk(headers->items[i].value, "\r\n") != NULL)
                        continue;
                strbuf_printf(head, "%s: %s\r\n", headers->items[i].key, headers->items[i].value);
        }
        strbuf_add(head, framing);
        strbuf_add(head, "\r\n");
}

const char *http_exchange_method(const HttpExchange *exchange) {
        return exchange->head.method;
}

const char *http_exchange_path(const HttpExchange *exchange) {
        return exchange->path;
}

const char *http_exchange_query(const HttpExchange *exchange) {
        return exchange->query;
}

const char *http_exchange_header(const HttpExchange *exchange, const char *name) {
        return http_head_get(&exchange->head, name);
}

void http_exchange_peer(const HttpExchange *exchange, HttpPeer *ret) {
        *ret = exchange->connection->peer;
}

int64_t http_exchange_content_length(const HttpExchange *exchange) {
        return exchange->head.chunked ? -1
               : exchange->head.content_length < 0 ? 0
                                                   : exchange->head.content_length;
}

bool http_exchange_replied(const HttpExchange *exchange) {
        return exchange->replied;
}

void *http_exchange_certificate(const HttpExchange *exchange, size_t *ret_size) {
        return tls_peer_certificate(exchange->connection->transport, ret_size);
}

bool http_exchange_peer_is_gone(HttpExchange *exchange) {
        struct pollfd entry = {.fd = transport_fd(exchange->connection->transport),
                               .events = POLLRDHUP};
        return poll(&entry, 1, 0) > 0 && (entry.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

static bool body_is_complete(const HttpExchange *exchange) {
        return exchange->head.chunked ? exchange->chunks.state == CHUNK_DONE
                                      : exchange->body_left == 0;
}

static int body_failed(HttpExchange *exchange) {
        exchange->body_broken = true;
        return -1;
}

/* More input, into connection->input. */
static int read_more(HttpExchange *exchange, Error **err) {
        Connection *connection = exchange->connection;
        size_t got;
        mem_grow((void **) &connection->input, &connection->input_capacity, 65536, 1);
        if (transport_read(connection->transport, connection->input + connection->input_size,
                           connection->input_capacity - connection->input_size, READ_TIMEOUT_MS,
                           &got, err) < 0)
                return -1;
        if (got == 0)
                return error_set(err, ERROR_INVALID, 0,
                                 "The request body ended early: the client closed the connection");
        connection->input_size += got;
        return 0;
}

static int send_continue(HttpExchange *exchange, Error **err) {
        static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
        if (!exchange->head.expect_continue || exchange->continue_sent || exchange->replied)
                return 0;
        exchange->continue_sent = true;
        return transport_write(exchange->connection->transport, text, sizeof text - 1,
                               WRITE_TIMEOUT_MS, err);
}

static int read_chunked(HttpExchange *exchange, void *data, size_t size, size_t *ret_size,
                        Error **err) {
        Connection *connection = exchange->connection;
        for (;;) {
                ChunkBuffers buffers = {connection->input, connection->input_size, data, size};
                if (http_chunk_decode(&exchange->chunks, &buffers, err) < 0)
                        return body_failed(exchange);
                connection_consume(connection, connection->input_size - buffers.in_size);
                *ret_size = size - buffers.out_size;
                if (*ret_size > 0 || exchange->chunks.state == CHUNK_DONE)
                        return 0;
                if (read_more(exchange, err) < 0)
                        return body_failed(exchange);
        }
}

static int read_plain(HttpExchange *exchange, void *data, size_t size, size_t *ret_size,
                      Error **err) {
        Connection *connection = exchange->connection;
        if (exchange->body_left < size)
                size = (size_t) exchange->body_left;
        if (connection->input_size > 0) {
                size = MIN_OF(size, connection->input_size);
                memcpy(data, connection->input, size);
                connection_consume(connection, size);
                *ret_size = size;
        } else {
                if (transport_read(connection->transport, data, size, READ_TIMEOUT_MS, ret_size,
                                   err) < 0)
                        return body_failed(exchange);
                if (*ret_size == 0) {
                        (void) error_set(err, ERROR_INVALID, 0,
                                         "The request body ended early: the client closed the "
                                         "connection");
                        return body_failed(exchange);
                }
        }
        exchange->body_left -= *ret_size;
        return 0;
}

int http_exchange_read(HttpExchange *exchange, void *data, size_t size, size_t *ret_size,
                       Error **err) {
        if (exchange->body_broken)
                return error_set(err, ERROR_INVALID, 0, "The request body is damaged");
        if (body_is_complete(exchange) || size == 0) {
                *ret_size = 0;
                return 0;
        }
        if (send_continue(exchange, err) < 0)
                return body_failed(exchange);
        return exchange->head.chunked ? read_chunked(exchange, data, size, ret_size, err)
                                      : read_plain(exchange, data, size, ret_size, err);
}

int http_exchange_read_all(HttpExchange *exchange, size_t limit, char **ret_data,
                           size_t *ret_size, Error **err) {
        _cleanup_strbuf_ StrBuf body = {};
        char block[16384];
        size_t got;
        int64_t length = http_exchange_content_length(exchange);
        if (length > 0 && (uint64_t) length > limit)
                return error_set(err, ERROR_TOO_LARGE, 0, "Request body over %zu bytes", limit);
        do {
                if (http_exchange_read(exchange, block, sizeof block, &got, err) < 0)
                        return -1;
                if (body.length + got > limit)
                        return error_set(err, ERROR_TOO_LARGE, 0, "Request body over %zu bytes",
                                         limit);
                strbuf_add_data(&body, block, got);
        } while (got > 0);
        *ret_size = body.length;
        *ret_data = strbuf_take(&body);
        return 0;
}

static bool is_head_request(const HttpExchange *exchange) {
        return str_equal(exchange->head.method, "HEAD");
}

static const char *connection_header(const HttpExchange *exchange) {
        return exchange->head.keep_alive ? "" : "Connection: close\r\n";
}

static int send_bytes(HttpExchange *exchange, const void *data, size_t size, Error **err) {
        if (transport_write(exchange->connection->transport, data, size, WRITE_TIMEOUT_MS, err) <
            0) {
                exchange->failed = true;
                return -1;
        }
        return 0;
}

int http_exchange_reply(HttpExchange *exchange, int status, const StrMap *headers,
                        const void *body, size_t size, Error **err) {
        _cleanup_strbuf_ StrBuf head = {};
        _cleanup_free_ char *framing = str_printf("Content-Length: %zu\r\n%s", size,
                                                  connection_header(exchange));
        exchange->replied = true;
        response_head(&head, status, headers, framing);
        if (is_head_request(exchange))
                size = 0;
        if (size <= SMALL_BODY) {
                strbuf_add_data(&head, body, size);
                size = 0;
        }
        if (send_bytes(exchange, head.data, head.length, err) < 0)
                return -1;
        return size > 0 ? send_bytes(exchange, body, size, err) : 0;
}

int http_exchange_reply_fd(HttpExchange *exchange, int status, const StrMap *headers, int fd,
                           uint64_t offset, uint64_t size, Error **err) {
        _cleanup_strbuf_ StrBuf head = {};
        _cleanup_free_ char *framing =
                str_printf("Content-Length: %llu\r\n%s", (unsigned long long) size,
                           connection_header(exchange));
        exchange->replied = true;
        response_head(&head, status, headers, framing);
        if (send_bytes(exchange, head.data, head.length, err) < 0)
                return -1;
        if (!is_head_request(exchange) &&
            transport_send_file(exchange->connection->transport, fd, offset, size, err) < 0) {
                exchange->failed = true;
                return -1;
        }
        return 0;
}

int http_exchange_stream_begin(HttpExchange *exchange, int status, const StrMap *headers,
                               Error **err) {
        _cleanup_strbuf_ StrBuf head = {};
        _cleanup_free_ char *framing =
                str_printf("Transfer-Encoding: chunked\r\n%s", connection_header(exchange));
        exchange->replied = exchange->streaming = true;
        response_head(&head, status, headers, framing);
        return send_bytes(exchange, head.data, head.length, err);
}

int http_exchange_stream_write(HttpExchange *exchange, const void *data, size_t size,
                               Error **err) {
        char line[32];
        if (size == 0 || is_head_request(exchange))
                return 0;
        int length = snprintf(line, sizeof line, "%zx\r\n", size);
        if (send_bytes(exchange, line, (size_t) length, err) < 0 ||
            send_bytes(exchange, data, size, err) < 0)
                return -1;
        return send_bytes(exchange, "\r\n", 2, err);
}

int http_exchange_stream_end(HttpExchange *exchange, Error **err) {
        exchange->streaming = false;
        if (is_head_request(exchange))
                return 0;
        return send_bytes(exchange, "0\r\n\r\n", 5, err);
}

int http_exchange_upgrade_raw(HttpExchange *exchange, const char *protocol, Transport **ret,
                              Error **err) {
        _cleanup_strbuf_ StrBuf head = {};
        if (!http_head_has_token(&exchange->head, "Connection", "Upgrade") ||
            !str_equal_nocase(http_exchange_header(exchange, "Upgrade"), protocol))
                return error_set(err, ERROR_INVALID, 0, "Missing or invalid upgrade header");
        _cleanup_free_ char *framing =
                str_printf("Upgrade: %s\r\nConnection: Upgrade\r\n", protocol);
        response_head(&head, 101, NULL, framing);
        exchange->replied = true;
        if (send_bytes(exchange, head.data, head.length, err) < 0)
                return -1;
        exchange->upgraded = true;
        *ret = transport_detach(exchange->connection->transport);
        return 0;
}

int http_exchange_upgrade(HttpExchange *exchange, WebSocket **ret, Error **err) {
        _cleanup_strbuf_ StrBuf head = {};
        const char *key = http_exchange_header(exchange, "Sec-WebSocket-Key");
        if (!http_head_has_token(&exchange->head, "Connection", "Upgrade") ||
            !str_equal_nocase(http_exchange_header(exchange, "Upgrade"), "websocket") ||
            key == NULL)
                return error_set(err, ERROR_INVALID, 0, "A websocket handshake is required");
        _cleanup_free_ char *accept = websocket_accept_key(key);
        _cleanup_free_ char *framing =
                str_printf("Upgrade: websocket\r\nConnection: Upgrade\r\n"
                           "Sec-WebSocket-Accept: %s\r\n",
                           accept);
        response_head(&head, 101, NULL, framing);
        exchange->replied = true;
        if (send_bytes(exchange, head.data, head.length, err) < 0)
                return -1;
        exchange->upgraded = true;
        Connection *connection = exchange->connection;
        *ret = websocket_new(transport_detach(connection->transport), WEBSOCKET_SERVER,
                             connection->input, connection->input_size);
        connection->input_size = 0;
        return 0;
}

int http_exchange_park(HttpExchange *exchange, LoopCallback on_hangup, void *userdata,
                       HttpParked **ret, Error **err) {
        if (exchange->replied || exchange->parked)
                return error_set(err, ERROR_INTERNAL, 0, "The request was answered already");
        HttpParked *parked = mem_new(HttpParked);
        *parked = (HttpParked){.connection = exchange->connection,
                               .on_hangup = on_hangup,
                               .userdata = userdata,
                               .keep_alive = exchange->head.keep_alive};
        exchange->parked = true;
        exchange->connection->parked = parked;
        *ret = parked;
        return 0;
}

void parked_free(HttpParked *parked) {
        if (parked == NULL)
                return;
        free(parked->reply);
        free(parked);
}

static void resume_message(void *userdata) {
        connection_resume(userdata);
}

static void close_message(void *userdata) {
        connection_close(userdata);
}

/* The rest of a reply that the socket did not take at once. */
static void parked_write(void *userdata) {
        Connection *connection = userdata;
        HttpParked *parked = TAKE_PTR(connection->parked);
        bool done = transport_write(connection->transport, parked->reply, parked->reply_size,
                                    WRITE_TIMEOUT_MS, NULL) == 0 &&
                    parked->keep_alive;
        parked_free(parked);
        loop_post(connection->server->spec.loop, done ? resume_message : close_message,
                  connection);
}

static void parked_send(HttpParked *parked) {
        Connection *connection = parked->connection;
        size_t put = 0;
        connection->owner = CONNECTION_WORKER;
        bool failed = transport_write_now(connection->transport, parked->reply,
                                          parked->reply_size, &put, NULL) < 0;
        if (!failed && put < parked->reply_size) {
                parked->reply_size -= put;
                memmove(parked->reply, parked->reply + put, parked->reply_size);
                workers_submit(connection->server->spec.workers, WORK_SHORT, parked_write,
                               connection);
                return;
        }
        bool keep = !failed && parked->keep_alive;
        parked_free(TAKE_PTR(connection->parked));
        if (keep)
                connection_resume(connection);
        else
                connection_close(connection);
}

void parked_settle(HttpParked *parked) {
        parked->settled = true;
        if (parked->reply != NULL)
                parked_send(parked);
}

void http_parked_reply(HttpParked *parked, int status, const StrMap *headers, const void *body,
                       size_t size) {
        StrBuf reply = {};
        _cleanup_free_ char *framing =
                str_printf("Content-Length: %zu\r\n%s", size,
                           parked->keep_alive ? "" : "Connection: close\r\n");
        response_head(&reply, status, headers, framing);
        strbuf_add_data(&reply, body, size);
        parked->reply_size = reply.length;
        parked->reply = strbuf_take(&reply);
        if (parked->settled)
                parked_send(parked);
}

/* Skips what the handler did not read, so that the next request is found. */
static bool drain_body(HttpExchange *exchange) {
        char block[16384];
        uint64_t drained = 0;
        size_t got;
        if (exchange->body_broken || (exchange->head.expect_continue && !exchange->continue_sent &&
                                      !body_is_complete(exchange)))
                return false;
        while (!body_is_complete(exchange)) {
                if (drained > DRAIN_LIMIT ||
                    http_exchange_read(exchange, block, sizeof block, &got, NULL) < 0)
                        return false;
                drained += got;
        }
        return true;
}

static bool exchange_end(HttpExchange *exchange) {
        if (exchange->upgraded)
                return false;
        if (exchange->parked) {
                exchange->connection->owner = CONNECTION_PARKED;
                return true;
        }
        if (!exchange->replied)
                (void) http_exchange_reply(exchange, 500, NULL, "", 0, NULL);
        if (exchange->failed || exchange->streaming || !exchange->head.keep_alive ||
            !drain_body(exchange)) {
                transport_shutdown(exchange->connection->transport);
                return false;
        }
        return true;
}

bool exchange_run(Connection *connection, size_t head_size) {
        HttpExchange exchange = {.connection = connection};
        _cleanup_error_ Error *err = NULL;
        if (http_head_parse_request(connection->input, head_size, &exchange.head, &err) < 0) {
                connection_refuse(connection, error_is(err, ERROR_TOO_LARGE) ? 431 : 400,
                                  "Malformed HTTP request");
                return false;
        }
        connection_consume(connection, head_size);
        exchange.body_left =
                exchange.head.content_length > 0 ? (uint64_t) exchange.head.content_length : 0;
        const char *target = exchange.head.target;
        size_t path_length = strcspn(target, "?");
        exchange.path = str_ndup(target, path_length);
        exchange.query = target[path_length] == '?' ? target + path_length + 1 : "";
        connection->server->spec.handler(&exchange, connection->server->spec.userdata);
        bool keep = exchange_end(&exchange);
        free(exchange.path);
        http_head_done(&exchange.head);
        return keep;
}
