/* TLS 1.3 streams, as a server and as a client.
 *
 * The handshake is part of the first reads and writes, so it waits for nobody's network. A server
 * asks for the peer's certificate and takes any or none: who the peer is, is decided by those who
 * ask for it. Thread-safe as transport.h says. BERTH_INSECURE_TLS or LXD_INSECURE_TLS in the
 * environment lets TLS 1.2 in. */
#pragma once

#include "http/transport.h"

typedef struct TlsServer TlsServer;

/* PEM texts. The context is shared by all its streams; it lives until the last one is freed. */
int tls_server_new(const char *certificate, const char *key, TlsServer **ret, Error **err)
        _must_check_;
TlsServer *tls_server_ref(TlsServer *server);
void tls_server_free(TlsServer *server); /* gives one reference back */
DEFINE_CLEANUP(TlsServer, tls_server, tls_server_free)

Transport *tls_server_transport(TlsServer *server, int fd); /* takes the fd */

/* How a client knows the server. */
typedef struct TlsClientSpec {
        const char *host;        /* server name; also checked without `pinned` */
        const char *certificate; /* our own, PEM; NULL: none */
        const char *key;
        const char *pinned; /* the server's certificate, PEM: this one and no other */
        bool any;           /* take any server, to see its certificate */
} TlsClientSpec;

/* Takes the fd (also on failure) and shakes hands; ERROR_FORBIDDEN when the server is another. */
int tls_client_transport(const TlsClientSpec *spec, int fd, Transport **ret, Error **err)
        _must_check_;

/* The peer's certificate as DER (caller's), NULL when there is none or the stream is no TLS. */
void *tls_peer_certificate(Transport *transport, size_t *ret_size);
bool tls_is_ready(Transport *transport); /* the handshake is over */
