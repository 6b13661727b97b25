/* Commands about the commands: help, manpage, completion. */
#include "cli/help.h"

#include "base/memory.h"
#include "cli/commands/commands.h"

static int find_path(const Cli *cli, CommandPath *ret, Error **err) {
        CommandPath path = {.levels = {&command_root}, .depth = 1};
        for (size_t i = 0; i < cli_count(cli); i++) {
                const Command *next =
                        command_find(path.levels[path.depth - 1], cli_argument(cli, i));
                if (next == NULL || path.depth == ARRAY_SIZE(path.levels))
                        return error_set(err, ERROR_NOT_FOUND, 0,
                                         "There is no command \"%s\"; \"berth help\" lists them",
                                         cli_argument(cli, i));
                path.levels[path.depth++] = next;
        }
        *ret = path;
        return 0;
}

static int run_help(Cli *cli, Error **err) {
        CommandPath path;
        if (find_path(cli, &path, err) < 0)
                return -1;
        help_print(stdout, &path, cli_flag(cli, "all"), cli_flag(cli, "sub-commands"));
        return 0;
}

static int run_manpage(Cli *cli, Error **err) {
        return manpage_write_all(cli_argument(cli, 0), err);
}

static int run_completion(Cli *cli, Error **err) {
        return completion_script(stdout, cli_argument(cli, 0), err);
}

static int run_complete(Cli *cli, Error **err) {
        return completion_propose(cli, &cli->arguments, err);
}

static const Option help_options[] = {
        {"all", 0, OPTION_FLAG, NULL, "Also list the less common commands"}, {}};

const Command command_help = {
        .name = "help",
        .arguments = "[command]...",
        .summary = "Show help about a command",
        .options = help_options,
        .maximum = COMMAND_UNLIMITED,
        .completers = {COMPLETE_COMMAND},
        .run = run_help,
};

const Command command_manpage = {
        .name = "manpage",
        .arguments = "<directory>",
        .summary = "Write the manual pages of all commands",
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_FILE},
        .hidden = true,
        .run = run_manpage,
};

const Command command_completion = {
        .name = "completion",
        .arguments = "bash|zsh",
        .summary = "Print the completion script of a shell",
        .examples = "berth completion bash > /etc/bash_completion.d/berth",
        .minimum = 1,
        .maximum = 1,
        .hidden = true,
        .run = run_completion,
};

const Command command_complete = {
        .name = "__complete",
        .arguments = "-- [word]...",
        .summary = "Propose what the last word may become, for completion scripts",
        .maximum = COMMAND_UNLIMITED,
        .hidden = true,
        .run = run_complete,
};
