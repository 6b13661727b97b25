/* berthd: option parsing, help and dispatch. */
#include "daemon/command.h"

#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const DaemonCommand *const commands[] = {
        &daemon_command_serve,    &daemon_command_activateifneeded, &daemon_command_init,
        &daemon_command_shutdown, &daemon_command_sql,              &daemon_command_version,
        &daemon_command_waitready,
};

/* Accepted before and after every subcommand's name, as LXD's daemon does. */
static const DaemonOption global_options[] = {
        {"debug", 'd', DAEMON_OPTION_FLAG, "Write debug messages to the log"},
        {"help", 'h', DAEMON_OPTION_FLAG, "Show this help"},
        {"logfile", 0, DAEMON_OPTION_TEXT, "Also log to this file"},
        {"syslog", 0, DAEMON_OPTION_FLAG, "Also log to syslog"},
        {"trace", 0, DAEMON_OPTION_TEXT, "Accepted for compatibility; implies --debug"},
        {"verbose", 'v', DAEMON_OPTION_FLAG, "Write informational messages to the log"},
        {"version", 0, DAEMON_OPTION_FLAG, "Show the version"},
};

bool daemon_argument_flag(const DaemonArguments *arguments, const char *name) {
        return str_is_true(strmap_get(&arguments->options, name));
}

const char *daemon_argument(const DaemonArguments *arguments, const char *name) {
        return strmap_get(&arguments->options, name);
}

int64_t daemon_argument_number(const DaemonArguments *arguments, const char *name,
                               int64_t fallback) {
        int64_t value;
        return str_to_int64(daemon_argument(arguments, name), &value) ? value : fallback;
}

char *daemon_directory(void) {
        static const char *const variables[] = {"BERTH_DIR", "LXD_DIR"};
        for (size_t i = 0; i < ARRAY_SIZE(variables); i++)
                if (!str_is_empty(getenv(variables[i])))
                        return str_dup(getenv(variables[i]));
        return str_dup("/var/lib/berth");
}

char *daemon_socket_path(void) {
        _cleanup_free_ char *directory = daemon_directory();
        return str_printf("%s/unix.socket", directory);
}

static const DaemonCommand *find_command(const char *name) {
        for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
                if (str_equal(commands[i]->name, name))
                        return commands[i];
        return NULL;
}

static const DaemonOption *find_in(const DaemonOption *options, size_t count, const char *name,
                                   size_t length, char letter) {
        for (size_t i = 0; i < count; i++)
                if (letter != 0 ? options[i].letter == letter
                                : strlen(options[i].name) == length &&
                                          strncmp(options[i].name, name, length) == 0)
                        return &options[i];
        return NULL;
}

static const DaemonOption *find_option(const DaemonCommand *command, const char *name,
                                       size_t length, char letter) {
        const DaemonOption *option =
                find_in(command->options, command->option_count, name, length, letter);
        return option != NULL ? option
                              : find_in(global_options, ARRAY_SIZE(global_options), name, length,
                                        letter);
}

static void print_options(const char *title, const DaemonOption *options, size_t count) {
        if (count == 0)
                return;
        printf("\n%s:\n", title);
        for (size_t i = 0; i < count; i++) {
                char letter[8] = "    ";
                if (options[i].letter != 0)
                        snprintf(letter, sizeof letter, "-%c, ", options[i].letter);
                printf("  %s--%-22s %s\n", letter, options[i].name, options[i].help);
        }
}

static void print_help(const DaemonCommand *command) {
        printf("Usage:\n  berthd %s\n\n%s\n", command->usage, command->text);
        if (command == &daemon_command_serve) {
                printf("\nCommands:\n");
                for (size_t i = 1; i < ARRAY_SIZE(commands); i++)
                        printf("  %-18s %s\n", commands[i]->name, commands[i]->summary);
        }
        print_options("Options", command->options, command->option_count);
        print_options("Options of every command", global_options, ARRAY_SIZE(global_options));
        if (command == &daemon_command_serve)
                printf("\n\"berthd COMMAND --help\" says more about a command.\n");
}

static _printf_(1, 2) int refuse(const char *format, ...) {
        va_list arguments;
        fprintf(stderr, "Error: ");
        va_start(arguments, format);
        vfprintf(stderr, format, arguments);
        va_end(arguments);
        fprintf(stderr, "\nSee \"berthd --help\".\n");
        return -1;
}

/* Reads one option at argv[*index]; its value may be the next word. */
static int read_option(const DaemonCommand *command, int argc, char **argv, int *index,
                       DaemonArguments *arguments) {
        const char *word = argv[*index], *value = NULL;
        bool is_long = str_has_prefix(word, "--");
        const char *name = is_long ? word + 2 : "", *equal = is_long ? strchr(name, '=') : NULL;
        size_t length = equal != NULL ? (size_t) (equal - name) : strlen(name);
        const DaemonOption *option = find_option(command, name, length, is_long ? 0 : word[1]);
        if (option == NULL)
                return refuse("unknown option %s", word);
        if (equal != NULL)
                value = equal + 1;
        else if (!is_long && word[2] != '\0')
                value = word + 2;
        if (option->type == DAEMON_OPTION_FLAG) {
                strmap_set(&arguments->options, option->name, value != NULL ? value : "true");
                return 0;
        }
        if (value == NULL && *index + 1 < argc)
                value = argv[++*index];
        int64_t number;
        if (value == NULL)
                return refuse("option --%s needs a value", option->name);
        if (option->type == DAEMON_OPTION_NUMBER && !str_to_int64(value, &number))
                return refuse("option --%s needs a number", option->name);
        strmap_set(&arguments->options, option->name, value);
        return 0;
}

/* The first word names the command; an empty argument is what LXD's test scripts pass where a
 * flag is unset. */
static int read_arguments(int argc, char **argv, const DaemonCommand **command,
                          DaemonArguments *arguments) {
        bool plain = false;
        for (int i = 1; i < argc; i++) {
                if (argv[i][0] == '\0')
                        continue;
                if (!plain && str_equal(argv[i], "--")) {
                        plain = true;
                } else if (!plain && argv[i][0] == '-' && argv[i][1] != '\0') {
                        if (read_option(*command, argc, argv, &i, arguments) < 0)
                                return -1;
                } else if (*command == &daemon_command_serve) {
                        *command = find_command(str_equal(argv[i], "help") ? "" : argv[i]);
                        if (*command == NULL)
                                return refuse("unknown command \"%s\"", argv[i]);
                        if (str_equal(argv[i], "help"))
                                strmap_set(&arguments->options, "help", "true");
                } else {
                        strlist_add(&arguments->words, argv[i]);
                }
        }
        return 0;
}

int main(int argc, char **argv) {
        const DaemonCommand *command = &daemon_command_serve;
        DaemonArguments arguments = {};
        int status = 1;
        if (read_arguments(argc, argv, &command, &arguments) == 0) {
                if (daemon_argument_flag(&arguments, "help")) {
                        print_help(command);
                        status = 0;
                } else if (daemon_argument_flag(&arguments, "version")) {
                        status = daemon_command_version.run(&arguments);
                } else {
                        status = command->run(&arguments);
                }
        }
        strmap_done(&arguments.options);
        strlist_done(&arguments.words);
        return status;
}
