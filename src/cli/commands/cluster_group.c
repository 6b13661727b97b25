/* Groups of cluster members. */
#include "base/memory.h"
#include "cli/columns.h"
#include "cli/commands/cluster.h"
#include "cli/commands/commands.h"
#include "cli/fields.h"

static char *column_members(const json_t *item) {
        return str_printf("%zu", field_count(item, "members"));
}

static const Column columns[] = {{.header = "NAME", .text = columns_name},
                                 {.header = "DESCRIPTION", .text = columns_description},
                                 {.header = "MEMBERS", .text = column_members},
                                 {}};

static const ObjectKind kind_group = {
        .noun = "Cluster group",
        .collection = "/1.0/cluster/groups",
        .shown = "description members name",
        .writable = "description members",
        .extension = "clustering_groups",
        .columns = columns,
        .takes_input = true,
        .guide = "The cluster group as YAML. Lines that begin with # are left out.",
};

static int run_list(Cli *cli, Error **err) {
        _cleanup_free_ char *name = NULL;
        Client *client;
        if (cli_resolve_optional(cli, cli_argument(cli, 0), &client, &name, err) < 0 ||
            cluster_check(client, err) < 0)
                return -1;
        return object_list(cli, err);
}

/* Lets `change` work on the groups of the member in the first argument. */
typedef int (*ChangeGroups)(json_t *groups, const char *argument, Error **err);

static int change_member(Cli *cli, ChangeGroups change, Error **err) {
        _cleanup_free_ char *name = NULL, *path = NULL, *etag = NULL;
        Client *client;
        json_t *member, *body;
        int result;
        if (cli_resolve(cli, cli_argument(cli, 0), &client, &name, err) < 0)
                return -1;
        path = client_url("/1.0/cluster/members/{}", name, NULL);
        if (client_get(client, path, &member, &etag, err) < 0)
                return -1;
        if (!json_is_array(json_object_get(member, "groups")))
                json_object_set_new(member, "groups", json_array());
        result = change(json_object_get(member, "groups"), cli_argument(cli, 1), err);
        body = field_pick(member, "roles failure_domain description config groups");
        if (result == 0)
                result = client_change(client, "PUT", path, body, etag, err);
        json_decref(body);
        json_decref(member);
        return result;
}

static int assign_all(json_t *groups, const char *argument, Error **err) {
        _cleanup_strlist_ StrList names = {};
        strlist_split(&names, argument, ",", true);
        json_array_clear(groups);
        for (size_t i = 0; i < names.count; i++)
                json_array_append_new(groups, json_string(names.items[i]));
        return 0;
}

static int remove_one(json_t *groups, const char *argument, Error **err) {
        for (size_t i = 0; i < json_array_size(groups); i++) {
                if (str_equal(json_string_value(json_array_get(groups, i)), argument))
                        return json_array_remove(groups, i);
        }
        return error_set(err, ERROR_NOT_FOUND, 0, "The member is not in the group %s", argument);
}

static int run_assign(Cli *cli, Error **err) {
        if (change_member(cli, assign_all, err) < 0)
                return -1;
        cli_say(cli, "Cluster member %s added to cluster groups %s", cli_argument(cli, 0),
                cli_argument(cli, 1));
        return 0;
}

static int run_remove(Cli *cli, Error **err) {
        if (change_member(cli, remove_one, err) < 0)
                return -1;
        cli_say(cli, "Cluster member %s removed from group %s", cli_argument(cli, 0),
                cli_argument(cli, 1));
        return 0;
}

static const Command show = {
        .name = "show",
        .arguments = "[<remote>:]<group>",
        .summary = "Show a cluster group as YAML",
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_NOTHING},
        .kind = &kind_group,
        .run = object_show,
};

static const Command edit = {
        .name = "edit",
        .arguments = "[<remote>:]<group>",
        .summary = "Edit a cluster group as YAML",
        .details = "In your editor, or from standard input when that is a file or a pipe.",
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_NOTHING},
        .kind = &kind_group,
        .run = object_edit,
};

static const Command rename_ = {
        .name = "rename",
        .aliases = "mv",
        .arguments = "[<remote>:]<group> <new-name>",
        .summary = "Rename a cluster group",
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_NOTHING, COMPLETE_NOTHING},
        .kind = &kind_group,
        .run = object_rename,
};

static const Command delete = {
        .name = "delete",
        .aliases = "rm",
        .arguments = "[<remote>:]<group>",
        .summary = "Delete a cluster group",
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_NOTHING},
        .kind = &kind_group,
        .run = object_delete,
};

static const Command assign = {
        .name = "assign",
        .aliases = "apply",
        .arguments = "[<remote>:]<member> <group>",
        .summary = "Set the groups of a member",
        .details = "Several groups are separated by commas.",
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_MEMBER, COMPLETE_NOTHING},
        .run = run_assign,
};

static const Command create = {
        .name = "create",
        .arguments = "[<remote>:]<group>",
        .summary = "Create a cluster group",
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_REMOTE},
        .kind = &kind_group,
        .run = object_create,
};

static const Command list = {
        .name = "list",
        .aliases = "ls",
        .arguments = "[<remote>:]",
        .summary = "List cluster groups",
        .options = object_list_options,
        .maximum = 1,
        .completers = {COMPLETE_REMOTE},
        .kind = &kind_group,
        .run = run_list,
};

static const Command remove_ = {
        .name = "remove",
        .arguments = "[<remote>:]<member> <group>",
        .summary = "Take a member from a group",
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_MEMBER, COMPLETE_NOTHING},
        .run = run_remove,
};

static const Command *const subcommands[] = {
        &assign, &create, &delete, &edit, &list, &remove_, &rename_, &show, NULL};

const Command command_cluster_group = {
        .name = "group",
        .summary = "Manage groups of cluster members",
        .subcommands = subcommands,
};
