/* Members of a cluster. */
#include "cli/commands/cluster.h"

#include "base/files.h"
#include "base/memory.h"
#include "cli/columns.h"
#include "cli/commands/commands.h"
#include "cli/fields.h"

static char *column_name(const json_t *item) {
        return str_dup(field_text(item, "server_name"));
}

static char *column_url(const json_t *item) {
        return str_dup(field_text(item, "url"));
}

static char *column_roles(const json_t *item) {
        return field_joined(item, "roles", "\n");
}

static char *column_architecture(const json_t *item) {
        return str_dup(field_text(item, "architecture"));
}

static char *column_domain(const json_t *item) {
        return str_dup(field_text(item, "failure_domain"));
}

static char *column_message(const json_t *item) {
        return str_dup(field_text(item, "message"));
}

static const Column columns[] = {{.header = "NAME", .text = column_name},
                                 {.header = "URL", .text = column_url},
                                 {.header = "ROLES", .text = column_roles},
                                 {.header = "ARCHITECTURE", .text = column_architecture},
                                 {.header = "FAILURE DOMAIN", .text = column_domain},
                                 {.header = "DESCRIPTION", .text = columns_description},
                                 {.header = "STATE", .text = columns_status},
                                 {.header = "MESSAGE", .text = column_message},
                                 {}};

static const ObjectKind kind_member = {
        .noun = "Member",
        .collection = "/1.0/cluster/members",
        .shown = "roles failure_domain description config groups server_name url database status "
                 "message architecture",
        .writable = "roles failure_domain description config groups",
        .name_key = "server_name",
        .extension = "clustering",
        .guide = "The cluster member as YAML. Lines that begin with # are left out.",
};

int cluster_check(Client *client, Error **err) {
        json_t *cluster;
        bool enabled;
        if (client_need_extension(client, "clustering", err) < 0 ||
            client_get(client, "/1.0/cluster", &cluster, NULL, err) < 0)
                return -1;
        enabled = field_bool(cluster, "enabled");
        json_decref(cluster);
        if (!enabled)
                return error_set(err, ERROR_BAD_STATE, 0,
                                 "The server isn't part of a cluster; berth cluster enable makes "
                                 "one");
        return 0;
}

static int run_list(Cli *cli, Error **err) {
        _cleanup_free_ char *name = NULL;
        Client *client;
        json_t *items;
        int result;
        if (cli_resolve_optional(cli, cli_argument(cli, 0), &client, &name, err) < 0 ||
            cluster_check(client, err) < 0 ||
            object_collection(client, kind_member.collection, &items, err) < 0)
                return -1;
        result = object_print(cli, columns, items, err);
        json_decref(items);
        return result;
}

static int run_remove(Cli *cli, Error **err) {
        _cleanup_target_ ObjectTarget target = {};
        bool force = cli_flag(cli, "force"), yes = true;
        if (object_target(cli, &target, err) < 0)
                return -1;
        if (force && !cli_flag(cli, "yes") &&
            cli_confirm("Removing a member by force loses what is on it and may leave the "
                        "database without a quorum. Are you sure (yes/no)?",
                        false, &yes, err) < 0)
                return -1;
        if (!yes)
                return error_set(err, ERROR_CANCELLED, 0, "User aborted delete operation");
        if (force)
                target.path = client_url_query(TAKE_PTR(target.path), "force", "1");
        if (cli_change(cli, target.client, "DELETE", target.path, NULL, err) < 0)
                return -1;
        cli_say(cli, "Member %s removed", target.name);
        return 0;
}

static int run_enable(Cli *cli, Error **err) {
        const char *name = cli_argument(cli, cli_count(cli) - 1);
        _cleanup_free_ char *rest = NULL;
        Client *client;
        json_t *body;
        int result;
        if (cli_resolve_optional(cli, cli_count(cli) > 1 ? cli_argument(cli, 0) : NULL, &client,
                                 &rest, err) < 0)
                return -1;
        body = json_pack("{s:s,s:b}", "server_name", name, "enabled", 1);
        result = cli_change(cli, client, "PUT", "/1.0/cluster", body, err);
        json_decref(body);
        if (result == 0)
                cli_say(cli, "Clustering enabled");
        return result;
}

static int change_state(Cli *cli, const char *action, const char *question, Error **err) {
        _cleanup_target_ ObjectTarget target = {};
        _cleanup_free_ char *path = NULL, *text = NULL;
        bool yes = true;
        json_t *body;
        int result;
        if (object_target(cli, &target, err) < 0)
                return -1;
        text = str_printf("%s %s (yes/no)?", question, target.name);
        if (!cli_flag(cli, "force") && cli_confirm(text, false, &yes, err) < 0)
                return -1;
        if (!yes)
                return error_set(err, ERROR_CANCELLED, 0, "User aborted operation");
        path = str_printf("%s/state", target.path);
        body = json_pack("{s:s}", "action", action);
        result = cli_change(cli, target.client, "POST", path, body, err);
        json_decref(body);
        return result;
}

static int run_evacuate(Cli *cli, Error **err) {
        return change_state(cli, "evacuate", "Stop or move away all instances of", err);
}

static int run_restore(Cli *cli, Error **err) {
        return change_state(cli, "restore", "Bring back the instances of", err);
}

static int run_certificate(Cli *cli, Error **err) {
        size_t first = cli_count(cli) - 2;
        _cleanup_free_ char *rest = NULL, *certificate = NULL, *key = NULL;
        Client *client;
        json_t *body;
        int result;
        if (cli_resolve_optional(cli, first > 0 ? cli_argument(cli, 0) : NULL, &client, &rest,
                                 err) < 0 ||
            cluster_check(client, err) < 0 ||
            file_read(cli_argument(cli, first), 0, &certificate, NULL, err) < 0 ||
            file_read(cli_argument(cli, first + 1), 0, &key, NULL, err) < 0)
                return -1;
        body = json_pack("{s:s,s:s}", "cluster_certificate", certificate, "cluster_certificate_key",
                         key);
        result = client_change(client, "PUT", "/1.0/cluster/certificate", body, NULL, err);
        json_decref(body);
        return result;
}

/* --- roles --- */

static int change_roles(Cli *cli, bool adds, Error **err) {
        _cleanup_target_ ObjectTarget target = {};
        _cleanup_free_ char *etag = NULL;
        _cleanup_strlist_ StrList given = {}, roles = {};
        json_t *member, *list = json_array();
        const json_t *item;
        size_t i;
        int result = 0;
        strlist_split(&given, cli_argument(cli, 1), ",", true);
        if (object_target(cli, &target, err) < 0 ||
            object_load(&target, &member, &etag, err) < 0) {
                json_decref(list);
                return -1;
        }
        json_array_foreach(field_get(member, "roles"), i, item)
                strlist_add(&roles, json_string_value(item));
        for (i = 0; i < given.count && result == 0; i++) {
                if (strlist_has(&roles, given.items[i]) == adds)
                        result = error_set(err, adds ? ERROR_EXISTS : ERROR_NOT_FOUND, 0,
                                           "Member %s %s the role %s", target.name,
                                           adds ? "already has" : "does not have", given.items[i]);
                if (adds)
                        strlist_add(&roles, given.items[i]);
        }
        for (i = 0; i < roles.count; i++) {
                if (adds || !strlist_has(&given, roles.items[i]))
                        json_array_append_new(list, json_string(roles.items[i]));
        }
        json_object_set_new(member, "roles", list);
        if (result == 0)
                result = object_update(cli, &target, member, etag, err);
        json_decref(member);
        return result;
}

static int run_role_add(Cli *cli, Error **err) {
        return change_roles(cli, true, err);
}

static int run_role_remove(Cli *cli, Error **err) {
        return change_roles(cli, false, err);
}

static const Option remove_options[] = {
        {"force", 'f', OPTION_FLAG, NULL, "Also when the member does not answer"},
        {"yes", 0, OPTION_FLAG, NULL, "Do not ask"},
        {}};

static const Option force_options[] = {{"force", 0, OPTION_FLAG, NULL, "Do not ask"}, {}};

static const Command show = {
        .name = "show",
        .arguments = "[<remote>:]<member>",
        .summary = "Show a cluster member as YAML",
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_MEMBER},
        .kind = &kind_member,
        .run = object_show,
};

static const Command get = {
        .name = "get",
        .arguments = "[<remote>:]<member> <key>",
        .summary = "Show the value of a configuration key",
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_MEMBER, COMPLETE_CONFIG_KEY},
        .kind = &kind_member,
        .run = object_get,
};

static const Command set = {
        .name = "set",
        .arguments = "[<remote>:]<member> <key>=<value>...",
        .summary = "Set configuration keys",
        .details = "\"<key> <value>\" is understood too.",
        .minimum = 2,
        .maximum = COMMAND_UNLIMITED,
        .completers = {COMPLETE_MEMBER, COMPLETE_CONFIG_KEY},
        .kind = &kind_member,
        .run = object_set,
};

static const Command unset = {
        .name = "unset",
        .arguments = "[<remote>:]<member> <key>",
        .summary = "Remove a configuration key",
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_MEMBER, COMPLETE_CONFIG_KEY},
        .kind = &kind_member,
        .run = object_unset,
};

static const Command edit = {
        .name = "edit",
        .arguments = "[<remote>:]<member>",
        .summary = "Edit a cluster member as YAML",
        .details = "In your editor, or from standard input when that is a file or a pipe.",
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_MEMBER},
        .kind = &kind_member,
        .run = object_edit,
};

static const Command rename_ = {
        .name = "rename",
        .aliases = "mv",
        .arguments = "[<remote>:]<member> <new-name>",
        .summary = "Rename a cluster member",
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_MEMBER, COMPLETE_NOTHING},
        .kind = &kind_member,
        .run = object_rename,
};

static const Command enable = {
        .name = "enable",
        .arguments = "[<remote>:] <name>",
        .summary = "Make a server the first member of a cluster",
        .details = "The server has to be reachable by the others: set "
                   "core.https_address first.",
        .minimum = 1,
        .maximum = 2,
        .completers = {COMPLETE_REMOTE},
        .run = run_enable,
};

static const Command evacuate = {
        .name = "evacuate",
        .aliases = "evac",
        .arguments = "[<remote>:]<member>",
        .summary = "Stop or move away the instances of a member",
        .options = force_options,
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_MEMBER},
        .kind = &kind_member,
        .run = run_evacuate,
};

static const Command list = {
        .name = "list",
        .aliases = "ls",
        .arguments = "[<remote>:]",
        .summary = "List the members of a cluster",
        .options = object_list_options,
        .maximum = 1,
        .completers = {COMPLETE_REMOTE},
        .run = run_list,
};

static const Command remove_ = {
        .name = "remove",
        .aliases = "rm",
        .arguments = "[<remote>:]<member>",
        .summary = "Remove a member from the cluster",
        .options = remove_options,
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_MEMBER},
        .kind = &kind_member,
        .run = run_remove,
};

static const Command restore = {
        .name = "restore",
        .arguments = "[<remote>:]<member>",
        .summary = "Bring back what was evacuated from a member",
        .options = force_options,
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_MEMBER},
        .kind = &kind_member,
        .run = run_restore,
};

static const Command role_add = {
        .name = "add",
        .arguments = "[<remote>:]<member> <role[,role...]>",
        .summary = "Add roles to a member",
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_MEMBER, COMPLETE_NOTHING},
        .kind = &kind_member,
        .run = run_role_add,
};

static const Command role_remove = {
        .name = "remove",
        .arguments = "[<remote>:]<member> <role[,role...]>",
        .summary = "Take roles from a member",
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_MEMBER, COMPLETE_NOTHING},
        .kind = &kind_member,
        .run = run_role_remove,
};

static const Command *const role_commands[] = {&role_add, &role_remove, NULL};

static const Command role = {
        .name = "role",
        .summary = "Manage the roles of members",
        .subcommands = role_commands,
};

static const Command update_certificate = {
        .name = "update-certificate",
        .aliases = "update-cert",
        .arguments = "[<remote>:] <cert.crt> <cert.key>",
        .summary = "Replace the certificate of the cluster",
        .minimum = 2,
        .maximum = 3,
        .completers = {COMPLETE_FILE},
        .run = run_certificate,
};

static const Command *const subcommands[] = {
        &edit, &enable, &evacuate, &get, &command_cluster_group, &list, &remove_, &rename_,
        &restore, &role, &set, &show, &unset, &update_certificate, NULL};

const Command command_cluster = {
        .name = "cluster",
        .summary = "Manage the members of a cluster",
        .subcommands = subcommands,
};
