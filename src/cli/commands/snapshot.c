/* snapshot, restore, rename, publish. */
#include "cli/commands/snapshot.h"

#include "base/memory.h"
#include "cli/commands/commands.h"
#include "cli/commands/image.h"
#include "cli/commands/state.h"
#include "cli/fields.h"

#include <string.h>

/* --- snapshot and restore --- */

static int remove_old(Cli *cli, Client *client, const char *instance, const char *name,
                      Error **err) {
        _cleanup_free_ char *path =
                client_url("/1.0/instances/{}/snapshots/{}", instance, name, NULL);
        _cleanup_error_ Error *failed = NULL;
        if (cli_change(cli, client, "DELETE", path, NULL, &failed) < 0 &&
            !error_is(failed, ERROR_NOT_FOUND))
                return error_move(err, &failed);
        return 0;
}

static int run_snapshot(Cli *cli, Error **err) {
        _cleanup_free_ char *instance = NULL, *path = NULL;
        const char *name = cli_count(cli) > 1 ? cli_argument(cli, 1) : "";
        Client *client;
        json_t *body;
        int result;
        if (cli_resolve(cli, cli_argument(cli, 0), &client, &instance, err) < 0)
                return -1;
        if (cli_flag(cli, "reuse") && *name != '\0' &&
            remove_old(cli, client, instance, name, err) < 0)
                return -1;
        path = client_url("/1.0/instances/{}/snapshots", instance, NULL);
        body = json_pack("{s:s,s:b}", "name", name, "stateful", (int) cli_flag(cli, "stateful"));
        if (cli_flag(cli, "no-expiry"))
                field_set_text(body, "expires_at", "0001-01-01T00:00:00Z");
        result = cli_change(cli, client, "POST", path, body, err);
        json_decref(body);
        return result;
}

static int run_restore(Cli *cli, Error **err) {
        _cleanup_free_ char *instance = NULL, *path = NULL, *full = NULL;
        const char *snapshot = cli_argument(cli, 1);
        Client *client;
        json_t *body;
        int result;
        if (cli_resolve(cli, cli_argument(cli, 0), &client, &instance, err) < 0)
                return -1;
        full = strchr(snapshot, '/') != NULL ? str_dup(snapshot)
                                             : str_printf("%s/%s", instance, snapshot);
        path = client_url("/1.0/instances/{}", instance, NULL);
        body = json_pack("{s:s,s:b}", "restore", full, "stateful",
                         (int) cli_flag(cli, "stateful"));
        result = cli_change(cli, client, "PUT", path, body, err);
        json_decref(body);
        return result;
}

/* --- rename --- */

int snapshot_rename(Cli *cli, Client *client, const char *from, const char *to, Error **err) {
        const char *slash = strchr(from, '/'), *to_slash = strchr(to, '/');
        _cleanup_free_ char *instance = NULL, *path = NULL;
        json_t *body;
        int result;
        if (slash == NULL && to_slash != NULL)
                return error_set(err, ERROR_INVALID, 0, "Invalid instance name \"%s\"", to);
        if (slash != NULL) {
                instance = str_ndup(from, (size_t) (slash - from));
                if (to_slash != NULL && (strlen(instance) != (size_t) (to_slash - to) ||
                                         !str_has_prefix(to, instance)))
                        return error_set(err, ERROR_INVALID, 0,
                                         "Snapshots cannot be renamed to another instance");
                path = client_url("/1.0/instances/{}/snapshots/{}", instance, slash + 1, NULL);
                to = to_slash != NULL ? to_slash + 1 : to;
        } else {
                path = client_url("/1.0/instances/{}", from, NULL);
        }
        body = json_pack("{s:s}", "name", to);
        result = cli_change(cli, client, "POST", path, body, err);
        json_decref(body);
        return result;
}

static int run_rename(Cli *cli, Error **err) {
        _cleanup_free_ char *from = NULL, *to = NULL;
        Client *client, *target;
        const char *second = cli_argument(cli, 1);
        if (cli_resolve(cli, cli_argument(cli, 0), &client, &from, err) < 0)
                return -1;
        if (strchr(second, ':') == NULL)
                return snapshot_rename(cli, client, from, second, err);
        if (cli_resolve(cli, second, &target, &to, err) < 0)
                return -1;
        if (target != client)
                return error_set(err, ERROR_INVALID, 0,
                                 "Can't specify a different remote for rename");
        return snapshot_rename(cli, client, from, to, err);
}

/* --- publish --- */

/* Stops a running instance that --force allows to stop; *ret_restart: start it again. */
static int prepare(Cli *cli, Client *client, const char *name, bool *ret_restart, Error **err) {
        _cleanup_free_ char *path = client_url("/1.0/instances/{}", name, NULL);
        const StateChange stop = {.action = "stop", .timeout = -1, .force = true};
        json_t *instance;
        bool stopped;
        if (client_get(client, path, &instance, NULL, err) < 0)
                return -1;
        stopped = str_equal(field_text(instance, "status"), "Stopped");
        *ret_restart = !stopped;
        if (!stopped && field_bool(instance, "ephemeral")) {
                json_decref(instance);
                return error_set(err, ERROR_BAD_STATE, 0,
                                 "The instance is ephemeral: stopping it would delete it");
        }
        json_decref(instance);
        if (stopped)
                return 0;
        if (!cli_flag(cli, "force"))
                return error_set(err, ERROR_BAD_STATE, 0,
                                 "The instance is currently running. Use --force to have it "
                                 "stopped and restarted");
        return state_change_one(cli, client, name, &stop, err);
}

static int publish(Cli *cli, Client *client, const char *name, const StrMap *properties,
                   Error **err) {
        ClientRequest request = {.method = "POST", .path = "/1.0/images"};
        json_t *body, *map = json_object(), *operation;
        const char *fingerprint;
        int result;
        for (size_t i = 0; i < properties->count; i++)
                field_set_text(map, properties->items[i].key, properties->items[i].value);
        body = json_pack("{s:{s:s,s:s},s:b,s:o}", "source", "type",
                         strchr(name, '/') != NULL ? "snapshot" : "instance", "name", name,
                         "public", (int) cli_flag(cli, "public"), "properties", map);
        if (cli_given(cli, "compression"))
                field_set_text(body, "compression_algorithm", cli_text(cli, "compression"));
        if (cli_given(cli, "expire"))
                field_set_text(body, "expires_at", cli_text(cli, "expire"));
        request.body = body;
        result = cli_operate(cli, client, &request, &operation, err);
        json_decref(body);
        if (result < 0)
                return -1;
        fingerprint = field_text(field_get(operation, "metadata"), "fingerprint");
        cli_say(cli, "Instance published with fingerprint: %s", fingerprint);
        result = image_add_aliases(client, cli_list(cli, "alias"), fingerprint, true, err);
        json_decref(operation);
        return result;
}

/* INSTANCE[/SNAPSHOT] [REMOTE:] key=value… */
static int run_publish(Cli *cli, Error **err) {
        _cleanup_free_ char *name = NULL;
        _cleanup_strmap_ StrMap properties = {};
        const StateChange start = {.action = "start", .timeout = -1};
        Client *client;
        bool restart = false;
        int result;
        if (cli_resolve(cli, cli_argument(cli, 0), &client, &name, err) < 0)
                return -1;
        for (size_t i = 1; i < cli_count(cli); i++) {
                const char *argument = cli_argument(cli, i);
                _cleanup_free_ char *rest = NULL;
                Client *target = client;
                if (strchr(argument, '=') == NULL) {
                        if (cli_resolve(cli, argument, &target, &rest, err) < 0)
                                return -1;
                } else if (cli_pair_add(&properties, argument, err) < 0) {
                        return -1;
                }
                if (target != client)
                        return error_set(err, ERROR_UNSUPPORTED, 0,
                                         "An image is published on the instance's own server");
        }
        if (strchr(name, '/') == NULL && prepare(cli, client, name, &restart, err) < 0)
                return -1;
        result = publish(cli, client, name, &properties, err);
        if (restart && state_change_one(cli, client, name, &start, result == 0 ? err : NULL) < 0)
                return -1;
        return result;
}

static const Option snapshot_options[] = {
        {"stateful", 0, OPTION_FLAG, NULL, "With the memory of its processes"},
        {"no-expiry", 0, OPTION_FLAG, NULL, "Whatever the instance says about expiry"},
        {"reuse", 0, OPTION_FLAG, NULL, "Delete a snapshot of that name first"},
        {}};

static const Option restore_options[] = {
        {"stateful", 0, OPTION_FLAG, NULL, "With the memory of its processes"}, {}};

static const Option publish_options[] = {
        {"public", 0, OPTION_FLAG, NULL, "Let everybody have the image"},
        {"alias", 0, OPTION_LIST, "ALIAS", "Alias of the image, taken from one that has it"},
        {"force", 'f', OPTION_FLAG, NULL, "Stop the instance when it runs, and start it again"},
        {"compression", 0, OPTION_TEXT, "ALGORITHM", "Compression, or none"},
        {"expire", 0, OPTION_TEXT, "TIME", "When the image expires, as RFC 3339"},
        {}};

const Command command_snapshot = {
        .name = "snapshot",
        .arguments = "[<remote>:]<instance> [<snapshot name>]",
        .summary = "Make a snapshot of an instance",
        .details = "Without a name the server finds one, by the instance's "
                   "snapshots.pattern.",
        .options = snapshot_options,
        .minimum = 1,
        .maximum = 2,
        .completers = {COMPLETE_INSTANCE, COMPLETE_NOTHING},
        .run = run_snapshot,
};

const Command command_restore = {
        .name = "restore",
        .arguments = "[<remote>:]<instance> <snapshot>",
        .summary = "Bring an instance back to a snapshot",
        .examples = "berth snapshot c1 before\n"
                    "berth restore c1 before",
        .options = restore_options,
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_INSTANCE, COMPLETE_NOTHING},
        .run = run_restore,
};

const Command command_rename = {
        .name = "rename",
        .arguments = "[<remote>:]<instance>[/<snapshot>] <instance>[/<snapshot>]",
        .summary = "Rename an instance or a snapshot",
        .examples = "berth rename c1 web\n"
                    "berth rename c1/snap0 c1/before",
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_INSTANCE, COMPLETE_NOTHING},
        .run = run_rename,
};

const Command command_publish = {
        .name = "publish",
        .arguments = "[<remote>:]<instance>[/<snapshot>] [<remote>:] [key=value...]",
        .summary = "Make an image of an instance or a snapshot",
        .details = "key=value are properties of the image.",
        .options = publish_options,
        .minimum = 1,
        .maximum = COMMAND_UNLIMITED,
        .completers = {COMPLETE_INSTANCE, COMPLETE_NOTHING},
        .run = run_publish,
};
