/* Listening sockets, made where the process is, and the verb "listen" that makes them inside. */
#include "helper/helper.h"
#include "helper/proxy.h"

#include "base/memory.h"
#include "linux/message.h"
#include "linux/procfs.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 4096 /* the kernel cuts it to net.core.somaxconn */

static unsigned unix_name(const ProxyAddress *address, struct sockaddr_un *ret) {
        const char *path = address->address + address->abstract;
        size_t length = strlen(path), offset = address->abstract;
        *ret = (struct sockaddr_un) {.sun_family = AF_UNIX};
        if (offset + length + !address->abstract > sizeof ret->sun_path)
                return 0;
        memcpy(ret->sun_path + offset, path, length);
        return (unsigned) (offsetof(struct sockaddr_un, sun_path) + offset + length +
                           !address->abstract);
}

unsigned proxy_name(const ProxyAddress *address, size_t index, ProxyName *ret) {
        struct sockaddr_in *four = (void *) &ret->storage;
        struct sockaddr_in6 *six = (void *) &ret->storage;
        memset(ret, 0, sizeof *ret);
        if (address->type == PROXY_UNIX)
                return unix_name(address, (void *) &ret->storage);
        uint16_t port = htons(address->ports[address->port_count > 1 ? index : 0]);
        if (inet_pton(AF_INET, address->address, &four->sin_addr) == 1) {
                four->sin_family = AF_INET;
                four->sin_port = port;
                return sizeof *four;
        }
        /* Nothing stands for all, of both families. */
        six->sin6_family = AF_INET6;
        six->sin6_port = port;
        six->sin6_addr = in6addr_any;
        if (address->address[0] != '\0' &&
            inet_pton(AF_INET6, address->address, &six->sin6_addr) != 1)
                return 0;
        return sizeof *six;
}

/* A socket that a process left behind is in nobody's way. */
static void remove_stale(const ProxyAddress *address) {
        struct stat info;
        if (address->type == PROXY_UNIX && !address->abstract &&
            lstat(address->address, &info) == 0 && S_ISSOCK(info.st_mode))
                (void) unlink(address->address);
}

static int own(const char *path, const ProxyListen *options, Error **err) {
        uint64_t uid = (uid_t) -1, gid = (gid_t) -1;
        mode_t mode = 0644;
        if (options->mode[0] != '\0')
                mode = (mode_t) strtoul(options->mode, NULL, 8) & 07777;
        (void) str_to_uint64(options->uid, &uid);
        (void) str_to_uint64(options->gid, &gid);
        if (((uid_t) uid != (uid_t) -1 || (gid_t) gid != (gid_t) -1) &&
            chown(path, (uid_t) uid, (gid_t) gid) < 0)
                return error_errno(err, errno, "Failed to set the owner of \"%s\"", path);
        if (chmod(path, mode) < 0)
                return error_errno(err, errno, "Failed to set the mode of \"%s\"", path);
        return 0;
}

static int listen_on(const ProxyAddress *address, size_t index, int *ret_fd, Error **err) {
        static const int kinds[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_STREAM};
        static const int on = 1, off = 0;
        ProxyName name;
        unsigned length = proxy_name(address, index, &name);
        if (length == 0)
                return error_set(err, ERROR_INVALID, 0, "Cannot listen on \"%s\": it is no address "
                                                        "or too long", address->address);
        int family = name.any.sa_family;
        _cleanup_close_ int fd =
                socket(family, kinds[address->type] | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return error_errno(err, errno, "Failed to make a socket");
        if (address->type == PROXY_TCP)
                (void) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        if (family == AF_INET6)
                (void) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
        if (bind(fd, &name.any, length) < 0 ||
            (address->type != PROXY_UDP && listen(fd, BACKLOG) < 0)) {
                int number = errno;
                if (address->type == PROXY_UNIX)
                        return error_errno(err, number, "Failed to listen on \"%s\"",
                                           address->address);
                return error_errno(err, number, "Failed to listen on %s%s%s:%u",
                                   strchr(address->address, ':') ? "[" : "", address->address,
                                   strchr(address->address, ':') ? "]" : "",
                                   address->ports[index]);
        }
        *ret_fd = TAKE_FD(fd);
        return 0;
}

int proxy_listen(const ProxyAddress *address, const ProxyListen *options, int **ret_fds,
                 size_t *ret_count, Error **err) {
        size_t wanted = address->type == PROXY_UNIX ? 1 : address->port_count, count = 0;
        int *fds = mem_new_array(int, wanted);
        remove_stale(address);
        while (count < wanted && listen_on(address, count, &fds[count], err) == 0)
                count++;
        if (count == wanted && (address->type != PROXY_UNIX || address->abstract ||
                                own(address->address, options, err) == 0)) {
                *ret_fds = fds;
                *ret_count = count;
                return 0;
        }
        while (count > 0)
                fd_close(&fds[--count]);
        free(fds);
        return -1;
}

static int enter_fully(char **argv, Error **err) {
        int64_t pid;
        uint64_t start;
        _cleanup_close_ int pidfd = -1;
        if (!str_to_int64(argv[0], &pid) || !str_to_uint64(argv[1], &start))
                return error_set(err, ERROR_INTERNAL, 0, "Bad process \"%s\"", argv[0]);
        if (procfs_open_pidfd((pid_t) pid, start, &pidfd, err) < 0)
                return -1;
        return proxy_enter(pidfd, err);
}

static int make_and_send(char **argv, Error **err) {
        _cleanup_proxy_address_ ProxyAddress address = {.address = NULL};
        const ProxyListen options = {.mode = argv[3], .uid = argv[4], .gid = argv[5]};
        int *fds = NULL;
        size_t count = 0;
        if (proxy_address_parse(argv[2], &address, err) < 0 || enter_fully(argv, err) < 0 ||
            proxy_listen(&address, &options, &fds, &count, err) < 0)
                return -1;
        for (size_t i = 0; i < count; i += MESSAGE_MAX_FDS)
                if (report(fds + i, MIN_OF(count - i, (size_t) MESSAGE_MAX_FDS), "listening") < 0)
                        break;
        free(fds); /* the fds go with the process */
        return 0;
}

int verb_listen(int argc, char **argv) {
        _cleanup_error_ Error *error = NULL;
        (void) umask(0077);
        return make_and_send(argv, &error) < 0 ? report_failure(error) : 0;
}
