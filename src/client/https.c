#include "client/https.h"

#include "base/memory.h"
#include "http/certificate.h"
#include "http/tls.h"
#include "http/transport.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define CONNECT_TIMEOUT_MS (10 * 1000)

typedef struct Https {
        char *host, *port;
        char *certificate, *key, *pinned;
        bool any;
} Https;

static void https_free(void *userdata) {
        Https *https = userdata;
        free(https->host);
        free(https->port);
        free(https->certificate);
        free(https->key);
        free(https->pinned);
        free(https);
}

static char *copy(const char *text) {
        return text != NULL ? str_dup(text) : NULL;
}

static Https *https_new(const char *address, const ClientTls *tls) {
        Https *https = mem_new(Https);
        const char *rest = str_after_prefix(address, "https://");
        rest = rest != NULL ? rest : address;
        _cleanup_free_ char *authority = str_ndup(rest, strcspn(rest, "/"));
        char *colon = strrchr(authority, ':');
        if (colon != NULL && strchr(colon, ']') == NULL) {
                https->port = str_dup(colon + 1);
                *colon = '\0';
        } else {
                https->port = str_dup("443");
        }
        size_t length = strlen(authority);
        bool bracket = length >= 2 && authority[0] == '[' && authority[length - 1] == ']';
        https->host = str_ndup(authority + bracket, length - 2 * bracket);
        https->certificate = copy(tls->certificate);
        https->key = copy(tls->key);
        https->pinned = copy(tls->pinned);
        return https;
}

/* A blocking connect() would wait for minutes. */
static int connect_to(const struct addrinfo *info, int *ret_fd) {
        int one = 1, number = 0;
        socklen_t size = sizeof number;
        _cleanup_close_ int fd = socket(info->ai_family, SOCK_STREAM, 0);
        if (fd < 0)
                return errno;
        (void) fcntl(fd, F_SETFD, FD_CLOEXEC);
        (void) fcntl(fd, F_SETFL, O_NONBLOCK);
        (void) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        if (connect(fd, info->ai_addr, info->ai_addrlen) < 0) {
                struct pollfd entry = {.fd = fd, .events = POLLOUT};
                if (errno != EINPROGRESS)
                        return errno;
                if (poll(&entry, 1, CONNECT_TIMEOUT_MS) <= 0)
                        return ETIMEDOUT;
                if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &number, &size) < 0 || number != 0)
                        return number != 0 ? number : errno;
        }
        *ret_fd = TAKE_FD(fd);
        return 0;
}

static int dial(const Https *https, int *ret_fd, Error **err) {
        const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
        struct addrinfo *list;
        int number = EHOSTUNREACH, code = getaddrinfo(https->host, https->port, &hints, &list);
        if (code != 0)
                return error_set(err, ERROR_UNAVAILABLE, 0, "Cannot find the host %s: %s",
                                 https->host, gai_strerror(code));
        for (const struct addrinfo *info = list; info != NULL && number != 0; info = info->ai_next)
                number = connect_to(info, ret_fd);
        freeaddrinfo(list);
        if (number != 0)
                return error_set(err, ERROR_UNAVAILABLE, number, "dial tcp %s:%s: %s", https->host,
                                 https->port, strerror(number));
        return 0;
}

static int connect_https(void *userdata, Transport **ret, Error **err) {
        const Https *https = userdata;
        const TlsClientSpec spec = {.host = https->host,
                                    .certificate = https->certificate,
                                    .key = https->key,
                                    .pinned = https->pinned,
                                    .any = https->any};
        int fd;
        return dial(https, &fd, err) < 0 ? -1 : tls_client_transport(&spec, fd, ret, err);
}

Client *client_new_https(const char *address, const ClientTls *tls) {
        Https *https = https_new(address, tls);
        _cleanup_free_ char *host = str_printf(strchr(https->host, ':') != NULL ? "[%s]:%s"
                                                                                : "%s:%s",
                                               https->host, https->port);
        const ClientConnector connector = {connect_https, https_free, https};
        return client_new(address, host, &connector);
}

int client_probe_https(const char *address, char **ret_certificate, Error **err) {
        const ClientTls none = {};
        Https *https = https_new(address, &none);
        Transport *transport = NULL;
        size_t size;
        https->any = true;
        int result = connect_https(https, &transport, err);
        https_free(https);
        if (result < 0)
                return -1;
        _cleanup_free_ void *der = tls_peer_certificate(transport, &size);
        transport_free(transport);
        *ret_certificate = der != NULL ? certificate_to_pem(der, size) : NULL;
        return *ret_certificate != NULL
                       ? 0
                       : error_set(err, ERROR_INTERNAL, 0, "%s shows no certificate", address);
}
