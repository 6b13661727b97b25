/* Aliases of commands, kept in the client's configuration. */
#include "cli/commands/commands.h"

#include "base/memory.h"

static int missing(const char *name, Error **err) {
        return error_set(err, ERROR_NOT_FOUND, 0,
                         "Alias %s doesn't exist; \"berth alias list\" shows them", name);
}

static int run_add(Cli *cli, Error **err) {
        StrMap *aliases = &cli->config->aliases;
        const char *name = cli_argument(cli, 0);
        if (strmap_has(aliases, name))
                return error_set(err, ERROR_EXISTS, 0, "Alias %s already exists", name);
        strmap_set(aliases, name, cli_argument(cli, 1));
        return client_config_save(cli->config, err);
}

static int run_list(Cli *cli, Error **err) {
        _cleanup_output_ Output output = {};
        const StrMap *aliases = &cli->config->aliases;
        json_t *raw = json_object();
        int result;
        output_header(&output, "ALIAS");
        output_header(&output, "TARGET");
        for (size_t i = 0; i < aliases->count; i++) {
                output_cells(&output, aliases->items[i].key, aliases->items[i].value, NULL);
                json_object_set_new(raw, aliases->items[i].key,
                                    json_string(aliases->items[i].value));
        }
        result = output_print(&output, cli_text(cli, "format"), raw, err);
        json_decref(raw);
        return result;
}

static int run_remove(Cli *cli, Error **err) {
        const char *name = cli_argument(cli, 0);
        if (!strmap_remove(&cli->config->aliases, name))
                return missing(name, err);
        return client_config_save(cli->config, err);
}

static int run_rename(Cli *cli, Error **err) {
        StrMap *aliases = &cli->config->aliases;
        const char *name = cli_argument(cli, 0), *new_name = cli_argument(cli, 1);
        if (!strmap_has(aliases, name))
                return missing(name, err);
        if (strmap_has(aliases, new_name))
                return error_set(err, ERROR_EXISTS, 0, "Alias %s already exists", new_name);
        strmap_set(aliases, new_name, strmap_get(aliases, name));
        strmap_remove(aliases, name);
        return client_config_save(cli->config, err);
}

static const Command add = {
        .name = "add",
        .arguments = "<alias> <target>",
        .summary = "Add an alias",
        .details = "The target is a command line without \"berth\". @ARGS@ in it stands for the "
                   "words behind the alias; without it they follow.",
        .examples = "berth alias add ll \"list -c ns46S\"\n"
                    "berth alias add as-web \"exec @ARGS@ -- su -l web\"",
        .minimum = 2,
        .maximum = 2,
        .run = run_add,
};

static const Command list = {
        .name = "list",
        .aliases = "ls",
        .summary = "List aliases",
        .options = object_list_options,
        .run = run_list,
};

static const Command remove_ = {
        .name = "remove",
        .aliases = "rm",
        .arguments = "<alias>",
        .summary = "Remove an alias",
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_ALIAS},
        .run = run_remove,
};

static const Command rename_ = {
        .name = "rename",
        .aliases = "mv",
        .arguments = "<old alias> <new alias>",
        .summary = "Rename an alias",
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_ALIAS, COMPLETE_NOTHING},
        .run = run_rename,
};

static const Command *const subcommands[] = {&add, &list, &remove_, &rename_, NULL};

const Command command_alias = {
        .name = "alias",
        .summary = "Manage aliases of commands",
        .subcommands = subcommands,
};
