#include "helper/intercept.h"

#include "helper/child.h"

#include "base/files.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define CONNECT_TIMEOUT_MS 120000
#define SETTINGS_LIMIT 65536

static int (*const handlers[_NOTIFY_CALL_MAX])(Intercept *intercept) = {
        [NOTIFY_BPF] = intercept_bpf,
        [NOTIFY_MKNOD] = intercept_mknod,
        [NOTIFY_MKNODAT] = intercept_mknod,
        [NOTIFY_MOUNT] = intercept_mount,
        [NOTIFY_SCHED_SETSCHEDULER] = intercept_sched_setscheduler,
        [NOTIFY_SETXATTR] = intercept_setxattr,
        [NOTIFY_SYSINFO] = intercept_sysinfo,
};

char *intercept_setting(const Intercept *intercept, const char *key) {
        _cleanup_free_ char *text = NULL;
        _cleanup_strlist_ StrList lines = {.items = NULL};
        if (file_read(intercept->settings_file, SETTINGS_LIMIT, &text, NULL, NULL) == 0)
                strlist_split(&lines, text, "\n", true);
        for (size_t i = 0; i < lines.count; i++) {
                const char *rest = str_after_prefix(lines.items[i], key);
                if (rest != NULL && *rest == '=')
                        return str_dup(rest + 1);
        }
        return str_dup("");
}

bool intercept_owns(const Intercept *intercept, uid_t uid, gid_t gid) {
        return idmap_to_ns(&intercept->ids, false, uid) != IDMAP_INVALID_ID &&
               idmap_to_ns(&intercept->ids, true, gid) != IDMAP_INVALID_ID;
}

/* Only callers in the container's own user namespace: what a nested one may do is not ours to
 * judge. */
static bool is_ours(Intercept *intercept) {
        _cleanup_free_ char *path =
                str_printf("/proc/%d/ns/user", (int) intercept->notify.head.init_pid);
        struct stat info;
        return task_identity(intercept->notify.proc_fd, &intercept->caller, NULL) == 0 &&
               stat(path, &info) == 0 && info.st_ino == intercept->caller.userns &&
               idmap_from_proc(intercept->notify.head.init_pid, &intercept->ids, NULL) == 0 &&
               notify_is_valid(&intercept->notify);
}

static int handle(Intercept *intercept) {
        int (*handler)(Intercept *) = handlers[intercept->notify.call];
        if (handler == NULL)
                return NOTIFY_CONTINUE;
        int result = is_ours(intercept) ? handler(intercept) : NOTIFY_CONTINUE;
        idmap_done(&intercept->ids);
        return result;
}

static void serve_connection(Intercept *intercept) {
        _cleanup_error_ Error *error = NULL;
        while (notify_receive(intercept->socket_fd, &intercept->notify, &error) > 0) {
                int answer = handle(intercept);
                int sent = notify_answer(intercept->socket_fd, &intercept->notify, answer, NULL);
                notify_done(&intercept->notify);
                if (sent < 0)
                        return;
        }
}

/* Nothing of the process that started us may stay open: the daemon waits for its end. */
static void close_all_but(int keep) {
        _cleanup_close_ int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
        for (int fd = 0; fd < 3 && nothing >= 0; fd++)
                (void) dup2(nothing, fd);
        if (keep > 3)
                (void) close_range(3, (unsigned) keep - 1, 0);
        (void) close_range((unsigned) keep + 1, ~0U, 0);
}

typedef struct Server {
        int listener;
        const char *path, *run_directory;
} Server;

static int serve(void *userdata) {
        const Server *server = userdata;
        close_all_but(server->listener);
        (void) prctl(PR_SET_NAME, "berth-intercept");
        (void) signal(SIGPIPE, SIG_IGN);
        Intercept intercept = {.settings_file = path_join(server->run_directory, "intercept"),
                               .host_files = open("/proc/self/fd", O_PATH | O_CLOEXEC)};
        struct pollfd entry = {.fd = server->listener, .events = POLLIN};
        int ready = poll(&entry, 1, CONNECT_TIMEOUT_MS);
        intercept.socket_fd =
                ready > 0 ? accept4(server->listener, NULL, NULL, SOCK_CLOEXEC) : -1;
        (void) unlink(server->path);
        (void) close(server->listener);
        if (intercept.socket_fd >= 0)
                serve_connection(&intercept);
        return 0;
}

static int listen_at(const char *path, int *ret_fd, Error **err) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        if (strlen(path) >= sizeof address.sun_path)
                return error_set(err, ERROR_INVALID, 0, "The path %s is longer than a socket's",
                                 path);
        memcpy(address.sun_path, path, strlen(path) + 1);
        if (file_remove(path, err) < 0)
                return -1;
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        if (fd < 0 || bind(fd, (const struct sockaddr *) &address, sizeof address) < 0 ||
            listen(fd, 1) < 0)
                return error_errno(err, errno, "Cannot listen on %s", path);
        *ret_fd = TAKE_FD(fd);
        return 0;
}

int intercept_start(const char *proxy, const char *run_directory, Error **err) {
        /* liblxc gives it back with or without the scheme, as its version has it. */
        const char *rest = str_after_prefix(proxy, "unix:");
        const char *path = rest != NULL ? rest : proxy;
        _cleanup_close_ int listener = -1;
        if (str_is_empty(path))
                return 0;
        if (listen_at(path, &listener, err) < 0)
                return -1;
        Server server = {.listener = listener, .path = path, .run_directory = run_directory};
        int result = child_detach(serve, &server);
        return result < 0 ? error_errno(err, -result, "Failed to start the interception") : 0;
}
