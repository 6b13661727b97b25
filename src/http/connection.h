/* One connection, shared by server.c (loop side) and exchange.c (worker side). */
#pragma once

#include "http/server.h"

typedef enum ConnectionOwner {
        CONNECTION_LOOP,   /* idle or reading a head, armed in the loop */
        CONNECTION_WORKER, /* a worker runs its request */
        CONNECTION_PARKED, /* waits for http_parked_reply(), armed for a hang-up */
        CONNECTION_GONE,   /* upgraded: another owner has the stream */
} ConnectionOwner;

typedef struct Connection Connection;
struct Connection {
        HttpServer *server;
        Transport *transport;
        LoopSource *source;
        Connection *next, *previous; /* all of the server, loop's thread */
        ConnectionOwner owner;
        HttpPeer peer;
        char *input; /* bytes read and not consumed */
        size_t input_size, input_capacity;
        LoopTimer *head_timer; /* runs while a head is incomplete */
        HttpParked *parked;
};

/* Made by the worker, and after the handler has returned of the loop's thread alone. A reply that
 * comes before that (`settled`) is kept and sent then. */
struct HttpParked {
        Connection *connection;
        LoopCallback on_hangup;
        void *userdata;
        bool keep_alive;
        bool settled;
        char *reply;
        size_t reply_size;
};

struct HttpServer {
        HttpServerSpec spec;
        Connection *connections;
        size_t count; /* atomic */
        HttpListener *listeners;
        bool stopping;
};

struct HttpExchange {
        Connection *connection;
        HttpHead head;
        char *path;
        const char *query;
        uint64_t body_left; /* without chunking */
        ChunkDecoder chunks;
        bool continue_sent;
        bool body_broken;
        bool replied;
        bool streaming;
        bool failed; /* the stream cannot be used again */
        bool parked;
        bool upgraded;
};

/* Runs one request whose head is in connection->input; true when the connection may go on. */
bool exchange_run(Connection *connection, size_t head_size);
/* Drops `size` consumed bytes of the input. */
void connection_consume(Connection *connection, size_t size);
/* Writes a whole response that needs no exchange. */
void connection_refuse(Connection *connection, int status, const char *message);
/* Loop's thread: closes and frees. */
void connection_close(Connection *connection);
/* Loop's thread: sends the kept reply or waits for a hang-up. */
void parked_settle(HttpParked *parked);
void parked_free(HttpParked *parked);
/* Loop's thread: waits for the next request. */
void connection_resume(Connection *connection);
