#include "migration/link.h"

#include "base/memory.h"
#include "client/https.h"
#include "http/websocket.h"
#include "migration/header.h"
#include "operation/operation.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#define CONNECT_TIMEOUT_MS (10 * 1000)
#define ANSWER_TIMEOUT_MS (60 * 1000)
#define EXPLAIN_TIMEOUT_MS 1000
#define DOCUMENT_LIMIT ((size_t) 64 << 20)
#define CLOSE_NORMAL 1000

static const char *const names[] = {"control", "fs"};

/* A peer that is gone without a word is noticed within half a minute. */
static void watch_peer(WebSocket *socket) {
        static const struct {
                int level, name, value;
        } options[] = {
                {SOL_SOCKET, SO_KEEPALIVE, 1},      {IPPROTO_TCP, TCP_KEEPIDLE, 10},
                {IPPROTO_TCP, TCP_KEEPINTVL, 5},    {IPPROTO_TCP, TCP_KEEPCNT, 4},
                {IPPROTO_TCP, TCP_USER_TIMEOUT, 30000},
        };
        for (size_t i = 0; i < ARRAY_SIZE(options); i++)
                (void) setsockopt(ws_fd(socket), options[i].level, options[i].name,
                                  &options[i].value, sizeof options[i].value);
}

int migration_link_listen(MigrationLink *link, Error **err) {
        *link = (MigrationLink) {.waits = true};
        if (session_init(&link->session, err) < 0) {
                link->waits = false;
                return -1;
        }
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                session_add(&link->session, names[i], true);
        return 0;
}

void migration_link_publish(MigrationLink *link, Operation *operation) {
        json_t *secrets = session_fds(&link->session), *secret;
        const char *name;
        json_object_foreach(secrets, name, secret)
                operation_set_metadata(operation, name, json_incref(secret));
        json_decref(secrets);
}

int migration_link_wait(MigrationLink *link, Error **err) {
        if (session_wait(&link->session, CONNECT_TIMEOUT_MS, NULL) < 0)
                return error_set(err, ERROR_TIMEOUT, 0,
                                 "Timed out waiting for migration connections");
        link->control = session_socket(&link->session, "control");
        link->fs = session_socket(&link->session, "fs");
        watch_peer(link->control);
        watch_peer(link->fs);
        return 0;
}

static int dial_one(Client *client, const char *path, const char *secret, WebSocket **ret,
                    Error **err) {
        _cleanup_free_ char *url = client_url_query(str_dup(path), "secret", secret);
        if (client_websocket(client, url, ret, err) < 0)
                return error_prefix(err, "Failed connecting migration channel");
        watch_peer(*ret);
        return 0;
}

int migration_link_dial(MigrationLink *link, const char *operation, const StrMap *secrets,
                        const char *certificate, Error **err) {
        const char *rest = str_after_prefix(operation, "https://");
        const char *path = rest != NULL ? strchr(rest, '/') : NULL;
        *link = (MigrationLink) {.waits = false};
        if (path == NULL)
                return error_set(err, ERROR_INVALID, 0,
                                 "Invalid migration operation URL \"%s\": "
                                 "https://HOST:PORT/1.0/operations/ID is needed",
                                 operation != NULL ? operation : "");
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (str_is_empty(strmap_get(secrets, names[i])))
                        return error_set(err, ERROR_INVALID, 0, "Missing %s secret", names[i]);
        const ClientTls tls = {.pinned = str_is_empty(certificate) ? NULL : certificate};
        _cleanup_client_ Client *client = client_new_https(operation, &tls);
        _cleanup_free_ char *socket_path =
                str_printf("%.*s/websocket", (int) strcspn(path, "?"), path);
        if (dial_one(client, socket_path, strmap_get(secrets, "control"), &link->control, err) <
                    0 ||
            dial_one(client, socket_path, strmap_get(secrets, "fs"), &link->fs, err) < 0)
                return -1;
        return 0;
}

void migration_link_done(MigrationLink *link) {
        if (link->waits) {
                session_done(&link->session);
        } else {
                websocket_free(link->control);
                websocket_free(link->fs);
        }
        *link = (MigrationLink) {.waits = false};
}

int migration_link_send(MigrationLink *link, const StrBuf *message, Error **err) {
        return ws_send(link->control, WS_BINARY, message->data, message->length, err);
}

int migration_link_receive(MigrationLink *link, int timeout_ms, StrBuf *ret, Error **err) {
        WebSocketType type;
        if (ws_receive(link->control, timeout_ms, &type, ret, err) < 0)
                return -1;
        if (type == WS_CLOSE)
                return error_set(err, ERROR_UNAVAILABLE, ECONNRESET,
                                 "The peer closed the migration's control socket");
        if (type != WS_BINARY)
                return error_set(err, ERROR_INVALID, EPROTO, "Only binary messages allowed");
        return 0;
}

int migration_link_result(MigrationLink *link, int timeout_ms, Error **err) {
        _cleanup_strbuf_ StrBuf message = {};
        if (migration_link_receive(link, timeout_ms, &message, err) < 0)
                return -1;
        return migration_control_read(message.data, message.length, err);
}

int migration_link_accept(MigrationLink *link, const char *secret, struct HttpExchange *exchange,
                          Error **err) {
        return session_connect(&link->session, secret, exchange, err);
}

/* What the peer said before it closed. */
static void explain(MigrationLink *link, Error **err) {
        static const int broken[] = {ECONNRESET, EPIPE, EPROTO, ETIMEDOUT};
        _cleanup_strbuf_ StrBuf message = {};
        _cleanup_error_ Error *theirs = NULL;
        bool lost = false;
        for (size_t i = 0; i < ARRAY_SIZE(broken); i++)
                lost = lost || (*err)->number == broken[i];
        if (!lost || migration_link_receive(link, EXPLAIN_TIMEOUT_MS, &message, NULL) < 0 ||
            migration_control_read(message.data, message.length, &theirs) == 0)
                return;
        error_free(*err);
        *err = TAKE_PTR(theirs);
}

void migration_link_finish(MigrationLink *link, bool speaks, Error **err) {
        _cleanup_strbuf_ StrBuf message = {};
        if (link->control == NULL)
                return;
        if (*err != NULL)
                explain(link, err);
        migration_control_write(*err != NULL ? error_message(*err) : NULL, &message);
        if (speaks)
                (void) !migration_link_send(link, &message, NULL);
        ws_close(link->control, CLOSE_NORMAL);
        if (link->fs != NULL && *err != NULL)
                ws_abort(link->fs);
        else if (link->fs != NULL)
                ws_close(link->fs, CLOSE_NORMAL);
}

int migration_link_put(MigrationLink *link, const char *text, Error **err) {
        if (ws_send(link->fs, WS_BINARY, text, strlen(text), err) < 0)
                return -1;
        return ws_send(link->fs, WS_TEXT, "", 0, err);
}

int migration_link_get(MigrationLink *link, StrBuf *ret, Error **err) {
        _cleanup_strbuf_ StrBuf document = {};
        for (;;) {
                _cleanup_strbuf_ StrBuf message = {};
                WebSocketType type;
                if (ws_receive(link->fs, ANSWER_TIMEOUT_MS, &type, &message, err) < 0)
                        return -1;
                if (type == WS_CLOSE)
                        return error_set(err, ERROR_UNAVAILABLE, ECONNRESET,
                                         "The peer closed the migration's data socket");
                if (type == WS_TEXT)
                        break;
                if (document.length + message.length > DOCUMENT_LIMIT)
                        return error_set(err, ERROR_TOO_LARGE, 0,
                                         "The peer's migration index is over 64 MiB");
                strbuf_add_data(&document, message.data, message.length);
        }
        *ret = document;
        document = (StrBuf) {};
        return 0;
}
