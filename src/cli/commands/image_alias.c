/* Aliases of images. */
#include "base/memory.h"
#include "cli/columns.h"
#include "cli/commands/commands.h"
#include "cli/fields.h"

#include <string.h>

static char *column_target(const json_t *item) {
        return str_ndup(field_text(item, "target"), 12);
}

static const Column columns[] = {{.header = "ALIAS", .text = columns_name},
                                 {.header = "FINGERPRINT", .text = column_target},
                                 {.header = "TYPE", .text = columns_type},
                                 {.header = "DESCRIPTION", .text = columns_description},
                                 {}};

static const ObjectKind kind_alias = {
        .noun = "Image alias",
        .collection = "/1.0/images/aliases",
        .shown = "description target name type",
        .writable = "description target",
        .columns = columns,
};

static int run_create(Cli *cli, Error **err) {
        _cleanup_target_ ObjectTarget target = {};
        json_t *body;
        int result;
        if (object_target(cli, &target, err) < 0)
                return -1;
        body = json_pack("{s:s,s:s,s:s}", "name", target.name, "target", cli_argument(cli, 1),
                         "description", "");
        result = client_change(target.client, "POST", "/1.0/images/aliases", body, NULL, err);
        json_decref(body);
        return result;
}

static int run_delete(Cli *cli, Error **err) {
        _cleanup_target_ ObjectTarget target = {};
        if (object_target(cli, &target, err) < 0)
                return -1;
        return client_change(target.client, "DELETE", target.path, NULL, NULL, err);
}

static int run_rename(Cli *cli, Error **err) {
        _cleanup_target_ ObjectTarget target = {};
        json_t *body;
        int result;
        if (object_target(cli, &target, err) < 0)
                return -1;
        body = json_pack("{s:s}", "name", cli_argument(cli, 1));
        result = client_change(target.client, "POST", target.path, body, NULL, err);
        json_decref(body);
        return result;
}

static int run_list(Cli *cli, Error **err) {
        const char *first = cli_argument(cli, 0);
        size_t from = first != NULL && strchr(first, ':') != NULL ? 1 : 0;
        _cleanup_free_ char *name = NULL;
        Client *client;
        json_t *items, *shown;
        const json_t *item;
        size_t i;
        int result;
        if (cli_resolve_optional(cli, from > 0 ? first : NULL, &client, &name, err) < 0 ||
            object_collection(client, "/1.0/images/aliases", &items, err) < 0)
                return -1;
        shown = json_array();
        json_array_foreach(items, i, item) {
                bool wanted = true;
                for (size_t j = from; j < cli_count(cli); j++)
                        wanted = wanted && (strstr(field_text(item, "name"),
                                                   cli_argument(cli, j)) != NULL ||
                                            str_has_prefix(field_text(item, "target"),
                                                           cli_argument(cli, j)));
                if (wanted)
                        json_array_append_new(shown, field_pick(item, kind_alias.shown));
        }
        result = object_print(cli, columns, shown, err);
        json_decref(shown);
        json_decref(items);
        return result;
}

static const Command create = {
        .name = "create",
        .arguments = "[<remote>:]<alias> <fingerprint>",
        .summary = "Give an image an alias",
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_REMOTE, COMPLETE_NOTHING},
        .kind = &kind_alias,
        .run = run_create,
};

static const Command delete = {
        .name = "delete",
        .aliases = "rm",
        .arguments = "[<remote>:]<alias>",
        .summary = "Delete an alias",
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_IMAGE_ALIAS},
        .kind = &kind_alias,
        .run = run_delete,
};

static const Command list = {
        .name = "list",
        .aliases = "ls",
        .arguments = "[<remote>:] [<filters>...]",
        .summary = "List the aliases of images",
        .details = "A filter is a part of an alias or the beginning of a fingerprint.",
        .options = object_list_options,
        .maximum = COMMAND_UNLIMITED,
        .completers = {COMPLETE_REMOTE},
        .run = run_list,
};

static const Command rename_ = {
        .name = "rename",
        .aliases = "mv",
        .arguments = "[<remote>:]<alias> <new-name>",
        .summary = "Rename an alias",
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_IMAGE_ALIAS, COMPLETE_NOTHING},
        .kind = &kind_alias,
        .run = run_rename,
};

static const Command *const subcommands[] = {&create, &delete, &list, &rename_, NULL};

const Command command_image_alias = {
        .name = "alias",
        .summary = "Manage the aliases of images",
        .subcommands = subcommands,
};
