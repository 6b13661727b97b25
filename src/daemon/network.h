/* The HTTPS listener, which follows core.https_address. */
#pragma once

#include "base/error.h"
#include "base/text.h"
#include "database/database.h"
#include "http/server.h"
#include "trust/trust.h"

typedef struct DaemonNetwork DaemonNetwork;

DaemonNetwork *daemon_network_new(HttpServer *server, Loop *loop, const Trust *trust);
/* Serves on the address ("", NULL: on none) instead of the one before, which goes on when this
 * fails. From any thread but the loop's, which must run. */
int daemon_network_listen(DaemonNetwork *network, const char *address, Error **err)
        _must_check_;
/* Listens as core.https_address says. An address that is gone must not keep the containers down: it
 * is logged, and the socket still serves. */
void daemon_network_start(DaemonNetwork *network, Database *database);
/* "HOST:PORT" of each address that clients can reach: a wildcard stands for all of the host's. */
void daemon_network_addresses(DaemonNetwork *network, StrList *ret);
