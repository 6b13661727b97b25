/* Raw requests, events, operations, versions. */
#include "cli/columns.h"
#include "cli/commands/commands.h"

#include "base/memory.h"
#include "build-config.h"
#include "cli/document.h"
#include "cli/fields.h"

#include <stdio.h>
#include <string.h>

/* Indented by tabs and with an empty line behind, as LXD's client prints it. */
static void print_indented(const json_t *value, bool sorted) {
        char *text = json_dumps(value, JSON_INDENT(1) | JSON_ENCODE_ANY |
                                               (sorted ? JSON_SORT_KEYS : 0));
        bool start = true;
        for (const char *c = text; c != NULL && *c != '\0'; c++) {
                putchar(start && *c == ' ' ? '\t' : *c);
                start = *c == '\n' || (start && *c == ' ');
        }
        puts("\n");
        free(text);
}

static void print_answer(const Cli *cli, const ClientResponse *response) {
        if (response->body == NULL)
                fwrite(response->text != NULL ? response->text : "", 1, response->text_size,
                       stdout);
        else if (cli_flag(cli, "raw"))
                print_indented(response->body, false);
        else if (json_is_string(response->metadata))
                puts(json_string_value(response->metadata));
        else if (response->metadata != NULL && !json_is_null(response->metadata))
                print_indented(response->metadata, true);
}

static bool is_async(const ClientResponse *response) {
        return str_equal(field_text(response->body, "type"), "async");
}

static int send_and_wait(Cli *cli, Client *client, const ClientRequest *request, Error **err) {
        _cleanup_response_ ClientResponse response = {};
        json_t *operation = NULL;
        ClientWait wait = {.interrupt_fd = -1};
        (void) !client_listen(client, NULL);
        if (client_send(client, request, &response, err) < 0)
                return -1;
        if (!is_async(&response)) {
                print_answer(cli, &response);
                return 0;
        }
        if (client_wait(client, response.metadata, &wait, &operation, err) < 0)
                return -1;
        print_indented(operation, true);
        json_decref(operation);
        return 0;
}

static int run_query(Cli *cli, Error **err) {
        _cleanup_free_ char *path = NULL, *input = NULL;
        _cleanup_response_ ClientResponse response = {};
        const char *data = cli_text(cli, "data");
        Client *client;
        ClientRequest request = {.method = cli_text(cli, "request")};
        if (cli_resolve(cli, cli_argument(cli, 0), &client, &path, err) < 0)
                return -1;
        if (path[0] != '/')
                return error_set(err, ERROR_INVALID, 0, "Query path must start with /");
        if (str_equal(data, "-")) {
                if (cli_input_read(&input, err) < 0)
                        return -1;
                data = input;
        }
        request.path = path;
        request.text = data;
        request.text_size = data != NULL ? strlen(data) : 0;
        request.type = "application/json";
        if (cli_flag(cli, "wait"))
                return send_and_wait(cli, client, &request, err);
        if (cli_flag(cli, "raw") ? client_send_raw(client, &request, &response, err) < 0
                                 : client_send(client, &request, &response, err) < 0)
                return -1;
        print_answer(cli, &response);
        return 0;
}

static const Option query_options[] = {
        {"data", 'd', OPTION_TEXT, "TEXT", "Body of the request; - reads standard input"},
        {"raw", 0, OPTION_FLAG, NULL, "Show the whole answer, whatever its status"},
        {"request", 'X', OPTION_TEXT, "METHOD", "Method of the request", "GET"},
        {"wait", 0, OPTION_FLAG, NULL, "Wait for the operation that it starts"},
        {}};

const Command command_query = {
        .name = "query",
        .arguments = "[<remote>:]<API path>",
        .summary = "Send a request to the API and show the answer",
        .examples = "berth query /1.0/instances?recursion=1\n"
                    "berth query -X DELETE --wait /1.0/instances/c1",
        .options = query_options,
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_REMOTE},
        .hidden = true,
        .run = run_query,
};

/* --- operations --- */

static char *column_id(const json_t *item) {
        return str_dup(field_text(item, "id"));
}

static char *column_class(const json_t *item) {
        return field_upper(item, "class");
}

static char *column_cancelable(const json_t *item) {
        return str_dup(field_bool(item, "may_cancel") ? "YES" : "NO");
}

static char *column_created(const json_t *item) {
        return field_minute(item, "created_at");
}

static const Column columns[] = {{.header = "ID", .text = column_id},
                                 {.header = "TYPE", .text = column_class},
                                 {.header = "DESCRIPTION", .text = columns_description},
                                 {.header = "STATUS", .text = columns_status},
                                 {.header = "CANCELABLE", .text = column_cancelable},
                                 {.header = "CREATED", .text = column_created},
                                 {}};

static const ObjectKind kind_operation = {
        .noun = "Operation",
        .collection = "/1.0/operations",
        .shown = "id class description created_at updated_at status status_code resources metadata "
                 "may_cancel err location",
        .columns = columns,
};

/* The server answers with lists by status. */
static int run_list(Cli *cli, Error **err) {
        _cleanup_free_ char *name = NULL;
        Client *client;
        json_t *groups, *group, *all;
        const char *status;
        int result;
        if (cli_resolve_optional(cli, cli_argument(cli, 0), &client, &name, err) < 0 ||
            object_collection(client, "/1.0/operations", &groups, err) < 0)
                return -1;
        all = json_array();
        json_object_foreach(groups, status, group)
                json_array_extend(all, group);
        result = object_print(cli, columns, all, err);
        json_decref(all);
        json_decref(groups);
        return result;
}

static const Command operation_delete = {
        .name = "delete",
        .aliases = "cancel rm",
        .arguments = "[<remote>:]<operation>",
        .summary = "Cancel an operation",
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_OPERATION},
        .kind = &kind_operation,
        .run = object_delete,
};

static const Command operation_list = {
        .name = "list",
        .aliases = "ls",
        .arguments = "[<remote>:]",
        .summary = "List operations",
        .options = object_list_options,
        .maximum = 1,
        .completers = {COMPLETE_REMOTE},
        .run = run_list,
};

static const Command operation_show = {
        .name = "show",
        .arguments = "[<remote>:]<operation>",
        .summary = "Show an operation as YAML",
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_OPERATION},
        .kind = &kind_operation,
        .run = object_show,
};

static const Command *const operation_commands[] = {&operation_delete, &operation_list,
                                                    &operation_show, NULL};

const Command command_operation = {
        .name = "operation",
        .summary = "List, show and cancel operations",
        .subcommands = operation_commands,
};

/* --- versions --- */

static int run_version(Cli *cli, Error **err) {
        _cleanup_free_ char *name = NULL;
        Client *client;
        const json_t *server;
        const char *version = "unreachable";
        if (cli_resolve_optional(cli, cli_argument(cli, 0), &client, &name, err) < 0)
                return -1;
        if (client_server(client, &server, NULL) == 0) {
                version = field_text(field_get(server, "environment"), "server_version");
                if (*version == '\0')
                        version = "untrusted";
        }
        printf("Client version: %s\nServer version: %s\n", BERTH_VERSION, version);
        return 0;
}

const Command command_version = {
        .name = "version",
        .arguments = "[<remote>:]",
        .summary = "Show the versions of the client and of the server",
        .maximum = 1,
        .completers = {COMPLETE_REMOTE},
        .run = run_version,
};
