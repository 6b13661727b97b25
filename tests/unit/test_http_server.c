#include "base/memory.h"
#include "base/text.h"
#include "http/server.h"
#include "http/sink.h"
#include "http/websocket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cmocka.h>

/* A server on an unbound unix socket name, with a handler that does what the path says. */
typedef struct Fixture {
        Loop *loop;
        Loop *events;
        Workers *workers;
        HttpServer *server;
        struct sockaddr_un address;
        socklen_t address_size;
        HttpParked *parked;
        WsSink *sink;
        int hangups;
        int closed;
} Fixture;

static void on_hangup(void *userdata) {
        Fixture *f = userdata;
        __atomic_add_fetch(&f->hangups, 1, __ATOMIC_RELEASE);
}

static void on_closed(void *userdata) {
        Fixture *f = userdata;
        __atomic_add_fetch(&f->closed, 1, __ATOMIC_RELEASE);
}

static void reply_parked(void *userdata) {
        Fixture *f = userdata;
        http_parked_reply(f->parked, 200, NULL, "late", 4);
}

static void echo_socket(HttpExchange *exchange) {
        _cleanup_(websocket_cleanup) WebSocket *socket = NULL;
        _cleanup_strbuf_ StrBuf message = {};
        WebSocketType type;
        assert_int_equal(http_exchange_upgrade(exchange, &socket, NULL), 0);
        while (ws_receive(socket, 5000, &type, &message, NULL) == 0 && type != WS_CLOSE)
                assert_int_equal(ws_send(socket, type, message.data, message.length, NULL), 0);
}

static void handle(HttpExchange *exchange, void *userdata) {
        Fixture *f = userdata;
        const char *path = http_exchange_path(exchange);
        if (str_equal(path, "/echo")) {
                char *body = NULL;
                size_t size = 0;
                _cleanup_error_ Error *err = NULL;
                if (http_exchange_read_all(exchange, 1 << 20, &body, &size, &err) < 0)
                        http_exchange_reply(exchange, 400, NULL, err->message,
                                            strlen(err->message), NULL);
                else
                        http_exchange_reply(exchange, 200, NULL, body, size, NULL);
                free(body);
        } else if (str_equal(path, "/park") || str_equal(path, "/park-now")) {
                assert_int_equal(http_exchange_park(exchange, on_hangup, f, &f->parked, NULL), 0);
                if (str_equal(path, "/park-now"))
                        loop_post(f->loop, reply_parked, f);
        } else if (str_equal(path, "/stream")) {
                http_exchange_stream_begin(exchange, 200, NULL, NULL);
                http_exchange_stream_write(exchange, "abc", 3, NULL);
                http_exchange_stream_end(exchange, NULL);
        } else if (str_equal(path, "/ws")) {
                echo_socket(exchange);
        } else if (str_equal(path, "/sink")) {
                WebSocket *socket = NULL;
                assert_int_equal(http_exchange_upgrade(exchange, &socket, NULL), 0);
                f->sink = ws_sink_new(f->events, socket, on_closed, f);
                SinkMessage *message = sink_message_new(WS_TEXT, "hello", 5);
                ws_sink_send(f->sink, message);
                sink_message_unref(message);
        } else {
                http_exchange_reply(exchange, 404, NULL, "no", 2, NULL);
        }
}

static int setup(void **state) {
        Fixture *f = mem_new(Fixture);
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        f->address.sun_family = AF_UNIX;
        f->address_size = sizeof f->address;
        assert_int_equal(bind(fd, (struct sockaddr *) &f->address, sizeof(sa_family_t)), 0);
        assert_int_equal(listen(fd, 16), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *) &f->address, &f->address_size), 0);
        assert_int_equal(loop_new(&f->loop, NULL), 0);
        assert_int_equal(loop_new(&f->events, NULL), 0);
        f->workers = workers_new(8);
        f->server = http_server_new(&(HttpServerSpec){.loop = f->loop,
                                                      .workers = f->workers,
                                                      .handler = handle,
                                                      .userdata = f,
                                                      .connection_limit = 50});
        assert_int_equal(http_server_listen(f->server, fd, NULL), 0);
        assert_int_equal(loop_start_thread(f->loop, "loop", NULL), 0);
        assert_int_equal(loop_start_thread(f->events, "events", NULL), 0);
        *state = f;
        return 0;
}

static int teardown(void **state) {
        Fixture *f = *state;
        loop_join_thread(f->loop);
        loop_join_thread(f->events);
        workers_free(f->workers);
        http_server_free(f->server);
        loop_free(f->loop);
        loop_free(f->events);
        free(f);
        return 0;
}

static int dial(Fixture *f) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(fd, (struct sockaddr *) &f->address, f->address_size), 0);
        struct timeval limit = {.tv_sec = 5};
        assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
        return fd;
}

/* Sends, then reads until `wanted` was seen. */
static char *talk(int fd, const char *text, const char *wanted) {
        StrBuf answer = {};
        char block[1024];
        ssize_t got;
        if (*text != '\0')
                assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
        while ((answer.data == NULL || strstr(answer.data, wanted) == NULL) &&
               (got = recv(fd, block, sizeof block, 0)) > 0)
                strbuf_add_data(&answer, block, (size_t) got);
        if (answer.data == NULL || strstr(answer.data, wanted) == NULL)
                fail_msg("\"%s\" is not in \"%s\"", wanted, answer.data ? answer.data : "");
        return strbuf_take(&answer);
}

static void exchange(Fixture *f, const char *text, const char *wanted) {
        _cleanup_close_ int fd = dial(f);
        free(talk(fd, text, wanted));
}

static void test_bodies_come_back(void **state) {
        Fixture *f = *state;
        _cleanup_close_ int fd = dial(f);
        free(talk(fd, "POST /echo HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", "\r\n\r\nhello"));
        free(talk(fd,
                  "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "3\r\nfoo\r\n4;x=y\r\nbars\r\n0\r\nT: 1\r\n\r\n",
                  "\r\n\r\nfoobars"));
        free(talk(fd, "GET /stream HTTP/1.1\r\n\r\n", "3\r\nabc\r\n0\r\n\r\n"));
}

static void test_pipelined_requests_are_answered_in_order(void **state) {
        _cleanup_close_ int fd = dial(*state);
        free(talk(fd,
                  "POST /echo HTTP/1.1\r\nContent-Length: 1\r\n\r\n1"
                  "POST /echo HTTP/1.1\r\nContent-Length: 1\r\n\r\n2GET /x HTTP/1.1\r\n\r\n",
                  "\r\n\r\nno"));
}

static void test_hostile_heads_are_refused(void **state) {
        static const char *const bad[] = {
                "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
                "GET / HTTP/1.1\r\nContent-Length: +1\r\n\r\n",
                "GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                "GET / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
                "GET / HTTP/1.1\r\nX : 1\r\n\r\n",
                "GET / HTTP/1.1\r\nX: 1\r\n folded\r\n\r\n",
                "GET / HTTP/1.1\r\nX: 1\nY: 2\r\n\r\n",
                "GET / HTTP/2.0\r\n\r\n",
                "GET  / HTTP/1.1\r\n\r\n",
                "GET http://x/ HTTP/1.1\r\n\r\n",
                "\r\n\r\n",
        };
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                exchange(*state, bad[i], "HTTP/1.1 400");
        _cleanup_strbuf_ StrBuf large = {};
        strbuf_add(&large, "GET / HTTP/1.1\r\nX: ");
        while (large.length < 70000)
                strbuf_add(&large, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
        exchange(*state, large.data, "HTTP/1.1 431");
}

static void test_a_cut_body_is_an_error(void **state) {
        _cleanup_close_ int fd = dial(*state);
        const char *text = "POST /echo HTTP/1.1\r\nContent-Length: 9\r\n\r\nhal";
        assert_int_equal(send(fd, text, strlen(text), 0), strlen(text));
        shutdown(fd, SHUT_WR);
        free(talk(fd, "", "ended early"));
}

static void test_parked_requests_are_answered_later(void **state) {
        Fixture *f = *state;
        exchange(f, "GET /park-now HTTP/1.1\r\n\r\n", "\r\n\r\nlate");
        int fd = dial(f);
        assert_int_equal(send(fd, "GET /park HTTP/1.1\r\n\r\n", 22, 0), 22);
        usleep(50000);
        close(fd);
        for (int i = 0; i < 100 && __atomic_load_n(&f->hangups, __ATOMIC_ACQUIRE) == 0; i++)
                usleep(10000);
        assert_int_equal(f->hangups, 1);
}

#define UPGRADE                                                                     \
        " HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nOrigin: evil\r\n" \
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

static void test_websockets_echo(void **state) {
        int fd = dial(*state);
        /* The key and its answer are the example of RFC 6455, 1.3. */
        free(talk(fd, "GET /ws" UPGRADE, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"));
        _cleanup_(websocket_cleanup) WebSocket *socket =
                websocket_new(transport_new(fd), WEBSOCKET_CLIENT, NULL, 0);
        _cleanup_strbuf_ StrBuf message = {};
        WebSocketType type;
        _cleanup_free_ char *large = mem_alloc(300000);
        memset(large, 'x', 300000);
        assert_int_equal(ws_send(socket, WS_TEXT, "", 0, NULL), 0);
        assert_int_equal(ws_receive(socket, 5000, &type, &message, NULL), 0);
        assert_int_equal(type, WS_TEXT);
        assert_int_equal(message.length, 0);
        assert_int_equal(ws_send(socket, WS_BINARY, large, 300000, NULL), 0);
        assert_int_equal(ws_receive(socket, 5000, &type, &message, NULL), 0);
        assert_int_equal(type, WS_BINARY);
        assert_int_equal(message.length, 300000);
        ws_close(socket, 1000);
        assert_int_equal(ws_receive(socket, 5000, &type, &message, NULL), 0);
        assert_int_equal(type, WS_CLOSE);
}

static void test_sinks_send_and_notice_the_end(void **state) {
        Fixture *f = *state;
        int fd = dial(f);
        free(talk(fd, "GET /sink" UPGRADE, "hello"));
        close(fd);
        for (int i = 0; i < 100 && __atomic_load_n(&f->closed, __ATOMIC_ACQUIRE) == 0; i++)
                usleep(10000);
        assert_int_equal(f->closed, 1);
}

static void test_idle_connections_do_not_block(void **state) {
        int idle[20];
        for (size_t i = 0; i < ARRAY_SIZE(idle); i++)
                idle[i] = dial(*state);
        exchange(*state, "GET /x HTTP/1.1\r\n\r\n", "HTTP/1.1 404");
        for (size_t i = 0; i < ARRAY_SIZE(idle); i++)
                close(idle[i]);
}

static void test_too_many_connections_are_told(void **state) {
        int idle[51];
        for (size_t i = 0; i < ARRAY_SIZE(idle); i++)
                idle[i] = dial(*state);
        free(talk(idle[50], "", "HTTP/1.1 503"));
        for (size_t i = 0; i < ARRAY_SIZE(idle); i++)
                close(idle[i]);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_bodies_come_back),
                cmocka_unit_test(test_pipelined_requests_are_answered_in_order),
                cmocka_unit_test(test_hostile_heads_are_refused),
                cmocka_unit_test(test_a_cut_body_is_an_error),
                cmocka_unit_test(test_parked_requests_are_answered_later),
                cmocka_unit_test(test_websockets_echo),
                cmocka_unit_test(test_sinks_send_and_notice_the_end),
                cmocka_unit_test(test_idle_connections_do_not_block),
                cmocka_unit_test(test_too_many_connections_are_told),
        };
        return cmocka_run_group_tests_name("http-server", tests, setup, teardown);
}
