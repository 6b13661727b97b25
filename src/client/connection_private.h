/* Connections and bodies: between client.c, stream.c, operation.c and upgrade.c only. */
#pragma once

#include "client/client.h"
#include "http/parser.h"
#include "http/transport.h"

#define CONNECTION_BUFFER 65536

/* A connection and what was received on it but not consumed yet: buffer[start..end). */
typedef struct Connection {
        Transport *transport;
        size_t start, end;
        char buffer[CONNECTION_BUFFER];
} Connection;

struct Client {
        char *name;
        char *host;
        char *project;
        char *target;
        ClientConnector connector;
        Connection *idle; /* kept alive for the next request */
        WebSocket *events;
        char *events_project;
        Table *ended; /* id -> operation that ended while another one was waited for */
        json_t *server;
};

/* A body that is being received. Owns the connection, which goes back to `client` when the body was
 * read to its end and may be used again. */
struct ClientDownload {
        Client *client;
        Connection *connection;
        HttpHead head;
        ChunkDecoder decoder;
        int64_t left; /* of a body with a length; -1: until the connection ends */
        bool ended;
};

int connection_open(Client *client, Connection **ret, Error **err) _must_check_;
void connection_free(Connection *connection);
DEFINE_CLEANUP(Connection, connection, connection_free)
/* At least one byte more in the buffer; *ret_end at the end of the stream. */
int connection_fill(Connection *connection, bool *ret_end, Error **err) _must_check_;
/* Skips 1xx other than 101. */
int connection_read_head(Connection *connection, HttpHead *ret, Error **err) _must_check_;

/* Head and body of `request`. `extra` are header lines ("Name: value\r\n") or NULL. */
int connection_write_request(Client *client, Connection *connection, const ClientRequest *request,
                  const char *extra, Error **err) _must_check_;
/* Sends and reads the reply's head. */
int connection_begin(Client *client, const ClientRequest *request, ClientDownload **ret,
                     Error **err) _must_check_;

/* What a reply of `status` with this JSON or text means as an error. Returns -1. */
int client_error_from_reply(Error **err, int status, const json_t *body, const char *text);
