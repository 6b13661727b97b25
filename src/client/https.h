/* Servers over HTTPS. */
#pragma once

#include "client/client.h"

/* What shows who we are, and which server is the right one. PEM texts; NULL: none. */
typedef struct ClientTls {
        const char *certificate;
        const char *key;
        const char *pinned; /* the server's own certificate; NULL: the system's authorities */
} ClientTls;

/* `address` is "https://HOST[:PORT][/]"; port 443 when there is none. Connects lazily. */
Client *client_new_https(const char *address, const ClientTls *tls);
/* The certificate that the server at `address` shows now, trusted or not. PEM; caller's. */
int client_probe_https(const char *address, char **ret_certificate, Error **err) _must_check_;
