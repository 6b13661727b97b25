/* Lists instances. */
#include "cli/commands/list.h"

#include "base/memory.h"
#include "cli/columns.h"
#include "cli/commands/commands.h"
#include "cli/fields.h"

#include <string.h>

/* What json and yaml show of an instance, in LXD's order. */
#define FIELDS                                                                               \
        "architecture config devices ephemeral profiles stateful description created_at "    \
        "expanded_config expanded_devices name status status_code last_used_at location "    \
        "type project backups state snapshots"

/* The first argument may be a remote alone; the others are filters. */
static int read_arguments(Cli *cli, Client **ret_client, StrList *filters, Error **err) {
        const char *first = cli_argument(cli, 0);
        size_t from = 0;
        _cleanup_free_ char *name = NULL;
        if (first != NULL && strchr(first, ':') != NULL && strchr(first, '=') == NULL) {
                if (cli_resolve(cli, first, ret_client, &name, err) < 0)
                        return -1;
                if (*name != '\0')
                        strlist_add(filters, name);
                from = 1;
        } else if (cli_resolve_optional(cli, NULL, ret_client, &name, err) < 0) {
                return -1;
        }
        for (size_t i = from; i < cli_count(cli); i++)
                strlist_add(filters, cli_argument(cli, i));
        return 0;
}

static bool needs_addresses(const StrList *filters) {
        for (size_t i = 0; i < filters->count; i++) {
                if (str_has_prefix(filters->items[i], "ipv4=") ||
                    str_has_prefix(filters->items[i], "ipv6="))
                        return true;
        }
        return false;
}

static int load(Cli *cli, Client *client, bool full, json_t **ret, Error **err) {
        _cleanup_free_ char *path = NULL;
        path = client_url_query(str_dup("/1.0/instances"), "recursion", full ? "2" : "1");
        if (cli_flag(cli, "all-projects"))
                path = client_url_query(TAKE_PTR(path), "all-projects", "true");
        return client_get(client, path, ret, NULL, err);
}

static const char *chosen_columns(const Cli *cli, Error **err) {
        const char *columns = cli_text(cli, "columns");
        if (cli_flag(cli, "fast") && cli_given(cli, "columns")) {
                (void) error_set(err, ERROR_INVALID, 0,
                                 "--fast and --columns cannot be used together");
                return NULL;
        }
        if (cli_flag(cli, "fast"))
                return LIST_COLUMNS_FAST;
        if (cli_flag(cli, "all-projects") && !cli_given(cli, "columns"))
                return "ens46tS";
        return columns;
}

static void add_row(Output *output, const ListColumns *columns, const json_t *instance) {
        for (size_t i = 0; i < columns->count; i++)
                output_take(output, list_column_text(&columns->items[i], instance));
}

static int print(Cli *cli, const ListColumns *columns, const StrList *filters,
                 const json_t *instances, Error **err) {
        _cleanup_output_ Output output = {};
        json_t *shown = json_array();
        const json_t *instance;
        size_t i;
        int result;
        for (i = 0; i < columns->count; i++)
                output_header(&output, columns->items[i].fixed != NULL
                                               ? columns->items[i].fixed->header
                                               : columns->items[i].header);
        json_array_foreach(instances, i, instance) {
                if (!list_filter_matches(filters, instance))
                        continue;
                add_row(&output, columns, instance);
                json_array_append_new(shown, field_pick(instance, FIELDS));
        }
        output_sort(&output);
        result = output_print(&output, cli_text(cli, "format"), shown, err);
        json_decref(shown);
        return result;
}

static int run_list(Cli *cli, Error **err) {
        _cleanup_(list_columns_done) ListColumns columns = {};
        _cleanup_strlist_ StrList filters = {};
        const char *format = cli_text(cli, "format"), *chosen = chosen_columns(cli, err);
        Client *client;
        json_t *instances;
        bool full;
        int result;
        if (chosen == NULL || output_check_format(format, err) < 0 ||
            read_arguments(cli, &client, &filters, err) < 0 ||
            list_columns_parse(chosen, strchr(chosen, 'L') != NULL && columns_clustered(client),
                               &columns, err) < 0)
                return -1;
        full = columns.needs_state || needs_addresses(&filters) || str_equal(format, "json") ||
               str_equal(format, "yaml");
        if (load(cli, client, full, &instances, err) < 0)
                return -1;
        result = print(cli, &columns, &filters, instances, err);
        json_decref(instances);
        return result;
}

static const Option options[] = {
        {"all-projects", 0, OPTION_FLAG, NULL, "Instances of all projects"},
        {"columns", 'c', OPTION_TEXT, "COLUMNS", "Columns to show", LIST_COLUMNS},
        {"fast", 0, OPTION_FLAG, NULL, "Only what is known without asking each instance, "
                                       "as --columns=" LIST_COLUMNS_FAST},
        OPTION_FORMAT,
        {}};

const Command command_list = {
        .name = "list",
        .aliases = "ls",
        .arguments = "[<remote>:] [<filter>...]",
        .summary = "List instances",
        .details =
                "An instance is listed when it passes all filters. A filter is one of\n"
                "  web                     the beginning of a name\n"
                "  \".*web.*01$\"            a regular expression for the whole name\n"
                "  user.role=db            a configuration key and a pattern for its value; the\n"
                "                          parts of the key may be cut short: u.r=db\n"
                "  status=running,frozen   one of type, status, architecture, location, name,\n"
                "                          ipv4 and ipv6 (an address or a network)\n"
                "\n"
                "Columns are letters, with or without commas between them:\n"
                "  4 IPv4 addresses        m memory in use\n"
                "  6 IPv6 addresses        M memory in use, in % of its limit\n"
                "  a architecture          n name\n"
                "  b storage pool          N number of processes\n"
                "  c created at            p process id of its init\n"
                "  d description           P profiles\n"
                "  D disk in use           s state\n"
                "  e project               S number of snapshots\n"
                "  f image, short          t type\n"
                "  F image                 u processor time in seconds\n"
                "  l last used at          L location in the cluster\n"
                "\n"
                "or keys, between commas: [config:|devices:]KEY[:NAME][:WIDTH]. NAME is the "
                "header, WIDTH cuts longer values, 0 at the header's width.",
        .examples = "berth list -c nFs46,volatile.eth0.hwaddr:MAC,devices:eth0.parent:BRIDGE\n"
                    "berth list status=running -f csv -c n",
        .options = options,
        .maximum = COMMAND_UNLIMITED,
        .completers = {COMPLETE_INSTANCE},
        .run = run_list,
};
