/* Addresses and ports that a network forwards to its inside. */
#include "base/memory.h"
#include "cli/columns.h"
#include "cli/commands/commands.h"
#include "cli/commands/network.h"
#include "cli/fields.h"

static char *column_address(const json_t *item) {
        return str_dup(field_text(item, "listen_address"));
}

static char *column_target(const json_t *item) {
        return str_dup(field_text(field_get(item, "config"), "target_address"));
}

static char *column_ports(const json_t *item) {
        return str_printf("%zu", field_count(item, "ports"));
}

static const Column columns[] = {
        {.header = "LISTEN ADDRESS", .text = column_address},
        {.header = "DESCRIPTION", .text = columns_description},
        {.header = "DEFAULT TARGET ADDRESS", .text = column_target},
        {.header = "PORTS", .text = column_ports},
        {}};

static const ObjectKind kind_forward = {
        .noun = "Network forward",
        .collection = "/1.0/networks/{}/forwards",
        .child = true,
        .shown = "description config ports listen_address location",
        .writable = "description config ports",
        .name_key = "listen_address",
        .extension = "network_forward",
        .columns = columns,
        .takes_input = true,
        .guide = "The forward as YAML. Lines that begin with # are left out.\n"
                 "\n"
                 "config:\n"
                 "  target_address: 10.1.0.5\n"
                 "ports:\n"
                 "- protocol: tcp\n"
                 "  listen_port: 80,90-91\n"
                 "  target_address: 10.1.0.6",
};

static int load_ports(Cli *cli, ObjectTarget *target, json_t **ret_forward, char **ret_etag,
                      Error **err) {
        if (object_target(cli, target, err) < 0 ||
            object_load(target, ret_forward, ret_etag, err) < 0)
                return -1;
        if (!json_is_array(json_object_get(*ret_forward, "ports")))
                json_object_set_new(*ret_forward, "ports", json_array());
        return 0;
}

static int run_port_add(Cli *cli, Error **err) {
        _cleanup_target_ ObjectTarget target = {};
        _cleanup_free_ char *etag = NULL;
        const char *target_port = cli_argument(cli, 5);
        json_t *forward, *port;
        int result;
        if (load_ports(cli, &target, &forward, &etag, err) < 0)
                return -1;
        port = json_pack("{s:s,s:s,s:s,s:s,s:s}", "description", "", "protocol",
                         cli_argument(cli, 2), "listen_port", cli_argument(cli, 3), "target_port",
                         target_port != NULL ? target_port : "", "target_address",
                         cli_argument(cli, 4));
        json_array_append_new(json_object_get(forward, "ports"), port);
        result = object_update(cli, &target, forward, etag, err);
        json_decref(forward);
        return result;
}

static bool matches(const Cli *cli, const json_t *port) {
        const char *protocol = cli_argument(cli, 2), *listen = cli_argument(cli, 3);
        return (protocol == NULL || str_equal(field_text(port, "protocol"), protocol)) &&
               (listen == NULL || str_equal(field_text(port, "listen_port"), listen));
}

static int remove_ports(const Cli *cli, json_t *ports, Error **err) {
        size_t found = 0;
        for (size_t i = 0; i < json_array_size(ports); i++)
                found += matches(cli, json_array_get(ports, i));
        if (found == 0)
                return error_set(err, ERROR_NOT_FOUND, 0, "No matching port(s) found");
        if (found > 1 && !cli_flag(cli, "force"))
                return error_set(err, ERROR_INVALID, 0,
                                 "Multiple ports match. Use --force to remove them all");
        for (size_t i = json_array_size(ports); i > 0; i--) {
                if (matches(cli, json_array_get(ports, i - 1)))
                        json_array_remove(ports, i - 1);
        }
        return 0;
}

static int run_port_remove(Cli *cli, Error **err) {
        _cleanup_target_ ObjectTarget target = {};
        _cleanup_free_ char *etag = NULL;
        json_t *forward;
        int result;
        if (load_ports(cli, &target, &forward, &etag, err) < 0)
                return -1;
        result = remove_ports(cli, json_object_get(forward, "ports"), err);
        if (result == 0)
                result = object_update(cli, &target, forward, etag, err);
        json_decref(forward);
        return result;
}

static const Option remove_options[] = {
        {"force", 0, OPTION_FLAG, NULL, "Remove all ports that match"}, OPTION_TARGET, {}};

static const Command create = {
        .name = "create",
        .arguments = "[<remote>:]<network> <listen_address> [key=value...]",
        .summary = "Create a network forward",
        .options = object_target_options,
        .minimum = 2,
        .maximum = COMMAND_UNLIMITED,
        .completers = {COMPLETE_NETWORK, COMPLETE_NOTHING},
        .kind = &kind_forward,
        .run = object_create,
};

static const Command show = {
        .name = "show",
        .arguments = "[<remote>:]<network> <listen_address>",
        .summary = "Show a network forward as YAML",
        .options = object_target_options,
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_NETWORK, COMPLETE_NOTHING},
        .kind = &kind_forward,
        .run = object_show,
};

static const Command get = {
        .name = "get",
        .arguments = "[<remote>:]<network> <listen_address> <key>",
        .summary = "Show the value of a configuration key",
        .options = object_target_options,
        .minimum = 3,
        .maximum = 3,
        .completers = {COMPLETE_NETWORK, COMPLETE_NOTHING, COMPLETE_CONFIG_KEY},
        .kind = &kind_forward,
        .run = object_get,
};

static const Command set = {
        .name = "set",
        .arguments = "[<remote>:]<network> <listen_address> <key>=<value>...",
        .summary = "Set configuration keys",
        .details = "\"<key> <value>\" is understood too.",
        .options = object_target_options,
        .minimum = 3,
        .maximum = COMMAND_UNLIMITED,
        .completers = {COMPLETE_NETWORK, COMPLETE_NOTHING, COMPLETE_CONFIG_KEY},
        .kind = &kind_forward,
        .run = object_set,
};

static const Command unset = {
        .name = "unset",
        .arguments = "[<remote>:]<network> <listen_address> <key>",
        .summary = "Remove a configuration key",
        .options = object_target_options,
        .minimum = 3,
        .maximum = 3,
        .completers = {COMPLETE_NETWORK, COMPLETE_NOTHING, COMPLETE_CONFIG_KEY},
        .kind = &kind_forward,
        .run = object_unset,
};

static const Command edit = {
        .name = "edit",
        .arguments = "[<remote>:]<network> <listen_address>",
        .summary = "Edit a network forward as YAML",
        .details = "In your editor, or from standard input when that is a file or a pipe.",
        .options = object_target_options,
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_NETWORK, COMPLETE_NOTHING},
        .kind = &kind_forward,
        .run = object_edit,
};

static const Command delete = {
        .name = "delete",
        .aliases = "rm",
        .arguments = "[<remote>:]<network> <listen_address>",
        .summary = "Delete a network forward",
        .options = object_target_options,
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_NETWORK, COMPLETE_NOTHING},
        .kind = &kind_forward,
        .run = object_delete,
};

static const Command list = {
        .name = "list",
        .aliases = "ls",
        .arguments = "[<remote>:]<network>",
        .summary = "List the forwards of a network",
        .options = object_list_options,
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_NETWORK},
        .kind = &kind_forward,
        .run = object_list,
};

static const Command port_add = {
        .name = "add",
        .arguments = "[<remote>:]<network> <listen_address> <protocol> <listen_port(s)> "
                     "<target_address> [<target_port(s)>]",
        .summary = "Forward ports",
        .examples = "berth network forward port add br1 192.0.2.1 tcp 80,90-91 10.1.0.5",
        .options = object_target_options,
        .minimum = 5,
        .maximum = 6,
        .completers = {COMPLETE_NETWORK, COMPLETE_NOTHING},
        .kind = &kind_forward,
        .run = run_port_add,
};

static const Command port_remove = {
        .name = "remove",
        .arguments = "[<remote>:]<network> <listen_address> [<protocol>] [<listen_port(s)>]",
        .summary = "Stop forwarding ports",
        .options = remove_options,
        .minimum = 2,
        .maximum = 4,
        .completers = {COMPLETE_NETWORK, COMPLETE_NOTHING},
        .kind = &kind_forward,
        .run = run_port_remove,
};

static const Command *const port_commands[] = {&port_add, &port_remove, NULL};

static const Command port = {
        .name = "port",
        .summary = "Manage the ports of network forwards",
        .subcommands = port_commands,
};

static const Command *const subcommands[] = {
        &create, &delete, &edit, &get, &list, &port, &set, &show, &unset, NULL};

const Command command_network_forward = {
        .name = "forward",
        .summary = "Manage network forwards",
        .subcommands = subcommands,
};
