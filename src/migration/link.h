/* The two websockets between source and target: "control" for messages, "fs" for data. One side
 * waits for them as an operation's sockets, the other one opens them; which is which is independent
 * of who sends. */
#pragma once

#include "instance/session.h"
#include "base/text.h"

struct Operation;
struct HttpExchange;

typedef struct MigrationLink {
        Session session; /* of the side that waits */
        bool waits;
        WebSocket *control, *fs; /* owned when it does not wait */
} MigrationLink;

/* Makes the secrets. */
int migration_link_listen(MigrationLink *link, Error **err) _must_check_;
/* Tells the operation's clients the secrets. */
void migration_link_publish(MigrationLink *link, struct Operation *operation);
/* Until both are connected, at most ten seconds. */
int migration_link_wait(MigrationLink *link, Error **err) _must_check_;
/* `operation` is "https://HOST:PORT/1.0/operations/ID"; `certificate` the server's, PEM, NULL or
 * empty: an authority's. ERROR_INVALID when a secret is missing. */
int migration_link_dial(MigrationLink *link, const char *operation, const StrMap *secrets,
                        const char *certificate, Error **err) _must_check_;
void migration_link_done(MigrationLink *link);

int migration_link_send(MigrationLink *link, const StrBuf *message, Error **err) _must_check_;
int migration_link_receive(MigrationLink *link, int timeout_ms, StrBuf *ret, Error **err)
        _must_check_;
/* A client connects to the operation of the side that waits. */
int migration_link_accept(MigrationLink *link, const char *secret, struct HttpExchange *exchange,
                          Error **err) _must_check_;
/* The end of this side: sends the last word if it has one (a target always, a source that fails),
 * and closes. `err` is set when it failed: if that is a connection that broke, and the peer has
 * said why, it becomes the peer's words. */
void migration_link_finish(MigrationLink *link, bool speaks, Error **err);
/* Waits for the target's last word. */
int migration_link_result(MigrationLink *link, int timeout_ms, Error **err) _must_check_;
/* A whole document on the data socket, and the empty text that ends it. */
int migration_link_put(MigrationLink *link, const char *text, Error **err) _must_check_;
int migration_link_get(MigrationLink *link, StrBuf *ret, Error **err) _must_check_;
