/* berth: from the command line to one command. */
#include "base/log.h"
#include "base/memory.h"
#include "build-config.h"
#include "cli/alias.h"
#include "cli/help.h"
#include "cli/parse.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

static void free_client(void *client) {
        client_free(client);
}

static void cli_done(Cli *cli) {
        strlist_done(&cli->arguments);
        table_free(cli->options);
        table_free(cli->clients);
        client_config_free(cli->config);
}

/* Help where no command was named or help was asked for; false: there is a command to run. */
static bool show_help(const Cli *cli) {
        const Command *command = cli_command(cli);
        bool deep = cli_flag(cli, "sub-commands");
        if (cli_flag(cli, "version")) {
                puts(BERTH_VERSION);
                return true;
        }
        if (command == &command_root && !cli_flag(cli, "help") && !deep && !cli_flag(cli, "all")) {
                help_print_start(stdout);
                return true;
        }
        if (cli_flag(cli, "help") || command->subcommands != NULL) {
                help_print(stdout, &cli->path, cli_given(cli, "all"), deep);
                return true;
        }
        return false;
}

static int run(Cli *cli, const StrList *words, Error **err) {
        if (cli_parse(cli, words, err) < 0)
                return -1;
        if (show_help(cli))
                return 0;
        cli->quiet = cli_flag(cli, "quiet");
        cli->debug = cli_flag(cli, "debug");
        cli->verbose = cli_flag(cli, "verbose");
        cli->force_local = cli_flag(cli, "force-local");
        log_set_level(cli->debug     ? LOG_LEVEL_DEBUG
                      : cli->verbose ? LOG_LEVEL_INFO
                                     : LOG_LEVEL_WARNING);
        if (cli_check_count(cli, err) < 0)
                return -1;
        return cli_command(cli)->run(cli, err);
}

static bool is_completion(const StrList *words) {
        return words->count > 0 && str_equal(words->items[0], "__complete");
}

/* What the user can do about it, where the message alone does not say. */
static const char *advice(const Error *error) {
        if (error_is(error, ERROR_UNAVAILABLE) && strstr(error_message(error), "dial unix") != NULL)
                return "Is the daemon running? Start berthd, or set BERTH_DIR to its directory.";
        if (error_is(error, ERROR_FORBIDDEN) && strstr(error_message(error), "dial unix") != NULL)
                return "You may not use the socket: be root, or join the daemon's group.";
        return NULL;
}

int main(int argc, char **argv) {
        _cleanup_(cli_done) Cli cli = {};
        _cleanup_strlist_ StrList words = {};
        _cleanup_error_ Error *err = NULL;
        int result;
        /* Widths of characters need a UTF-8 locale; what is printed must not vary with it. */
        if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
                (void) setlocale(LC_CTYPE, "");
        for (int i = 1; i < argc; i++)
                strlist_add(&words, argv[i]);
        cli.clients = table_new(free_client);
        result = client_config_load(&cli.config, &err);
        if (result == 0 && !is_completion(&words))
                result = alias_expand(&cli.config->aliases, &words, &err);
        if (result == 0)
                result = run(&cli, &words, &err);
        if (result < 0) {
                fflush(stdout);
                fprintf(stderr, "Error: %s\n", error_message(err));
                if (advice(err) != NULL)
                        fprintf(stderr, "%s\n", advice(err));
                return cli.exit_code != 0 ? cli.exit_code : 1;
        }
        if (fflush(stdout) != 0)
                return 1;
        return cli.exit_code;
}
