/* The console of an instance, and its log. */
#include "cli/commands/console.h"

#include "base/memory.h"
#include "cli/commands/commands.h"
#include "cli/commands/streams.h"
#include "cli/fields.h"
#include "cli/terminal.h"
#include "http/websocket.h"

#include <signal.h>
#include <stdio.h>

/* The terminal's size, as the server wants it. */
static json_t *make_request(const char *type) {
        int width = 80, height = 24;
        (void) terminal_size(STDOUT_FILENO, &width, &height);
        return json_pack("{s:i,s:i,s:s}", "width", width, "height", height, "type", type);
}

static int run_streams(Client *client, const json_t *operation, WebSocket *data,
                       WebSocket *control, Error **err) {
        static const int taken[] = {SIGWINCH, 0};
        _cleanup_signals_ Signals *signals = NULL;
        _cleanup_terminal_ TerminalMode mode = {.fd = -1};
        _cleanup_(streams_cleanup) Streams *streams = NULL;
        json_t *last = NULL;
        int result;
        if (signals_open(taken, &signals, err) < 0)
                return -1;
        streams = streams_new(client, control, signals);
        if (streams == NULL)
                return error_set(err, ERROR_SYSTEM, 0, "Cannot make a pipe");
        if (isatty(STDIN_FILENO) && terminal_raw(STDIN_FILENO, &mode, err) < 0)
                return -1;
        streams_send_size(streams, STDOUT_FILENO);
        if (streams_add_output(streams, data, STDOUT_FILENO, err) < 0 ||
            streams_add_input(streams, data, STDIN_FILENO, true, err) < 0)
                return -1;
        result = streams_run(streams, operation, STDOUT_FILENO, &last, err);
        if (result == 0 && last == NULL) { /* detached: the output ends with its socket */
                ws_abort(data);
                ws_abort(control);
        }
        json_decref(last);
        return result;
}

int console_attach(Client *client, const char *name, const char *type, Error **err) {
        _cleanup_free_ char *path = client_url("/1.0/instances/{}/console", name, NULL);
        _cleanup_(websocket_cleanup) WebSocket *data = NULL, *control = NULL;
        ClientRequest request = {.method = "POST", .path = path};
        json_t *body, *operation;
        const json_t *fds;
        const char *id;
        int result;
        if (!str_equal(type, "console"))
                return error_set(err, ERROR_UNSUPPORTED, 0,
                                 "Containers have a text console only, not \"%s\"", type);
        body = make_request(type);
        request.body = body;
        result = client_start(client, &request, &operation, err);
        json_decref(body);
        if (result < 0)
                return -1;
        id = field_text(operation, "id");
        fds = field_get(field_get(operation, "metadata"), "fds");
        result = client_operation_socket(client, id, field_text(fds, "control"), &control, err);
        if (result == 0)
                result = client_operation_socket(client, id, field_text(fds, "0"), &data, err);
        if (result == 0) {
                fputs("To detach from the console, press: <ctrl>+a q\r\n", stdout);
                fflush(stdout);
                result = run_streams(client, operation, data, control, err);
        }
        json_decref(operation);
        return result;
}

static int show_log(Client *client, const char *name, Error **err) {
        _cleanup_free_ char *path = client_url("/1.0/instances/{}/console", name, NULL);
        _cleanup_download_ ClientDownload *download = NULL;
        const ClientRequest request = {.path = path};
        if (client_download(client, &request, NULL, &download, err) < 0)
                return -1;
        printf("\nConsole log:\n\n");
        fflush(stdout);
        return client_download_to_fd(download, STDOUT_FILENO, NULL, NULL, err);
}

static int run_console(Cli *cli, Error **err) {
        _cleanup_free_ char *name = NULL;
        Client *client;
        if (cli_resolve(cli, cli_argument(cli, 0), &client, &name, err) < 0)
                return -1;
        if (cli_flag(cli, "show-log"))
                return show_log(client, name, err);
        return console_attach(client, name, cli_text(cli, "type"), err);
}

static const Option options[] = {
        {"show-log", 0, OPTION_FLAG, NULL, "Show what the console has said so far"},
        {"type", 't', OPTION_TEXT, "TYPE", "Kind of console", "console"},
        {}};

const Command command_console = {
        .name = "console",
        .arguments = "[<remote>:]<instance>",
        .summary = "Attach to the console of an instance",
        .details = "ctrl-a q detaches; ctrl-a ctrl-a sends one ctrl-a.",
        .options = options,
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_INSTANCE},
        .run = run_console,
};
