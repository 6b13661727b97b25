#include "daemon/command.h"

#include <build-config.h>
#include <stdio.h>

static int version_run(const DaemonArguments *arguments) {
        printf("%s\n", BERTH_VERSION);
        return 0;
}

const DaemonCommand daemon_command_version = {
        .name = "version",
        .usage = "version",
        .summary = "Show the version",
        .text = "Shows the version of this program.",
        .run = version_run,
};
