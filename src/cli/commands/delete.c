/* Deletes instances and snapshots. */
#include "cli/commands/commands.h"

#include "base/memory.h"
#include "cli/fields.h"

#include <string.h>

static int delete_path(Cli *cli, Client *client, const char *path, Error **err) {
        return cli_change(cli, client, "DELETE", path, NULL, err);
}

static int delete_snapshot(Cli *cli, Client *client, const char *name, const char *slash,
                           Error **err) {
        _cleanup_free_ char *instance = str_ndup(name, (size_t) (slash - name));
        _cleanup_free_ char *path =
                client_url("/1.0/instances/{}/snapshots/{}", instance, slash + 1, NULL);
        return delete_path(cli, client, path, err);
}

/* Stops a running instance when --force is there; *ret_gone: that has deleted it (ephemeral). */
static int stop_first(Cli *cli, Client *client, const char *name, bool *ret_gone, Error **err) {
        _cleanup_free_ char *path = client_url("/1.0/instances/{}", name, NULL), *state = NULL;
        json_t *instance, *body;
        bool stopped, ephemeral;
        int result;
        if (client_get(client, path, &instance, NULL, err) < 0)
                return -1;
        stopped = field_number(instance, "status_code") == 0 ||
                  field_number(instance, "status_code") == 102;
        ephemeral = field_bool(instance, "ephemeral");
        json_decref(instance);
        *ret_gone = false;
        if (stopped)
                return 0;
        if (!cli_flag(cli, "force"))
                return error_set(err, ERROR_BAD_STATE, 0,
                                 "The instance is currently running, stop it first or pass "
                                 "--force");
        state = client_url("/1.0/instances/{}/state", name, NULL);
        body = json_pack("{s:s,s:i,s:b}", "action", "stop", "timeout", -1, "force", 1);
        result = cli_change(cli, client, "PUT", state, body, err);
        json_decref(body);
        if (result < 0)
                return error_prefix(err, "Stopping the instance failed");
        *ret_gone = ephemeral;
        return 0;
}

static int delete_one(Cli *cli, const char *argument, Error **err) {
        _cleanup_free_ char *name = NULL, *path = NULL;
        const char *slash;
        Client *client;
        bool gone;
        if (cli_resolve(cli, argument, &client, &name, err) < 0)
                return -1;
        slash = strchr(name, '/');
        if (slash != NULL)
                return delete_snapshot(cli, client, name, slash, err);
        if (stop_first(cli, client, name, &gone, err) < 0)
                return -1;
        path = client_url("/1.0/instances/{}", name, NULL);
        return gone ? 0 : delete_path(cli, client, path, err);
}

static int run_delete(Cli *cli, Error **err) {
        for (size_t i = 0; i < cli_count(cli); i++) {
                const char *argument = cli_argument(cli, i);
                if (cli_flag(cli, "interactive")) {
                        _cleanup_free_ char *question = str_printf("Remove %s (yes/no)?", argument);
                        bool yes;
                        if (cli_confirm(question, false, &yes, err) < 0)
                                return -1;
                        if (!yes)
                                return error_set(err, ERROR_CANCELLED, 0,
                                                 "User aborted delete operation");
                }
                if (delete_one(cli, argument, err) < 0)
                        return cli_count(cli) > 1 ? error_prefix(err, "Failed deleting \"%s\"",
                                                                 argument)
                                                  : -1;
        }
        return 0;
}

static const Option options[] = {
        {"force", 'f', OPTION_FLAG, NULL, "Stop instances that run"},
        {"interactive", 'i', OPTION_FLAG, NULL, "Ask before each one"},
        {}};

const Command command_delete = {
        .name = "delete",
        .aliases = "rm",
        .arguments = "[<remote>:]<instance>[/<snapshot>] [[<remote>:]<instance>[/<snapshot>]...]",
        .summary = "Delete instances and snapshots",
        .options = options,
        .minimum = 1,
        .maximum = COMMAND_UNLIMITED,
        .completers = {COMPLETE_INSTANCE},
        .run = run_delete,
};
