/* Profiles. */
#include "cli/columns.h"
#include "cli/commands/commands.h"

#include "base/memory.h"
#include "cli/fields.h"
#include "cli/object.h"

#include <string.h>

static const Column columns[] = {{.header = "NAME", .text = columns_name},
                                 {.header = "DESCRIPTION", .text = columns_description},
                                 {.header = "USED BY", .text = columns_used_by},
                                 {}};

const ObjectKind kind_profile = {
        .noun = "Profile",
        .collection = "/1.0/profiles",
        .shown = "config description devices name used_by",
        .writable = "config description devices",
        .columns = columns,
        .guide = "The profile as YAML. Lines that begin with # are left out.\n"
                 "\n"
                 "config:\n"
                 "  limits.memory: 1GiB\n"
                 "devices:\n"
                 "  eth0:\n"
                 "    type: nic\n"
                 "    nictype: bridged\n"
                 "    parent: br0\n"
                 "\n"
                 "The name cannot be changed here.",
};

/* --- profiles of an instance --- */

/* Reads the instance, lets `change` work on its list of profiles, and writes it back. */
typedef int (*ChangeProfiles)(json_t *profiles, const char *argument, const char *instance,
                              Error **err);

static int assign_all(json_t *profiles, const char *argument, const char *instance, Error **err);

static int change_instance(Cli *cli, ChangeProfiles change, const char *verb, Error **err) {
        _cleanup_free_ char *name = NULL, *path = NULL, *etag = NULL;
        const char *argument = cli_argument(cli, 1);
        Client *client;
        json_t *instance, *profiles, *body;
        ClientRequest request;
        int result;
        if (cli_resolve(cli, cli_argument(cli, 0), &client, &name, err) < 0)
                return -1;
        path = client_url("/1.0/instances/{}", name, NULL);
        if (client_get(client, path, &instance, &etag, err) < 0)
                return -1;
        profiles = json_object_get(instance, "profiles");
        if (!json_is_array(profiles)) {
                profiles = json_array();
                json_object_set_new(instance, "profiles", profiles);
        }
        body = field_pick(instance, kind_instance.writable);
        request = (ClientRequest){.method = "PUT", .path = path, .body = body, .etag = etag};
        result = change(profiles, argument, name, err);
        if (result == 0)
                result = cli_operate(cli, client, &request, NULL, err);
        if (result == 0)
                cli_say(cli, "%s %s %s %s", change == assign_all ? "Profiles" : "Profile",
                        *argument != '\0' ? argument : "(none)", verb, name);
        json_decref(body);
        json_decref(instance);
        return result;
}

static int add_one(json_t *profiles, const char *argument, const char *instance, Error **err) {
        json_array_append_new(profiles, json_string(argument));
        return 0;
}

static int remove_one(json_t *profiles, const char *argument, const char *instance, Error **err) {
        const json_t *item;
        size_t i;
        json_array_foreach(profiles, i, item) {
                if (str_equal(json_string_value(item), argument))
                        return json_array_remove(profiles, i);
        }
        return error_set(err, ERROR_NOT_FOUND, 0, "Profile %s isn't currently applied to %s",
                         argument, instance);
}

static int assign_all(json_t *profiles, const char *argument, const char *instance, Error **err) {
        _cleanup_strlist_ StrList names = {};
        strlist_split(&names, argument, ",", true);
        json_array_clear(profiles);
        for (size_t i = 0; i < names.count; i++)
                json_array_append_new(profiles, json_string(names.items[i]));
        return 0;
}

static int run_add(Cli *cli, Error **err) {
        return change_instance(cli, add_one, "added to", err);
}

static int run_remove(Cli *cli, Error **err) {
        return change_instance(cli, remove_one, "removed from", err);
}

static int run_assign(Cli *cli, Error **err) {
        return change_instance(cli, assign_all, "applied to", err);
}

static int run_copy(Cli *cli, Error **err) {
        _cleanup_target_ ObjectTarget source = {};
        _cleanup_free_ char *name = NULL;
        Client *client;
        json_t *profile, *body;
        int result;
        if (object_target(cli, &source, err) < 0 || object_load(&source, &profile, NULL, err) < 0)
                return -1;
        body = field_pick(profile, source.kind->writable);
        json_decref(profile);
        result = cli_resolve(cli, cli_argument(cli, 1), &client, &name, err);
        if (result == 0) {
                char *path = str_dup("/1.0/profiles");
                if (cli_given(cli, "target-project"))
                        path = client_url_query(path, "project", cli_text(cli, "target-project"));
                field_set_text(body, "name", *name != '\0' ? name : source.name);
                result = client_change(client, "POST", path, body, NULL, err);
                free(path);
        }
        json_decref(body);
        return result;
}

/* --- the commands --- */

static const Command add = {
        .name = "add",
        .arguments = "[<remote>:]<instance> <profile>",
        .summary = "Apply one more profile to an instance",
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_INSTANCE, COMPLETE_PROFILE},
        .run = run_add,
};

static const Command assign = {
        .name = "assign",
        .aliases = "apply",
        .arguments = "[<remote>:]<instance> <profiles>",
        .summary = "Set all profiles of an instance",
        .details = "The profiles are separated by commas; later ones win over earlier ones. An "
                   "empty text (\"\") leaves the instance without profiles.",
        .examples = "berth profile assign c1 default,web\n"
                    "    c1 has the profiles default and web, in this order.",
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_INSTANCE, COMPLETE_PROFILE},
        .run = run_assign,
};

static const Option copy_options[] = {
        {"target-project", 0, OPTION_TEXT, "PROJECT", "Project of the copy", NULL,
         COMPLETE_PROJECT},
        {}};

static const Command copy = {
        .name = "copy",
        .aliases = "cp",
        .arguments = "[<remote>:]<profile> [<remote>:]<profile>",
        .summary = "Copy a profile",
        .options = copy_options,
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_PROFILE, COMPLETE_REMOTE},
        .kind = &kind_profile,
        .run = run_copy,
};

static const Command create = {
        .name = "create",
        .arguments = "[<remote>:]<profile>",
        .summary = "Create a profile",
        .details = "A profile on standard input (YAML) is what it starts with.",
        .examples = "berth profile create web < web.yaml",
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_REMOTE},
        .kind = &kind_profile,
        .run = object_create,
};

static const Command delete = {
        .name = "delete",
        .aliases = "rm",
        .arguments = "[<remote>:]<profile>",
        .summary = "Delete a profile",
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_PROFILE},
        .kind = &kind_profile,
        .run = object_delete,
};

static const Command edit = {
        .name = "edit",
        .arguments = "[<remote>:]<profile>",
        .summary = "Edit a profile as YAML",
        .details = "In your editor, or from standard input when that is a file or a pipe.",
        .examples = "berth profile edit web < web.yaml",
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_PROFILE},
        .kind = &kind_profile,
        .run = object_edit,
};

static const Command get = {
        .name = "get",
        .arguments = "[<remote>:]<profile> <key>",
        .summary = "Show the value of a configuration key",
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_PROFILE, COMPLETE_CONFIG_KEY},
        .kind = &kind_profile,
        .run = object_get,
};

static const Command list = {
        .name = "list",
        .aliases = "ls",
        .arguments = "[<remote>:]",
        .summary = "List profiles",
        .options = object_list_options,
        .maximum = 1,
        .completers = {COMPLETE_REMOTE},
        .kind = &kind_profile,
        .run = object_list,
};

static const Command remove_ = {
        .name = "remove",
        .arguments = "[<remote>:]<instance> <profile>",
        .summary = "Take a profile from an instance",
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_INSTANCE, COMPLETE_PROFILE},
        .run = run_remove,
};

static const Command rename_ = {
        .name = "rename",
        .aliases = "mv",
        .arguments = "[<remote>:]<profile> <new-name>",
        .summary = "Rename a profile",
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_PROFILE, COMPLETE_NOTHING},
        .kind = &kind_profile,
        .run = object_rename,
};

static const Command set = {
        .name = "set",
        .arguments = "[<remote>:]<profile> <key>=<value>...",
        .summary = "Set configuration keys",
        .details = "\"<key> <value>\" is understood too.",
        .minimum = 2,
        .maximum = COMMAND_UNLIMITED,
        .completers = {COMPLETE_PROFILE, COMPLETE_CONFIG_KEY},
        .kind = &kind_profile,
        .run = object_set,
};

static const Command show = {
        .name = "show",
        .arguments = "[<remote>:]<profile>",
        .summary = "Show a profile as YAML",
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_PROFILE},
        .kind = &kind_profile,
        .run = object_show,
};

static const Command unset = {
        .name = "unset",
        .arguments = "[<remote>:]<profile> <key>",
        .summary = "Remove a configuration key",
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_PROFILE, COMPLETE_CONFIG_KEY},
        .kind = &kind_profile,
        .run = object_unset,
};

static const Command *const subcommands[] = {
        &add, &assign, &copy, &create,  &delete, &command_profile_device, &edit,
        &get, &list,   &remove_, &rename_, &set,  &show,                   &unset,
        NULL};

const Command command_profile = {
        .name = "profile",
        .summary = "Manage profiles",
        .details = "A profile is a set of configuration keys and devices that instances share.",
        .subcommands = subcommands,
};
