/* Remotes: the servers that the client knows, kept in its configuration. */
#include "cli/commands/remote.h"

#include "base/memory.h"
#include "cli/commands/commands.h"
#include "cli/fields.h"

#include <stdio.h>
#include <string.h>

static int find_remote(const Cli *cli, const char *name, ClientRemote **ret, Error **err) {
        *ret = client_config_remote(cli->config, name);
        if (*ret == NULL)
                return error_set(err, ERROR_NOT_FOUND, 0,
                                 "Remote %s doesn't exist; \"berth remote list\" shows them", name);
        return 0;
}

static int find_changeable(const Cli *cli, const char *name, ClientRemote **ret, Error **err) {
        if (find_remote(cli, name, ret, err) < 0)
                return -1;
        if ((*ret)->is_static)
                return error_set(err, ERROR_INVALID, 0,
                                 "Remote %s is static and cannot be modified", name);
        return 0;
}

static const char *protocol_of(const ClientRemote *remote) {
        return str_is_empty(remote->protocol) ? "lxd" : remote->protocol;
}

static const char *auth_of(const ClientRemote *remote) {
        if (!str_is_empty(remote->auth_type))
                return remote->auth_type;
        if (str_equal(remote->address, "unix://"))
                return "file access";
        return str_equal(protocol_of(remote), "simplestreams") ? "none" : "tls";
}

static json_t *remote_json(const ClientRemote *remote) {
        return json_pack("{s:s,s:s,s:s,s:s,s:b,s:b,s:b}", "Addr", remote->address, "AuthType",
                         auth_of(remote), "Project", remote->project, "Protocol",
                         protocol_of(remote), "Public", (int) remote->is_public, "Global", 0,
                         "Static", (int) remote->is_static);
}

static int run_list(Cli *cli, Error **err) {
        static const char *const headers[] = {"NAME",   "URL",    "PROTOCOL", "AUTH TYPE",
                                              "PUBLIC", "STATIC", "GLOBAL"};
        const ClientConfig *config = cli->config;
        _cleanup_output_ Output output = {};
        json_t *raw = json_object();
        int result;
        for (size_t i = 0; i < ARRAY_SIZE(headers); i++)
                output_header(&output, headers[i]);
        for (size_t i = 0; i < config->remote_count; i++) {
                const ClientRemote *remote = &config->remotes[i];
                bool current = str_equal(remote->name, config->default_remote);
                output_take(&output,
                            str_printf(current ? "%s (current)" : "%s", remote->name));
                output_cells(&output, remote->address, protocol_of(remote), auth_of(remote),
                             remote->is_public ? "YES" : "NO", remote->is_static ? "YES" : "NO",
                             "NO", NULL);
                json_object_set_new(raw, remote->name, remote_json(remote));
        }
        output_sort(&output);
        result = output_print(&output, cli_text(cli, "format"), raw, err);
        json_decref(raw);
        return result;
}

static int run_get_default(Cli *cli, Error **err) {
        puts(cli->config->default_remote);
        return 0;
}

static int run_switch(Cli *cli, Error **err) {
        ClientRemote *remote;
        if (find_remote(cli, cli_argument(cli, 0), &remote, err) < 0)
                return -1;
        str_replace(&cli->config->default_remote, str_dup(remote->name));
        return client_config_save(cli->config, err);
}

static int run_remove(Cli *cli, Error **err) {
        ClientRemote *remote;
        const char *name = cli_argument(cli, 0);
        if (find_changeable(cli, name, &remote, err) < 0)
                return -1;
        if (str_equal(name, cli->config->default_remote))
                return error_set(err, ERROR_IN_USE, 0,
                                 "Can't remove the default remote; switch to another one first");
        client_config_remove_remote(cli->config, name);
        client_config_unpin(cli->config, name);
        return client_config_save(cli->config, err);
}

int remote_check_name(const Cli *cli, const char *name, Error **err) {
        if (str_is_empty(name) || strpbrk(name, ":/ ") != NULL)
                return error_set(err, ERROR_INVALID, 0,
                                 "\"%s\" is no name of a remote: no colons, slashes and blanks",
                                 name);
        if (client_config_remote(cli->config, name) != NULL)
                return error_set(err, ERROR_EXISTS, 0, "Remote %s already exists", name);
        return 0;
}

static int run_rename(Cli *cli, Error **err) {
        ClientRemote *remote, *added, copy;
        const char *name = cli_argument(cli, 0), *new_name = cli_argument(cli, 1);
        bool current = str_equal(name, cli->config->default_remote);
        if (find_changeable(cli, name, &remote, err) < 0 ||
            remote_check_name(cli, new_name, err) < 0)
                return -1;
        copy = *remote;
        added = client_config_add_remote(cli->config, new_name);
        remote = client_config_remote(cli->config, name);
        str_replace(&added->address, str_dup(copy.address));
        str_replace(&added->protocol, str_dup(copy.protocol));
        str_replace(&added->auth_type, str_dup(copy.auth_type));
        str_replace(&added->project, str_dup(copy.project));
        added->is_public = copy.is_public;
        client_config_remove_remote(cli->config, name);
        client_config_move_pin(cli->config, name, new_name);
        if (current)
                str_replace(&cli->config->default_remote, str_dup(new_name));
        return client_config_save(cli->config, err);
}

static int run_set_url(Cli *cli, Error **err) {
        ClientRemote *remote;
        if (find_changeable(cli, cli_argument(cli, 0), &remote, err) < 0)
                return -1;
        str_replace(&remote->address, str_dup(cli_argument(cli, 1)));
        return client_config_save(cli->config, err);
}

static const Command get_default = {
        .name = "get-default",
        .summary = "Show the name of the default remote",
        .run = run_get_default,
};

static const Command list = {
        .name = "list",
        .aliases = "ls",
        .summary = "List remotes",
        .options = object_list_options,
        .run = run_list,
};

static const Command remove_ = {
        .name = "remove",
        .aliases = "rm",
        .arguments = "<remote>",
        .summary = "Remove a remote",
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_REMOTE},
        .run = run_remove,
};

static const Command rename_ = {
        .name = "rename",
        .aliases = "mv",
        .arguments = "<remote> <new-name>",
        .summary = "Rename a remote",
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_REMOTE, COMPLETE_NOTHING},
        .run = run_rename,
};

static const Command set_url = {
        .name = "set-url",
        .arguments = "<remote> <URL>",
        .summary = "Change the address of a remote",
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_REMOTE, COMPLETE_NOTHING},
        .run = run_set_url,
};

static const Command switch_ = {
        .name = "switch",
        .aliases = "set-default",
        .arguments = "<remote>",
        .summary = "Make a remote the default one",
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_REMOTE},
        .run = run_switch,
};

static const Command *const subcommands[] = {
        &command_remote_add, &get_default, &list, &remove_, &rename_, &set_url, &switch_, NULL};

const Command command_remote = {
        .name = "remote",
        .summary = "Manage the list of servers",
        .subcommands = subcommands,
};
