/* berthd's own subcommands: one const struct each, listed in main.c. They are clients of the
 * daemon's socket, but for `activateifneeded`, which reads the database of a daemon that is not
 * running. */
#pragma once

#include "base/error.h"
#include "base/text.h"

typedef enum DaemonOptionType {
        DAEMON_OPTION_FLAG,
        DAEMON_OPTION_TEXT,
        DAEMON_OPTION_NUMBER,
} DaemonOptionType;

typedef struct DaemonOption {
        const char *name; /* long name without dashes */
        char letter;      /* 0: none */
        DaemonOptionType type;
        const char *help;
} DaemonOption;

typedef struct DaemonArguments {
        StrMap options; /* by long name; flags are "true" */
        StrList words;
} DaemonArguments;

typedef struct DaemonCommand {
        const char *name; /* "" is the daemon itself */
        const char *usage;
        const char *summary; /* one line for the list of commands */
        const char *text;
        const DaemonOption *options;
        size_t option_count;
        /* The process's exit status; it has printed its own error. */
        int (*run)(const DaemonArguments *arguments);
} DaemonCommand;

bool daemon_argument_flag(const DaemonArguments *arguments, const char *name);
const char *daemon_argument(const DaemonArguments *arguments, const char *name); /* or NULL */
/* `fallback` when absent; it was checked to be a number when it was read. */
int64_t daemon_argument_number(const DaemonArguments *arguments, const char *name,
                               int64_t fallback);

/* BERTH_DIR, else LXD_DIR, else /var/lib/berth; owned by the caller. */
char *daemon_directory(void);
char *daemon_socket_path(void);

extern const DaemonCommand daemon_command_serve;
extern const DaemonCommand daemon_command_activateifneeded;
extern const DaemonCommand daemon_command_init;
extern const DaemonCommand daemon_command_shutdown;
extern const DaemonCommand daemon_command_sql;
extern const DaemonCommand daemon_command_version;
extern const DaemonCommand daemon_command_waitready;
