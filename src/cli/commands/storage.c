/* Storage pools. */
#include "base/memory.h"
#include "base/units.h"
#include "cli/columns.h"
#include "cli/commands/commands.h"
#include "cli/document.h"
#include "cli/fields.h"

#include <stdio.h>
#include <string.h>

static char *column_driver(const json_t *item) {
        return str_dup(field_text(item, "driver"));
}

static char *column_source(const json_t *item) {
        return str_dup(field_text(field_get(item, "config"), "source"));
}

static const Column columns[] = {
        {.header = "NAME", .text = columns_name},
        {.header = "DRIVER", .text = column_driver},
        {.header = "SOURCE", .text = column_source},
        {.header = "DESCRIPTION", .text = columns_description},
        {.header = "USED BY", .text = columns_used_by},
        {.header = "STATE", .text = columns_status},
        {}};

const ObjectKind kind_pool = {
        .noun = "Storage pool",
        .collection = "/1.0/storage-pools",
        .shown = "config description name driver used_by status locations",
        .writable = "config description",
        .columns = columns,
        .guide = "The storage pool as YAML. Lines that begin with # are left out.",
};

static int run_create(Cli *cli, Error **err) {
        _cleanup_target_ ObjectTarget target = {};
        _cleanup_strmap_ StrMap config = {};
        json_t *body;
        int result;
        if (object_target(cli, &target, err) < 0 || cli_pairs(cli, 2, false, &config, err) < 0)
                return -1;
        body = json_pack("{s:s,s:s,s:s}", "name", target.name, "driver", cli_argument(cli, 1),
                         "description", "");
        object_merge(body, "config", &config, false);
        result = client_change(target.client, "POST", "/1.0/storage-pools", body, NULL, err);
        json_decref(body);
        if (result == 0)
                cli_say(cli, cli_given(cli, "target") ? "Storage pool %s pending on member %s"
                                                      : "Storage pool %s created",
                        target.name, cli_text(cli, "target"));
        return result;
}

/* --- info --- */

static int compare_names(const void *a, const void *b) {
        return strcmp(*(char *const *) a, *(char *const *) b);
}

/* "/1.0/KIND/NAME[/snapshots/X][?query]": the name under its kind. */
static void sort_user(json_t *users, const char *url) {
        _cleanup_strlist_ StrList parts = {};
        _cleanup_free_ char *plain = str_ndup(url, strcspn(url, "?")), *name = NULL;
        const char *kind;
        json_t *list;
        strlist_split(&parts, plain, "/", true);
        if (parts.count < 3)
                return;
        kind = parts.items[1];
        name = url_unescape(parts.items[2], strlen(parts.items[2]), false);
        if (str_equal(kind, "storage-pools"))
                kind = "volumes";
        list = json_object_get(users, kind);
        if (list == NULL) {
                list = json_array();
                json_object_set_new(users, kind, list);
        }
        json_array_append_new(list, json_string(name != NULL ? name : parts.items[2]));
}

static json_t *sorted_list(const json_t *list) {
        size_t count = json_array_size(list), i;
        char **names = mem_new_array(char *, count + 1);
        json_t *sorted = json_array();
        const json_t *item;
        json_array_foreach(list, i, item)
                names[i] = (char *) json_string_value(item);
        qsort(names, count, sizeof(char *), compare_names);
        for (i = 0; i < count; i++)
                json_array_append_new(sorted, json_string(names[i]));
        free(names);
        return sorted;
}

static json_t *users_of(const json_t *pool) {
        json_t *users = json_object(), *list;
        const json_t *url;
        const char *kind;
        size_t i;
        json_array_foreach(field_get(pool, "used_by"), i, url)
                sort_user(users, json_string_value(url));
        json_object_foreach(users, kind, list)
                json_object_set_new(users, kind, sorted_list(list));
        return users;
}

static char *size_text(const Cli *cli, const json_t *space, const char *key) {
        int64_t value = field_number(space, key);
        return cli_flag(cli, "bytes") ? str_printf("%lld", (long long) value)
                                      : units_format_bytes((uint64_t) value);
}

static int run_info(Cli *cli, Error **err) {
        _cleanup_target_ ObjectTarget target = {};
        _cleanup_free_ char *path = NULL, *used = NULL, *total = NULL, *text = NULL;
        json_t *pool, *resources, *shown, *users;
        const json_t *space;
        if (object_target(cli, &target, err) < 0)
                return -1;
        path = str_printf("%s/resources", target.path);
        if (object_load(&target, &pool, NULL, err) < 0)
                return -1;
        if (client_get(target.client, path, &resources, NULL, err) < 0) {
                json_decref(pool);
                return -1;
        }
        space = field_get(resources, "space");
        used = size_text(cli, space, "used");
        total = size_text(cli, space, "total");
        users = users_of(pool);
        shown = json_pack("{s:{s:s,s:s,s:s,s:s,s:s},s:o}", "info", "description",
                          field_text(pool, "description"), "driver", field_text(pool, "driver"),
                          "name", field_text(pool, "name"), "space used", used, "total space",
                          total, "used by", users);
        document_print(shown);
        json_decref(shown);
        json_decref(resources);
        json_decref(pool);
        return 0;
}

static int run_show(Cli *cli, Error **err) {
        _cleanup_target_ ObjectTarget target = {};
        _cleanup_free_ char *path = NULL;
        json_t *resources;
        if (!cli_flag(cli, "resources"))
                return object_show(cli, err);
        if (object_target(cli, &target, err) < 0)
                return -1;
        path = str_printf("%s/resources", target.path);
        if (client_get(target.client, path, &resources, NULL, err) < 0)
                return -1;
        document_print(resources);
        json_decref(resources);
        return 0;
}

static const Option info_options[] = {
        {"bytes", 0, OPTION_FLAG, NULL, "Sizes in bytes"}, OPTION_TARGET, {}};

static const Option show_options[] = {
        {"resources", 0, OPTION_FLAG, NULL, "Show the use of space and inodes"},
        OPTION_TARGET,
        {}};

static const Command create = {
        .name = "create",
        .arguments = "[<remote>:]<pool> <driver> [key=value...]",
        .summary = "Create a storage pool",
        .examples = "berth storage create default dir\n"
                    "berth storage create fast btrfs source=/dev/sdb",
        .options = object_target_options,
        .minimum = 2,
        .maximum = COMMAND_UNLIMITED,
        .completers = {COMPLETE_REMOTE, COMPLETE_NOTHING},
        .kind = &kind_pool,
        .run = run_create,
};

static const Command info = {
        .name = "info",
        .arguments = "[<remote>:]<pool>",
        .summary = "Show how full a storage pool is and who uses it",
        .options = info_options,
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_POOL},
        .kind = &kind_pool,
        .run = run_info,
};

static const Command list = {
        .name = "list",
        .aliases = "ls",
        .arguments = "[<remote>:]",
        .summary = "List storage pools",
        .options = object_list_options,
        .maximum = 1,
        .completers = {COMPLETE_REMOTE},
        .kind = &kind_pool,
        .run = object_list,
};

static const Command show = {
        .name = "show",
        .arguments = "[<remote>:]<pool>",
        .summary = "Show a storage pool as YAML",
        .options = show_options,
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_POOL},
        .kind = &kind_pool,
        .run = run_show,
};

static const Command get = {
        .name = "get",
        .arguments = "[<remote>:]<pool> <key>",
        .summary = "Show the value of a configuration key",
        .options = object_target_options,
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_POOL, COMPLETE_CONFIG_KEY},
        .kind = &kind_pool,
        .run = object_get,
};

static const Command set = {
        .name = "set",
        .arguments = "[<remote>:]<pool> <key>=<value>...",
        .summary = "Set configuration keys",
        .details = "\"<key> <value>\" is understood too.",
        .options = object_target_options,
        .minimum = 2,
        .maximum = COMMAND_UNLIMITED,
        .completers = {COMPLETE_POOL, COMPLETE_CONFIG_KEY},
        .kind = &kind_pool,
        .run = object_set,
};

static const Command unset = {
        .name = "unset",
        .arguments = "[<remote>:]<pool> <key>",
        .summary = "Remove a configuration key",
        .options = object_target_options,
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_POOL, COMPLETE_CONFIG_KEY},
        .kind = &kind_pool,
        .run = object_unset,
};

static const Command edit = {
        .name = "edit",
        .arguments = "[<remote>:]<pool>",
        .summary = "Edit a storage pool as YAML",
        .details = "In your editor, or from standard input when that is a file or a pipe.",
        .options = object_target_options,
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_POOL},
        .kind = &kind_pool,
        .run = object_edit,
};

static const Command delete = {
        .name = "delete",
        .aliases = "rm",
        .arguments = "[<remote>:]<pool>",
        .summary = "Delete a storage pool",
        .options = object_target_options,
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_POOL},
        .kind = &kind_pool,
        .run = object_delete,
};

static const Command *const subcommands[] = {
        &create, &delete, &edit, &get, &info, &list, &set, &show, &unset, &command_storage_volume,
        NULL};

const Command command_storage = {
        .name = "storage",
        .summary = "Manage storage pools and volumes",
        .subcommands = subcommands,
};
