/* Storage volumes. Copies, backups and snapshots are volume_transfer.c. */
#include "cli/commands/volume.h"

#include "base/memory.h"
#include "base/units.h"
#include "cli/commands/attach.h"
#include "cli/columns.h"
#include "cli/commands/commands.h"
#include "cli/document.h"
#include "cli/fields.h"

#include <stdio.h>
#include <string.h>

#define COLUMNS "etndcuL"
#define VOLUME_FIELDS                                                                        \
        "config description name type used_by location content_type project created_at"

#define SNAPSHOT_FIELDS "description expires_at name config content_type created_at"

/* --- names --- */

void volume_name_parse(const char *text, VolumeName *ret) {
        static const char *const types[] = {"custom", "image", "container", "virtual-machine"};
        const char *slash = strchr(text, '/'), *rest = text;
        *ret = (VolumeName){.type = str_dup("custom")};
        for (size_t i = 0; slash != NULL && i < ARRAY_SIZE(types); i++) {
                if (strlen(types[i]) == (size_t) (slash - text) &&
                    str_has_prefix(text, types[i])) {
                        str_replace(&ret->type, str_dup(types[i]));
                        rest = slash + 1;
                }
        }
        slash = strchr(rest, '/');
        ret->name = slash != NULL ? str_ndup(rest, (size_t) (slash - rest)) : str_dup(rest);
        ret->snapshot = slash != NULL ? str_dup(slash + 1) : NULL;
}

void volume_name_done(VolumeName *name) {
        free(name->type);
        free(name->name);
        free(name->snapshot);
}

char *volume_path(const char *pool, const VolumeName *name) {
        if (name->snapshot != NULL)
                return client_url("/1.0/storage-pools/{}/volumes/{}/{}/snapshots/{}", pool,
                                  name->type, name->name, name->snapshot, NULL);
        return client_url("/1.0/storage-pools/{}/volumes/{}/{}", pool, name->type, name->name,
                          NULL);
}

static char *object_path_of(const Cli *cli, const char *parent, const char *text) {
        _cleanup_(volume_name_done) VolumeName name = {};
        volume_name_parse(text, &name);
        return volume_path(parent, &name);
}

const ObjectKind kind_volume = {
        .noun = "Storage volume",
        .collection = "/1.0/storage-pools/{}/volumes/custom",
        .child = true,
        .shown = VOLUME_FIELDS " expires_at",
        .writable = "config description expires_at",
        .guide = "The storage volume as YAML. Lines that begin with # are left out.",
        .path = object_path_of,
};

/* --- list --- */

static char *column_project(const json_t *item) {
        return str_dup(field_text(item, "project"));
}

static char *column_type(const json_t *item) {
        const char *snapshot = strchr(field_text(item, "name"), '/') != NULL ? " (snapshot)" : "";
        return str_printf("%s%s", field_text(item, "type"), snapshot);
}

static char *column_content(const json_t *item) {
        const char *content = field_text(item, "content_type");
        return str_dup(*content != '\0' ? content : "filesystem");
}

static char *column_usage(const json_t *item) {
        int64_t used = field_number(field_get(field_get(item, "state"), "usage"), "used");
        return used > 0 ? units_format_bytes((uint64_t) used) : str_dup("");
}

static const Column columns[] = {
        {'e', "PROJECT", column_project},      {'t', "TYPE", column_type},
        {'n', "NAME", columns_name},            {'d', "DESCRIPTION", columns_description},
        {'c', "CONTENT-TYPE", column_content}, {'u', "USED BY", columns_used_by},
        {'U', "USAGE", column_usage},          {'L', "LOCATION", columns_location},
        {},
};

static void add_usage(Client *client, const char *pool, json_t *item) {
        _cleanup_free_ char *text = str_printf("%s/%s", field_text(item, "type"),
                                               field_text(item, "name"));
        _cleanup_(volume_name_done) VolumeName name = {};
        _cleanup_free_ char *path = NULL, *state_path = NULL;
        json_t *state;
        volume_name_parse(text, &name);
        if (name.snapshot != NULL)
                return;
        path = volume_path(pool, &name);
        state_path = str_printf("%s/state", path);
        if (client_get(client, state_path, &state, NULL, NULL) == 0)
                json_object_set_new(item, "state", state);
}

/* key=value is about fields, other words about the beginnings of names. */
static bool matches(const json_t *item, const char *filter) {
        const char *equals = strchr(filter, '=');
        _cleanup_free_ char *key = NULL;
        const char *setting;
        if (equals == NULL)
                return str_has_prefix(field_text(item, "name"), filter);
        key = str_ndup(filter, (size_t) (equals - filter));
        setting = json_string_value(json_object_get(field_get(item, "config"), key));
        return str_equal(setting != NULL ? setting : field_text(item, key), equals + 1);
}

static int compare_items(const void *a, const void *b) {
        const json_t *item_a = *(json_t *const *) a, *item_b = *(json_t *const *) b;
        int order = strcmp(field_text(item_a, "type"), field_text(item_b, "type"));
        return order != 0 ? order : strcmp(field_text(item_a, "name"), field_text(item_b, "name"));
}

/* Snapshots stand below their volume, though their type reads otherwise. */
static int print_by_type(Cli *cli, const Column *chosen, const json_t *items, Error **err) {
        size_t count = json_array_size(items);
        json_t **sorted = mem_new_array(json_t *, count + 1), *list = json_array();
        int result;
        for (size_t i = 0; i < count; i++)
                sorted[i] = json_array_get(items, i);
        qsort(sorted, count, sizeof(json_t *), compare_items);
        for (size_t i = 0; i < count; i++)
                json_array_append(list, sorted[i]);
        result = object_print_in_order(cli, chosen, list, err);
        json_decref(list);
        free(sorted);
        return result;
}

static int run_list(Cli *cli, Error **err) {
        _cleanup_free_ char *pool = NULL, *path = NULL;
        ColumnChoice choice = {.known = columns,
                               .hidden = cli_flag(cli, "all-projects") ? NULL : "e"};
        Client *client;
        json_t *items, *shown;
        const json_t *item;
        size_t i;
        int result;
        if (cli_resolve(cli, cli_argument(cli, 0), &client, &pool, err) < 0 ||
            columns_choose(cli, client, &choice, err) < 0)
                return -1;
        path = client_url("/1.0/storage-pools/{}/volumes", pool, NULL);
        if (cli_flag(cli, "all-projects"))
                path = client_url_query(TAKE_PTR(path), "all-projects", "true");
        path = client_url_query(TAKE_PTR(path), "recursion", "1");
        if (client_get(client, path, &items, NULL, err) < 0)
                return -1;
        shown = json_array();
        json_array_foreach(items, i, item) {
                json_t *row = field_pick(item, VOLUME_FIELDS);
                bool wanted = true;
                for (size_t j = 1; j < cli_count(cli); j++)
                        wanted = wanted && matches(item, cli_argument(cli, j));
                if (wanted && columns_has(&choice, 'U'))
                        add_usage(client, pool, row);
                if (wanted)
                        json_array_append(shown, row);
                json_decref(row);
        }
        result = choice.chosen[0].letter == 't'
                         ? print_by_type(cli, choice.chosen, shown, err)
                         : object_print(cli, choice.chosen, shown, err);
        json_decref(shown);
        json_decref(items);
        return result;
}

/* --- one volume --- */

static int run_create(Cli *cli, Error **err) {
        _cleanup_free_ char *pool = NULL, *path = NULL;
        _cleanup_(volume_name_done) VolumeName name = {};
        _cleanup_strmap_ StrMap config = {};
        Client *client;
        json_t *body;
        int result;
        if (cli_resolve(cli, cli_argument(cli, 0), &client, &pool, err) < 0 ||
            cli_pairs(cli, 2, false, &config, err) < 0)
                return -1;
        volume_name_parse(cli_argument(cli, 1), &name);
        path = client_url("/1.0/storage-pools/{}/volumes/{}", pool, name.type, NULL);
        body = json_pack("{s:s,s:s,s:s,s:s}", "name", name.name, "type", name.type,
                         "content_type", cli_text(cli, "type"), "description", "");
        object_merge(body, "config", &config, false);
        result = client_change(client, "POST", path, body, NULL, err);
        json_decref(body);
        if (result == 0)
                cli_say(cli, "Storage volume %s created", name.name);
        return result;
}

static int run_delete(Cli *cli, Error **err) {
        _cleanup_target_ ObjectTarget target = {};
        _cleanup_response_ ClientResponse response = {};
        ClientRequest request = {.method = "DELETE"};
        const char *shown;
        bool snapshot;
        if (object_target(cli, &target, err) < 0)
                return -1;
        request.path = target.path;
        snapshot = strstr(target.path, "/snapshots/") != NULL;
        if (snapshot ? cli_operate(cli, target.client, &request, NULL, err) < 0
                     : client_send(target.client, &request, &response, err) < 0)
                return -1;
        shown = str_after_prefix(target.name, "custom/");
        cli_say(cli, "Storage volume %s deleted", shown != NULL ? shown : target.name);
        return 0;
}

static int run_rename(Cli *cli, Error **err) {
        _cleanup_target_ ObjectTarget target = {};
        _cleanup_(volume_name_done) VolumeName from = {}, to = {};
        json_t *body;
        int result;
        if (object_target(cli, &target, err) < 0)
                return -1;
        volume_name_parse(target.name, &from);
        volume_name_parse(cli_argument(cli, 2), &to);
        if ((from.snapshot != NULL) != (to.snapshot != NULL) ||
            (from.snapshot != NULL && !str_equal(from.name, to.name)))
                return error_set(err, ERROR_INVALID, 0,
                                 "A snapshot is renamed to a snapshot of the same volume");
        body = json_pack("{s:s}", "name", to.snapshot != NULL ? to.snapshot : to.name);
        result = from.snapshot != NULL
                         ? cli_change(cli, target.client, "POST", target.path, body, err)
                         : client_change(target.client, "POST", target.path, body, NULL, err);
        json_decref(body);
        if (result == 0)
                cli_say(cli, "Renamed storage volume from \"%s\" to \"%s\"", target.name,
                        cli_argument(cli, 2));
        return result;
}

static void print_usage(const ObjectTarget *target) {
        _cleanup_free_ char *path = str_printf("%s/state", target->path);
        json_t *state;
        int64_t used, total;
        if (client_get(target->client, path, &state, NULL, NULL) < 0)
                return; /* not every pool can tell */
        used = field_number(field_get(state, "usage"), "used");
        total = field_number(field_get(state, "usage"), "total");
        if (used > 0) {
                _cleanup_free_ char *text = units_format_bytes((uint64_t) used);
                printf("Usage: %s\n", text);
        }
        if (total > 0) {
                _cleanup_free_ char *text = units_format_bytes((uint64_t) total);
                printf("Total: %s\n", text);
        }
        json_decref(state);
}

static int print_snapshots(const ObjectTarget *target, Error **err) {
        _cleanup_free_ char *path = str_printf("%s/snapshots", target->path);
        _cleanup_output_ Output output = {};
        json_t *snapshots;
        const json_t *snapshot;
        size_t i;
        int result = 0;
        if (object_collection(target->client, path, &snapshots, err) < 0)
                return -1;
        output_header(&output, "NAME");
        output_header(&output, "TAKEN AT");
        output_header(&output, "EXPIRES AT");
        json_array_foreach(snapshots, i, snapshot) {
                const char *name = field_text(snapshot, "name"), *slash = strrchr(name, '/');
                output_cell(&output, slash != NULL ? slash + 1 : name);
                output_take(&output, field_minute(snapshot, "created_at"));
                output_take(&output, field_minute(snapshot, "expires_at"));
        }
        if (json_array_size(snapshots) > 0) {
                puts("\nSnapshots:");
                result = output_print(&output, "table", NULL, err);
        }
        json_decref(snapshots);
        return result;
}

static int run_info(Cli *cli, Error **err) {
        _cleanup_target_ ObjectTarget target = {};
        _cleanup_free_ char *content = NULL, *created = NULL;
        json_t *volume;
        if (object_target(cli, &target, err) < 0 || object_load(&target, &volume, NULL, err) < 0)
                return -1;
        content = column_content(volume);
        created = field_minute(volume, "created_at");
        printf("Name: %s\n", field_text(volume, "name"));
        if (*field_text(volume, "description") != '\0')
                printf("Description: %s\n", field_text(volume, "description"));
        printf("Type: %s\nContent type: %s\n", field_text(volume, "type"), content);
        print_usage(&target);
        if (*created != '\0')
                printf("Created: %s\n", created);
        json_decref(volume);
        return strstr(target.path, "/snapshots/") != NULL ? 0 : print_snapshots(&target, err);
}

static int run_show(Cli *cli, Error **err) {
        _cleanup_target_ ObjectTarget target = {};
        json_t *volume, *shown;
        if (object_target(cli, &target, err) < 0 || object_load(&target, &volume, NULL, err) < 0)
                return -1;
        shown = field_pick(volume, strstr(target.path, "/snapshots/") != NULL ? SNAPSHOT_FIELDS
                                                                             : VOLUME_FIELDS);
        document_print(shown);
        json_decref(shown);
        json_decref(volume);
        return 0;
}

/* --- devices --- */

typedef struct VolumeMatch {
        const char *pool;
        const char *volume;
} VolumeMatch;

static bool is_volume(const json_t *device, const void *userdata) {
        const VolumeMatch *match = userdata;
        return str_equal(field_text(device, "type"), "disk") &&
               str_equal(field_text(device, "pool"), match->pool) &&
               str_equal(field_text(device, "source"), match->volume);
}

/* [remote:]pool volume owner [device] [path]; one more argument is the path. */
static int attach(Cli *cli, const AttachOwner *owner, Error **err) {
        _cleanup_free_ char *pool = NULL;
        _cleanup_(volume_name_done) VolumeName volume = {};
        AttachPlace place = {.owner = owner, .name = cli_argument(cli, 2)};
        const char *path = NULL, *name;
        json_t *device;
        int result;
        if (cli_resolve(cli, cli_argument(cli, 0), &place.client, &pool, err) < 0)
                return -1;
        volume_name_parse(cli_argument(cli, 1), &volume);
        name = volume.name;
        if (cli_count(cli) == 4 && cli_argument(cli, 3)[0] == '/')
                path = cli_argument(cli, 3);
        else if (cli_count(cli) >= 4)
                name = cli_argument(cli, 3);
        if (cli_count(cli) == 5)
                path = cli_argument(cli, 4);
        device = json_pack("{s:s,s:s,s:s}", "type", "disk", "pool", pool, "source", volume.name);
        if (path != NULL)
                field_set_text(device, "path", path);
        result = attach_add(cli, &place, name, device, err);
        json_decref(device);
        return result;
}

static int detach(Cli *cli, const AttachOwner *owner, Error **err) {
        _cleanup_free_ char *pool = NULL;
        _cleanup_(volume_name_done) VolumeName volume = {};
        AttachPlace place = {.owner = owner, .name = cli_argument(cli, 2)};
        VolumeMatch wanted;
        AttachMatch match = {"storage volume", is_volume, &wanted};
        if (cli_resolve(cli, cli_argument(cli, 0), &place.client, &pool, err) < 0)
                return -1;
        volume_name_parse(cli_argument(cli, 1), &volume);
        wanted = (VolumeMatch){pool, volume.name};
        return attach_remove(cli, &place, cli_argument(cli, 3), &match, err);
}

static int run_attach(Cli *cli, Error **err) {
        return attach(cli, &attach_instance, err);
}

static int run_attach_profile(Cli *cli, Error **err) {
        return attach(cli, &attach_profile, err);
}

static int run_detach(Cli *cli, Error **err) {
        return detach(cli, &attach_instance, err);
}

static int run_detach_profile(Cli *cli, Error **err) {
        return detach(cli, &attach_profile, err);
}

/* --- the commands --- */

static const Option list_options[] = {
        {"columns", 'c', OPTION_TEXT, "COLUMNS", "Columns to show", COLUMNS},
        {"all-projects", 0, OPTION_FLAG, NULL, "Volumes of all projects"},
        OPTION_FORMAT,
        {}};

static const Option create_options[] = {
        {"type", 0, OPTION_TEXT, "TYPE", "Content: filesystem or block", "filesystem"},
        OPTION_TARGET,
        {}};

static const Command attach_command = {
        .name = "attach",
        .arguments = "[<remote>:]<pool> <volume> <instance> [<device name>] [<path>]",
        .summary = "Attach a volume to an instance",
        .minimum = 3,
        .maximum = 5,
        .completers = {COMPLETE_POOL, COMPLETE_NOTHING, COMPLETE_INSTANCE, COMPLETE_NOTHING},
        .run = run_attach,
};

static const Command attach_profile_command = {
        .name = "attach-profile",
        .arguments = "[<remote>:]<pool> <volume> <profile> [<device name>] [<path>]",
        .summary = "Attach a volume to a profile",
        .minimum = 3,
        .maximum = 5,
        .completers = {COMPLETE_POOL, COMPLETE_NOTHING, COMPLETE_PROFILE, COMPLETE_NOTHING},
        .run = run_attach_profile,
};

static const Command create = {
        .name = "create",
        .arguments = "[<remote>:]<pool> <volume> [key=value...]",
        .summary = "Create a volume",
        .examples = "berth storage volume create default data size=10GiB",
        .options = create_options,
        .minimum = 2,
        .maximum = COMMAND_UNLIMITED,
        .completers = {COMPLETE_POOL, COMPLETE_NOTHING},
        .run = run_create,
};

static const Command delete = {
        .name = "delete",
        .aliases = "rm",
        .arguments = "[<remote>:]<pool> <volume>[/<snapshot>]",
        .summary = "Delete a volume or a snapshot of one",
        .options = object_target_options,
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_POOL, COMPLETE_NOTHING},
        .kind = &kind_volume,
        .run = run_delete,
};

static const Command detach_command = {
        .name = "detach",
        .arguments = "[<remote>:]<pool> <volume> <instance> [<device name>]",
        .summary = "Detach a volume from an instance",
        .minimum = 3,
        .maximum = 4,
        .completers = {COMPLETE_POOL, COMPLETE_NOTHING, COMPLETE_INSTANCE, COMPLETE_NOTHING},
        .run = run_detach,
};

static const Command detach_profile_command = {
        .name = "detach-profile",
        .arguments = "[<remote>:]<pool> <volume> <profile> [<device name>]",
        .summary = "Detach a volume from a profile",
        .minimum = 3,
        .maximum = 4,
        .completers = {COMPLETE_POOL, COMPLETE_NOTHING, COMPLETE_PROFILE, COMPLETE_NOTHING},
        .run = run_detach_profile,
};

static const Command info = {
        .name = "info",
        .arguments = "[<remote>:]<pool> <volume>",
        .summary = "Show the state of a volume",
        .options = object_target_options,
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_POOL, COMPLETE_NOTHING},
        .kind = &kind_volume,
        .run = run_info,
};

static const Command list = {
        .name = "list",
        .aliases = "ls",
        .arguments = "[<remote>:]<pool> [<filter>...]",
        .summary = "List the volumes of a pool",
        .details = "Columns are letters:\n"
                   "  c content type          n name\n"
                   "  d description           t type\n"
                   "  e project               u number of users\n"
                   "  L location              U space in use",
        .options = list_options,
        .minimum = 1,
        .maximum = COMMAND_UNLIMITED,
        .completers = {COMPLETE_POOL, COMPLETE_NOTHING},
        .run = run_list,
};

static const Command rename_ = {
        .name = "rename",
        .arguments = "[<remote>:]<pool> <old name>[/<old snapshot name>] "
                     "<new name>[/<new snapshot name>]",
        .summary = "Rename a volume or a snapshot of one",
        .options = object_target_options,
        .minimum = 3,
        .maximum = 3,
        .completers = {COMPLETE_POOL, COMPLETE_NOTHING},
        .kind = &kind_volume,
        .run = run_rename,
};

static const Command show = {
        .name = "show",
        .arguments = "[<remote>:]<pool> <volume>[/<snapshot>]",
        .summary = "Show a volume as YAML",
        .options = object_target_options,
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_POOL, COMPLETE_NOTHING},
        .kind = &kind_volume,
        .run = run_show,
};

static const Command get = {
        .name = "get",
        .arguments = "[<remote>:]<pool> <volume>[/<snapshot>] <key>",
        .summary = "Show the value of a configuration key",
        .options = object_target_options,
        .minimum = 3,
        .maximum = 3,
        .completers = {COMPLETE_POOL, COMPLETE_NOTHING, COMPLETE_CONFIG_KEY},
        .kind = &kind_volume,
        .run = object_get,
};

static const Command edit = {
        .name = "edit",
        .arguments = "[<remote>:]<pool> <volume>[/<snapshot>]",
        .summary = "Edit a volume as YAML",
        .details = "In your editor, or from standard input when that is a file or a pipe.",
        .options = object_target_options,
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_POOL, COMPLETE_NOTHING},
        .kind = &kind_volume,
        .run = object_edit,
};

static const Command set = {
        .name = "set",
        .arguments = "[<remote>:]<pool> <volume> <key>=<value>...",
        .summary = "Set configuration keys",
        .details = "\"<key> <value>\" is understood too.",
        .options = object_target_options,
        .minimum = 3,
        .maximum = COMMAND_UNLIMITED,
        .completers = {COMPLETE_POOL, COMPLETE_NOTHING, COMPLETE_CONFIG_KEY},
        .kind = &kind_volume,
        .run = object_set,
};

static const Command unset = {
        .name = "unset",
        .arguments = "[<remote>:]<pool> <volume> <key>",
        .summary = "Remove a configuration key",
        .options = object_target_options,
        .minimum = 3,
        .maximum = 3,
        .completers = {COMPLETE_POOL, COMPLETE_NOTHING, COMPLETE_CONFIG_KEY},
        .kind = &kind_volume,
        .run = object_unset,
};

static const Command *const subcommands[] = {
        &attach_command, &attach_profile_command, &command_volume_copy, &create, &delete,
        &detach_command, &detach_profile_command, &edit, &command_volume_export, &get,
        &command_volume_import, &info, &list, &command_volume_move, &rename_,
        &command_volume_restore, &set, &show, &command_volume_snapshot, &unset, NULL};

const Command command_storage_volume = {
        .name = "volume",
        .summary = "Manage storage volumes",
        .details = "A volume is named \"name\" or \"type/name\", where the type is "
                   "custom, container, virtual-machine or image; without one it is "
                   "custom.",
        .subcommands = subcommands,
};
