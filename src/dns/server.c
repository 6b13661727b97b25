#include "dns/server.h"

#include "base/log.h"
#include "base/memory.h"
#include "loop/workers.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#define CONNECTION_MAX 32
#define CONNECTION_QUERIES 64
#define CONNECTION_SECONDS 5

/* What connections share with the server, which may be gone before them. */
typedef struct Shared {
        DnsSource source;
        int connections; /* atomic */
        int references;  /* atomic */
} Shared;

struct DnsServer {
        int udp, tcp, stop;
        Shared *shared;
        struct Workers *workers;
        pthread_t thread;
};

static void shared_release(Shared *shared) {
        if (__atomic_sub_fetch(&shared->references, 1, __ATOMIC_ACQ_REL) == 0)
                free(shared);
}

/* IPv4 addresses that came in by an IPv6 socket are shown as such. */
static void address_text(const struct sockaddr_storage *address,
                         char ret[static INET6_ADDRSTRLEN]) {
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *) address;
        const struct sockaddr_in *four = (const struct sockaddr_in *) address;
        ret[0] = '\0';
        if (address->ss_family == AF_INET)
                (void) inet_ntop(AF_INET, &four->sin_addr, ret, INET6_ADDRSTRLEN);
        else if (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr))
                (void) inet_ntop(AF_INET, &six->sin6_addr.s6_addr[12], ret, INET6_ADDRSTRLEN);
        else
                (void) inet_ntop(AF_INET6, &six->sin6_addr, ret, INET6_ADDRSTRLEN);
}

/* Who asked, and (in `control`) at which of our addresses: the answer comes from there. */
typedef struct Datagram {
        int fd;
        struct sockaddr_storage address;
        struct msghdr header;
        char control[256];
} Datagram;

static int send_datagram(void *userdata, const StrBuf *message) {
        Datagram *to = userdata;
        struct iovec data = {message->data, message->length};
        to->header.msg_iov = &data;
        return sendmsg(to->fd, &to->header, 0) < 0 ? -1 : 0;
}

static void serve_datagram(const DnsServer *server) {
        unsigned char data[4096];
        char address[INET6_ADDRSTRLEN];
        struct iovec into = {data, sizeof data};
        Datagram from = {.fd = server->udp};
        from.header = (struct msghdr){.msg_name = &from.address,
                                      .msg_namelen = sizeof from.address,
                                      .msg_iov = &into,
                                      .msg_iovlen = 1,
                                      .msg_control = from.control,
                                      .msg_controllen = sizeof from.control};
        ssize_t size = recvmsg(server->udp, &from.header, MSG_DONTWAIT);
        if (size < 0)
                return;
        from.header.msg_flags = 0;
        address_text(&from.address, address);
        const DnsRequest request = {address, false, data, (size_t) size};
        dns_serve(&server->shared->source, &request, send_datagram, &from);
}

typedef struct Connection {
        int fd;
        struct sockaddr_storage address;
        Shared *shared;
} Connection;

static bool read_all(int fd, unsigned char *data, size_t size) {
        for (size_t used = 0; used < size;) {
                ssize_t got = recv(fd, data + used, size - used, 0);
                if (got <= 0)
                        return false;
                used += (size_t) got;
        }
        return true;
}

static int send_stream(void *userdata, const StrBuf *message) {
        const Connection *connection = userdata;
        _cleanup_strbuf_ StrBuf framed = {.data = NULL};
        strbuf_add_char(&framed, (char) (message->length >> 8));
        strbuf_add_char(&framed, (char) message->length);
        strbuf_add_data(&framed, message->data, message->length);
        for (size_t sent = 0; sent < framed.length;) {
                ssize_t got = send(connection->fd, framed.data + sent, framed.length - sent,
                                   MSG_NOSIGNAL);
                if (got <= 0)
                        return -1;
                sent += (size_t) got;
        }
        return 0;
}

static void serve_connection(void *userdata) {
        Connection *connection = userdata;
        char address[INET6_ADDRSTRLEN];
        _cleanup_free_ unsigned char *data = mem_alloc(65536);
        unsigned char length[2];
        address_text(&connection->address, address);
        for (int i = 0; i < CONNECTION_QUERIES && read_all(connection->fd, length, 2); i++) {
                size_t size = (size_t) (length[0] << 8 | length[1]);
                if (!read_all(connection->fd, data, size))
                        break;
                const DnsRequest request = {address, true, data, size};
                dns_serve(&connection->shared->source, &request, send_stream, connection);
        }
        fd_close(&connection->fd);
        __atomic_sub_fetch(&connection->shared->connections, 1, __ATOMIC_ACQ_REL);
        shared_release(connection->shared);
        free(connection);
}

static void accept_connection(const DnsServer *server) {
        static const struct timeval patience = {.tv_sec = CONNECTION_SECONDS};
        Shared *shared = server->shared;
        Connection connection = {.shared = shared};
        socklen_t size = sizeof connection.address;
        connection.fd = accept4(server->tcp, (struct sockaddr *) &connection.address, &size,
                                SOCK_CLOEXEC);
        if (connection.fd < 0)
                return;
        if (__atomic_add_fetch(&shared->connections, 1, __ATOMIC_ACQ_REL) > CONNECTION_MAX) {
                __atomic_sub_fetch(&shared->connections, 1, __ATOMIC_ACQ_REL);
                fd_close(&connection.fd);
                return;
        }
        (void) setsockopt(connection.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        (void) setsockopt(connection.fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        __atomic_add_fetch(&shared->references, 1, __ATOMIC_ACQ_REL);
        workers_submit(server->workers, WORK_LONG, serve_connection,
                       mem_copy(&connection, sizeof connection));
}

static void *run(void *userdata) {
        const DnsServer *server = userdata;
        (void) pthread_setname_np(pthread_self(), "berth-dns");
        for (;;) {
                struct pollfd fds[] = {{server->stop, POLLIN, 0},
                                       {server->udp, POLLIN, 0},
                                       {server->tcp, POLLIN, 0}};
                if (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno != EINTR)
                        break;
                if (fds[0].revents != 0)
                        break;
                if (fds[1].revents != 0)
                        serve_datagram(server);
                if (fds[2].revents != 0)
                        accept_connection(server);
        }
        return NULL;
}

static void server_free(DnsServer *server) {
        fd_close(&server->udp);
        fd_close(&server->tcp);
        fd_close(&server->stop);
        shared_release(server->shared);
        free(server);
}

int dns_server_start(int udp_fd, int tcp_fd, const DnsSource *source, struct Workers *workers,
                     DnsServer **ret, Error **err) {
        DnsServer *server = mem_new(DnsServer);
        *server = (DnsServer){.udp = udp_fd, .tcp = tcp_fd, .stop = eventfd(0, EFD_CLOEXEC),
                              .shared = mem_new(Shared), .workers = workers};
        *server->shared = (Shared){.source = *source, .references = 1};
        int result = server->stop < 0 ? errno : pthread_create(&server->thread, NULL, run, server);
        if (result != 0) {
                server_free(server);
                return error_errno(err, result, "Cannot start the name server");
        }
        *ret = server;
        return 0;
}

void dns_server_stop(DnsServer *server) {
        uint64_t one = 1;
        (void) !write(server->stop, &one, sizeof one);
        pthread_join(server->thread, NULL);
        server_free(server);
}
