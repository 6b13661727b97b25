/* Shows events as they come. */
#include "cli/commands/commands.h"

#include "base/memory.h"
#include "cli/document.h"
#include "cli/fields.h"
#include "http/websocket.h"
#include "json/yaml.h"

#include <stdio.h>
#include <string.h>

/* From the least to the most severe. */
static const char *const levels[] = {"trace", "debug", "info", "warning", "error", "fatal",
                                     "panic"};

static int level_of(const char *name) {
        if (str_equal(name, "dbug"))
                name = "debug";
        if (str_equal(name, "warn"))
                name = "warning";
        if (str_equal(name, "eror"))
                name = "error";
        for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
                if (str_equal(levels[i], name))
                        return (int) i;
        }
        return -1;
}

static void print_value(const char *key, const json_t *value) {
        char *text;
        if (json_is_string(value)) {
                const char *plain = json_string_value(value);
                printf(strpbrk(plain, " \"=") != NULL || *plain == '\0' ? " %s=\"%s\"" : " %s=%s",
                       key, plain);
                return;
        }
        text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
        printf(" %s=%s", key, text);
        free(text);
}

static void print_map(const json_t *map) {
        const char *key;
        json_t *value;
        json_object_foreach((json_t *) map, key, value)
                print_value(key, value);
}

/* "LEVEL  [TIME] MESSAGE key=value…" */
static void print_pretty(const json_t *event, int least) {
        static const char *const colours[] = {"", "\033[34m", "\033[32m", "\033[33m", "\033[31m",
                                              "\033[31m", "\033[31m"};
        const json_t *metadata = field_get(event, "metadata"), *context = json_null();
        const char *type = field_text(event, "type"), *message = "", *level = "info";
        _cleanup_free_ char *made = NULL, *shown = NULL;
        int number;
        if (str_equal(type, "logging")) {
                level = field_text(metadata, "level");
                message = field_text(metadata, "message");
                context = field_get(metadata, "context");
        } else if (str_equal(type, "lifecycle")) {
                message = made = str_printf("Action: %s, Source: %s",
                                            field_text(metadata, "action"),
                                            field_text(metadata, "source"));
                context = field_get(metadata, "context");
        } else {
                message = made = str_printf("ID: %s, Class: %s, Description: %s",
                                            field_text(metadata, "id"),
                                            field_text(metadata, "class"),
                                            field_text(metadata, "description"));
        }
        number = level_of(level);
        if (number < least)
                return;
        shown = str_printf("%-7s", number >= 0 ? levels[number] : level);
        for (char *c = shown; *c != '\0'; c++)
                *c = (char) (*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
        if (isatty(STDOUT_FILENO) && number > 0)
                printf("%s%s\033[0m", colours[number], shown);
        else
                fputs(shown, stdout);
        printf(" [%s] %s", field_text(event, "timestamp"), message);
        print_map(context);
        if (str_equal(type, "operation"))
                printf(" CreatedAt=%s Err=\"%s\" Status=%s", field_text(metadata, "created_at"),
                       field_text(metadata, "err"), field_text(metadata, "status"));
        putchar('\n');
}

static void print_event(const json_t *event, const char *format, int least) {
        if (str_equal(format, "pretty")) {
                print_pretty(event, least);
        } else if (str_equal(format, "json")) {
                document_print_json(event);
                putchar('\n');
        } else {
                _cleanup_free_ char *text = yaml_dump_sorted(event);
                printf("%s\n\n", text);
        }
        fflush(stdout);
}

static char *make_path(const Cli *cli) {
        _cleanup_free_ char *types = strlist_join(cli_list(cli, "type"), ",");
        char *path = str_dup("/1.0/events");
        if (cli_given(cli, "type"))
                path = client_url_query(path, "type", types);
        if (cli_flag(cli, "all-projects"))
                path = client_url_query(path, "all-projects", "true");
        return path;
}

static int watch(Client *client, const char *path, const char *format, int least, Error **err) {
        _cleanup_(websocket_cleanup) WebSocket *socket = NULL;
        _cleanup_strbuf_ StrBuf message = {};
        if (client_websocket(client, path, &socket, err) < 0)
                return -1;
        for (;;) {
                WebSocketType type;
                json_t *event;
                if (ws_receive(socket, -1, &type, &message, err) < 0)
                        return -1;
                if (type == WS_CLOSE)
                        return 0;
                event = json_loadb(message.data, message.length, 0, NULL);
                if (event != NULL)
                        print_event(event, format, least);
                json_decref(event);
        }
}

static int run_monitor(Cli *cli, Error **err) {
        _cleanup_free_ char *name = NULL, *path = NULL;
        const char *format = cli_flag(cli, "pretty") ? "pretty" : cli_text(cli, "format");
        const char *level = cli_text(cli, "loglevel");
        Client *client;
        if (!str_equal(format, "json") && !str_equal(format, "yaml") &&
            !str_equal(format, "pretty"))
                return error_set(err, ERROR_INVALID, 0,
                                 "Invalid format \"%s\"; there are json, pretty and yaml", format);
        if (level != NULL && !str_equal(format, "pretty"))
                return error_set(err, ERROR_INVALID, 0, "--loglevel needs --pretty");
        if (level != NULL && level_of(level) < 0)
                return error_set(err, ERROR_INVALID, 0, "\"%s\" is no level of log messages",
                                 level);
        if (cli_resolve_optional(cli, cli_argument(cli, 0), &client, &name, err) < 0)
                return -1;
        path = make_path(cli);
        return watch(client, path, format, level != NULL ? level_of(level) : 0, err);
}

static const Option options[] = {
        {"all-projects", 0, OPTION_FLAG, NULL, "Events of all projects"},
        {"format", 'f', OPTION_TEXT, "FORMAT", "json, pretty or yaml", "yaml"},
        {"loglevel", 0, OPTION_TEXT, "LEVEL", "Least level of log messages, with --pretty"},
        {"pretty", 0, OPTION_FLAG, NULL, "One line an event, as --format=pretty"},
        {"type", 0, OPTION_LIST, "TYPE", "Only events of this type: logging, lifecycle, operation"},
        {}};

const Command command_monitor = {
        .name = "monitor",
        .arguments = "[<remote>:]",
        .summary = "Show what happens on a server",
        .examples = "berth monitor --type=lifecycle\n"
                    "berth monitor --pretty --type=logging --loglevel=info",
        .options = options,
        .maximum = 1,
        .completers = {COMPLETE_REMOTE},
        .hidden = true,
        .run = run_monitor,
};
