/* The client's configuration in LXD's format: remotes, aliases (config.yml), certificates beside.
 *
 * Directory: BERTH_CONF, else LXD_CONF, else ~/.config/berth. The remote "local" is always there:
 * the socket BERTH_SOCKET, else LXD_SOCKET, else unix.socket in BERTH_DIR, else LXD_DIR, else
 * /var/lib/berth. */
#pragma once

#include "base/error.h"
#include "base/text.h"
#include "http/certificate.h"

typedef struct ClientRemote {
        char *name;
        char *address;  /* "unix://", "unix:///path", "https://host:port" */
        char *protocol; /* "lxd", "simplestreams"; empty: lxd */
        char *auth_type;
        char *project; /* empty: not set */
        bool is_public;
        bool is_static; /* built in, not written */
} ClientRemote;

typedef struct ClientConfig {
        char *directory;
        char *default_remote;
        ClientRemote *remotes; /* sorted by name */
        size_t remote_count;
        size_t remote_capacity;
        StrMap aliases;
} ClientConfig;

/* A file that does not exist is an empty configuration. */
int client_config_load(ClientConfig **ret, Error **err) _must_check_;
int client_config_save(const ClientConfig *config, Error **err) _must_check_;
void client_config_free(ClientConfig *config);
DEFINE_CLEANUP(ClientConfig, client_config, client_config_free)

ClientRemote *client_config_remote(const ClientConfig *config, const char *name); /* or NULL */
/* The remote of that name, made when it is not there; the pointer lives until the next one. */
ClientRemote *client_config_add_remote(ClientConfig *config, const char *name);
void client_config_remove_remote(ClientConfig *config, const char *name);

/* Our own certificate, client.crt and client.key, made at its first use. */
int client_config_identity(const ClientConfig *config, CertificatePair *ret, Error **err)
        _must_check_;
/* What the remote's server has to show, servercerts/NAME.crt (caller's). NULL: none is kept. */
char *client_config_pinned(const ClientConfig *config, const char *name);
int client_config_pin(const ClientConfig *config, const char *name, const char *certificate,
                      Error **err) _must_check_;
void client_config_unpin(const ClientConfig *config, const char *name);
void client_config_move_pin(const ClientConfig *config, const char *name, const char *to);

/* The path of the local daemon's socket. Caller frees. */
char *client_local_socket(void);
