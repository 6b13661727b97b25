/* file mount: sshfs at one end, the server's SFTP at the other, this program between them. */
#include "base/files.h"
#include "base/memory.h"
#include "cli/commands/commands.h"
#include "cli/commands/file_transfer.h"
#include "cli/signals.h"
#include "http/transport.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>

extern char **environ;

#define WRITE_TIMEOUT_MS 60000

/* The two ends. Replies have a thread of their own: with one for both directions, two full buffers
 * would wait for each other for ever. */
typedef struct Bridge {
        Transport *server;
        int local; /* a socket whose other end is sshfs's input and output */
} Bridge;

static void *carry_replies(void *userdata) {
        Bridge *bridge = userdata;
        char block[65536];
        size_t got;
        while (transport_read(bridge->server, block, sizeof(block), -1, &got, NULL) == 0 &&
               got > 0 && fd_write_all(bridge->local, block, got, NULL) == 0)
                ;
        /* sshfs ends when its input does. */
        (void) shutdown(bridge->local, SHUT_RDWR);
        return NULL;
}

/* Until sshfs has ended or the server is gone. */
static void carry_requests(const Bridge *bridge, const Signals *signals, pid_t pid) {
        struct pollfd entries[] = {{.fd = bridge->local, .events = POLLIN},
                                   {.fd = signals_fd(signals), .events = POLLIN}};
        char block[65536];
        for (;;) {
                if (poll(entries, ARRAY_SIZE(entries), -1) < 0 && errno != EINTR)
                        return;
                int number = signals_next(signals);
                if (number != 0)
                        (void) kill(pid, number);
                if (entries[0].revents == 0)
                        continue;
                ssize_t got = read(bridge->local, block, sizeof(block));
                if (got == 0 || (got < 0 && errno != EINTR))
                        return;
                if (got > 0 && transport_write(bridge->server, block, (size_t) got,
                                               WRITE_TIMEOUT_MS, NULL) < 0)
                        return;
        }
}

/* A child that hears signals again, which this program waits for on a thread. */
static int start_sshfs(const char *source, const char *target, int socket_fd, pid_t *ret_pid,
                       Error **err) {
        char program[] = "sshfs", option[] = "-o", slave[] = "slave";
        char *argv[] = {program, option, slave, (char *) source, (char *) target, NULL};
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        sigset_t none;
        sigemptyset(&none);
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, socket_fd, STDIN_FILENO);
        posix_spawn_file_actions_adddup2(&actions, socket_fd, STDOUT_FILENO);
        posix_spawnattr_init(&attributes);
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
        int number = posix_spawnp(ret_pid, program, &actions, &attributes, argv, environ);
        posix_spawn_file_actions_destroy(&actions);
        posix_spawnattr_destroy(&attributes);
        if (number == ENOENT)
                return error_set(err, ERROR_NOT_FOUND, 0,
                                 "sshfs not found; it comes with the package of that name");
        return number == 0 ? 0 : error_errno(err, number, "Cannot start sshfs");
}

static int wait_for_sshfs(pid_t pid, Error **err) {
        int status;
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return error_errno(err, errno, "Cannot wait for sshfs");
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
                return error_set(err, ERROR_INTERNAL, 0, "sshfs failed");
        return 0;
}

static int run_bridge(Bridge *bridge, const Signals *signals, pid_t pid, Error **err) {
        pthread_t thread;
        int number = pthread_create(&thread, NULL, carry_replies, bridge);
        if (number != 0) {
                (void) kill(pid, SIGTERM);
                (void) !wait_for_sshfs(pid, NULL);
                return error_errno(err, number, "Cannot start a thread");
        }
        carry_requests(bridge, signals, pid);
        transport_abort(bridge->server);
        (void) shutdown(bridge->local, SHUT_RDWR);
        pthread_join(thread, NULL);
        return wait_for_sshfs(pid, err);
}

static int run_mount(Cli *cli, Error **err) {
        static const int forwarded[] = {SIGINT, SIGTERM, SIGHUP, 0};
        const char *target = cli_argument(cli, 1);
        _cleanup_place_ FilePlace place = {};
        _cleanup_signals_ Signals *signals = NULL;
        _cleanup_(transport_cleanup) Transport *server = NULL;
        _cleanup_close_ int local = -1, remote = -1;
        int ends[2];
        pid_t pid;
        if (file_place(cli, cli_argument(cli, 0), &place, err) < 0)
                return -1;
        if (!path_is_directory(target))
                return error_set(err, ERROR_INVALID, 0, "Target path %s must be a directory",
                                 target);
        _cleanup_free_ char *url = client_url("/1.0/instances/{}/sftp", place.instance, NULL);
        _cleanup_free_ char *source = str_printf("%s:%s", place.instance, place.path);
        if (client_upgrade(place.client, url, "sftp", &server, err) < 0)
                return -1;
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0)
                return error_errno(err, errno, "Cannot make a pair of sockets");
        local = ends[0];
        remote = ends[1];
        (void) fcntl(local, F_SETFD, FD_CLOEXEC);
        (void) fcntl(remote, F_SETFD, FD_CLOEXEC);
        if (signals_open(forwarded, &signals, err) < 0 ||
            start_sshfs(source, target, remote, &pid, err) < 0)
                return -1;
        fd_close(&remote);
        cli_say(cli, "sshfs mounting %s on %s\nPress ctrl+c to finish", source, target);
        return run_bridge(&(Bridge) {server, local}, signals, pid, err);
}

const Command command_file_mount = {
        .name = "mount",
        .arguments = "[<remote>:]<instance>/<path> <target path>",
        .summary = "Mount files of an instance here",
        .details = "Needs the program sshfs. The mount is there until the command ends.",
        .examples = "berth file mount c1/root fromc1",
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_INSTANCE_PATH, COMPLETE_FILE},
        .run = run_mount,
};
