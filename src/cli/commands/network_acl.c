/* Access control lists of networks. */
#include "base/memory.h"
#include "cli/columns.h"
#include "cli/commands/commands.h"
#include "cli/commands/network.h"
#include "cli/fields.h"

#include <stdio.h>

static const Column columns[] = {
        {.header = "NAME", .text = columns_name},
        {.header = "DESCRIPTION", .text = columns_description},
        {.header = "USED BY", .text = columns_used_by},
        {}};

static const ObjectKind kind_acl = {
        .noun = "Network ACL",
        .collection = "/1.0/network-acls",
        .shown = "name description egress ingress config used_by",
        .writable = "description egress ingress config",
        .extension = "network_acl",
        .columns = columns,
        .takes_input = true,
        .guide = "The ACL as YAML. Lines that begin with # are left out.\n"
                 "\n"
                 "ingress:\n"
                 "- action: allow\n"
                 "  protocol: tcp\n"
                 "  destination_port: \"22\"\n"
                 "  state: enabled",
};

static int run_show_log(Cli *cli, Error **err) {
        _cleanup_target_ ObjectTarget target = {};
        _cleanup_free_ char *path = NULL;
        _cleanup_download_ ClientDownload *download = NULL;
        ClientRequest request = {};
        if (object_target(cli, &target, err) < 0)
                return -1;
        path = str_printf("%s/log", target.path);
        request.path = path;
        if (client_download(target.client, &request, NULL, &download, err) < 0)
                return -1;
        return client_download_to_fd(download, STDOUT_FILENO, NULL, NULL, err);
}

/* --- rules --- */

static const char *const rule_keys[] = {"action",      "source",           "destination",
                                        "protocol",    "source_port",      "destination_port",
                                        "icmp_type",   "icmp_code",        "description",
                                        "state"};

/* The keys as a rule, in the API's order. */
static int make_rule(const StrMap *keys, json_t **ret, Error **err) {
        json_t *rule = json_object();
        size_t used = 0;
        for (size_t i = 0; i < ARRAY_SIZE(rule_keys); i++) {
                const char *value = strmap_get(keys, rule_keys[i]);
                if (value != NULL) {
                        field_set_text(rule, rule_keys[i], value);
                        used++;
                }
        }
        if (used == keys->count) {
                *ret = rule;
                return 0;
        }
        json_decref(rule);
        return error_set(err, ERROR_INVALID, 0,
                         "A rule has the keys action, source, destination, protocol, source_port, "
                         "destination_port, icmp_type, icmp_code, description and state");
}

static int load_rules(Cli *cli, ObjectTarget *target, json_t **ret_acl, char **ret_etag,
                      json_t **ret_rules, Error **err) {
        const char *direction = cli_argument(cli, 1);
        if (!str_equal(direction, "ingress") && !str_equal(direction, "egress"))
                return error_set(err, ERROR_INVALID, 0,
                                 "The direction argument must be one of: ingress, egress");
        if (object_target(cli, target, err) < 0 ||
            object_load(target, ret_acl, ret_etag, err) < 0)
                return -1;
        *ret_rules = json_object_get(*ret_acl, direction);
        if (!json_is_array(*ret_rules)) {
                *ret_rules = json_array();
                json_object_set_new(*ret_acl, direction, *ret_rules);
        }
        return 0;
}

static int run_rule_add(Cli *cli, Error **err) {
        _cleanup_target_ ObjectTarget target = {};
        _cleanup_strmap_ StrMap keys = {};
        _cleanup_free_ char *etag = NULL;
        json_t *acl, *rules, *rule;
        int result;
        if (cli_pairs(cli, 2, false, &keys, err) < 0 || make_rule(&keys, &rule, err) < 0)
                return -1;
        if (json_object_get(rule, "state") == NULL)
                field_set_text(rule, "state", "enabled");
        if (load_rules(cli, &target, &acl, &etag, &rules, err) < 0) {
                json_decref(rule);
                return -1;
        }
        json_array_append_new(rules, rule);
        result = object_update(cli, &target, acl, etag, err);
        json_decref(acl);
        return result;
}

static bool matches(const json_t *rule, const StrMap *keys) {
        for (size_t i = 0; i < keys->count; i++) {
                if (!str_equal(field_text(rule, keys->items[i].key), keys->items[i].value))
                        return false;
        }
        return true;
}

static int remove_rules(const Cli *cli, json_t *rules, const StrMap *keys, Error **err) {
        size_t found = 0;
        for (size_t i = 0; i < json_array_size(rules); i++)
                found += matches(json_array_get(rules, i), keys);
        if (found == 0)
                return error_set(err, ERROR_NOT_FOUND, 0, "No matching rule(s) found");
        if (found > 1 && !cli_flag(cli, "force"))
                return error_set(err, ERROR_INVALID, 0,
                                 "Multiple rules match. Use --force to remove them all");
        for (size_t i = json_array_size(rules); i > 0; i--) {
                if (matches(json_array_get(rules, i - 1), keys))
                        json_array_remove(rules, i - 1);
        }
        return 0;
}

static int run_rule_remove(Cli *cli, Error **err) {
        _cleanup_target_ ObjectTarget target = {};
        _cleanup_strmap_ StrMap keys = {};
        _cleanup_free_ char *etag = NULL;
        json_t *acl, *rules;
        int result;
        if (cli_pairs(cli, 2, false, &keys, err) < 0 ||
            load_rules(cli, &target, &acl, &etag, &rules, err) < 0)
                return -1;
        result = remove_rules(cli, rules, &keys, err);
        if (result == 0)
                result = object_update(cli, &target, acl, etag, err);
        json_decref(acl);
        return result;
}

static const Option force_options[] = {
        {"force", 0, OPTION_FLAG, NULL, "Remove all rules that match"}, {}};

static const Command create = {
        .name = "create",
        .arguments = "[<remote>:]<ACL> [key=value...]",
        .summary = "Create a network ACL",
        .minimum = 1,
        .maximum = COMMAND_UNLIMITED,
        .completers = {COMPLETE_REMOTE},
        .kind = &kind_acl,
        .run = object_create,
};

static const Command show = {
        .name = "show",
        .arguments = "[<remote>:]<ACL>",
        .summary = "Show a network ACL as YAML",
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_NOTHING},
        .kind = &kind_acl,
        .run = object_show,
};

static const Command get = {
        .name = "get",
        .arguments = "[<remote>:]<ACL> <key>",
        .summary = "Show the value of a configuration key",
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_NOTHING, COMPLETE_CONFIG_KEY},
        .kind = &kind_acl,
        .run = object_get,
};

static const Command set = {
        .name = "set",
        .arguments = "[<remote>:]<ACL> <key>=<value>...",
        .summary = "Set configuration keys",
        .details = "\"<key> <value>\" is understood too.",
        .minimum = 2,
        .maximum = COMMAND_UNLIMITED,
        .completers = {COMPLETE_NOTHING, COMPLETE_CONFIG_KEY},
        .kind = &kind_acl,
        .run = object_set,
};

static const Command unset = {
        .name = "unset",
        .arguments = "[<remote>:]<ACL> <key>",
        .summary = "Remove a configuration key",
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_NOTHING, COMPLETE_CONFIG_KEY},
        .kind = &kind_acl,
        .run = object_unset,
};

static const Command edit = {
        .name = "edit",
        .arguments = "[<remote>:]<ACL>",
        .summary = "Edit a network ACL as YAML",
        .details = "In your editor, or from standard input when that is a file or a pipe.",
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_NOTHING},
        .kind = &kind_acl,
        .run = object_edit,
};

static const Command rename_ = {
        .name = "rename",
        .aliases = "mv",
        .arguments = "[<remote>:]<ACL> <new-name>",
        .summary = "Rename a network ACL",
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_NOTHING, COMPLETE_NOTHING},
        .kind = &kind_acl,
        .run = object_rename,
};

static const Command delete = {
        .name = "delete",
        .aliases = "rm",
        .arguments = "[<remote>:]<ACL>",
        .summary = "Delete a network ACL",
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_NOTHING},
        .kind = &kind_acl,
        .run = object_delete,
};

static const Command list = {
        .name = "list",
        .aliases = "ls",
        .arguments = "[<remote>:]",
        .summary = "List network ACLs",
        .options = object_list_options,
        .maximum = 1,
        .completers = {COMPLETE_REMOTE},
        .kind = &kind_acl,
        .run = object_list,
};

static const Command show_log = {
        .name = "show-log",
        .arguments = "[<remote>:]<ACL>",
        .summary = "Show what a network ACL logged",
        .minimum = 1,
        .maximum = 1,
        .kind = &kind_acl,
        .run = run_show_log,
};

static const Command rule_add = {
        .name = "add",
        .arguments = "[<remote>:]<ACL> <direction> <key>=<value>...",
        .summary = "Add a rule to a network ACL",
        .details = "The direction is ingress or egress.",
        .examples = "berth network acl rule add web ingress action=allow source=10.0.0.0/8",
        .minimum = 3,
        .maximum = COMMAND_UNLIMITED,
        .kind = &kind_acl,
        .run = run_rule_add,
};

static const Command rule_remove = {
        .name = "remove",
        .arguments = "[<remote>:]<ACL> <direction> <key>=<value>...",
        .summary = "Remove rules from a network ACL",
        .details = "The rule whose keys have these values.",
        .options = force_options,
        .minimum = 2,
        .maximum = COMMAND_UNLIMITED,
        .kind = &kind_acl,
        .run = run_rule_remove,
};

static const Command *const rule_commands[] = {&rule_add, &rule_remove, NULL};

static const Command rule = {
        .name = "rule",
        .summary = "Manage the rules of network ACLs",
        .subcommands = rule_commands,
};

static const Command *const subcommands[] = {
        &create, &delete, &edit, &get, &list, &rename_, &rule, &set, &show, &show_log, &unset,
        NULL};

const Command command_network_acl = {
        .name = "acl",
        .summary = "Manage network ACLs",
        .subcommands = subcommands,
};
