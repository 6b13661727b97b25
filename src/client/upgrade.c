/* Connections that stop being HTTP: websockets, SFTP. */
#include "client/connection_private.h"

#include "base/memory.h"
#include "base/units.h"
#include "http/websocket.h"

#include <string.h>

/* Base64 of 16 random bytes, as the handshake's key has to be. */
static char *make_key(void) {
        static const char digits[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        unsigned char raw[18] = {};
        char *key = mem_alloc(25);
        random_bytes(raw, 16);
        for (size_t i = 0; i < 6; i++) {
                uint32_t bits = (uint32_t) raw[3 * i] << 16 | (uint32_t) raw[3 * i + 1] << 8 |
                                raw[3 * i + 2];
                for (size_t j = 0; j < 4; j++)
                        key[4 * i + j] = digits[bits >> (18 - 6 * j) & 63];
        }
        key[22] = key[23] = '=';
        return key;
}

static int refusal(Client *client, Connection *connection, HttpHead *head, Error **err) {
        ClientDownload *download = mem_new(ClientDownload);
        _cleanup_download_ ClientDownload *owned = download;
        char text[4096];
        size_t size = 0, got = 1;
        json_t *body;
        download->client = client;
        download->connection = connection;
        download->head = *head;
        download->head.keep_alive = false;
        download->left = head->content_length;
        while (got > 0 && size < sizeof(text) - 1) {
                if (client_download_read(download, text + size, sizeof(text) - 1 - size, &got,
                                         NULL) < 0)
                        break;
                size += got;
        }
        text[size] = '\0';
        body = json_loadb(text, size, 0, NULL);
        (void) client_error_from_reply(err, head->status, body, body == NULL ? text : NULL);
        json_decref(body);
        return -1;
}

/* Sends the request and returns the connection once the server has switched. */
static int switch_protocol(Client *client, const char *path, const char *extra,
                           Connection **ret, HttpHead *ret_head, Error **err) {
        _cleanup_(connection_cleanup) Connection *connection = NULL;
        const ClientRequest request = {.path = path};
        HttpHead head;
        if (connection_open(client, &connection, err) < 0 ||
            connection_write_request(client, connection, &request, extra, err) < 0 ||
            connection_read_head(connection, &head, err) < 0)
                return -1;
        if (head.status != 101)
                return refusal(client, TAKE_PTR(connection), &head, err);
        *ret = TAKE_PTR(connection);
        *ret_head = head;
        return 0;
}

int client_websocket(Client *client, const char *path, WebSocket **ret, Error **err) {
        _cleanup_free_ char *key = make_key(), *accept = websocket_accept_key(key);
        _cleanup_free_ char *extra =
                str_printf("Connection: Upgrade\r\nUpgrade: websocket\r\n"
                           "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n",
                           key);
        _cleanup_(connection_cleanup) Connection *connection = NULL;
        HttpHead head;
        bool accepted;
        if (switch_protocol(client, path, extra, &connection, &head, err) < 0)
                return -1;
        accepted = str_equal(http_head_get(&head, "Sec-WebSocket-Accept"), accept);
        http_head_done(&head);
        if (!accepted)
                return error_set(err, ERROR_INTERNAL, 0, "The server is no websocket server");
        *ret = websocket_new(TAKE_PTR(connection->transport), WEBSOCKET_CLIENT,
                             connection->buffer + connection->start,
                             connection->end - connection->start);
        return 0;
}

int client_operation_socket(Client *client, const char *id, const char *secret, WebSocket **ret,
                            Error **err) {
        char *path = client_url("/1.0/operations/{}/websocket", id, NULL);
        _cleanup_free_ char *url = client_url_query(path, "secret", secret);
        return client_websocket(client, url, ret, err);
}

int client_upgrade(Client *client, const char *path, const char *protocol, Transport **ret,
                   Error **err) {
        _cleanup_free_ char *extra =
                str_printf("Connection: Upgrade\r\nUpgrade: %s\r\n", protocol);
        _cleanup_(connection_cleanup) Connection *connection = NULL;
        HttpHead head;
        if (switch_protocol(client, path, extra, &connection, &head, err) < 0)
                return -1;
        http_head_done(&head);
        if (connection->end != connection->start)
                return error_set(err, ERROR_INTERNAL, 0,
                                 "The server spoke %s before it was asked", protocol);
        *ret = TAKE_PTR(connection->transport);
        return 0;
}
