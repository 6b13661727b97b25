/* berthd shutdown: asks, then waits until the socket is gone. */
#include "daemon/command.h"

#include "base/memory.h"
#include "base/times.h"
#include "daemon/api_call.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static const DaemonOption options[] = {
        {"force", 'f', DAEMON_OPTION_FLAG, "Do not wait for running operations"},
        {"timeout", 't', DAEMON_OPTION_NUMBER, "Seconds to wait before giving up"},
};

static bool is_listening(const char *path) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || strlen(path) >= sizeof address.sun_path)
                return false;
        memcpy(address.sun_path, path, strlen(path) + 1);
        return connect(fd, (struct sockaddr *) &address, sizeof address) == 0;
}

static int shutdown_run(const DaemonArguments *arguments) {
        _cleanup_error_ Error *err = NULL;
        int64_t seconds = daemon_argument_number(arguments, "timeout", 0);
        int64_t deadline = seconds > 0 ? time_monotonic_ns() + seconds * NS_PER_SECOND : 0;
        _cleanup_free_ char *socket_path = daemon_socket_path();
        _cleanup_free_ char *url =
                str_printf("/internal/shutdown?force=%s&timeout=%lld",
                           daemon_argument_flag(arguments, "force") ? "true" : "false",
                           (long long) seconds);
        if (daemon_api_send("PUT", url, NULL, &err) < 0) {
                fprintf(stderr, "Error: %s\n", error_message(err));
                return 1;
        }
        while (is_listening(socket_path)) {
                if (deadline != 0 && time_monotonic_ns() > deadline) {
                        fprintf(stderr, "Error: the daemon still runs after %lld seconds\n",
                                (long long) seconds);
                        return 1;
                }
                (void) usleep(50000);
        }
        return 0;
}

const DaemonCommand daemon_command_shutdown = {
        .name = "shutdown",
        .usage = "shutdown [--force] [--timeout SECONDS]",
        .summary = "Stop all instances and the daemon",
        .text = "Asks the daemon to stop all instances and to end, and waits for that. To end the\n"
                "daemon alone, with the instances running on, send it SIGTERM.",
        .options = options,
        .option_count = ARRAY_SIZE(options),
        .run = shutdown_run,
};
