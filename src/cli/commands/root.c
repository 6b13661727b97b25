/* The top of the command tree, and the options that every command has. */
#include "cli/commands/commands.h"

const Option command_global_options[] = {
        {"debug", 0, OPTION_FLAG, NULL, "Say all that happens"},
        {"force-local", 0, OPTION_FLAG, NULL, "Use the local unix socket whatever the remote"},
        {"help", 'h', OPTION_FLAG, NULL, "Show help"},
        {"project", 0, OPTION_TEXT, "PROJECT", "Project to work in", NULL, COMPLETE_PROJECT},
        {"quiet", 'q', OPTION_FLAG, NULL, "Say nothing but results and errors"},
        {"sub-commands", 0, OPTION_FLAG, NULL, "With --help: also the commands below"},
        {"verbose", 'v', OPTION_FLAG, NULL, "Say more"},
        {"version", 0, OPTION_FLAG, NULL, "Show the client's version"},
        {}};

static const Option options[] = {
        {"all", 0, OPTION_FLAG, NULL, "Also list the less common commands"}, {}};

static const Command *const subcommands[] = {
        &command_alias, &command_cluster, &command_complete, &command_completion, &command_config,
        &command_console, &command_copy, &command_delete, &command_exec, &command_export,
        &command_file, &command_help, &command_image, &command_import, &command_info, &command_init,
        &command_launch, &command_list, &command_manpage, &command_monitor, &command_move,
        &command_network, &command_operation, &command_pause, &command_profile, &command_project,
        &command_publish, &command_query, &command_remote, &command_rename, &command_restart,
        &command_restore, &command_shell, &command_snapshot, &command_start, &command_stop,
        &command_storage, &command_version, &command_warning, NULL};

const Command command_root = {
        .name = "berth",
        .summary = "Manage system containers through the daemon berthd",
        .details = "Names may be prefixed with a remote and a colon (\"server2:c1\"); without, "
                   "the default remote is meant. \"berth remote list\" shows the remotes.",
        .options = options,
        .subcommands = subcommands,
};
