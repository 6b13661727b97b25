#include "daemon/socket.h"

#include "base/memory.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#define BACKLOG 4096

void daemon_split_address(const char *address, const char *default_port, char **ret_host,
                          char **ret_port) {
        const char *colon = strrchr(address, ':');
        bool bare6 = colon != NULL && strchr(address, ':') != colon && *address != '[';
        if (colon != NULL && strchr(colon, ']') != NULL)
                colon = NULL;
        if (bare6)
                colon = NULL;
        size_t length = colon != NULL ? (size_t) (colon - address) : strlen(address);
        if (length >= 2 && address[0] == '[' && address[length - 1] == ']')
                *ret_host = str_ndup(address + 1, length - 2);
        else
                *ret_host = str_ndup(address, length);
        if (str_equal(*ret_host, "*"))
                (*ret_host)[0] = '\0';
        *ret_port = str_dup(colon != NULL && colon[1] != '\0' ? colon + 1 : default_port);
}

static int bind_to(const struct addrinfo *info, int type, Error **err) {
        int one = 1, zero = 0;
        _cleanup_close_ int fd =
                socket(info->ai_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return error_errno(err, errno, "Cannot make a socket");
        (void) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        if (info->ai_family == AF_INET6)
                (void) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
        if (type == SOCK_DGRAM) {
                (void) setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof one);
                (void) setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &one, sizeof one);
        }
        if (bind(fd, info->ai_addr, info->ai_addrlen) < 0 ||
            (type == SOCK_STREAM && listen(fd, BACKLOG) < 0))
                return error_errno(err, errno, "Cannot listen");
        return TAKE_FD(fd);
}

int daemon_open_socket(const char *address, const char *default_port, int type, int *ret_fd,
                       Error **err) {
        _cleanup_free_ char *host = NULL, *port = NULL;
        const struct addrinfo hints = {.ai_flags = AI_PASSIVE, .ai_socktype = type};
        struct addrinfo *list;
        daemon_split_address(address, default_port, &host, &port);
        bool any = str_is_empty(host);
        int code = getaddrinfo(any ? "::" : host, port, &hints, &list);
        if (code != 0)
                return error_set(err, ERROR_INVALID, 0, "Cannot listen on \"%s\": %s",
                                 address, gai_strerror(code));
        int fd = bind_to(list, type, err);
        freeaddrinfo(list);
        if (fd < 0 && any) { /* a kernel without IPv6 */
                struct sockaddr_in in = {.sin_family = AF_INET,
                                         .sin_port = htons((uint16_t) strtoul(port, NULL, 10))};
                const struct addrinfo info = {.ai_family = AF_INET,
                                              .ai_addr = (struct sockaddr *) &in,
                                              .ai_addrlen = sizeof in};
                if (err != NULL) {
                        error_free(*err);
                        *err = NULL;
                }
                fd = bind_to(&info, type, err);
        }
        if (fd < 0)
                return error_prefix(err, "Failed to listen on \"%s\"", address);
        *ret_fd = fd;
        return 0;
}
