#include "http/transport.h"

#include "base/memory.h"
#include "base/times.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#define SEND_TIMEOUT_MS (300 * 1000)

struct Transport {
        int fd;
        const TransportOps *ops;
        void *state;
};

static ssize_t plain_read(void *state, int fd, void *data, size_t size, short *ret_events) {
        *ret_events = POLLIN;
        return recv(fd, data, size, 0);
}

static ssize_t plain_write(void *state, int fd, const void *data, size_t size,
                           short *ret_events) {
        *ret_events = POLLOUT;
        return send(fd, data, size, MSG_NOSIGNAL);
}

static void plain_shutdown(void *state, int fd) {
        (void) shutdown(fd, SHUT_WR);
}

static const TransportOps plain_ops = {
        .read = plain_read,
        .write = plain_write,
        .shutdown = plain_shutdown,
        .sendfile = true,
};

Transport *transport_new_with(int fd, const TransportOps *ops, void *state) {
        Transport *transport = mem_new(Transport);
        *transport = (Transport){fd, ops, state};
        int flags = fcntl(fd, F_GETFL);
        if (flags >= 0 && (flags & O_NONBLOCK) == 0)
                (void) fcntl(fd, F_SETFL, flags | O_NONBLOCK);
        return transport;
}

Transport *transport_new(int fd) {
        return transport_new_with(fd, &plain_ops, NULL);
}

void transport_free(Transport *transport) {
        if (transport == NULL)
                return;
        if (transport->ops->free != NULL && transport->state != NULL)
                transport->ops->free(transport->state);
        fd_close(&transport->fd);
        free(transport);
}

int transport_fd(const Transport *transport) {
        return transport->fd;
}

bool transport_is_plain(const Transport *transport) {
        return transport->ops == &plain_ops;
}

bool transport_has_pending(const Transport *transport) {
        return transport->ops->pending != NULL && transport->state != NULL &&
               transport->ops->pending(transport->state);
}

void *transport_state(const Transport *transport, const TransportOps *ops) {
        return transport->ops == ops ? transport->state : NULL;
}

Transport *transport_detach(Transport *transport) {
        int copy = fcntl(transport->fd, F_DUPFD_CLOEXEC, 3);
        return transport_new_with(copy, transport->ops, TAKE_PTR(transport->state));
}

/* Waits for `events`; ERROR_TIMEOUT at `deadline_ns` (< 0: never). */
static int wait_for(const Transport *transport, short events, int64_t deadline_ns, Error **err) {
        for (;;) {
                int64_t left = deadline_ns - time_monotonic_ns();
                int timeout = deadline_ns < 0 ? -1
                              : left <= 0     ? 0
                                              : (int) (left / NS_PER_MS) + 1;
                struct pollfd entry = {.fd = transport->fd, .events = events};
                int count = poll(&entry, 1, timeout);
                if (count > 0)
                        return 0;
                if (count == 0)
                        return error_set(err, ERROR_TIMEOUT, ETIMEDOUT,
                                         "The peer did not answer in time");
                if (errno != EINTR)
                        return error_errno(err, errno, "Cannot wait for the peer");
        }
}

static int64_t deadline_of(int timeout_ms) {
        return timeout_ms < 0 ? -1 : time_monotonic_ns() + timeout_ms * NS_PER_MS;
}

int transport_read_now(Transport *transport, void *data, size_t size, size_t *ret_size,
                       bool *ret_ready, Error **err) {
        short events;
        ssize_t got;
        do
                got = transport->ops->read(transport->state, transport->fd, data, size, &events);
        while (got < 0 && errno == EINTR);
        if (got < 0 && errno != EAGAIN)
                return error_errno(err, errno, "Cannot read from the peer");
        *ret_ready = got >= 0;
        *ret_size = got > 0 ? (size_t) got : 0;
        return 0;
}

int transport_read(Transport *transport, void *data, size_t size, int timeout_ms,
                   size_t *ret_size, Error **err) {
        int64_t deadline = deadline_of(timeout_ms);
        for (;;) {
                short events = POLLIN;
                ssize_t got = transport->ops->read(transport->state, transport->fd, data, size,
                                                   &events);
                if (got >= 0) {
                        *ret_size = (size_t) got;
                        return 0;
                }
                if (errno != EAGAIN && errno != EINTR)
                        return error_errno(err, errno, "Cannot read from the peer");
                if (errno == EAGAIN && wait_for(transport, events, deadline, err) < 0)
                        return -1;
        }
}

int transport_write_now(Transport *transport, const void *data, size_t size, size_t *ret_size,
                        Error **err) {
        short events;
        ssize_t put = transport->ops->write(transport->state, transport->fd, data, size, &events);
        if (put < 0 && errno != EAGAIN && errno != EINTR)
                return error_errno(err, errno, "Cannot write to the peer");
        *ret_size = put > 0 ? (size_t) put : 0;
        return 0;
}

int transport_write(Transport *transport, const void *data, size_t size, int timeout_ms,
                    Error **err) {
        const char *rest = data;
        int64_t deadline = deadline_of(timeout_ms);
        while (size > 0) {
                short events = POLLOUT;
                ssize_t put = transport->ops->write(transport->state, transport->fd, rest, size,
                                                    &events);
                if (put > 0) {
                        rest += put;
                        size -= (size_t) put;
                        continue;
                }
                if (put < 0 && errno != EAGAIN && errno != EINTR)
                        return error_errno(err, errno, "Cannot write to the peer");
                if (wait_for(transport, events, deadline, err) < 0)
                        return -1;
        }
        return 0;
}

static int copy_file(Transport *transport, int fd, uint64_t offset, uint64_t size, Error **err) {
        char block[65536];
        while (size > 0) {
                ssize_t got = pread(fd, block, MIN_OF(size, sizeof block), (off_t) offset);
                if (got < 0)
                        return error_errno(err, errno, "Cannot read the file to send");
                if (got == 0)
                        return error_set(err, ERROR_SYSTEM, EIO, "The file to send became shorter");
                if (transport_write(transport, block, (size_t) got, SEND_TIMEOUT_MS, err) < 0)
                        return -1;
                offset += (uint64_t) got;
                size -= (uint64_t) got;
        }
        return 0;
}

int transport_send_file(Transport *transport, int fd, uint64_t offset, uint64_t size,
                        Error **err) {
        off_t at = (off_t) offset;
        if (!transport->ops->sendfile)
                return copy_file(transport, fd, offset, size, err);
        while (size > 0) {
                ssize_t put = sendfile(transport->fd, fd, &at, MIN_OF(size, (uint64_t) 1 << 30));
                if (put > 0) {
                        size -= (uint64_t) put;
                        continue;
                }
                if (put == 0)
                        return error_set(err, ERROR_SYSTEM, EIO, "The file to send became shorter");
                if (errno == EINVAL)
                        return copy_file(transport, fd, (uint64_t) at, size, err);
                if (errno != EAGAIN && errno != EINTR)
                        return error_errno(err, errno, "Cannot send a file");
                if (wait_for(transport, POLLOUT, deadline_of(SEND_TIMEOUT_MS), err) < 0)
                        return -1;
        }
        return 0;
}

void transport_shutdown(Transport *transport) {
        transport->ops->shutdown(transport->state, transport->fd);
}

void transport_abort(Transport *transport) {
        (void) shutdown(transport->fd, SHUT_RDWR);
}
