/* Projects. */
#include "base/memory.h"
#include "base/units.h"
#include "cli/commands/commands.h"
#include "cli/fields.h"

#include <stdio.h>

const ObjectKind kind_project = {
        .noun = "Project",
        .collection = "/1.0/projects",
        .shown = "config description name used_by",
        .writable = "config description",
        .extension = "projects",
        .asynchronous = false,
        .guide = "The project as YAML. Lines that begin with # are left out.",
};

/* The project that names without one are looked up in. */
static const char *current_project(const Cli *cli, const char *remote) {
        const ClientRemote *found = client_config_remote(cli->config, remote);
        return found == NULL || str_is_empty(found->project) ? "default" : found->project;
}

static char *feature(const json_t *project, const char *key) {
        return str_dup(str_is_true(field_text(field_get(project, "config"), key)) ? "YES" : "NO");
}

static void add_row(Output *output, const json_t *project, const char *current) {
        const char *name = field_text(project, "name");
        output_take(output, str_printf(str_equal(name, current) ? "%s (current)" : "%s", name));
        output_take(output, feature(project, "features.images"));
        output_take(output, feature(project, "features.profiles"));
        output_take(output, feature(project, "features.storage.volumes"));
        output_take(output, feature(project, "features.networks"));
        output_cell(output, field_text(project, "description"));
        output_take(output, str_printf("%zu", field_count(project, "used_by")));
}

static int run_list(Cli *cli, Error **err) {
        static const char *const headers[] = {"NAME",     "IMAGES",      "PROFILES",
                                              "STORAGE VOLUMES", "NETWORKS", "DESCRIPTION",
                                              "USED BY"};
        _cleanup_output_ Output output = {};
        _cleanup_free_ char *remote = NULL, *name = NULL;
        Client *client;
        json_t *items, *shown;
        const json_t *item;
        size_t i;
        int result;
        const char *first = cli_count(cli) > 0 ? cli_argument(cli, 0) : "";
        if (cli_split(cli, first, &remote, &name, err) < 0 ||
            cli_client(cli, remote, &client, err) < 0 ||
            object_collection(client, "/1.0/projects", &items, err) < 0)
                return -1;
        shown = json_array();
        for (i = 0; i < ARRAY_SIZE(headers); i++)
                output_header(&output, headers[i]);
        json_array_foreach(items, i, item) {
                add_row(&output, item, current_project(cli, remote));
                json_array_append_new(shown, field_pick(item, kind_project.shown));
        }
        output_sort(&output);
        result = output_print(&output, cli_text(cli, "format"), shown, err);
        json_decref(shown);
        json_decref(items);
        return result;
}

static int run_create(Cli *cli, Error **err) {
        _cleanup_target_ ObjectTarget target = {};
        _cleanup_strmap_ StrMap config = {};
        const StrList *given = cli_list(cli, "config");
        json_t *body;
        int result;
        if (object_target(cli, &target, err) < 0)
                return -1;
        for (size_t i = 0; i < given->count; i++) {
                if (cli_pair_add(&config, given->items[i], err) < 0)
                        return -1;
        }
        body = json_pack("{s:s,s:s}", "name", target.name, "description", "");
        object_merge(body, "config", &config, false);
        result = client_change(target.client, "POST", "/1.0/projects", body, NULL, err);
        json_decref(body);
        if (result == 0)
                cli_say(cli, "Project %s created", target.name);
        return result;
}

static int run_rename(Cli *cli, Error **err) {
        _cleanup_target_ ObjectTarget target = {};
        json_t *body;
        int result;
        if (object_target(cli, &target, err) < 0)
                return -1;
        body = json_pack("{s:s}", "name", cli_argument(cli, 1));
        result = cli_change(cli, target.client, "POST", target.path, body, err);
        json_decref(body);
        if (result == 0)
                cli_say(cli, "Project %s renamed to %s", target.name, cli_argument(cli, 1));
        return result;
}

static int run_switch(Cli *cli, Error **err) {
        _cleanup_free_ char *remote = NULL, *name = NULL;
        _cleanup_target_ ObjectTarget target = {};
        ClientRemote *found;
        json_t *project;
        if (cli_split(cli, cli_argument(cli, 0), &remote, &name, err) < 0 ||
            object_target(cli, &target, err) < 0 || object_load(&target, &project, NULL, err) < 0)
                return -1;
        json_decref(project);
        found = client_config_remote(cli->config, remote);
        str_replace(&found->project, str_dup(name));
        return client_config_save(cli->config, err);
}

static int run_info(Cli *cli, Error **err) {
        _cleanup_target_ ObjectTarget target = {};
        _cleanup_output_ Output output = {};
        _cleanup_free_ char *path = NULL;
        json_t *state, *resource;
        const char *name;
        int result;
        if (object_target(cli, &target, err) < 0)
                return -1;
        path = str_printf("%s/state", target.path);
        if (client_get(target.client, path, &state, NULL, err) < 0)
                return -1;
        output_header(&output, "RESOURCE");
        output_header(&output, "LIMIT");
        output_header(&output, "USAGE");
        json_object_foreach(field_get(state, "resources"), name, resource) {
                bool bytes = str_equal(name, "memory") || str_equal(name, "disk");
                int64_t limit = field_number(resource, "Limit");
                int64_t usage = field_number(resource, "Usage");
                json_t *named = json_pack("{s:s}", "name", name);
                output_take(&output, field_upper(named, "name"));
                json_decref(named);
                output_take(&output, limit < 0 ? str_dup("UNLIMITED")
                                     : bytes   ? units_format_bytes((uint64_t) limit)
                                               : str_printf("%lld", (long long) limit));
                output_take(&output, bytes ? units_format_bytes((uint64_t) usage)
                                           : str_printf("%lld", (long long) usage));
        }
        output_sort(&output);
        result = output_print(&output, cli_text(cli, "format"), state, err);
        json_decref(state);
        return result;
}

static const Option create_options[] = {
        {"config", 'c', OPTION_LIST, "KEY=VALUE", "Configuration of the new project"}, {}};

static const Command create = {
        .name = "create",
        .arguments = "[<remote>:]<project>",
        .summary = "Create a project",
        .examples = "berth project create team1 -c features.images=false",
        .options = create_options,
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_REMOTE},
        .kind = &kind_project,
        .run = run_create,
};

static const Command list = {
        .name = "list",
        .aliases = "ls",
        .arguments = "[<remote>:]",
        .summary = "List projects",
        .options = object_list_options,
        .maximum = 1,
        .completers = {COMPLETE_REMOTE},
        .run = run_list,
};

static const Command rename_ = {
        .name = "rename",
        .aliases = "mv",
        .arguments = "[<remote>:]<project> <new-name>",
        .summary = "Rename a project",
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_PROJECT, COMPLETE_NOTHING},
        .kind = &kind_project,
        .run = run_rename,
};

static const Command info = {
        .name = "info",
        .arguments = "[<remote>:]<project>",
        .summary = "Show what a project uses and its limits",
        .options = object_list_options,
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_PROJECT},
        .kind = &kind_project,
        .run = run_info,
};

static const Command switch_ = {
        .name = "switch",
        .arguments = "[<remote>:]<project>",
        .summary = "Make a project the current one",
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_PROJECT},
        .kind = &kind_project,
        .run = run_switch,
};

static const Command show = {
        .name = "show",
        .arguments = "[<remote>:]<project>",
        .summary = "Show a project as YAML",
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_PROJECT},
        .kind = &kind_project,
        .run = object_show,
};

static const Command get = {
        .name = "get",
        .arguments = "[<remote>:]<project> <key>",
        .summary = "Show the value of a configuration key",
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_PROJECT, COMPLETE_CONFIG_KEY},
        .kind = &kind_project,
        .run = object_get,
};

static const Command set = {
        .name = "set",
        .arguments = "[<remote>:]<project> <key>=<value>...",
        .summary = "Set configuration keys",
        .details = "\"<key> <value>\" is understood too.",
        .minimum = 2,
        .maximum = COMMAND_UNLIMITED,
        .completers = {COMPLETE_PROJECT, COMPLETE_CONFIG_KEY},
        .kind = &kind_project,
        .run = object_set,
};

static const Command unset = {
        .name = "unset",
        .arguments = "[<remote>:]<project> <key>",
        .summary = "Remove a configuration key",
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_PROJECT, COMPLETE_CONFIG_KEY},
        .kind = &kind_project,
        .run = object_unset,
};

static const Command edit = {
        .name = "edit",
        .arguments = "[<remote>:]<project>",
        .summary = "Edit a project as YAML",
        .details = "In your editor, or from standard input when that is a file or a pipe.",
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_PROJECT},
        .kind = &kind_project,
        .run = object_edit,
};

static const Command delete = {
        .name = "delete",
        .aliases = "rm",
        .arguments = "[<remote>:]<project>",
        .summary = "Delete a project",
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_PROJECT},
        .kind = &kind_project,
        .run = object_delete,
};

static const Command *const subcommands[] = {
        &create, &delete, &edit, &get, &info, &list, &rename_, &set, &show, &switch_, &unset, NULL};

const Command command_project = {
        .name = "project",
        .summary = "Manage projects",
        .details = "A project has instances of its own and, as its features say, "
                   "images, profiles, networks and volumes of its own.",
        .subcommands = subcommands,
};
