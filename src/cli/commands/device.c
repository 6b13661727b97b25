/* Devices of instances and of profiles: the same commands on two kinds of objects. */
#include "cli/commands/commands.h"

#include "base/memory.h"
#include "cli/fields.h"
#include "cli/object.h"
#include "cli/document.h"

#include <stdio.h>

/* An object whose devices are looked at or changed. */
typedef struct DeviceOwner {
        ObjectTarget target;
        json_t *object;
        json_t *devices;
        char *etag;
} DeviceOwner;

static void owner_done(DeviceOwner *owner) {
        object_target_done(&owner->target);
        json_decref(owner->object);
        free(owner->etag);
}

static int load_owner(Cli *cli, DeviceOwner *owner, Error **err) {
        if (object_target(cli, &owner->target, err) < 0 ||
            object_load(&owner->target, &owner->object, &owner->etag, err) < 0)
                return -1;
        owner->devices = json_object_get(owner->object, "devices");
        if (!json_is_object(owner->devices)) {
                owner->devices = json_object();
                json_object_set_new(owner->object, "devices", owner->devices);
        }
        return 0;
}

static int save_owner(Cli *cli, const DeviceOwner *owner, Error **err) {
        return object_update(cli, &owner->target, owner->object, owner->etag, err);
}

/* The device of that name; of an instance the error says where an inherited one is. */
static json_t *find_device(const DeviceOwner *owner, const char *name, Error **err) {
        json_t *device = json_object_get(owner->devices, name);
        json_t *expanded = json_object_get(owner->object, "expanded_devices");
        if (device == NULL && json_object_get(expanded, name) != NULL)
                (void) error_set(err, ERROR_NOT_FOUND, 0,
                                 "Device from profile(s) cannot be changed for one instance; "
                                 "override it first: berth config device override %s %s",
                                 owner->target.name, name);
        else if (device == NULL)
                (void) error_set(err, ERROR_NOT_FOUND, 0, "Device doesn't exist");
        return device;
}

static void put_config(json_t *device, const StrMap *config) {
        for (size_t i = 0; i < config->count; i++)
                field_set_text(device, config->items[i].key, config->items[i].value);
}

static int run_add(Cli *cli, Error **err) {
        _cleanup_(owner_done) DeviceOwner owner = {};
        _cleanup_strmap_ StrMap config = {};
        const char *name = cli_argument(cli, 1);
        json_t *device;
        if (cli_pairs(cli, 3, false, &config, err) < 0 || load_owner(cli, &owner, err) < 0)
                return -1;
        if (json_object_get(owner.devices, name) != NULL)
                return error_set(err, ERROR_EXISTS, 0, "The device already exists");
        device = json_object();
        put_config(device, &config);
        field_set_text(device, "type", cli_argument(cli, 2));
        json_object_set_new(owner.devices, name, device);
        if (save_owner(cli, &owner, err) < 0)
                return -1;
        cli_say(cli, "Device %s added to %s", name, owner.target.name);
        return 0;
}

static int run_get(Cli *cli, Error **err) {
        _cleanup_(owner_done) DeviceOwner owner = {};
        json_t *device;
        if (load_owner(cli, &owner, err) < 0)
                return -1;
        device = find_device(&owner, cli_argument(cli, 1), err);
        if (device == NULL)
                return -1;
        puts(field_text(device, cli_argument(cli, 2)));
        return 0;
}

static int run_list(Cli *cli, Error **err) {
        _cleanup_(owner_done) DeviceOwner owner = {};
        const char *name;
        json_t *device;
        if (load_owner(cli, &owner, err) < 0)
                return -1;
        json_object_foreach(owner.devices, name, device)
                puts(name);
        if (json_object_size(owner.devices) == 0)
                puts(""); /* as lxc does */
        return 0;
}

static int run_override(Cli *cli, Error **err) {
        _cleanup_(owner_done) DeviceOwner owner = {};
        _cleanup_strmap_ StrMap config = {};
        const char *name = cli_argument(cli, 1);
        json_t *inherited, *device;
        if (cli_pairs(cli, 2, false, &config, err) < 0 || load_owner(cli, &owner, err) < 0)
                return -1;
        if (json_object_get(owner.devices, name) != NULL)
                return error_set(err, ERROR_EXISTS, 0, "The device already exists");
        inherited = json_object_get(field_get(owner.object, "expanded_devices"), name);
        if (inherited == NULL)
                return error_set(err, ERROR_NOT_FOUND, 0, "The profile device doesn't exist");
        device = json_copy(inherited);
        put_config(device, &config);
        json_object_set_new(owner.devices, name, device);
        if (save_owner(cli, &owner, err) < 0)
                return -1;
        cli_say(cli, "Device %s overridden for %s", name, owner.target.name);
        return 0;
}

static int run_remove(Cli *cli, Error **err) {
        _cleanup_(owner_done) DeviceOwner owner = {};
        _cleanup_strlist_ StrList names = {};
        _cleanup_free_ char *joined = NULL;
        if (load_owner(cli, &owner, err) < 0)
                return -1;
        for (size_t i = 1; i < cli_count(cli); i++) {
                if (find_device(&owner, cli_argument(cli, i), err) == NULL)
                        return -1;
                strlist_add(&names, cli_argument(cli, i));
        }
        for (size_t i = 0; i < names.count; i++)
                json_object_del(owner.devices, names.items[i]);
        if (save_owner(cli, &owner, err) < 0)
                return -1;
        joined = strlist_join(&names, ", ");
        cli_say(cli, "Device %s removed from %s", joined, owner.target.name);
        return 0;
}

static int change_keys(Cli *cli, const StrMap *changes, Error **err) {
        _cleanup_(owner_done) DeviceOwner owner = {};
        if (load_owner(cli, &owner, err) < 0 ||
            find_device(&owner, cli_argument(cli, 1), err) == NULL)
                return -1;
        object_merge(owner.devices, cli_argument(cli, 1), changes, true);
        return save_owner(cli, &owner, err);
}

static int run_set(Cli *cli, Error **err) {
        _cleanup_strmap_ StrMap changes = {};
        if (cli_pairs(cli, 2, true, &changes, err) < 0)
                return -1;
        return change_keys(cli, &changes, err);
}

static int run_unset(Cli *cli, Error **err) {
        _cleanup_strmap_ StrMap changes = {};
        strmap_set(&changes, cli_argument(cli, 2), "");
        return change_keys(cli, &changes, err);
}

static int run_show(Cli *cli, Error **err) {
        _cleanup_(owner_done) DeviceOwner owner = {};
        if (load_owner(cli, &owner, err) < 0)
                return -1;
        document_print(owner.devices);
        return 0;
}

static const Command instance_add = {
        .name = "add",
        .arguments = "[<remote>:]<instance> <device> <type> [key=value...]",
        .summary = "Add a device to an instance",
        .examples = "berth config device add c1 share disk source=/srv/share path=/mnt\n"
                    "    The host's /srv/share is at /mnt in c1.\n"
                    "berth config device add c1 data disk pool=default source=vol1 path=/data\n"
                    "    The volume vol1 of the pool default is at /data in c1.",
        .minimum = 3,
        .maximum = COMMAND_UNLIMITED,
        .completers = {COMPLETE_INSTANCE, COMPLETE_NOTHING},
        .kind = &kind_instance,
        .run = run_add,
};

static const Command profile_add = {
        .name = "add",
        .arguments = "[<remote>:]<profile> <device> <type> [key=value...]",
        .summary = "Add a device to a profile",
        .examples = "berth profile device add default eth0 nic nictype=bridged parent=br0",
        .minimum = 3,
        .maximum = COMMAND_UNLIMITED,
        .completers = {COMPLETE_PROFILE, COMPLETE_NOTHING},
        .kind = &kind_profile,
        .run = run_add,
};

static const Command instance_get = {
        .name = "get",
        .arguments = "[<remote>:]<instance> <device> <key>",
        .summary = "Show the value of a device's key",
        .minimum = 3,
        .maximum = 3,
        .completers = {COMPLETE_INSTANCE, COMPLETE_NOTHING},
        .kind = &kind_instance,
        .run = run_get,
};

static const Command profile_get = {
        .name = "get",
        .arguments = "[<remote>:]<profile> <device> <key>",
        .summary = "Show the value of a device's key",
        .minimum = 3,
        .maximum = 3,
        .completers = {COMPLETE_PROFILE, COMPLETE_NOTHING},
        .kind = &kind_profile,
        .run = run_get,
};

static const Command instance_list = {
        .name = "list",
        .aliases = "ls",
        .arguments = "[<remote>:]<instance>",
        .summary = "List the names of an instance's own devices",
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_INSTANCE},
        .kind = &kind_instance,
        .run = run_list,
};

static const Command profile_list = {
        .name = "list",
        .aliases = "ls",
        .arguments = "[<remote>:]<profile>",
        .summary = "List the names of a profile's devices",
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_PROFILE},
        .kind = &kind_profile,
        .run = run_list,
};

static const Command instance_override = {
        .name = "override",
        .arguments = "[<remote>:]<instance> <device> [key=value...]",
        .summary = "Copy a profile's device into an instance and change it there",
        .examples = "berth config device override c1 root size=10GiB",
        .minimum = 2,
        .maximum = COMMAND_UNLIMITED,
        .completers = {COMPLETE_INSTANCE, COMPLETE_NOTHING},
        .kind = &kind_instance,
        .run = run_override,
};

static const Command instance_remove = {
        .name = "remove",
        .aliases = "rm",
        .arguments = "[<remote>:]<instance> <name>...",
        .summary = "Remove devices of an instance",
        .minimum = 2,
        .maximum = COMMAND_UNLIMITED,
        .completers = {COMPLETE_INSTANCE, COMPLETE_NOTHING},
        .kind = &kind_instance,
        .run = run_remove,
};

static const Command profile_remove = {
        .name = "remove",
        .aliases = "rm",
        .arguments = "[<remote>:]<profile> <name>...",
        .summary = "Remove devices of a profile",
        .minimum = 2,
        .maximum = COMMAND_UNLIMITED,
        .completers = {COMPLETE_PROFILE, COMPLETE_NOTHING},
        .kind = &kind_profile,
        .run = run_remove,
};

static const Command instance_set = {
        .name = "set",
        .arguments = "[<remote>:]<instance> <device> <key>=<value>...",
        .summary = "Set keys of an instance's device",
        .details = "\"<key> <value>\" is understood too.",
        .minimum = 3,
        .maximum = COMMAND_UNLIMITED,
        .completers = {COMPLETE_INSTANCE, COMPLETE_NOTHING},
        .kind = &kind_instance,
        .run = run_set,
};

static const Command profile_set = {
        .name = "set",
        .arguments = "[<remote>:]<profile> <device> <key>=<value>...",
        .summary = "Set keys of a profile's device",
        .details = "\"<key> <value>\" is understood too.",
        .minimum = 3,
        .maximum = COMMAND_UNLIMITED,
        .completers = {COMPLETE_PROFILE, COMPLETE_NOTHING},
        .kind = &kind_profile,
        .run = run_set,
};

static const Command instance_show = {
        .name = "show",
        .arguments = "[<remote>:]<instance>",
        .summary = "Show an instance's own devices as YAML",
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_INSTANCE},
        .kind = &kind_instance,
        .run = run_show,
};

static const Command profile_show = {
        .name = "show",
        .arguments = "[<remote>:]<profile>",
        .summary = "Show a profile's devices as YAML",
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_PROFILE},
        .kind = &kind_profile,
        .run = run_show,
};

static const Command instance_unset = {
        .name = "unset",
        .arguments = "[<remote>:]<instance> <device> <key>",
        .summary = "Remove a key of an instance's device",
        .minimum = 3,
        .maximum = 3,
        .completers = {COMPLETE_INSTANCE, COMPLETE_NOTHING},
        .kind = &kind_instance,
        .run = run_unset,
};

static const Command profile_unset = {
        .name = "unset",
        .arguments = "[<remote>:]<profile> <device> <key>",
        .summary = "Remove a key of a profile's device",
        .minimum = 3,
        .maximum = 3,
        .completers = {COMPLETE_PROFILE, COMPLETE_NOTHING},
        .kind = &kind_profile,
        .run = run_unset,
};

static const Command *const instance_commands[] = {
        &instance_add,    &instance_get, &instance_list, &instance_override,
        &instance_remove, &instance_set, &instance_show, &instance_unset,
        NULL};

static const Command *const profile_commands[] = {&profile_add,    &profile_get, &profile_list,
                                                  &profile_remove, &profile_set, &profile_show,
                                                  &profile_unset,  NULL};

const Command command_config_device = {
        .name = "device",
        .summary = "Manage devices of instances",
        .subcommands = instance_commands,
};

const Command command_profile_device = {
        .name = "device",
        .summary = "Manage devices of profiles",
        .subcommands = profile_commands,
};
