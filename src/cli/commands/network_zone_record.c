/* Records of DNS zones. */
#include "base/memory.h"
#include "cli/columns.h"
#include "cli/commands/commands.h"
#include "cli/commands/network.h"
#include "cli/fields.h"

/* "A 192.0.2.1" lines. */
static char *column_entries(const json_t *item) {
        _cleanup_strbuf_ StrBuf text = {};
        const json_t *entry;
        size_t i;
        json_array_foreach(field_get(item, "entries"), i, entry)
                strbuf_printf(&text, "%s%s %s", i > 0 ? "\n" : "", field_text(entry, "type"),
                              field_text(entry, "value"));
        return strbuf_take(&text);
}

static const Column columns[] = {
        {.header = "NAME", .text = columns_name},
        {.header = "DESCRIPTION", .text = columns_description},
        {.header = "ENTRIES", .text = column_entries},
        {}};

static const ObjectKind kind_record = {
        .noun = "Network zone record",
        .collection = "/1.0/network-zones/{}/records",
        .child = true,
        .shown = "description entries config name",
        .writable = "description entries config",
        .extension = "network_dns_records",
        .columns = columns,
        .takes_input = true,
        .guide = "The record as YAML. Lines that begin with # are left out.\n"
                 "\n"
                 "entries:\n"
                 "- type: A\n"
                 "  ttl: 3600\n"
                 "  value: 192.0.2.1",
};

static int load_entries(Cli *cli, ObjectTarget *target, json_t **ret_record, char **ret_etag,
                        Error **err) {
        if (object_target(cli, target, err) < 0 ||
            object_load(target, ret_record, ret_etag, err) < 0)
                return -1;
        if (!json_is_array(json_object_get(*ret_record, "entries")))
                json_object_set_new(*ret_record, "entries", json_array());
        return 0;
}

static int run_entry_add(Cli *cli, Error **err) {
        _cleanup_target_ ObjectTarget target = {};
        _cleanup_free_ char *etag = NULL;
        json_t *record, *entry;
        int result;
        if (load_entries(cli, &target, &record, &etag, err) < 0)
                return -1;
        entry = json_pack("{s:s,s:s}", "type", cli_argument(cli, 2), "value", cli_argument(cli, 3));
        if (cli_given(cli, "ttl"))
                json_object_set_new(entry, "ttl", json_integer(cli_number(cli, "ttl")));
        json_array_append_new(json_object_get(record, "entries"), entry);
        result = object_update(cli, &target, record, etag, err);
        json_decref(record);
        return result;
}

static int run_entry_remove(Cli *cli, Error **err) {
        _cleanup_target_ ObjectTarget target = {};
        _cleanup_free_ char *etag = NULL;
        json_t *record, *entries;
        size_t i = 0;
        int result;
        if (load_entries(cli, &target, &record, &etag, err) < 0)
                return -1;
        entries = json_object_get(record, "entries");
        while (i < json_array_size(entries) &&
               (!str_equal(field_text(json_array_get(entries, i), "type"), cli_argument(cli, 2)) ||
                !str_equal(field_text(json_array_get(entries, i), "value"), cli_argument(cli, 3))))
                i++;
        if (json_array_remove(entries, i) < 0)
                result = error_set(err, ERROR_NOT_FOUND, 0,
                                   "Couldn't find a matching entry");
        else
                result = object_update(cli, &target, record, etag, err);
        json_decref(record);
        return result;
}

static const Option entry_options[] = {
        {"ttl", 0, OPTION_UNSIGNED, "SECONDS", "How long the entry may be kept"}, {}};

static const Command create = {
        .name = "create",
        .arguments = "[<remote>:]<zone> <record> [key=value...]",
        .summary = "Create a network zone record",
        .minimum = 2,
        .maximum = COMMAND_UNLIMITED,
        .completers = {COMPLETE_NOTHING, COMPLETE_NOTHING},
        .kind = &kind_record,
        .run = object_create,
};

static const Command show = {
        .name = "show",
        .arguments = "[<remote>:]<zone> <record>",
        .summary = "Show a network zone record as YAML",
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_NOTHING},
        .kind = &kind_record,
        .run = object_show,
};

static const Command get = {
        .name = "get",
        .arguments = "[<remote>:]<zone> <record> <key>",
        .summary = "Show the value of a configuration key",
        .minimum = 3,
        .maximum = 3,
        .completers = {COMPLETE_NOTHING, COMPLETE_CONFIG_KEY},
        .kind = &kind_record,
        .run = object_get,
};

static const Command set = {
        .name = "set",
        .arguments = "[<remote>:]<zone> <record> <key>=<value>...",
        .summary = "Set configuration keys",
        .details = "\"<key> <value>\" is understood too.",
        .minimum = 3,
        .maximum = COMMAND_UNLIMITED,
        .completers = {COMPLETE_NOTHING, COMPLETE_CONFIG_KEY},
        .kind = &kind_record,
        .run = object_set,
};

static const Command unset = {
        .name = "unset",
        .arguments = "[<remote>:]<zone> <record> <key>",
        .summary = "Remove a configuration key",
        .minimum = 3,
        .maximum = 3,
        .completers = {COMPLETE_NOTHING, COMPLETE_CONFIG_KEY},
        .kind = &kind_record,
        .run = object_unset,
};

static const Command edit = {
        .name = "edit",
        .arguments = "[<remote>:]<zone> <record>",
        .summary = "Edit a network zone record as YAML",
        .details = "In your editor, or from standard input when that is a file or a pipe.",
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_NOTHING},
        .kind = &kind_record,
        .run = object_edit,
};

static const Command delete = {
        .name = "delete",
        .aliases = "rm",
        .arguments = "[<remote>:]<zone> <record>",
        .summary = "Delete a network zone record",
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_NOTHING},
        .kind = &kind_record,
        .run = object_delete,
};

static const Command list = {
        .name = "list",
        .aliases = "ls",
        .arguments = "[<remote>:]<zone>",
        .summary = "List the records of a zone",
        .options = object_list_options,
        .minimum = 1,
        .maximum = 1,
        .kind = &kind_record,
        .run = object_list,
};

static const Command entry_add = {
        .name = "add",
        .arguments = "[<remote>:]<zone> <record> <type> <value>",
        .summary = "Add an entry to a record",
        .examples = "berth network zone record entry add example.net www A 192.0.2.1",
        .options = entry_options,
        .minimum = 4,
        .maximum = 4,
        .kind = &kind_record,
        .run = run_entry_add,
};

static const Command entry_remove = {
        .name = "remove",
        .arguments = "[<remote>:]<zone> <record> <type> <value>",
        .summary = "Remove an entry from a record",
        .minimum = 4,
        .maximum = 4,
        .kind = &kind_record,
        .run = run_entry_remove,
};

static const Command *const entry_commands[] = {&entry_add, &entry_remove, NULL};

static const Command entry = {
        .name = "entry",
        .summary = "Manage the entries of records",
        .subcommands = entry_commands,
};

static const Command *const subcommands[] = {
        &create, &delete, &edit, &entry, &get, &list, &set, &show, &unset, NULL};

const Command command_network_zone_record = {
        .name = "record",
        .summary = "Manage the records of network zones",
        .subcommands = subcommands,
};
