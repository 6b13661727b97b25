/* Connections of a proxy: bytes go both ways until both sides have said their last. Small talk is
 * copied through one buffer for all; what becomes long is spliced through a pipe of its own and is
 * not copied at all. Between unix sockets fds are passed on too. */
#include "helper/proxy.h"

#include "base/memory.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define TURN_BYTES ((size_t) 1 << 20)  /* then it is another one's turn */
#define SPLICE_AFTER ((uint64_t) 256 * 1024)
#define PIPE_SIZE ((size_t) 1 << 20)
#define ACCEPTS 64
#define RETRY_MS 5
#define END_EVENTS (EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET)
#define MAX_RIGHTS 253 /* the kernel's limit of one message */

typedef struct ProxyEnd {
        ProxySource source;
        ProxyPair *pair;
} ProxyEnd;

/* One way through a pair. */
typedef struct Way {
        ProxyEnd *from, *to;
        char *pending; /* read, not yet written */
        size_t pending_start, pending_size;
        int *rights; /* that go with the first pending byte */
        size_t right_count;
        int pipe[2];
        size_t in_pipe;
        uint64_t total;
        bool ended, shut;
} Way;

struct ProxyPair {
        ProxyEnd client, server;
        Way up, down; /* to the server, to the client */
        size_t index; /* of the listener */
        bool connecting, is_dead, is_ready;
        ProxyPair *next;
};

static void way_init(Way *way, ProxyEnd *from, ProxyEnd *to) {
        way->from = from;
        way->to = to;
        way->pipe[0] = way->pipe[1] = -1;
}

static void drop_rights(Way *way) {
        for (size_t i = 0; i < way->right_count; i++)
                (void) close(way->rights[i]);
        free(way->rights);
        way->rights = NULL;
        way->right_count = 0;
}

static void way_done(Way *way) {
        drop_rights(way);
        fd_close(&way->pipe[0]);
        fd_close(&way->pipe[1]);
        free(way->pending);
}

/* Events of the same batch may still name it: freed behind them. */
static void pair_kill(Proxy *proxy, ProxyPair *pair) {
        if (pair->is_dead)
                return;
        pair->is_dead = true;
        fd_close(&pair->client.source.fd);
        fd_close(&pair->server.source.fd);
        way_done(&pair->up);
        way_done(&pair->down);
        if (!pair->is_ready) {
                pair->next = proxy->dead;
                proxy->dead = pair;
        }
}

void proxy_streams_bury(Proxy *proxy) {
        while (proxy->dead != NULL) {
                ProxyPair *pair = proxy->dead;
                proxy->dead = pair->next;
                free(pair);
        }
}

static bool is_stream(const Proxy *proxy) {
        return proxy->connect.type != PROXY_UDP;
}

static bool passes_rights(const Proxy *proxy) {
        return proxy->listen.type == PROXY_UNIX && proxy->connect.type == PROXY_UNIX;
}

static void keep(Way *way, const char *data, size_t size) {
        way->pending = mem_resize(way->pending, way->pending_start + way->pending_size + size, 1);
        memcpy(way->pending + way->pending_start + way->pending_size, data, size);
        way->pending_size += size;
}

static ssize_t send_rights(int fd, const void *data, size_t size, const int *rights,
                           size_t count) {
        union {
                char bytes[CMSG_SPACE(sizeof(int) * MAX_RIGHTS)];
                struct cmsghdr align;
        } control = {.bytes = {0}};
        struct iovec part = {.iov_base = (void *) (uintptr_t) data, .iov_len = size};
        struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
        if (count > 0) {
                header.msg_control = control.bytes;
                header.msg_controllen = CMSG_SPACE(sizeof(int) * count);
                struct cmsghdr *message = CMSG_FIRSTHDR(&header);
                message->cmsg_level = SOL_SOCKET;
                message->cmsg_type = SCM_RIGHTS;
                message->cmsg_len = CMSG_LEN(sizeof(int) * count);
                memcpy(CMSG_DATA(message), rights, sizeof(int) * count);
        }
        return sendmsg(fd, &header, MSG_NOSIGNAL);
}

/* What could be sent of it; -1 and errno. */
static ssize_t put(Way *way, const char *data, size_t size) {
        ssize_t sent = way->right_count > 0
                               ? send_rights(way->to->source.fd, data, size, way->rights,
                                             way->right_count)
                               : send(way->to->source.fd, data, size, MSG_NOSIGNAL);
        if (sent > 0 && way->right_count > 0)
                drop_rights(way);
        return sent;
}

static void take_rights(Way *way, struct msghdr *header) {
        for (struct cmsghdr *message = CMSG_FIRSTHDR(header); message != NULL;
             message = CMSG_NXTHDR(header, message)) {
                if (message->cmsg_level != SOL_SOCKET || message->cmsg_type != SCM_RIGHTS)
                        continue;
                size_t count = (message->cmsg_len - CMSG_LEN(0)) / sizeof(int);
                drop_rights(way);
                way->rights = mem_copy(CMSG_DATA(message), count * sizeof(int));
                way->right_count = count;
        }
}

static ssize_t get(const Proxy *proxy, Way *way, char *data) {
        union {
                char bytes[CMSG_SPACE(sizeof(int) * MAX_RIGHTS)];
                struct cmsghdr align;
        } control;
        struct iovec part = {.iov_base = data, .iov_len = PROXY_BUFFER};
        struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1,
                                .msg_control = control.bytes,
                                .msg_controllen = sizeof control.bytes};
        if (!passes_rights(proxy))
                return recv(way->from->source.fd, data, PROXY_BUFFER, 0);
        ssize_t size = recvmsg(way->from->source.fd, &header, MSG_CMSG_CLOEXEC);
        if (size >= 0)
                take_rights(way, &header);
        return size;
}

static void open_pipe(Way *way) {
        if (way->pipe[0] >= 0 || pipe2(way->pipe, O_CLOEXEC | O_NONBLOCK) < 0)
                return;
        (void) fcntl(way->pipe[1], F_SETPIPE_SZ, PIPE_SIZE);
}

/* The result of a step: how it goes on. */
typedef enum Step { STEP_AGAIN, STEP_BLOCKED, STEP_BROKEN } Step;

static Step after_error(void) {
        return errno == EAGAIN || errno == EINTR ? STEP_BLOCKED : STEP_BROKEN;
}

static Step flush_pipe(Way *way) {
        ssize_t moved = splice(way->pipe[0], NULL, way->to->source.fd, NULL, way->in_pipe,
                               SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
        if (moved <= 0)
                return after_error();
        way->in_pipe -= (size_t) moved;
        return STEP_AGAIN;
}

static Step flush_pending(Way *way) {
        ssize_t sent = put(way, way->pending + way->pending_start, way->pending_size);
        if (sent < 0)
                return after_error();
        way->pending_start += (size_t) sent;
        way->pending_size -= (size_t) sent;
        if (way->pending_size == 0) {
                free(way->pending);
                way->pending = NULL;
                way->pending_start = 0;
        }
        return STEP_AGAIN;
}

static Step fill_pipe(Way *way, size_t *moved) {
        ssize_t size = splice(way->from->source.fd, NULL, way->pipe[1], NULL, PIPE_SIZE,
                              SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
        if (size < 0)
                return after_error();
        way->ended = size == 0;
        way->in_pipe = (size_t) size;
        *moved += (size_t) size;
        return STEP_AGAIN;
}

static Step copy(Proxy *proxy, Way *way, size_t *moved) {
        ssize_t size = get(proxy, way, proxy->buffer);
        if (size < 0)
                return after_error();
        /* A datagram may be empty; a stream has ended then. */
        way->ended = size == 0 && (is_stream(proxy) || way->from == &way->from->pair->client);
        *moved += (size_t) size;
        way->total += (uint64_t) size;
        if (size == 0)
                return STEP_AGAIN;
        ssize_t sent = put(way, proxy->buffer, (size_t) size);
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
                return STEP_BROKEN;
        if (sent < size)
                keep(way, proxy->buffer + MAX_OF(sent, 0), (size_t) (size - MAX_OF(sent, 0)));
        if (way->total > SPLICE_AFTER && is_stream(proxy) && !passes_rights(proxy))
                open_pipe(way);
        return STEP_AGAIN;
}

static Step step(Proxy *proxy, Way *way, size_t *moved) {
        if (way->in_pipe > 0)
                return flush_pipe(way);
        if (way->pending_size > 0)
                return flush_pending(way);
        if (way->ended) {
                if (!way->shut && shutdown(way->to->source.fd, SHUT_WR) < 0 && errno != ENOTCONN)
                        return STEP_BROKEN;
                way->shut = true;
                return STEP_BLOCKED;
        }
        return way->pipe[0] >= 0 ? fill_pipe(way, moved) : copy(proxy, way, moved);
}

/* False: the connection is over. *ret_more: it stopped because others wait too. */
static bool go_on(Proxy *proxy, Way *way, bool *ret_more) {
        size_t moved = 0;
        while (moved < TURN_BYTES) {
                Step result = step(proxy, way, &moved);
                if (result == STEP_BROKEN)
                        return false;
                if (result == STEP_BLOCKED)
                        return true;
        }
        *ret_more = true;
        return true;
}

static void make_ready(Proxy *proxy, ProxyPair *pair) {
        if (pair->is_ready)
                return;
        pair->is_ready = true;
        pair->next = proxy->ready;
        proxy->ready = pair;
}

static void pair_go_on(Proxy *proxy, ProxyPair *pair) {
        bool more = false;
        bool lives = go_on(proxy, &pair->up, &more) && go_on(proxy, &pair->down, &more);
        /* Datagrams have no end: with the client's it is over. */
        bool over = pair->up.shut && (pair->down.shut || !is_stream(proxy));
        if (!lives || over)
                pair_kill(proxy, pair);
        else if (more)
                make_ready(proxy, pair);
}

/* "PROXY TCP4 CLIENT SERVER PORT PORT" as version 1 of the protocol has it. */
static void add_header(const Proxy *proxy, ProxyPair *pair) {
        struct sockaddr_in6 name = {.sin6_family = AF_UNSPEC};
        char client[INET6_ADDRSTRLEN] = "", server[INET6_ADDRSTRLEN] = "", line[128];
        uint16_t ports[2] = {0};
        bool six = false;
        for (int i = 0; proxy->listen.type == PROXY_TCP && i < 2; i++) {
                socklen_t length = sizeof name;
                int fd = pair->client.source.fd;
                if ((i == 0 ? getpeername(fd, (void *) &name, &length)
                            : getsockname(fd, (void *) &name, &length)) < 0)
                        break;
                const struct sockaddr_in *four = (const void *) &name;
                bool mapped = name.sin6_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&name.sin6_addr);
                const void *address = name.sin6_family == AF_INET ? (const void *) &four->sin_addr
                                      : mapped ? (const void *) &name.sin6_addr.s6_addr[12]
                                               : (const void *) &name.sin6_addr;
                six = name.sin6_family == AF_INET6 && !mapped;
                (void) inet_ntop(six ? AF_INET6 : AF_INET, address, i == 0 ? client : server,
                                 sizeof client);
                ports[i] = ntohs(name.sin6_port); /* stands where IPv4 has it */
        }
        int length = client[0] != '\0' && server[0] != '\0'
                             ? snprintf(line, sizeof line, "PROXY TCP%d %s %s %u %u\r\n",
                                        six ? 6 : 4, client, server, ports[0], ports[1])
                             : snprintf(line, sizeof line, "PROXY UNKNOWN\r\n");
        keep(&pair->up, line, (size_t) length);
}

static void connected(Proxy *proxy, ProxyPair *pair) {
        int number = 0;
        socklen_t length = sizeof number;
        pair->connecting = false;
        if (getsockopt(pair->server.source.fd, SOL_SOCKET, SO_ERROR, &number, &length) == 0 &&
            number == 0)
                return;
        (void) fprintf(stderr, "Warning: Failed to connect to target: %s\n", strerror(number));
        pair_kill(proxy, pair);
}

static void end_event(Proxy *proxy, ProxySource *source, uint32_t events) {
        ProxyPair *pair = CONTAINER_OF(source, ProxyEnd, source)->pair;
        if (pair->is_dead)
                return;
        if (pair->connecting) {
                if (source != &pair->server.source) {
                        if (events & EPOLLHUP)
                                pair_kill(proxy, pair);
                        return;
                }
                if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) == 0)
                        return;
                connected(proxy, pair);
        }
        if (!pair->is_dead)
                pair_go_on(proxy, pair);
}

/* False: the queue of the target is full. */
static bool reach_target(Proxy *proxy, ProxyPair *pair) {
        static const int on = 1;
        pair->server.source.fd = proxy_connect(proxy, pair->index);
        if (pair->server.source.fd < 0) {
                if (errno == EAGAIN)
                        return false;
                (void) fprintf(stderr, "Warning: Failed to connect to target: %s\n",
                               strerror(errno));
                pair_kill(proxy, pair);
                return true;
        }
        if (proxy->connect.type == PROXY_TCP)
                (void) setsockopt(pair->server.source.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        pair->connecting = true;
        if (proxy_watch(proxy, &pair->server.source, END_EVENTS) != 0 ||
            proxy_watch(proxy, &pair->client.source, END_EVENTS) != 0)
                pair_kill(proxy, pair);
        return true;
}

static void begin(Proxy *proxy, int fd, size_t index) {
        static const int on = 1;
        ProxyPair *pair = mem_new(ProxyPair);
        pair->index = index;
        pair->client = (ProxyEnd) {.source = {.run = end_event, .fd = fd}, .pair = pair};
        pair->server = (ProxyEnd) {.source = {.run = end_event, .fd = -1}, .pair = pair};
        way_init(&pair->up, &pair->client, &pair->server);
        way_init(&pair->down, &pair->server, &pair->client);
        if (proxy->listen.type == PROXY_TCP)
                (void) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (proxy->protocol)
                add_header(proxy, pair);
        if (!reach_target(proxy, pair)) {
                pair->next = proxy->waiting;
                proxy->waiting = pair;
        }
}

void proxy_accept(Proxy *proxy, ProxySource *source, _unused_ uint32_t events) {
        const ProxyListener *listener = CONTAINER_OF(source, ProxyListener, source);
        for (int i = 0; i < ACCEPTS; i++) {
                int fd = accept4(source->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
                if (fd >= 0) {
                        begin(proxy, fd, listener->index);
                        continue;
                }
                if (errno == EMFILE || errno == ENFILE) {
                        /* Who waits would be reported again and again. */
                        fd_close(&proxy->spare);
                        fd = accept(source->fd, NULL, NULL);
                        fd_close(&fd);
                        proxy->spare = open("/", O_PATH | O_CLOEXEC);
                        (void) fprintf(stderr, "Warning: Failed to accept new connection: too many "
                                               "open files\n");
                }
                if (errno != ECONNABORTED && errno != EINTR)
                        return;
        }
}

int proxy_streams_turn(Proxy *proxy) {
        ProxyPair *ready = TAKE_PTR(proxy->ready), *waiting = TAKE_PTR(proxy->waiting);
        while (ready != NULL) {
                ProxyPair *pair = ready;
                ready = pair->next;
                pair->is_ready = false;
                if (!pair->is_dead) {
                        pair_go_on(proxy, pair);
                        continue;
                }
                pair->next = proxy->dead;
                proxy->dead = pair;
        }
        while (waiting != NULL) {
                ProxyPair *pair = waiting;
                waiting = pair->next;
                if (!reach_target(proxy, pair)) {
                        pair->next = proxy->waiting;
                        proxy->waiting = pair;
                }
        }
        return proxy->ready != NULL ? 0 : proxy->waiting != NULL ? RETRY_MS : -1;
}
