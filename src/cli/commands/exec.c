/* Runs a program in an instance. */
#include "cli/commands/commands.h"

#include "base/memory.h"
#include "cli/commands/streams.h"
#include "cli/fields.h"
#include "cli/terminal.h"
#include "http/websocket.h"

#include <signal.h>
#include <string.h>

/* Sockets "0", "1", "2" and control; in interactive mode only "0" carries data. */
typedef struct ExecSession {
        Client *client;
        char *name;
        bool interactive;
        bool no_input;
        json_t *operation;
        WebSocket *data[STREAMS_MAX];
        WebSocket *control;
} ExecSession;

static void session_done(ExecSession *session) {
        for (size_t i = 0; i < STREAMS_MAX; i++)
                websocket_free(session->data[i]);
        websocket_free(session->control);
        json_decref(session->operation);
        free(session->name);
}

static int choose_mode(const Cli *cli, bool *ret_interactive, Error **err) {
        const char *mode = cli_text(cli, "mode");
        bool yes = cli_flag(cli, "force-interactive"), no = cli_flag(cli, "force-noninteractive");
        if (yes && no)
                return error_set(err, ERROR_INVALID, 0,
                                 "You can't pass -t and -T at the same time");
        if ((yes || no) && cli_given(cli, "mode"))
                return error_set(err, ERROR_INVALID, 0,
                                 "You can't pass -t or -T at the same time as --mode");
        if (yes || str_equal(mode, "interactive"))
                *ret_interactive = true;
        else if (no || str_equal(mode, "non-interactive"))
                *ret_interactive = false;
        else if (str_equal(mode, "auto"))
                *ret_interactive = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) &&
                                   !cli_flag(cli, "disable-stdin");
        else
                return error_set(err, ERROR_INVALID, 0,
                                 "Invalid mode \"%s\"; there are auto, interactive and "
                                 "non-interactive",
                                 mode);
        return 0;
}

static int make_environment(const Cli *cli, bool interactive, json_t **ret, Error **err) {
        _cleanup_strmap_ StrMap map = {};
        const StrList *given = cli_list(cli, "env");
        const char *term = getenv("TERM");
        json_t *environment;
        if (interactive && !str_is_empty(term))
                strmap_set(&map, "TERM", term);
        for (size_t i = 0; i < given->count; i++) {
                const char *text = given->items[i], *equals = strchr(text, '=');
                _cleanup_free_ char *key = equals != NULL
                                                   ? str_ndup(text, (size_t) (equals - text))
                                                   : str_dup(text);
                strmap_set(&map, key, equals != NULL ? equals + 1 : "");
        }
        environment = json_object();
        for (size_t i = 0; i < map.count; i++)
                field_set_text(environment, map.items[i].key, map.items[i].value);
        *ret = environment;
        return 0;
}

static int make_request(const Cli *cli, const ExecSession *session, json_t *command, json_t **ret,
                        Error **err) {
        int width = 0, height = 0;
        json_t *environment, *body;
        if (make_environment(cli, session->interactive, &environment, err) < 0)
                return -1;
        if (session->interactive)
                (void) terminal_size(STDOUT_FILENO, &width, &height);
        body = json_pack("{s:O,s:b,s:b,s:o,s:i,s:i,s:b}", "command", command,
                         "wait-for-websocket", 1, "interactive", (int) session->interactive,
                         "environment", environment, "width", width, "height", height,
                         "record-output", 0);
        json_object_set_new(body, "user", json_integer(cli_number(cli, "user")));
        json_object_set_new(body, "group", json_integer(cli_number(cli, "group")));
        field_set_text(body, "cwd", cli_given(cli, "cwd") ? cli_text(cli, "cwd") : "");
        *ret = body;
        return 0;
}

static int open_socket(const ExecSession *session, const char *name, WebSocket **ret,
                       Error **err) {
        const json_t *fds = field_get(field_get(session->operation, "metadata"), "fds");
        const char *secret = field_text(fds, name);
        if (str_is_empty(secret))
                return error_set(err, ERROR_INTERNAL, 0, "The server gave no secret for \"%s\"",
                                 name);
        return client_operation_socket(session->client, field_text(session->operation, "id"),
                                       secret, ret, err);
}

static int open_sockets(ExecSession *session, Error **err) {
        static const char *const names[STREAMS_MAX] = {"0", "1", "2"};
        size_t count = session->interactive ? 1 : STREAMS_MAX;
        if (open_socket(session, "control", &session->control, err) < 0)
                return -1;
        for (size_t i = 0; i < count; i++) {
                if (open_socket(session, names[i], &session->data[i], err) < 0)
                        return -1;
        }
        return 0;
}

static int add_streams(ExecSession *session, Streams *streams, Error **err) {
        if (session->interactive)
                return streams_add_output(streams, session->data[0], STDOUT_FILENO, err) < 0 ||
                                       streams_add_input(streams, session->data[0], STDIN_FILENO,
                                                         false, err) < 0
                               ? -1
                               : 0;
        if (streams_add_output(streams, session->data[1], STDOUT_FILENO, err) < 0 ||
            streams_add_output(streams, session->data[2], STDERR_FILENO, err) < 0)
                return -1;
        if (!session->no_input)
                return streams_add_input(streams, session->data[0], STDIN_FILENO, false, err);
        return ws_send(session->data[0], WS_TEXT, "", 0, err);
}

/* Runs the streams to their end; the outputs are drained before this returns. */
static int run_streams(ExecSession *session, json_t **ret_operation, Error **err) {
        static const int forwarded[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT, SIGWINCH,
                                        SIGUSR1, SIGUSR2, SIGCONT, SIGTSTP, SIGTTIN,
                                        SIGTTOU, 0};
        _cleanup_signals_ Signals *signals = NULL;
        _cleanup_terminal_ TerminalMode mode = {.fd = -1};
        _cleanup_(streams_cleanup) Streams *streams = NULL;
        bool raw = session->interactive && isatty(STDIN_FILENO);
        if (signals_open(forwarded, &signals, err) < 0)
                return -1;
        streams = streams_new(session->client, session->control, signals);
        if (streams == NULL)
                return error_set(err, ERROR_SYSTEM, 0, "Cannot make a pipe");
        if (raw && terminal_raw(STDIN_FILENO, &mode, err) < 0)
                return -1;
        if (session->interactive)
                streams_send_size(streams, STDOUT_FILENO);
        if (add_streams(session, streams, err) < 0)
                return -1;
        return streams_run(streams, session->operation,
                           session->interactive ? STDOUT_FILENO : -1, ret_operation, err);
}

/* The program's exit code becomes ours, also when the server calls its absence a failure. */
static int finish(Cli *cli, const json_t *operation, Error **err) {
        int64_t code = field_number(field_get(operation, "metadata"), "return");
        cli_set_exit(cli, (int) code);
        if (client_operation_result(operation, err) < 0)
                return -1;
        if (code == 127)
                return error_set(err, ERROR_NOT_FOUND, 0, "Command not found");
        if (code == 126)
                return error_set(err, ERROR_FORBIDDEN, 0, "Command not executable");
        return 0;
}

static int execute(Cli *cli, ExecSession *session, json_t *command, Error **err) {
        _cleanup_free_ char *path = client_url("/1.0/instances/{}/exec", session->name, NULL);
        ClientRequest request = {.method = "POST", .path = path};
        json_t *body, *last = NULL;
        int result;
        if (make_request(cli, session, command, &body, err) < 0)
                return -1;
        request.body = body;
        result = client_start(session->client, &request, &session->operation, err);
        json_decref(body);
        if (result < 0 || open_sockets(session, err) < 0 || run_streams(session, &last, err) < 0)
                return -1;
        result = finish(cli, last, err);
        json_decref(last);
        return result;
}

static int prepare(Cli *cli, ExecSession *session, Error **err) {
        if (cli_resolve(cli, cli_argument(cli, 0), &session->client, &session->name, err) < 0 ||
            choose_mode(cli, &session->interactive, err) < 0)
                return -1;
        session->no_input = cli_flag(cli, "disable-stdin");
        return 0;
}

static int run_exec(Cli *cli, Error **err) {
        _cleanup_(session_done) ExecSession session = {};
        json_t *command;
        int result;
        if (prepare(cli, &session, err) < 0)
                return -1;
        command = json_array();
        for (size_t i = 1; i < cli_count(cli); i++)
                json_array_append_new(command, json_string(cli_argument(cli, i)));
        result = execute(cli, &session, command, err);
        json_decref(command);
        return result;
}

static int run_shell(Cli *cli, Error **err) {
        _cleanup_(session_done) ExecSession session = {};
        json_t *command;
        int result;
        if (prepare(cli, &session, err) < 0)
                return -1;
        /* A login shell where there is su, else whatever sh there is. */
        command = json_pack("[s,s,s]", "/bin/sh", "-c",
                            "command -v su >/dev/null && exec su -l; exec /bin/sh -l");
        result = execute(cli, &session, command, err);
        json_decref(command);
        return result;
}

#define MODE_OPTIONS                                                                         \
        {"force-interactive", 't', OPTION_FLAG, NULL, "With a terminal, whatever ours is"},   \
        {"force-noninteractive", 'T', OPTION_FLAG, NULL, "Without a terminal"},               \
        {"mode", 0, OPTION_TEXT, "MODE", "auto, interactive or non-interactive", "auto"},     \
        {"disable-stdin", 'n', OPTION_FLAG, NULL, "Give it no input"},                        \
        {"env", 0, OPTION_LIST, "KEY=VALUE", "Environment variable"},                         \
        {"cwd", 0, OPTION_TEXT, "DIRECTORY", "Directory to run in (default: /root)"},         \
        {"user", 0, OPTION_UNSIGNED, "UID", "User to run as", "0"},                           \
        {"group", 0, OPTION_UNSIGNED, "GID", "Group to run as", "0"}

static const Option exec_options[] = {MODE_OPTIONS, {}};

const Command command_exec = {
        .name = "exec",
        .arguments = "[<remote>:]<instance> [--] <command line>",
        .summary = "Run a program in an instance",
        .details = "The program is run as it is, without a shell. Its exit code is ours.\n"
                   "\n"
                   "It gets a terminal when standard input and standard output are terminals; "
                   "then the size and all keys are passed on. Otherwise its input, output and "
                   "errors are three separate streams, and signals that we get go to it.",
        .examples = "berth exec c1 -- ls -l /\n"
                    "berth exec c1 -- sh -c 'cd /tmp && pwd'\n"
                    "berth exec c1 --user 1000 --cwd /srv -- ./run",
        .options = exec_options,
        .minimum = 2,
        .maximum = COMMAND_UNLIMITED,
        .completers = {COMPLETE_INSTANCE, COMPLETE_NOTHING},
        .run = run_exec,
};

const Command command_shell = {
        .name = "shell",
        .arguments = "[<remote>:]<instance>",
        .summary = "Be root in an instance, in a login shell",
        .options = exec_options,
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_INSTANCE},
        .run = run_shell,
};
