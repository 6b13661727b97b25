/* Warnings of a server. */
#include "base/memory.h"
#include "cli/columns.h"
#include "cli/commands/commands.h"
#include "cli/fields.h"

#define COLUMNS "utSscpLl"

static char *column_count(const json_t *item) {
        return str_printf("%lld", (long long) field_number(item, "count"));
}

static char *column_last(const json_t *item) {
        return field_date(item, "last_seen_at");
}

static char *column_first(const json_t *item) {
        return field_date(item, "first_seen_at");
}

static char *column_project(const json_t *item) {
        return str_dup(field_text(item, "project"));
}

static char *column_severity(const json_t *item) {
        return field_upper(item, "severity");
}

static char *column_uuid(const json_t *item) {
        return str_dup(field_text(item, "uuid"));
}

static char *column_type(const json_t *item) {
        return str_dup(field_text(item, "type"));
}

static const Column columns[] = {
        {'c', "COUNT", column_count},       {'f', "FIRST SEEN", column_first},
        {'l', "LAST SEEN", column_last},    {'L', "LOCATION", columns_location},
        {'p', "PROJECT", column_project},   {'s', "SEVERITY", column_severity},
        {'S', "STATUS", columns_status},     {'t', "TYPE", column_type},
        {'u', "UUID", column_uuid},         {},
};

static const ObjectKind kind_warning = {
        .noun = "Warning",
        .collection = "/1.0/warnings",
        .shown = "status uuid location project type count first_seen_at last_seen_at last_message "
                 "severity entity_url",
        .writable = "status",
        .extension = "warnings",
};

/* Resolved ones are of interest with --all only. */
static int run_list(Cli *cli, Error **err) {
        _cleanup_free_ char *name = NULL;
        ColumnChoice choice = {.known = columns};
        Client *client;
        json_t *items, *shown;
        const json_t *item;
        size_t i;
        int result;
        if (cli_resolve_optional(cli, cli_argument(cli, 0), &client, &name, err) < 0 ||
            client_need_extension(client, kind_warning.extension, err) < 0 ||
            columns_choose(cli, client, &choice, err) < 0 ||
            object_collection(client, "/1.0/warnings", &items, err) < 0)
                return -1;
        shown = json_array();
        json_array_foreach(items, i, item) {
                if (cli_flag(cli, "all") || !str_equal(field_text(item, "status"), "resolved"))
                        json_array_append_new(shown, field_pick(item, kind_warning.shown));
        }
        result = object_print_in_order(cli, choice.chosen, shown, err);
        json_decref(shown);
        json_decref(items);
        return result;
}

static int run_acknowledge(Cli *cli, Error **err) {
        _cleanup_target_ ObjectTarget target = {};
        json_t *body;
        int result;
        if (object_target(cli, &target, err) < 0)
                return -1;
        body = json_pack("{s:s}", "status", "acknowledged");
        result = client_change(target.client, "PUT", target.path, body, NULL, err);
        json_decref(body);
        return result;
}

static int delete_all(Cli *cli, Error **err) {
        _cleanup_free_ char *name = NULL;
        Client *client;
        json_t *items;
        const json_t *item;
        size_t i;
        int result = 0;
        if (cli_resolve_optional(cli, cli_argument(cli, 0), &client, &name, err) < 0 ||
            object_collection(client, "/1.0/warnings", &items, err) < 0)
                return -1;
        json_array_foreach(items, i, item) {
                _cleanup_free_ char *path =
                        client_url("/1.0/warnings/{}", field_text(item, "uuid"), NULL);
                result = client_change(client, "DELETE", path, NULL, NULL, err);
                if (result < 0)
                        break;
        }
        json_decref(items);
        return result;
}

static int run_delete(Cli *cli, Error **err) {
        _cleanup_target_ ObjectTarget target = {};
        if (cli_flag(cli, "all"))
                return delete_all(cli, err);
        if (cli_count(cli) == 0)
                return error_set(err, ERROR_INVALID, 0,
                                 "Name a warning, or use --all for all of them");
        if (object_target(cli, &target, err) < 0)
                return -1;
        return client_change(target.client, "DELETE", target.path, NULL, NULL, err);
}

static const Option list_options[] = {
        {"all", 'a', OPTION_FLAG, NULL, "Also those that were resolved"},
        {"columns", 'c', OPTION_TEXT, "COLUMNS", "Columns to show", COLUMNS},
        OPTION_FORMAT,
        {}};

static const Option delete_options[] = {{"all", 'a', OPTION_FLAG, NULL, "All warnings"}, {}};

static const Command acknowledge = {
        .name = "acknowledge",
        .aliases = "ack",
        .arguments = "[<remote>:]<warning-uuid>",
        .summary = "Acknowledge a warning",
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_WARNING},
        .kind = &kind_warning,
        .run = run_acknowledge,
};

static const Command delete = {
        .name = "delete",
        .aliases = "rm",
        .arguments = "[<remote>:]<warning-uuid>",
        .summary = "Delete a warning",
        .options = delete_options,
        .maximum = 1,
        .completers = {COMPLETE_WARNING},
        .kind = &kind_warning,
        .run = run_delete,
};

static const Command list = {
        .name = "list",
        .aliases = "ls",
        .arguments = "[<remote>:]",
        .summary = "List warnings",
        .details = "Columns are letters:\n"
                   "  c count                 s severity\n"
                   "  f first seen at         S status\n"
                   "  l last seen at          t type\n"
                   "  L location              u UUID\n"
                   "  p project",
        .options = list_options,
        .maximum = 1,
        .completers = {COMPLETE_REMOTE},
        .run = run_list,
};

static const Command show = {
        .name = "show",
        .arguments = "[<remote>:]<warning-uuid>",
        .summary = "Show a warning as YAML",
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_WARNING},
        .kind = &kind_warning,
        .run = object_show,
};

static const Command *const subcommands[] = {&acknowledge, &delete, &list, &show, NULL};

const Command command_warning = {
        .name = "warning",
        .summary = "Manage warnings",
        .subcommands = subcommands,
};
