#include "linux/message.h"

#include "base/memory.h"
#include "base/times.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

int message_pair(int ret_fds[static 2], Error **err) {
        int pair[2];
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return error_errno(err, errno, "Failed to make a socket pair");
        ret_fds[0] = pair[0];
        ret_fds[1] = pair[1];
        return 0;
}

typedef union ControlBuffer {
        char bytes[CMSG_SPACE(sizeof(int) * MESSAGE_MAX_FDS)];
        struct cmsghdr align;
} ControlBuffer;

int message_send(int socket_fd, const char *text, const int *fds, size_t fd_count, Error **err) {
        ControlBuffer control = {.bytes = {0}};
        struct iovec part = {.iov_base = (void *) (uintptr_t) text, .iov_len = strlen(text)};
        struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
        if (fd_count > MESSAGE_MAX_FDS || part.iov_len > MESSAGE_MAX_SIZE || part.iov_len == 0)
                return error_set(err, ERROR_INTERNAL, 0, "A message does not fit");
        if (fd_count > 0) {
                header.msg_control = control.bytes;
                header.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
                struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
                rights->cmsg_level = SOL_SOCKET;
                rights->cmsg_type = SCM_RIGHTS;
                rights->cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
                memcpy(CMSG_DATA(rights), fds, sizeof(int) * fd_count);
        }
        while (sendmsg(socket_fd, &header, MSG_NOSIGNAL) < 0) {
                if (errno != EINTR)
                        return error_errno(err, errno, "Failed to send a message");
        }
        return 0;
}

static int wait_readable(int fd, int timeout_ms, Error **err) {
        if (timeout_ms < 0)
                return 0;
        int64_t deadline = time_monotonic_ns() + timeout_ms * NS_PER_MS;
        for (;;) {
                struct pollfd entry = {.fd = fd, .events = POLLIN};
                int64_t left = (deadline - time_monotonic_ns() + NS_PER_MS - 1) / NS_PER_MS;
                int ready = poll(&entry, 1, left > 0 ? (int) left : 0);
                if (ready > 0)
                        return 0;
                if (ready == 0)
                        return error_set(err, ERROR_TIMEOUT, 0, "No answer within %d ms",
                                         timeout_ms);
                if (errno != EINTR)
                        return error_errno(err, errno, "Failed to wait for a message");
        }
}

static void take_rights(struct msghdr *header, Message *message) {
        for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c)) {
                if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
                        continue;
                message->fd_count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
                memcpy(message->fds, CMSG_DATA(c), message->fd_count * sizeof(int));
        }
}

int message_receive(int socket_fd, int timeout_ms, Message *ret, Error **err) {
        char text[MESSAGE_MAX_SIZE];
        ControlBuffer control = {.bytes = {0}};
        struct iovec part = {.iov_base = text, .iov_len = sizeof(text)};
        struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1,
                                .msg_control = control.bytes,
                                .msg_controllen = sizeof(control.bytes)};
        if (wait_readable(socket_fd, timeout_ms, err) < 0)
                return -1;
        ssize_t size;
        do
                size = recvmsg(socket_fd, &header, MSG_CMSG_CLOEXEC);
        while (size < 0 && errno == EINTR);
        if (size < 0 && errno != ECONNRESET)
                return error_errno(err, errno, "Failed to receive a message");
        *ret = (Message) {.text = NULL};
        take_rights(&header, ret);
        if (size > 0)
                ret->text = str_ndup(text, (size_t) size);
        return 0;
}

int message_take_fd(Message *message, size_t index) {
        return index < message->fd_count ? TAKE_FD(message->fds[index]) : -1;
}

void message_done(Message *message) {
        for (size_t i = 0; i < message->fd_count; i++)
                fd_close(&message->fds[i]);
        message->fd_count = 0;
        free(message->text);
        message->text = NULL;
}
