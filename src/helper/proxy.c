#include "helper/proxy.h"

#include "base/memory.h"
#include "helper/helper.h"
#include "linux/message.h"
#include "linux/procfs.h"
#include "process/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define EVENTS 64
#define LISTEN_TIMEOUT_MS 20000

/* PID START inside|outside LISTEN CONNECT MODE UID GID SECURITY-UID SECURITY-GID PROTOCOL */
enum {
        ARG_PID, ARG_START, ARG_SIDE, ARG_LISTEN, ARG_CONNECT, ARG_MODE, ARG_UID, ARG_GID,
        ARG_SECURITY_UID, ARG_SECURITY_GID, ARG_PROTOCOL,
};

int proxy_watch(Proxy *proxy, ProxySource *source, uint32_t events) {
        struct epoll_event event = {.events = events, .data.ptr = source};
        return epoll_ctl(proxy->epoll, EPOLL_CTL_ADD, source->fd, &event) < 0 ? errno : 0;
}

int proxy_connect(const Proxy *proxy, size_t index) {
        ProxyName name;
        unsigned length = proxy_name(&proxy->connect, index, &name);
        if (length == 0) {
                errno = EINVAL;
                return -1;
        }
        int type = proxy->connect.type == PROXY_UDP ? SOCK_DGRAM : SOCK_STREAM;
        int fd = socket(name.any.sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd >= 0 && connect(fd, &name.any, length) < 0 && errno != EINPROGRESS)
                fd_close(&fd); /* keeps errno */
        return fd;
}

int proxy_enter(int pidfd, Error **err) {
        if (setns(pidfd, CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS) < 0 &&
            (errno != EINVAL || setns(pidfd, CLONE_NEWNET | CLONE_NEWNS) < 0))
                return error_errno(err, errno, "Failed to enter the container");
        if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
                return error_errno(err, errno, "Failed to become the container's root");
        return 0;
}

/* A second process goes inside, makes them and hands them out. */
static int listen_inside(char **argv, size_t wanted, int *fds, Error **err) {
        int pair[2];
        if (message_pair(pair, err) < 0)
                return -1;
        _cleanup_close_ int ours = pair[0];
        _cleanup_close_ int theirs = pair[1];
        _cleanup_process_ Process process = PROCESS_NONE;
        const SpawnFd map = {.from = theirs, .to = REPORT_FD};
        const SpawnSpec spec = {
                .program = "/proc/self/exe",
                .argv = SPAWN_ARGV("berth-helper", "listen", argv[ARG_PID], argv[ARG_START],
                                   argv[ARG_LISTEN], argv[ARG_MODE], argv[ARG_UID], argv[ARG_GID]),
                .fds = &map,
                .fd_count = 1};
        if (process_spawn(&spec, &process, err) < 0)
                return -1;
        fd_close(&theirs);
        for (size_t have = 0; have < wanted;) {
                _cleanup_message_ Message message = {.text = NULL};
                if (message_receive(ours, LISTEN_TIMEOUT_MS, &message, err) < 0)
                        return -1;
                if (message.fd_count == 0 || message.fd_count > wanted - have) {
                        const char *reason = str_after_prefix(message.text, "failed ");
                        const char *text = reason != NULL ? strchr(reason, ' ') : NULL;
                        text = text != NULL ? strchr(text + 1, ' ') : NULL;
                        return error_set(err, ERROR_SYSTEM, 0, "%s",
                                         text != NULL ? text + 1 : "Failed to listen inside");
                }
                for (size_t i = 0; i < message.fd_count; i++)
                        fds[have++] = message_take_fd(&message, i);
        }
        return 0;
}

static int make_listeners(Proxy *proxy, char **argv, Error **err) {
        const ProxyListen options = {
                .mode = argv[ARG_MODE], .uid = argv[ARG_UID], .gid = argv[ARG_GID]};
        size_t count = proxy->listen.type == PROXY_UNIX ? 1 : proxy->listen.port_count;
        int *fds = NULL;
        if (str_equal(argv[ARG_SIDE], "inside")) {
                fds = mem_new_array(int, count);
                if (listen_inside(argv, count, fds, err) < 0) {
                        free(fds);
                        return -1;
                }
        } else if (proxy_listen(&proxy->listen, &options, &fds, &count, err) < 0) {
                return -1;
        }
        proxy->listeners = mem_new_array(ProxyListener, count);
        proxy->listener_count = count;
        for (size_t i = 0; i < count; i++) {
                ProxyListener *listener = &proxy->listeners[i];
                listener->source = (ProxySource) {.fd = fds[i],
                                                  .run = proxy->listen.type == PROXY_UDP
                                                                 ? proxy_datagram
                                                                 : proxy_accept};
                listener->index = i;
                if (proxy_watch(proxy, &listener->source, EPOLLIN) != 0) {
                        free(fds);
                        return error_errno(err, errno, "Failed to watch a socket");
                }
        }
        free(fds);
        return 0;
}

/* On the side where connections are made, which is the one that must be trusted with less. */
static int drop_privileges(char **argv, Error **err) {
        uint64_t uid = 0, gid = 0;
        (void) str_to_uint64(argv[ARG_SECURITY_UID], &uid);
        (void) str_to_uint64(argv[ARG_SECURITY_GID], &gid);
        if (uid == 0 && gid == 0)
                return 0;
        if (setgroups(0, NULL) < 0 ||
            setresgid((gid_t) gid, (gid_t) gid, (gid_t) gid) < 0 ||
            setresuid((uid_t) uid, (uid_t) uid, (uid_t) uid) < 0)
                return error_errno(err, errno, "Failed to switch to uid %llu and gid %llu",
                                   (unsigned long long) uid, (unsigned long long) gid);
        return 0;
}

static void container_ended(Proxy *proxy, _unused_ ProxySource *source,
                            _unused_ uint32_t events) {
        proxy->ended = true;
}

static int prepare(Proxy *proxy, char **argv, Error **err) {
        int64_t pid;
        uint64_t start;
        if (!str_to_int64(argv[ARG_PID], &pid) || !str_to_uint64(argv[ARG_START], &start))
                return error_set(err, ERROR_INTERNAL, 0, "Bad process \"%s\"", argv[ARG_PID]);
        proxy->protocol = str_equal(argv[ARG_PROTOCOL], "1");
        proxy->epoll = epoll_create1(EPOLL_CLOEXEC);
        proxy->spare = open("/", O_PATH | O_CLOEXEC);
        if (proxy->epoll < 0)
                return error_errno(err, errno, "Failed to make an epoll instance");
        proxy->container = (ProxySource) {.run = container_ended, .fd = -1};
        if (proxy_address_parse(argv[ARG_LISTEN], &proxy->listen, err) < 0 ||
            proxy_address_parse(argv[ARG_CONNECT], &proxy->connect, err) < 0 ||
            procfs_open_pidfd((pid_t) pid, start, &proxy->container.fd, err) < 0 ||
            make_listeners(proxy, argv, err) < 0)
                return -1;
        if (proxy_watch(proxy, &proxy->container, EPOLLIN) != 0)
                return error_errno(err, errno, "Failed to watch the container");
        if (str_equal(argv[ARG_SIDE], "outside") && proxy_enter(proxy->container.fd, err) < 0)
                return -1;
        return drop_privileges(argv, err);
}

static void serve(Proxy *proxy) {
        struct epoll_event events[EVENTS];
        int wait = -1;
        while (!proxy->ended) {
                int count = epoll_wait(proxy->epoll, events, EVENTS, wait);
                for (int i = 0; i < count; i++) {
                        ProxySource *source = events[i].data.ptr;
                        source->run(proxy, source, events[i].events);
                }
                wait = proxy_streams_turn(proxy);
                proxy_streams_bury(proxy);
                proxy_datagrams_bury(proxy);
        }
}

int verb_proxy(int argc, char **argv) {
        _cleanup_error_ Error *error = NULL;
        Proxy *proxy = mem_new(Proxy);
        struct rlimit files;
        (void) signal(SIGPIPE, SIG_IGN);
        (void) umask(0077);
        if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
                files.rlim_cur = files.rlim_max;
                (void) setrlimit(RLIMIT_NOFILE, &files);
        }
        if (prepare(proxy, argv, &error) < 0) {
                (void) fprintf(stderr, "Error: %s\n", error_message(error));
                return report_failure(error);
        }
        (void) prctl(PR_SET_DUMPABLE, 0);
        /* From here on it belongs to nobody. */
        if (daemon(1, 1) < 0) {
                (void) error_errno(&error, errno, "Failed to leave the daemon");
                return report_failure(error);
        }
        (void) fprintf(stderr, "Status: Started\n");
        (void) report(NULL, 0, "started %d", (int) getpid());
        (void) close(REPORT_FD);
        serve(proxy);
        return 0;
}
