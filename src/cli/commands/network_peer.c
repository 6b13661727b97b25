/* Networks that are joined. */
#include "base/memory.h"
#include "cli/columns.h"
#include "cli/commands/commands.h"
#include "cli/commands/network.h"
#include "cli/fields.h"

#include <string.h>

static char *column_peer(const json_t *item) {
        return *field_text(item, "target_network") != '\0'
                       ? str_printf("%s/%s", field_text(item, "target_project"),
                                    field_text(item, "target_network"))
                       : str_dup("Unknown");
}

static const Column columns[] = {
        {.header = "NAME", .text = columns_name},
        {.header = "DESCRIPTION", .text = columns_description},
        {.header = "PEER", .text = column_peer},
        {.header = "STATE", .text = columns_status},
        {}};

static const ObjectKind kind_peer = {
        .noun = "Network peer",
        .collection = "/1.0/networks/{}/peers",
        .child = true,
        .shown = "description config name target_project target_network status used_by",
        .writable = "description config",
        .extension = "network_peer",
        .columns = columns,
        .takes_input = true,
        .guide = "The network peer as YAML. Lines that begin with # are left out.",
};

static int run_create(Cli *cli, Error **err) {
        _cleanup_target_ ObjectTarget target = {};
        _cleanup_strmap_ StrMap config = {};
        _cleanup_free_ char *path = NULL, *project = NULL;
        const char *network = cli_argument(cli, 2), *slash = strchr(network, '/');
        json_t *body;
        int result;
        if (object_target(cli, &target, err) < 0 || cli_pairs(cli, 3, false, &config, err) < 0)
                return -1;
        project = slash != NULL ? str_ndup(network, (size_t) (slash - network)) : str_dup("");
        body = json_pack("{s:s,s:s,s:s,s:s}", "name", target.name, "description", "",
                         "target_project", project, "target_network",
                         slash != NULL ? slash + 1 : network);
        object_merge(body, "config", &config, false);
        path = client_url("/1.0/networks/{}/peers", target.parent, NULL);
        result = client_change(target.client, "POST", path, body, NULL, err);
        json_decref(body);
        if (result == 0)
                cli_say(cli, "Network peer %s created", target.name);
        return result;
}

static const Command create = {
        .name = "create",
        .arguments = "[<remote>:]<network> <peer_name> <[target project/]target_network> "
                     "[key=value...]",
        .summary = "Join a network to another one",
        .minimum = 3,
        .maximum = COMMAND_UNLIMITED,
        .completers = {COMPLETE_NETWORK, COMPLETE_NOTHING},
        .kind = &kind_peer,
        .run = run_create,
};

static const Command show = {
        .name = "show",
        .arguments = "[<remote>:]<network> <peer_name>",
        .summary = "Show a network peer as YAML",
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_NETWORK, COMPLETE_NOTHING},
        .kind = &kind_peer,
        .run = object_show,
};

static const Command get = {
        .name = "get",
        .arguments = "[<remote>:]<network> <peer_name> <key>",
        .summary = "Show the value of a configuration key",
        .minimum = 3,
        .maximum = 3,
        .completers = {COMPLETE_NETWORK, COMPLETE_NOTHING, COMPLETE_CONFIG_KEY},
        .kind = &kind_peer,
        .run = object_get,
};

static const Command set = {
        .name = "set",
        .arguments = "[<remote>:]<network> <peer_name> <key>=<value>...",
        .summary = "Set configuration keys",
        .details = "\"<key> <value>\" is understood too.",
        .minimum = 3,
        .maximum = COMMAND_UNLIMITED,
        .completers = {COMPLETE_NETWORK, COMPLETE_NOTHING, COMPLETE_CONFIG_KEY},
        .kind = &kind_peer,
        .run = object_set,
};

static const Command unset = {
        .name = "unset",
        .arguments = "[<remote>:]<network> <peer_name> <key>",
        .summary = "Remove a configuration key",
        .minimum = 3,
        .maximum = 3,
        .completers = {COMPLETE_NETWORK, COMPLETE_NOTHING, COMPLETE_CONFIG_KEY},
        .kind = &kind_peer,
        .run = object_unset,
};

static const Command edit = {
        .name = "edit",
        .arguments = "[<remote>:]<network> <peer_name>",
        .summary = "Edit a network peer as YAML",
        .details = "In your editor, or from standard input when that is a file or a pipe.",
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_NETWORK, COMPLETE_NOTHING},
        .kind = &kind_peer,
        .run = object_edit,
};

static const Command delete = {
        .name = "delete",
        .aliases = "rm",
        .arguments = "[<remote>:]<network> <peer_name>",
        .summary = "Delete a network peer",
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_NETWORK, COMPLETE_NOTHING},
        .kind = &kind_peer,
        .run = object_delete,
};

static const Command list = {
        .name = "list",
        .aliases = "ls",
        .arguments = "[<remote>:]<network>",
        .summary = "List the peers of a network",
        .options = object_list_options,
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_NETWORK},
        .kind = &kind_peer,
        .run = object_list,
};

static const Command *const subcommands[] = {
        &create, &delete, &edit, &get, &list, &set, &show, &unset, NULL};

const Command command_network_peer = {
        .name = "peer",
        .summary = "Manage network peers",
        .subcommands = subcommands,
};
