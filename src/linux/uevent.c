#include "linux/uevent.h"

#include "base/memory.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define KERNEL_GROUP 1
#define MESSAGE_SIZE 8192
#define MESSAGE_SEND 16 /* the type that the kernel wants for messages of others */

static int bind_path(int fd, const char *path) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        if (strlen(path) >= sizeof address.sun_path) {
                errno = ENAMETOOLONG;
                return -1;
        }
        memcpy(address.sun_path, path, strlen(path));
        (void) unlink(path);
        return bind(fd, (const struct sockaddr *) &address, sizeof address);
}

int uevent_open(const char *path, int *ret_fd, Error **err) {
        const struct sockaddr_nl group = {.nl_family = AF_NETLINK, .nl_groups = KERNEL_GROUP};
        int size = 1 << 20;
        _cleanup_close_ int fd =
                path != NULL ? socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)
                             : socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
                                      NETLINK_KOBJECT_UEVENT);
        if (fd < 0 || (path != NULL ? bind_path(fd, path)
                                    : bind(fd, (const struct sockaddr *) &group, sizeof group)) < 0)
                return error_errno(err, errno, "Failed to listen for devices");
        /* A hub with much on it brings hundreds at once. */
        (void) setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
        *ret_fd = TAKE_FD(fd);
        return 0;
}

bool uevent_read(int fd, StrList *ret_parts) {
        char buffer[MESSAGE_SIZE + 1];
        struct sockaddr_storage sender = {.ss_family = AF_UNSPEC};
        socklen_t length = sizeof sender;
        strlist_done(ret_parts);
        ssize_t size = recvfrom(fd, buffer, MESSAGE_SIZE, 0, (struct sockaddr *) &sender, &length);
        if (size <= 0)
                return false;
        if (length >= sizeof(struct sockaddr_nl) && sender.ss_family == AF_NETLINK &&
            ((const struct sockaddr_nl *) (const void *) &sender)->nl_pid != 0)
                return true; /* another process pretends: nothing is in it */
        buffer[size] = '\0';
        for (const char *part = buffer; part < buffer + size; part += strlen(part) + 1)
                if (*part != '\0')
                        strlist_add(ret_parts, part);
        return true;
}

const char *uevent_get(const StrList *parts, const char *key) {
        for (size_t i = 0; i < parts->count; i++) {
                const char *rest = str_after_prefix(parts->items[i], key);
                if (rest != NULL && *rest == '=')
                        return rest + 1;
        }
        return NULL;
}

int uevent_send(const StrList *parts, Error **err) {
        _Alignas(struct nlmsghdr) char buffer[NLMSG_HDRLEN + MESSAGE_SIZE] = {0};
        struct nlmsghdr *header = (struct nlmsghdr *) (void *) buffer;
        const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
        size_t length = NLMSG_HDRLEN;
        for (size_t i = 0; i < parts->count; i++) {
                size_t size = strlen(parts->items[i]) + 1;
                /* The kernel adds a number of its own. */
                if (str_has_prefix(parts->items[i], "SEQNUM="))
                        continue;
                if (length + size > sizeof buffer)
                        return error_set(err, ERROR_INVALID, 0, "Event is too long");
                memcpy(buffer + length, parts->items[i], size);
                length += size;
        }
        header->nlmsg_len = (uint32_t) length;
        header->nlmsg_type = MESSAGE_SEND;
        header->nlmsg_flags = NLM_F_REQUEST;
        _cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
                                        NETLINK_KOBJECT_UEVENT);
        if (fd < 0 || sendto(fd, buffer, length, 0, (const struct sockaddr *) &kernel,
                             sizeof kernel) < 0)
                return error_errno(err, errno, "Failed to send news of a device");
        return 0;
}
