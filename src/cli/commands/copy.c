/* copy and move. */
#include "cli/commands/copy.h"

#include "base/memory.h"
#include "cli/commands/commands.h"
#include "cli/commands/snapshot.h"
#include "cli/fields.h"

#include <string.h>

static void plan_done(CopyPlan *plan) {
        free(plan->source);
        free(plan->target);
        json_decref(plan->object);
}

char *copy_source_path(const char *source) {
        const char *slash = strchr(source, '/');
        _cleanup_free_ char *instance = NULL;
        if (slash == NULL)
                return client_url("/1.0/instances/{}", source, NULL);
        instance = str_ndup(source, (size_t) (slash - source));
        return client_url("/1.0/instances/{}/snapshots/{}", instance, slash + 1, NULL);
}

static int find_both(Cli *cli, CopyPlan *plan, Error **err) {
        const char *second = cli_argument(cli, 1);
        _cleanup_free_ char *path = NULL;
        Client *target;
        if (cli_resolve(cli, cli_argument(cli, 0), &plan->client, &plan->source, err) < 0)
                return -1;
        if (str_is_empty(plan->source))
                return error_set(err, ERROR_INVALID, 0, "You must specify a source instance name");
        if (second == NULL) {
                target = plan->client;
                plan->target = str_dup("");
        } else if (cli_resolve(cli, second, &target, &plan->target, err) < 0) {
                return -1;
        }
        if (target != plan->client)
                plan->other = target;
        if (plan->other != NULL && *plan->target == '\0')
                str_replace(&plan->target, str_dup(plan->source));
        path = copy_source_path(plan->source);
        return client_get(plan->client, path, &plan->object, NULL, err);
}

/* What belongs to the source alone: its addresses, ids and last state. */
static void drop_volatile(json_t *config, bool move) {
        const char *key;
        void *next;
        json_t *value;
        json_object_foreach_safe(config, next, key, value) {
                bool kept = str_equal(key, "volatile.base_image") ||
                            str_has_prefix(key, "volatile.last_state") ||
                            (move && str_has_prefix(key, "volatile."));
                if (str_has_prefix(key, "volatile.") && !kept)
                        json_object_del(config, key);
        }
}

/* "NAME,key=value,…" on top of the source's own or inherited device. */
static int override_device(json_t *devices, const json_t *expanded, const char *text,
                           Error **err) {
        _cleanup_strlist_ StrList parts = {};
        json_t *device;
        strlist_split(&parts, text, ",", false);
        if (parts.count < 2)
                return error_set(err, ERROR_INVALID, 0,
                                 "Bad device \"%s\": NAME,key=value[,key=value…] is wanted", text);
        device = json_object_get(devices, parts.items[0]);
        if (device == NULL) {
                const json_t *inherited = json_object_get(expanded, parts.items[0]);
                device = inherited != NULL ? json_copy((json_t *) inherited) : json_object();
                json_object_set_new(devices, parts.items[0], device);
        }
        for (size_t i = 1; i < parts.count; i++) {
                _cleanup_strmap_ StrMap pair = {};
                if (cli_pair_add(&pair, parts.items[i], err) < 0)
                        return -1;
                field_set_text(device, pair.items[0].key, pair.items[0].value);
        }
        return 0;
}

static void set_pool(json_t *devices, const json_t *expanded, const char *pool) {
        json_t *device;
        const char *name;
        json_object_foreach((json_t *) expanded, name, device) {
                if (str_equal(field_text(device, "type"), "disk") &&
                    str_equal(field_text(device, "path"), "/")) {
                        json_t *copy = json_copy(device);
                        field_set_text(copy, "pool", pool);
                        json_object_set_new(devices, name, copy);
                        return;
                }
        }
        json_object_set_new(devices, "root",
                            json_pack("{s:s,s:s,s:s}", "type", "disk", "path", "/", "pool", pool));
}

static int change_devices(Cli *cli, const CopyPlan *plan, json_t *body, Error **err) {
        const json_t *expanded = field_get(plan->object, "expanded_devices");
        const StrList *given = cli_list(cli, "device");
        json_t *devices = json_object_get(body, "devices");
        if (!json_is_object(devices)) {
                devices = json_object();
                json_object_set_new(body, "devices", devices);
        }
        if (!str_is_empty(cli_text(cli, "storage")))
                set_pool(devices, expanded, cli_text(cli, "storage"));
        for (size_t i = 0; i < given->count; i++) {
                if (override_device(devices, expanded, given->items[i], err) < 0)
                        return -1;
        }
        return 0;
}

static int change_config(Cli *cli, const CopyPlan *plan, json_t *body, Error **err) {
        const StrList *given = cli_list(cli, "config"), *profiles = cli_list(cli, "profile");
        _cleanup_strmap_ StrMap config = {};
        if (json_is_object(json_object_get(body, "config")))
                drop_volatile(json_object_get(body, "config"), plan->move);
        for (size_t i = 0; i < given->count; i++) {
                if (cli_pair_add(&config, given->items[i], err) < 0)
                        return -1;
        }
        object_merge(body, "config", &config, false);
        if (profiles->count > 0 || cli_flag(cli, "no-profiles")) {
                json_t *list = json_array();
                for (size_t i = 0; i < profiles->count; i++)
                        json_array_append_new(list, json_string(profiles->items[i]));
                json_object_set_new(body, "profiles", list);
        }
        return 0;
}

static int make_body(Cli *cli, const CopyPlan *plan, json_t **ret, Error **err) {
        json_t *body, *picked = field_pick(plan->object, "architecture config devices profiles "
                                                         "description");
        body = json_deep_copy(picked);
        json_decref(picked);
        json_object_set_new(body, "ephemeral",
                            json_boolean(cli_given(cli, "ephemeral")
                                                 ? cli_flag(cli, "ephemeral")
                                                 : field_bool(plan->object, "ephemeral")));
        field_set_text(body, "name", plan->target);
        if (*field_text(plan->object, "type") != '\0')
                field_set_text(body, "type", field_text(plan->object, "type"));
        json_object_set_new(body, "source",
                            json_pack("{s:s,s:s,s:b,s:b,s:b,s:b}", "type", "copy", "source",
                                      plan->source, "instance_only",
                                      (int) cli_flag(cli, "instance-only"), "live",
                                      (int) (field_bool(plan->object, "stateful") &&
                                             !cli_flag(cli, "stateless")),
                                      "refresh", (int) cli_flag(cli, "refresh"),
                                      "allow_inconsistent",
                                      (int) cli_flag(cli, "allow-inconsistent")));
        if (change_config(cli, plan, body, err) < 0 || change_devices(cli, plan, body, err) < 0) {
                json_decref(body);
                return -1;
        }
        *ret = body;
        return 0;
}

/* The copy; its name when the server found it. */
static int copy(Cli *cli, CopyPlan *plan, Error **err) {
        _cleanup_free_ char *path = str_dup("/1.0/instances");
        const char *project = cli_text(cli, "target-project");
        ClientRequest request = {.method = "POST"};
        json_t *body, *operation;
        const char *url;
        int result;
        if (make_body(cli, plan, &body, err) < 0)
                return -1;
        if (project != NULL) {
                const char *own = client_project(plan->client);
                field_set_text(json_object_get(body, "source"), "project",
                               own != NULL ? own : "default");
                path = client_url_query(TAKE_PTR(path), "project", project);
        }
        request.path = path;
        request.body = body;
        result = plan->other != NULL
                         ? copy_between(cli, plan, path, body, &operation, err)
                         : cli_operate(cli, plan->client, &request, &operation, err);
        json_decref(body);
        if (result < 0)
                return -1;
        url = json_string_value(
                json_array_get(field_get(field_get(operation, "resources"), "instances"), 0));
        if (*plan->target == '\0' && url != NULL) {
                const char *name = strrchr(url, '/') + 1;
                str_replace(&plan->target, str_ndup(name, strcspn(name, "?")));
                cli_say(cli, "Instance name is: %s", plan->target);
        }
        json_decref(operation);
        return 0;
}

static int run_copy(Cli *cli, Error **err) {
        _cleanup_(plan_done) CopyPlan plan = {};
        if (find_both(cli, &plan, err) < 0)
                return -1;
        if (cli_flag(cli, "refresh") && *plan.target == '\0')
                return error_set(err, ERROR_INVALID, 0,
                                 "--refresh needs the name of the copy to refresh");
        return copy(cli, &plan, err);
}

/* --- move --- */

static bool changes_something(const Cli *cli) {
        static const char *const options[] = {"storage", "target-project", "config", "device",
                                              "profile", "no-profiles",    "instance-only"};
        for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
                if (cli_given(cli, options[i]))
                        return true;
        }
        return false;
}

/* To another cluster member or, alone, to another pool or project: the server's own work. */
static int move_by_server(Cli *cli, const CopyPlan *plan, Error **err) {
        _cleanup_free_ char *path = client_url("/1.0/instances/{}", plan->source, NULL);
        const char *name = *plan->target != '\0' ? plan->target : plan->source;
        json_t *body = json_pack("{s:s,s:b,s:b,s:b,s:b}", "name", name, "migration", 1, "live",
                                 (int) !cli_flag(cli, "stateless"), "instance_only",
                                 (int) cli_flag(cli, "instance-only"), "allow_inconsistent",
                                 (int) cli_flag(cli, "allow-inconsistent"));
        int result;
        if (!str_is_empty(cli_text(cli, "storage")))
                field_set_text(body, "pool", cli_text(cli, "storage"));
        if (!str_is_empty(cli_text(cli, "target-project")))
                field_set_text(body, "project", cli_text(cli, "target-project"));
        result = cli_change(cli, plan->client, "POST", path, body, err);
        json_decref(body);
        return result;
}

static int change_state(Cli *cli, Client *client, const char *name, const char *action,
                        Error **err) {
        char *path = client_url("/1.0/instances/{}/state", name, NULL);
        const char *project = cli_text(cli, "target-project");
        if (project != NULL && str_equal(action, "start"))
                path = client_url_query(path, "project", project);
        json_t *body = json_pack("{s:s, s:i}", "action", action, "timeout", -1);
        int result = cli_change(cli, client, "PUT", path, body, err);
        json_decref(body);
        free(path);
        return result;
}

/* To another server. One that runs stands still meanwhile. */
static int move_between(Cli *cli, CopyPlan *plan, Error **err) {
        bool runs = str_equal(field_text(plan->object, "status"), "Running");
        _cleanup_free_ char *path = client_url("/1.0/instances/{}", plan->source, NULL);
        if (runs && !cli_flag(cli, "stateless"))
                return error_set(err, ERROR_BAD_STATE, 0,
                                 "The instance is running: stop it, or add --stateless to have it "
                                 "stopped and started");
        if (runs && change_state(cli, plan->client, plan->source, "stop", err) < 0)
                return -1;
        if (copy(cli, plan, err) < 0) {
                if (runs)
                        (void) !change_state(cli, plan->client, plan->source, "start", NULL);
                return -1;
        }
        if (cli_change(cli, plan->client, "DELETE", path, NULL, err) < 0)
                return -1;
        return runs ? change_state(cli, plan->other, plan->target, "start", err) : 0;
}

static int run_move(Cli *cli, Error **err) {
        _cleanup_(plan_done) CopyPlan plan = {.move = true};
        bool content = cli_given(cli, "config") || cli_given(cli, "device") ||
                       cli_given(cli, "profile") || cli_flag(cli, "no-profiles");
        _cleanup_free_ char *path = NULL;
        if (find_both(cli, &plan, err) < 0)
                return -1;
        if (plan.other == NULL && !changes_something(cli) && !cli_given(cli, "target"))
                return snapshot_rename(cli, plan.client, plan.source, plan.target, err);
        if (strchr(plan.source, '/') != NULL)
                return error_set(err, ERROR_INVALID, 0,
                                 "A snapshot can only be renamed; copy it to make an instance");
        if (plan.other != NULL)
                return move_between(cli, &plan, err);
        if (!content)
                return move_by_server(cli, &plan, err);
        if (*plan.target == '\0' || str_equal(plan.target, plan.source))
                return error_set(err, ERROR_INVALID, 0,
                                 "To change configuration while moving, give a new name");
        if (!str_equal(field_text(plan.object, "status"), "Stopped"))
                return error_set(err, ERROR_BAD_STATE, 0, "The instance is running; stop it first");
        if (copy(cli, &plan, err) < 0)
                return -1;
        path = client_url("/1.0/instances/{}", plan.source, NULL);
        return cli_change(cli, plan.client, "DELETE", path, NULL, err);
}

#define COMMON_OPTIONS                                                                       \
        {"config", 'c', OPTION_LIST, "KEY=VALUE", "Configuration of the new instance"},       \
        {"device", 'd', OPTION_LIST, "NAME,KEY=VALUE", "Key of a device"},                    \
        {"profile", 'p', OPTION_LIST, "PROFILE", "Profile to apply", NULL, COMPLETE_PROFILE}, \
        {"no-profiles", 0, OPTION_FLAG, NULL, "Apply no profile"},                            \
        {"instance-only", 0, OPTION_FLAG, NULL, "Without snapshots"},                         \
        {"stateless", 0, OPTION_FLAG, NULL, "Without the memory of its processes"},           \
        {"storage", 's', OPTION_TEXT, "POOL", "Storage pool", NULL, COMPLETE_POOL},           \
        {"mode", 0, OPTION_TEXT, "MODE", "How data goes between servers", "pull"},            \
        OPTION_TARGET,                                                                       \
        {"target-project", 0, OPTION_TEXT, "PROJECT", "Project of the new instance", NULL,    \
         COMPLETE_PROJECT},                                                                  \
        {"allow-inconsistent", 0, OPTION_FLAG, NULL, "Go on when files change meanwhile"}

static const Option copy_options[] = {
        COMMON_OPTIONS,
        {"ephemeral", 'e', OPTION_FLAG, NULL, "Delete the copy when it stops"},
        {"refresh", 0, OPTION_FLAG, NULL, "Bring an existing copy up to date"},
        {}};

static const Option move_options[] = {COMMON_OPTIONS, {}};

const Command command_copy = {
        .name = "copy",
        .aliases = "cp",
        .arguments = "[<remote>:]<source>[/<snapshot>] [[<remote>:]<destination>]",
        .summary = "Copy an instance or a snapshot",
        .examples = "berth copy c1 c2\n"
                    "berth copy c1/before c2 -s fast\n"
                    "berth copy c1 c2 --refresh",
        .options = copy_options,
        .minimum = 1,
        .maximum = 2,
        .completers = {COMPLETE_INSTANCE, COMPLETE_NOTHING},
        .run = run_copy,
};

const Command command_move = {
        .name = "move",
        .aliases = "mv",
        .arguments = "[<remote>:]<instance>[/<snapshot>] [<remote>:][<instance>[/<snapshot>]]",
        .summary = "Move or rename an instance",
        .examples = "berth move c1 web\n"
                    "berth move c1 -s fast\n"
                    "    Same name, another storage pool.",
        .options = move_options,
        .minimum = 1,
        .maximum = 2,
        .completers = {COMPLETE_INSTANCE, COMPLETE_NOTHING},
        .run = run_move,
};
