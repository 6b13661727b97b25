/* DNS zones of networks. */
#include "base/memory.h"
#include "cli/columns.h"
#include "cli/commands/commands.h"
#include "cli/commands/network.h"
#include "cli/fields.h"

static const Column columns[] = {
        {.header = "NAME", .text = columns_name},
        {.header = "DESCRIPTION", .text = columns_description},
        {.header = "USED BY", .text = columns_used_by},
        {}};

static const ObjectKind kind_zone = {
        .noun = "Network Zone",
        .collection = "/1.0/network-zones",
        .shown = "description config name used_by",
        .writable = "description config",
        .extension = "network_dns",
        .columns = columns,
        .takes_input = true,
        .guide = "The network zone as YAML. Lines that begin with # are left out.",
};

static const Command create = {
        .name = "create",
        .arguments = "[<remote>:]<zone> [key=value...]",
        .summary = "Create a network zone",
        .minimum = 1,
        .maximum = COMMAND_UNLIMITED,
        .completers = {COMPLETE_REMOTE},
        .kind = &kind_zone,
        .run = object_create,
};

static const Command show = {
        .name = "show",
        .arguments = "[<remote>:]<zone>",
        .summary = "Show a network zone as YAML",
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_NOTHING},
        .kind = &kind_zone,
        .run = object_show,
};

static const Command get = {
        .name = "get",
        .arguments = "[<remote>:]<zone> <key>",
        .summary = "Show the value of a configuration key",
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_NOTHING, COMPLETE_CONFIG_KEY},
        .kind = &kind_zone,
        .run = object_get,
};

static const Command set = {
        .name = "set",
        .arguments = "[<remote>:]<zone> <key>=<value>...",
        .summary = "Set configuration keys",
        .details = "\"<key> <value>\" is understood too.",
        .minimum = 2,
        .maximum = COMMAND_UNLIMITED,
        .completers = {COMPLETE_NOTHING, COMPLETE_CONFIG_KEY},
        .kind = &kind_zone,
        .run = object_set,
};

static const Command unset = {
        .name = "unset",
        .arguments = "[<remote>:]<zone> <key>",
        .summary = "Remove a configuration key",
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_NOTHING, COMPLETE_CONFIG_KEY},
        .kind = &kind_zone,
        .run = object_unset,
};

static const Command edit = {
        .name = "edit",
        .arguments = "[<remote>:]<zone>",
        .summary = "Edit a network zone as YAML",
        .details = "In your editor, or from standard input when that is a file or a pipe.",
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_NOTHING},
        .kind = &kind_zone,
        .run = object_edit,
};

static const Command delete = {
        .name = "delete",
        .aliases = "rm",
        .arguments = "[<remote>:]<zone>",
        .summary = "Delete a network zone",
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_NOTHING},
        .kind = &kind_zone,
        .run = object_delete,
};

static const Command list = {
        .name = "list",
        .aliases = "ls",
        .arguments = "[<remote>:]",
        .summary = "List network zones",
        .options = object_list_options,
        .maximum = 1,
        .completers = {COMPLETE_REMOTE},
        .kind = &kind_zone,
        .run = object_list,
};

static const Command *const subcommands[] = {
        &create, &delete, &edit, &get, &list, &command_network_zone_record, &set, &show, &unset,
        NULL};

const Command command_network_zone = {
        .name = "zone",
        .summary = "Manage network zones",
        .subcommands = subcommands,
};
