/* The configuration of instances, of their snapshots and, without a name, of the server. */
#include "cli/commands/commands.h"

#include "base/memory.h"
#include "cli/document.h"
#include "cli/editor.h"
#include "cli/fields.h"

#include <stdio.h>
#include <string.h>

#define INSTANCE_FIELDS "architecture config devices ephemeral profiles stateful description"
#define SNAPSHOT_FIELDS                                                                      \
        "expires_at architecture config created_at devices ephemeral expanded_config "       \
        "expanded_devices last_used_at name profiles stateful size"

const ObjectKind kind_instance = {
        .noun = "Instance",
        .collection = "/1.0/instances",
        .shown = INSTANCE_FIELDS,
        .writable = INSTANCE_FIELDS,
        .asynchronous = true,
        .drop_empty = true,
        .guide = "The instance as YAML. Lines that begin with # are left out.\n"
                 "\n"
                 "architecture: x86_64\n"
                 "config:\n"
                 "  limits.memory: 1GiB\n"
                 "devices:\n"
                 "  root:\n"
                 "    type: disk\n"
                 "    path: /\n"
                 "    pool: default\n"
                 "ephemeral: false\n"
                 "profiles:\n"
                 "- default",
};

/* What a configuration belongs to. */
typedef struct ConfigOwner {
        Client *client;
        char *path;
        char *name; /* "" for the server */
        const char *shown;
        const char *writable;
        const char *guide;
        bool server;
        bool snapshot;
        size_t next; /* first argument behind the name */
} ConfigOwner;

static void owner_done(ConfigOwner *owner) {
        free(owner->path);
        free(owner->name);
}

static void fill_owner(ConfigOwner *owner) {
        const char *slash = strchr(owner->name, '/');
        owner->shown = owner->writable = INSTANCE_FIELDS;
        owner->guide = kind_instance.guide;
        if (*owner->name == '\0') {
                owner->server = true;
                owner->shown = owner->writable = "config";
                owner->path = str_dup("/1.0");
                owner->guide = "The server's configuration as YAML.\n"
                               "\n"
                               "config:\n"
                               "  core.https_address: '[::]:8443'";
        } else if (slash != NULL) {
                _cleanup_free_ char *instance =
                        str_ndup(owner->name, (size_t) (slash - owner->name));
                owner->snapshot = true;
                owner->shown = SNAPSHOT_FIELDS;
                owner->writable = "expires_at";
                owner->guide = "The snapshot as YAML. Only expires_at can be changed.";
                owner->path = client_url("/1.0/instances/{}/snapshots/{}", instance, slash + 1,
                                         NULL);
        } else {
                owner->path = client_url("/1.0/instances/{}", owner->name, NULL);
        }
}

/* Without an instance there is one argument less: "config get KEY", "config get c1 KEY". `needed`
 * arguments stand behind the name. */
static int find_owner(Cli *cli, size_t needed, ConfigOwner *owner, Error **err) {
        const char *first = cli_argument(cli, 0);
        bool named = cli_count(cli) > needed;
        /* "config set a=b" and "config set c1 a=b": an "=" is in no name. */
        if (named && needed > 0 && strchr(first, '=') != NULL)
                named = false;
        if (cli_resolve_optional(cli, named ? first : NULL, &owner->client, &owner->name, err) < 0)
                return -1;
        owner->next = named ? 1 : 0;
        fill_owner(owner);
        return 0;
}

static int save(Cli *cli, const ConfigOwner *owner, const json_t *object, const char *etag,
                Error **err) {
        json_t *body = field_pick(object, owner->writable);
        const ClientRequest request = {
                .method = "PUT", .path = owner->path, .body = body, .etag = etag};
        int result = owner->server || owner->snapshot
                             ? client_change(owner->client, "PUT", owner->path, body, etag, err)
                             : cli_operate(cli, owner->client, &request, NULL, err);
        json_decref(body);
        return result;
}

static int run_show(Cli *cli, Error **err) {
        _cleanup_(owner_done) ConfigOwner owner = {};
        json_t *object, *shown;
        if (find_owner(cli, 0, &owner, err) < 0 ||
            client_get(owner.client, owner.path, &object, NULL, err) < 0)
                return -1;
        if (cli_flag(cli, "expanded") && !owner.server) {
                json_object_set(object, "config", field_get(object, "expanded_config"));
                json_object_set(object, "devices", field_get(object, "expanded_devices"));
        }
        shown = field_pick(object, owner.shown);
        document_print(shown);
        json_decref(shown);
        json_decref(object);
        return 0;
}

static void print_value(const json_t *value) {
        if (json_is_string(value))
                puts(json_string_value(value));
        else if (value == NULL || json_is_null(value))
                puts("");
        else
                document_print_json(value);
}

static int run_get(Cli *cli, Error **err) {
        _cleanup_(owner_done) ConfigOwner owner = {};
        const char *member = cli_flag(cli, "expanded") ? "expanded_config" : "config", *key;
        json_t *object;
        if (find_owner(cli, 1, &owner, err) < 0 ||
            client_get(owner.client, owner.path, &object, NULL, err) < 0)
                return -1;
        key = cli_argument(cli, owner.next);
        if (owner.snapshot && str_equal(key, "expires_at"))
                print_value(json_object_get(object, key));
        else
                print_value(json_object_get(field_get(object, owner.server ? "config" : member),
                                            key));
        json_decref(object);
        return 0;
}

static int apply_changes(Cli *cli, const ConfigOwner *owner, const StrMap *changes, Error **err) {
        _cleanup_free_ char *etag = NULL;
        json_t *object;
        int result = 0;
        if (client_get(owner->client, owner->path, &object, &etag, err) < 0)
                return -1;
        for (size_t i = 0; result == 0 && i < changes->count; i++) {
                const StrPair *pair = &changes->items[i];
                if (owner->snapshot && str_equal(pair->key, "expires_at"))
                        field_set_text(object, "expires_at", pair->value);
                else if (owner->snapshot)
                        result = error_set(err, ERROR_INVALID, 0,
                                           "Only expires_at of a snapshot can be set");
                else if (str_is_empty(pair->value) &&
                         json_object_get(field_get(object, "config"), pair->key) == NULL)
                        result = error_set(err, ERROR_NOT_FOUND, 0,
                                           "Can't unset key '%s', it's not currently set",
                                           pair->key);
        }
        if (result == 0) {
                if (!owner->snapshot)
                        object_merge(object, "config", changes, true);
                result = save(cli, owner, object, etag, err);
        }
        json_decref(object);
        return result;
}

static int run_set(Cli *cli, Error **err) {
        _cleanup_(owner_done) ConfigOwner owner = {};
        _cleanup_strmap_ StrMap changes = {};
        const char *first = cli_argument(cli, 0), *second = cli_argument(cli, 1);
        /* "config set KEY VALUE" of the server, against "config set c1 KEY=VALUE" */
        bool server_pair = cli_count(cli) == 2 && strchr(first, '=') == NULL &&
                           strchr(second, '=') == NULL;
        if (find_owner(cli, server_pair ? 2 : 1, &owner, err) < 0 ||
            cli_pairs(cli, owner.next, true, &changes, err) < 0)
                return -1;
        return apply_changes(cli, &owner, &changes, err);
}

static int run_unset(Cli *cli, Error **err) {
        _cleanup_(owner_done) ConfigOwner owner = {};
        _cleanup_strmap_ StrMap changes = {};
        if (find_owner(cli, 1, &owner, err) < 0)
                return -1;
        strmap_set(&changes, cli_argument(cli, owner.next), "");
        return apply_changes(cli, &owner, &changes, err);
}

typedef struct EditConfig {
        Cli *cli;
        const ConfigOwner *owner;
        const char *etag;
} EditConfig;

static int apply_text(void *userdata, const char *text, Error **err) {
        const EditConfig *edit = userdata;
        json_t *object;
        int result;
        if (document_parse(text, &object, err) < 0)
                return -1;
        result = save(edit->cli, edit->owner, object, edit->etag, err);
        json_decref(object);
        return result;
}

static int run_edit(Cli *cli, Error **err) {
        _cleanup_(owner_done) ConfigOwner owner = {};
        _cleanup_free_ char *etag = NULL, *text = NULL, *start = NULL;
        EditConfig edit = {.cli = cli, .owner = &owner};
        json_t *object, *shown;
        if (find_owner(cli, 0, &owner, err) < 0)
                return -1;
        if (cli_input_is_data()) {
                if (cli_input_read(&text, err) < 0)
                        return -1;
                return apply_text(&edit, text, err);
        }
        if (client_get(owner.client, owner.path, &object, &etag, err) < 0)
                return -1;
        shown = field_pick(object, owner.shown);
        text = document_text(shown);
        json_decref(shown);
        json_decref(object);
        edit.etag = etag;
        start = editor_text(owner.guide, text);
        return editor_run(start, apply_text, &edit, err);
}

static const Option read_options[] = {
        {"expanded", 'e', OPTION_FLAG, NULL, "With what the profiles add"}, OPTION_TARGET, {}};

static const Command show = {
        .name = "show",
        .arguments = "[<remote>:][<instance>[/<snapshot>]]",
        .summary = "Show the configuration of an instance, a snapshot or the server",
        .options = read_options,
        .maximum = 1,
        .completers = {COMPLETE_INSTANCE},
        .run = run_show,
};

static const Command get = {
        .name = "get",
        .arguments = "[<remote>:][<instance>] <key>",
        .summary = "Show the value of a key of an instance or the server",
        .options = read_options,
        .minimum = 1,
        .maximum = 2,
        .completers = {COMPLETE_INSTANCE, COMPLETE_CONFIG_KEY},
        .run = run_get,
};

static const Command set = {
        .name = "set",
        .arguments = "[<remote>:][<instance>] <key>=<value>...",
        .summary = "Set keys of an instance or the server",
        .details = "\"<key> <value>\" is understood too; then a value of \"-\" is read from "
                   "standard input. An empty value removes the key.",
        .examples = "berth config set c1 limits.cpu=2 limits.memory=1GiB\n"
                    "berth config set core.https_address=[::]:8443\n"
                    "    Without an instance the server is meant.",
        .options = object_target_options,
        .minimum = 1,
        .maximum = COMMAND_UNLIMITED,
        .completers = {COMPLETE_INSTANCE, COMPLETE_CONFIG_KEY},
        .run = run_set,
};

static const Command unset = {
        .name = "unset",
        .arguments = "[<remote>:][<instance>] <key>",
        .summary = "Remove a key of an instance or the server",
        .options = object_target_options,
        .minimum = 1,
        .maximum = 2,
        .completers = {COMPLETE_INSTANCE, COMPLETE_CONFIG_KEY},
        .run = run_unset,
};

static const Command edit = {
        .name = "edit",
        .arguments = "[<remote>:][<instance>[/<snapshot>]]",
        .summary = "Edit a configuration as YAML",
        .details = "In your editor, or from standard input when that is a file or a pipe.",
        .examples = "berth config edit c1 < c1.yaml",
        .options = object_target_options,
        .maximum = 1,
        .completers = {COMPLETE_INSTANCE},
        .run = run_edit,
};

static const Command *const subcommands[] = {&command_config_device,
                                             &edit,
                                             &get,
                                             &command_config_metadata,
                                             &set,
                                             &show,
                                             &command_config_template,
                                             &command_config_trust,
                                             &unset,
                                             NULL};

const Command command_config = {
        .name = "config",
        .summary = "Manage the configuration of instances and of the server",
        .subcommands = subcommands,
};
