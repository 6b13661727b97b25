/* init and launch: a new instance from an image or from nothing. */
#include "cli/commands/commands.h"

#include "base/memory.h"
#include "cli/commands/console.h"
#include "cli/commands/image.h"
#include "cli/commands/state.h"
#include "cli/document.h"
#include "cli/fields.h"

#include <stdio.h>
#include <string.h>

/* The parts of the request that come from the arguments. */
typedef struct NewInstance {
        Client *client;
        char *name;
        json_t *body;
} NewInstance;

static void instance_done(NewInstance *instance) {
        free(instance->name);
        json_decref(instance->body);
}

/* The device of that name in the last of the profiles that has one; NULL: none has. New. */
static json_t *profile_device(const NewInstance *instance, const char *name) {
        json_t *profiles = json_object_get(instance->body, "profiles"), *found = NULL;
        json_t *initial = json_pack("[s]", "default");
        const json_t *item;
        size_t i;
        json_array_foreach(json_is_array(profiles) ? profiles : initial, i, item) {
                _cleanup_free_ char *path =
                        client_url("/1.0/profiles/{}", json_string_value(item), NULL);
                json_t *profile, *device;
                if (client_get(instance->client, path, &profile, NULL, NULL) < 0)
                        continue;
                device = json_object_get(field_get(profile, "devices"), name);
                if (device != NULL) {
                        json_decref(found);
                        found = json_copy(device);
                }
                json_decref(profile);
        }
        json_decref(initial);
        return found;
}

/* "NAME,key=value,…" adds a device, or overrides keys of one of the profiles. */
static int add_device(const NewInstance *instance, json_t *devices, const char *text,
                      Error **err) {
        _cleanup_strlist_ StrList parts = {};
        _cleanup_strmap_ StrMap config = {};
        json_t *device;
        strlist_split(&parts, text, ",", false);
        if (parts.count < 2 || str_is_empty(parts.items[0]))
                return error_set(err, ERROR_INVALID, 0,
                                 "Bad device \"%s\": NAME,key=value[,key=value…] is wanted", text);
        for (size_t i = 1; i < parts.count; i++) {
                if (cli_pair_add(&config, parts.items[i], err) < 0)
                        return -1;
        }
        device = json_object_get(devices, parts.items[0]);
        if (device == NULL) {
                device = profile_device(instance, parts.items[0]);
                if (device == NULL && !strmap_has(&config, "type"))
                        return error_set(err, ERROR_NOT_FOUND, 0,
                                         "Cannot override config for device \"%s\": Device not "
                                         "found in profile devices; give its type to add it",
                                         parts.items[0]);
                device = device != NULL ? device : json_object();
                json_object_set_new(devices, parts.items[0], device);
        }
        for (size_t i = 0; i < config.count; i++)
                field_set_text(device, config.items[i].key, config.items[i].value);
        return 0;
}

static int add_network(Client *client, const char *name, json_t *devices, Error **err) {
        _cleanup_free_ char *path = client_url("/1.0/networks/{}", name, NULL);
        json_t *network, *device;
        if (client_get(client, path, &network, NULL, err) < 0)
                return error_prefix(err, "Failed loading network \"%s\"", name);
        if (field_bool(network, "managed"))
                device = json_pack("{s:s,s:s,s:s}", "name", "eth0", "type", "nic", "network", name);
        else
                device = json_pack("{s:s,s:s,s:s,s:s}", "name", "eth0", "type", "nic", "nictype",
                                   str_equal(field_text(network, "type"), "bridge") ? "bridged"
                                                                                    : "macvlan",
                                   "parent", name);
        json_object_set_new(devices, "eth0", device);
        json_decref(network);
        return 0;
}

static int add_devices(Cli *cli, NewInstance *instance, Error **err) {
        json_t *devices = json_object_get(instance->body, "devices");
        const StrList *given = cli_list(cli, "device");
        const char *pool = cli_text(cli, "storage"), *network = cli_text(cli, "network");
        if (!json_is_object(devices)) {
                devices = json_object();
                json_object_set_new(instance->body, "devices", devices);
        }
        if (!str_is_empty(network) && add_network(instance->client, network, devices, err) < 0)
                return -1;
        if (!str_is_empty(pool))
                json_object_set_new(devices, "root",
                                    json_pack("{s:s,s:s,s:s}", "type", "disk", "path", "/", "pool",
                                              pool));
        for (size_t i = 0; i < given->count; i++) {
                if (add_device(instance, devices, given->items[i], err) < 0)
                        return -1;
        }
        return 0;
}

static void add_profiles(Cli *cli, NewInstance *instance) {
        const StrList *given = cli_list(cli, "profile");
        json_t *profiles = json_array();
        if (!cli_flag(cli, "no-profiles") && given->count == 0) {
                json_decref(profiles); /* the server takes "default" */
                return;
        }
        for (size_t i = 0; i < given->count; i++)
                json_array_append_new(profiles, json_string(given->items[i]));
        json_object_set_new(instance->body, "profiles", profiles);
}

static int read_body(Cli *cli, json_t **ret, Error **err) {
        _cleanup_free_ char *text = NULL;
        if (cli_input_is_data() && cli_input_read(&text, err) < 0)
                return -1;
        return document_parse(text != NULL ? text : "", ret, err);
}

static int add_config(Cli *cli, NewInstance *instance, Error **err) {
        _cleanup_strmap_ StrMap config = {};
        const StrList *given = cli_list(cli, "config");
        for (size_t i = 0; i < given->count; i++) {
                if (cli_pair_add(&config, given->items[i], err) < 0)
                        return -1;
        }
        object_merge(instance->body, "config", &config, false);
        return 0;
}

static int add_source(Cli *cli, NewInstance *instance, Error **err) {
        const char *type = cli_flag(cli, "vm") ? "virtual-machine" : "container";
        json_t *source;
        if (cli_flag(cli, "empty"))
                source = json_pack("{s:s}", "type", "none");
        else if (image_source(cli, cli_argument(cli, 0), instance->client, type, &source, err) < 0)
                return -1;
        json_object_set_new(instance->body, "source", source);
        field_set_text(instance->body, "type", type);
        return 0;
}

/* Where the new instance goes: the second argument, or the first when there is no image. */
static int find_place(Cli *cli, NewInstance *instance, Error **err) {
        bool empty = cli_flag(cli, "empty");
        const char *place = empty && cli_count(cli) < 2 ? cli_argument(cli, 0)
                                                        : cli_argument(cli, 1);
        if (!empty && cli_count(cli) == 0)
                return error_set(err, ERROR_INVALID, 0,
                                 "Missing argument: name an image (\"berth image list\" shows "
                                 "them), or use --empty");
        return cli_resolve_optional(cli, place, &instance->client, &instance->name, err);
}

static void take_name(NewInstance *instance, const json_t *operation) {
        const json_t *resources = field_get(operation, "resources");
        const json_t *urls = field_get(resources, "instances");
        const char *url;
        if (!json_is_array(urls))
                urls = field_get(resources, "containers");
        url = json_string_value(json_array_get(urls, 0));
        if (url != NULL) {
                const char *slash = strrchr(url, '/');
                size_t length = strcspn(slash + 1, "?");
                str_replace(&instance->name, str_ndup(slash + 1, length));
        }
}

static int create(Cli *cli, NewInstance *instance, Error **err) {
        ClientRequest request = {.method = "POST", .path = "/1.0/instances"};
        bool unnamed;
        json_t *operation;
        if (find_place(cli, instance, err) < 0 || read_body(cli, &instance->body, err) < 0)
                return -1;
        add_profiles(cli, instance);
        if (add_config(cli, instance, err) < 0 || add_devices(cli, instance, err) < 0 ||
            add_source(cli, instance, err) < 0)
                return -1;
        unnamed = str_is_empty(instance->name);
        field_set_text(instance->body, "name", instance->name);
        if (cli_given(cli, "type"))
                field_set_text(instance->body, "instance_type", cli_text(cli, "type"));
        if (cli_flag(cli, "ephemeral"))
                json_object_set_new(instance->body, "ephemeral", json_true());
        request.body = instance->body;
        if (unnamed)
                cli_say(cli, "Creating the instance");
        else
                cli_say(cli, "Creating %s", instance->name);
        if (cli_operate(cli, instance->client, &request, &operation, err) < 0)
                return -1;
        take_name(instance, operation);
        json_decref(operation);
        if (unnamed)
                cli_say(cli, "Instance name is: %s", instance->name);
        return 0;
}

/* A container without a network works, but is seldom what was meant. */
static void look_for_network(Cli *cli, const NewInstance *instance) {
        _cleanup_free_ char *path = client_url("/1.0/instances/{}", instance->name, NULL);
        json_t *object, *device;
        const char *name;
        bool found = false;
        if (cli->quiet || client_get(instance->client, path, &object, NULL, NULL) < 0)
                return;
        json_object_foreach(field_get(object, "expanded_devices"), name, device)
                found |= str_equal(field_text(device, "type"), "nic");
        json_decref(object);
        if (!found)
                fprintf(stderr,
                        "\n%s has no network. To give it one:\n"
                        "  berth network attach NETWORK %s\n"
                        "  berth config device add %s eth0 nic nictype=bridged parent=BRIDGE\n\n",
                        instance->name, instance->name, instance->name);
}

static int run_init(Cli *cli, Error **err) {
        _cleanup_(instance_done) NewInstance instance = {};
        if (create(cli, &instance, err) < 0)
                return -1;
        look_for_network(cli, &instance);
        return 0;
}

static int run_launch(Cli *cli, Error **err) {
        _cleanup_(instance_done) NewInstance instance = {};
        const StateChange start = {.action = "start", .timeout = -1};
        const char *console = cli_text(cli, "console");
        if (create(cli, &instance, err) < 0)
                return -1;
        look_for_network(cli, &instance);
        cli_say(cli, "Starting %s", instance.name);
        if (state_change_one(cli, instance.client, instance.name, &start, err) < 0)
                return -1;
        return console == NULL ? 0
                               : console_attach(instance.client, instance.name, console, err);
}

#define OPTIONS                                                                              \
        {"config", 'c', OPTION_LIST, "KEY=VALUE", "Configuration of the new instance"},       \
        {"profile", 'p', OPTION_LIST, "PROFILE", "Profile to apply", NULL, COMPLETE_PROFILE}, \
        {"device", 'd', OPTION_LIST, "NAME,KEY=VALUE", "Key of a device"},                    \
        {"ephemeral", 'e', OPTION_FLAG, NULL, "Delete it when it stops"},                     \
        {"network", 'n', OPTION_TEXT, "NETWORK", "Network of eth0", NULL, COMPLETE_NETWORK},  \
        {"storage", 's', OPTION_TEXT, "POOL", "Storage pool of the root disk", NULL,          \
         COMPLETE_POOL},                                                                     \
        {"type", 't', OPTION_TEXT, "TYPE", "Size by name: c2-m4, t2.micro, aws:t2.micro"},    \
        OPTION_TARGET,                                                                       \
        {"no-profiles", 0, OPTION_FLAG, NULL, "Apply no profile"},                            \
        {"empty", 0, OPTION_FLAG, NULL, "Without an image"},                                  \
        {"vm", 0, OPTION_FLAG, NULL, "A virtual machine"}

static const Option init_options[] = {OPTIONS, {}};

static const Option launch_options[] = {
        OPTIONS,
        {"console", 0, OPTION_OPTIONAL, "TYPE", "Attach to the console at once", "console"},
        {}};

#define DETAILS                                                                              \
        "Configuration on standard input (YAML with config, devices, profiles, description) " \
        "is where the instance starts from; options win over it. Without a name the server "  \
        "finds one."

const Command command_init = {
        .name = "init",
        .aliases = "create",
        .arguments = "[<remote>:]<image> [<remote>:][<name>]",
        .summary = "Create an instance from an image",
        .details = DETAILS,
        .examples = "berth init debian c1\n"
                    "berth init debian c1 < c1.yaml\n"
                    "berth init --empty c1",
        .options = init_options,
        .maximum = 2,
        .completers = {COMPLETE_IMAGE, COMPLETE_NOTHING},
        .run = run_init,
};

const Command command_launch = {
        .name = "launch",
        .arguments = "[<remote>:]<image> [<remote>:][<name>]",
        .summary = "Create an instance from an image and start it",
        .details = DETAILS,
        .examples = "berth launch debian c1\n"
                    "berth launch debian c1 -c limits.memory=512MiB -d root,size=10GiB",
        .options = launch_options,
        .maximum = 2,
        .completers = {COMPLETE_IMAGE, COMPLETE_NOTHING},
        .run = run_launch,
};
