#include "client/connection_private.h"

#include "base/memory.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static int connect_unix(void *userdata, Transport **ret, Error **err) {
        const char *path = userdata;
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        _cleanup_close_ int fd = -1;
        if (strlen(path) >= sizeof(address.sun_path))
                return error_set(err, ERROR_INVALID, 0, "The path of the socket is too long: %s",
                                 path);
        memcpy(address.sun_path, path, strlen(path));
        fd = socket(AF_UNIX, SOCK_STREAM, 0);
        if (fd < 0)
                return error_errno(err, errno, "Cannot make a socket");
        if (connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0)
                return error_set(err, errno == EACCES ? ERROR_FORBIDDEN : ERROR_UNAVAILABLE, errno,
                                 "dial unix %s: connect: %s", path, strerror(errno));
        *ret = transport_new(TAKE_FD(fd));
        return 0;
}

Client *client_new_unix(const char *socket_path) {
        _cleanup_free_ char *name = str_printf("unix socket %s", socket_path);
        const ClientConnector connector = {connect_unix, free, str_dup(socket_path)};
        return client_new(name, "lxd", &connector);
}

int connection_open(Client *client, Connection **ret, Error **err) {
        Transport *transport;
        Connection *connection;
        if (client->connector.connect(client->connector.userdata, &transport, err) < 0)
                return -1;
        connection = mem_resize(NULL, 1, sizeof(*connection)); /* its buffer need not be zeroed */
        connection->transport = transport;
        connection->start = connection->end = 0;
        *ret = connection;
        return 0;
}

void connection_free(Connection *connection) {
        if (connection == NULL)
                return;
        transport_free(connection->transport);
        free(connection);
}

int connection_fill(Connection *connection, bool *ret_end, Error **err) {
        size_t got;
        if (connection->start > 0) {
                memmove(connection->buffer, connection->buffer + connection->start,
                        connection->end - connection->start);
                connection->end -= connection->start;
                connection->start = 0;
        }
        if (connection->end == sizeof(connection->buffer))
                return error_set(err, ERROR_TOO_LARGE, 0, "The server's headers are too long");
        if (transport_read(connection->transport, connection->buffer + connection->end,
                           sizeof(connection->buffer) - connection->end, -1, &got, err) < 0)
                return -1;
        connection->end += got;
        *ret_end = got == 0;
        return 0;
}

int connection_read_head(Connection *connection, HttpHead *ret, Error **err) {
        for (;;) {
                const char *data = connection->buffer + connection->start;
                size_t size = http_head_end(data, connection->end - connection->start);
                bool end;
                if (size == 0) {
                        if (connection_fill(connection, &end, err) < 0)
                                return -1;
                        if (end)
                                return error_set(err, ERROR_UNAVAILABLE, 0,
                                                 "The server closed the connection");
                        continue;
                }
                if (http_head_parse_response(data, size, ret, err) < 0)
                        return error_prefix(err, "Bad answer from the server");
                connection->start += size;
                if (ret->status >= 200 || ret->status == 101)
                        return 0;
                http_head_done(ret);
        }
}

/* Whether a kept connection is still open: nothing may be readable between two exchanges. */
static bool is_usable(Connection *connection) {
        struct pollfd entry = {.fd = transport_fd(connection->transport), .events = POLLIN};
        return connection->start == connection->end && poll(&entry, 1, 0) == 0;
}

static int take_connection(Client *client, Connection **ret, Error **err) {
        Connection *idle = TAKE_PTR(client->idle);
        if (idle != NULL && is_usable(idle)) {
                *ret = idle;
                return 0;
        }
        connection_free(idle);
        return connection_open(client, ret, err);
}

int connection_begin(Client *client, const ClientRequest *request, ClientDownload **ret,
                     Error **err) {
        _cleanup_(connection_cleanup) Connection *connection = NULL;
        _cleanup_error_ Error *write_error = NULL;
        ClientDownload *download;
        HttpHead head;
        if (take_connection(client, &connection, err) < 0)
                return -1;
        /* A server that refuses an upload answers before it has read it all: look for its words
         * even when writing failed. */
        if (connection_write_request(client, connection, request, NULL, &write_error) < 0 &&
            !error_is(write_error, ERROR_SYSTEM))
                return error_move(err, &write_error);
        if (connection_read_head(connection, &head, write_error == NULL ? err : NULL) < 0)
                return write_error != NULL ? error_move(err, &write_error) : -1;
        download = mem_new(ClientDownload);
        download->client = client;
        download->connection = TAKE_PTR(connection);
        download->head = head;
        download->left = head.content_length;
        if (str_equal(request->method, "HEAD") || head.status == 204 || head.status == 304)
                download->ended = true;
        if (write_error != NULL)
                download->head.keep_alive = false;
        *ret = download;
        return 0;
}
