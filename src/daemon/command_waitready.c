/* berthd waitready: until GET /internal/ready answers. */
#include "daemon/command.h"

#include "base/times.h"
#include "daemon/api_call.h"

#include <stdio.h>

static const DaemonOption options[] = {
        {"timeout", 't', DAEMON_OPTION_NUMBER, "Seconds to wait before giving up"},
};

static int waitready_run(const DaemonArguments *arguments) {
        int64_t seconds = daemon_argument_number(arguments, "timeout", 0);
        int64_t deadline = seconds > 0 ? time_monotonic_ns() + seconds * NS_PER_SECOND : 0;
        useconds_t pause = 5000;
        for (;;) {
                _cleanup_error_ Error *err = NULL;
                if (daemon_api_send("GET", "/internal/ready", NULL, &err) == 0)
                        return 0;
                if (deadline != 0 && time_monotonic_ns() > deadline) {
                        fprintf(stderr, "Error: the daemon is not ready after %lld seconds: %s\n",
                                (long long) seconds, error_message(err));
                        return 1;
                }
                (void) usleep(pause);
                pause = MIN_OF(pause * 2, 500000);
        }
}

const DaemonCommand daemon_command_waitready = {
        .name = "waitready",
        .usage = "waitready [--timeout SECONDS]",
        .summary = "Wait until the daemon serves requests",
        .text = "Waits until the daemon answers and is ready to serve requests. Ends with 1 when\n"
                "that does not happen in time.",
        .options = options,
        .option_count = ARRAY_SIZE(options),
        .run = waitready_run,
};
