#include "daemon/network.h"

#include "base/log.h"
#include "base/memory.h"
#include "daemon/socket.h"
#include "database/config.h"
#include "http/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>

#define DEFAULT_PORT "8443"

struct DaemonNetwork {
        HttpServer *server;
        Loop *loop;
        const Trust *trust;
        pthread_mutex_t lock; /* one change at a time */
        char *address;        /* NULL: none */
        HttpListener *listener;
};

/* A change for the loop's thread: closes the old listener, or opens one on `fd`. */
typedef struct Change {
        DaemonNetwork *network;
        int fd; /* -1: only close */
        TlsServer *tls;
        int result;
        Error *err;
        bool done;
        pthread_mutex_t lock;
        pthread_cond_t changed;
} Change;

DaemonNetwork *daemon_network_new(HttpServer *server, Loop *loop, const Trust *trust) {
        DaemonNetwork *network = mem_new(DaemonNetwork);
        *network = (DaemonNetwork){.server = server, .loop = loop, .trust = trust};
        pthread_mutex_init(&network->lock, NULL);
        return network;
}

static void apply(void *userdata) {
        Change *change = userdata;
        DaemonNetwork *network = change->network;
        HttpListener *old = TAKE_PTR(network->listener);
        if (old != NULL)
                http_listener_close(old);
        if (change->fd >= 0)
                change->result =
                        http_server_listen_tls(network->server, TAKE_FD(change->fd), change->tls,
                                               &network->listener, &change->err);
        pthread_mutex_lock(&change->lock);
        change->done = true;
        pthread_cond_signal(&change->changed);
        pthread_mutex_unlock(&change->lock);
}

static int run_change(DaemonNetwork *network, int fd, TlsServer *tls, Error **err) {
        Change change = {.network = network, .fd = fd, .tls = tls};
        pthread_mutex_init(&change.lock, NULL);
        pthread_cond_init(&change.changed, NULL);
        loop_post(network->loop, apply, &change);
        pthread_mutex_lock(&change.lock);
        while (!change.done)
                pthread_cond_wait(&change.changed, &change.lock);
        pthread_mutex_unlock(&change.lock);
        pthread_mutex_destroy(&change.lock);
        pthread_cond_destroy(&change.changed);
        return change.result < 0 ? error_move(err, &change.err) : 0;
}

/* The new socket while the old one listens, where the two do not overlap; else after it. */
static int replace(DaemonNetwork *network, const char *address, TlsServer *tls,
                   Error **err) {
        int fd;
        _cleanup_error_ Error *first = NULL;
        if (daemon_open_socket(address, DEFAULT_PORT, SOCK_STREAM, &fd, &first) == 0)
                return run_change(network, fd, tls, err);
        if (first->number != EADDRINUSE || network->listener == NULL)
                return error_move(err, &first);
        if (run_change(network, -1, NULL, err) < 0)
                return -1;
        if (daemon_open_socket(address, DEFAULT_PORT, SOCK_STREAM, &fd, err) == 0)
                return run_change(network, fd, tls, err);
        if (daemon_open_socket(network->address, DEFAULT_PORT, SOCK_STREAM, &fd, NULL) == 0)
                (void) !run_change(network, fd, tls, NULL);
        return -1;
}

int daemon_network_listen(DaemonNetwork *network, const char *address, Error **err) {
        _cleanup_(tls_server_cleanup) TlsServer *tls = NULL;
        int result = 0;
        if (str_is_empty(address))
                address = NULL;
        if (tls_server_new(trust_server_certificate(network->trust),
                           trust_server_key(network->trust), &tls, err) < 0)
                return -1;
        pthread_mutex_lock(&network->lock);
        if (!str_equal(network->address, address)) {
                result = address != NULL ? replace(network, address, tls, err)
                                         : run_change(network, -1, NULL, err);
                if (result == 0)
                        str_replace(&network->address,
                                    address != NULL ? str_dup(address) : NULL);
        }
        pthread_mutex_unlock(&network->lock);
        return result;
}

void daemon_network_start(DaemonNetwork *network, Database *database) {
        _cleanup_strmap_ StrMap config = {};
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_error_ Error *err = NULL;
        if (database_begin(database, DATABASE_LOCAL_READ, &tx, &err) < 0 ||
            db_config_get(tx, &config, &err) < 0 ||
            daemon_network_listen(network, strmap_get(&config, "core.https_address"), &err) < 0)
                log_error("Cannot serve HTTPS: %s", error_message(err));
}

static void add_host_addresses(const char *port, StrList *ret) {
        struct ifaddrs *list;
        if (getifaddrs(&list) < 0)
                return;
        for (const struct ifaddrs *entry = list; entry != NULL; entry = entry->ifa_next) {
                char text[INET6_ADDRSTRLEN];
                const struct sockaddr *address = entry->ifa_addr;
                if (address == NULL)
                        continue;
                if (address->sa_family == AF_INET) {
                        const struct sockaddr_in *in = (const void *) address;
                        if (ntohl(in->sin_addr.s_addr) >> 24 == 127)
                                continue;
                        inet_ntop(AF_INET, &in->sin_addr, text, sizeof text);
                        strlist_printf(ret, "%s:%s", text, port);
                } else if (address->sa_family == AF_INET6) {
                        const struct sockaddr_in6 *in6 = (const void *) address;
                        if (IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr) ||
                            IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr))
                                continue;
                        inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof text);
                        strlist_printf(ret, "[%s]:%s", text, port);
                }
        }
        freeifaddrs(list);
}

void daemon_network_addresses(DaemonNetwork *network, StrList *ret) {
        _cleanup_free_ char *host = NULL, *port = NULL, *address = NULL;
        pthread_mutex_lock(&network->lock);
        address = network->address != NULL ? str_dup(network->address) : NULL;
        pthread_mutex_unlock(&network->lock);
        if (address == NULL)
                return;
        daemon_split_address(address, DEFAULT_PORT, &host, &port);
        if (str_is_empty(host) || str_equal(host, "::") || str_equal(host, "0.0.0.0"))
                add_host_addresses(port, ret);
        else
                strlist_printf(ret, strchr(host, ':') != NULL ? "[%s]:%s" : "%s:%s", host, port);
}
