#include "cli/cli.h"

#include "base/files.h"
#include "base/memory.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "client/https.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define INPUT_LIMIT ((size_t) 64 << 20)

/* --- what was typed --- */

static const Option *option_of(const Cli *cli, const char *name) {
        return command_option(cli->path.levels[cli->path.depth - 1], name);
}

static const StrList *values_of(const Cli *cli, const char *name) {
        return table_get(cli->options, name);
}

bool cli_given(const Cli *cli, const char *name) {
        return values_of(cli, name) != NULL;
}

const char *cli_text(const Cli *cli, const char *name) {
        const StrList *values = values_of(cli, name);
        const Option *option = option_of(cli, name);
        if (values != NULL)
                return values->items[values->count - 1];
        return option == NULL || option->type == OPTION_OPTIONAL ? NULL : option->initial;
}

bool cli_flag(const Cli *cli, const char *name) {
        return str_is_true(cli_text(cli, name));
}

const StrList *cli_list(const Cli *cli, const char *name) {
        static const StrList empty = {};
        const StrList *values = values_of(cli, name);
        return values != NULL ? values : &empty;
}

int64_t cli_number(const Cli *cli, const char *name) {
        int64_t number;
        return str_to_int64(cli_text(cli, name), &number) ? number : 0;
}

size_t cli_count(const Cli *cli) {
        return cli->arguments.count;
}

const char *cli_argument(const Cli *cli, size_t index) {
        return index < cli->arguments.count ? cli->arguments.items[index] : NULL;
}

int cli_pair_add(StrMap *map, const char *text, Error **err) {
        const char *equals = strchr(text, '=');
        _cleanup_free_ char *key = NULL;
        if (equals == NULL || equals == text)
                return error_set(err, ERROR_INVALID, 0, "\"%s\" is not of the form key=value",
                                 text);
        key = str_ndup(text, (size_t) (equals - text));
        strmap_set(map, key, equals + 1);
        return 0;
}

int cli_pairs(const Cli *cli, size_t first, bool pair_allowed, StrMap *ret, Error **err) {
        _cleanup_strmap_ StrMap map = {};
        size_t count = cli_count(cli);
        if (pair_allowed && count == first + 2 && strchr(cli_argument(cli, first), '=') == NULL) {
                const char *value = cli_argument(cli, first + 1);
                _cleanup_free_ char *input = NULL;
                if (str_equal(value, "-")) {
                        if (cli_input_read(&input, err) < 0)
                                return -1;
                        value = input;
                }
                strmap_set(&map, cli_argument(cli, first), value);
        } else {
                for (size_t i = first; i < count; i++) {
                        if (cli_pair_add(&map, cli_argument(cli, i), err) < 0)
                                return -1;
                }
        }
        *ret = map;
        map = (StrMap){};
        return 0;
}

/* --- what is said --- */

void cli_say(const Cli *cli, const char *format, ...) {
        va_list values;
        if (cli->quiet)
                return;
        va_start(values, format);
        vprintf(format, values);
        va_end(values);
        putchar('\n');
        fflush(stdout);
}

int cli_confirm(const char *question, bool initial, bool *ret, Error **err) {
        char line[64];
        printf("%s [default=%s]: ", question, initial ? "yes" : "no");
        fflush(stdout);
        if (fgets(line, sizeof(line), stdin) == NULL)
                return error_set(err, ERROR_INVALID, 0, "No answer on standard input");
        line[strcspn(line, "\r\n")] = '\0';
        if (line[0] == '\0')
                *ret = initial;
        else if (str_equal_nocase(line, "y") || str_is_true(line))
                *ret = true;
        else if (str_equal_nocase(line, "n") || str_is_false(line))
                *ret = false;
        else
                return error_set(err, ERROR_INVALID, 0, "\"%s\" is neither yes nor no", line);
        return 0;
}

void cli_set_exit(Cli *cli, int code) {
        cli->exit_code = code;
}

bool cli_input_is_data(void) {
        struct stat info;
        return !isatty(STDIN_FILENO) && fstat(STDIN_FILENO, &info) == 0 && !S_ISCHR(info.st_mode);
}

bool cli_input_is_file(void) {
        struct stat info;
        return fstat(STDIN_FILENO, &info) == 0 && S_ISREG(info.st_mode);
}

int cli_input_read(char **ret_text, Error **err) {
        if (fd_read_all(STDIN_FILENO, INPUT_LIMIT, ret_text, NULL, err) < 0)
                return error_prefix(err, "Cannot read standard input");
        return 0;
}

/* --- servers --- */

int cli_split(const Cli *cli, const char *text, char **ret_remote, char **ret_name, Error **err) {
        const char *colon = strchr(text, ':');
        _cleanup_free_ char *remote = NULL;
        if (colon == NULL) {
                *ret_remote = str_dup(cli->config->default_remote);
                *ret_name = str_dup(text);
                return 0;
        }
        remote = str_ndup(text, (size_t) (colon - text));
        if (client_config_remote(cli->config, remote) != NULL) {
                *ret_remote = TAKE_PTR(remote);
                *ret_name = str_dup(colon + 1);
                return 0;
        }
        if (strchr(remote, '/') != NULL) { /* a snapshot or path with a colon in its name */
                *ret_remote = str_dup(cli->config->default_remote);
                *ret_name = str_dup(text);
                return 0;
        }
        return error_set(err, ERROR_NOT_FOUND, 0,
                         "The remote \"%s\" doesn't exist; \"berth remote list\" shows them",
                         remote);
}

static void set_project(const Cli *cli, const ClientRemote *remote, Client *client) {
        const char *project = cli_text(cli, "project");
        client_set_project(client, !str_is_empty(project) ? project : remote->project);
}

/* A public server needs not know who asks. */
static int open_https(const Cli *cli, const ClientRemote *remote, Client **ret, Error **err) {
        _cleanup_(certificate_pair_done) CertificatePair own = {};
        _cleanup_free_ char *pinned = client_config_pinned(cli->config, remote->name);
        if (!remote->is_public && client_config_identity(cli->config, &own, err) < 0)
                return -1;
        const ClientTls tls = {own.certificate, own.key, pinned};
        *ret = client_new_https(remote->address, &tls);
        set_project(cli, remote, *ret);
        return 0;
}

static int open_remote(const Cli *cli, const ClientRemote *remote, Client **ret, Error **err) {
        _cleanup_free_ char *local = client_local_socket();
        const char *path = str_after_prefix(remote->address, "unix:");
        if (!str_is_empty(remote->protocol) && !str_equal(remote->protocol, "lxd"))
                return error_set(err, ERROR_UNSUPPORTED, 0,
                                 "The remote \"%s\" is an image server: it has no instances",
                                 remote->name);
        if (cli->force_local)
                path = "";
        if (path == NULL)
                return open_https(cli, remote, ret, err);
        while (path[0] == '/' && path[1] == '/')
                path++;
        *ret = client_new_unix(str_is_empty(path) || str_equal(path, "/") ? local : path);
        set_project(cli, remote, *ret);
        return 0;
}

int cli_client(Cli *cli, const char *remote, Client **ret, Error **err) {
        const ClientRemote *found = client_config_remote(cli->config, remote);
        Client *client = table_get(cli->clients, remote);
        if (client == NULL) {
                if (found == NULL)
                        return error_set(err, ERROR_NOT_FOUND, 0, "The remote \"%s\" doesn't exist",
                                         remote);
                if (open_remote(cli, found, &client, err) < 0)
                        return -1;
                table_set(cli->clients, remote, client);
        }
        *ret = client;
        return 0;
}

int cli_resolve(Cli *cli, const char *text, Client **ret_client, char **ret_name, Error **err) {
        _cleanup_free_ char *remote = NULL, *name = NULL;
        if (cli_split(cli, text, &remote, &name, err) < 0 ||
            cli_client(cli, remote, ret_client, err) < 0)
                return -1;
        if (cli_given(cli, "target"))
                client_set_target(*ret_client, cli_text(cli, "target"));
        *ret_name = TAKE_PTR(name);
        return 0;
}

int cli_resolve_optional(Cli *cli, const char *text, Client **ret_client, char **ret_name,
                         Error **err) {
        return cli_resolve(cli, text != NULL ? text : "", ret_client, ret_name, err);
}

int cli_operate(Cli *cli, Client *client, const ClientRequest *request, json_t **ret,
                Error **err) {
        static const int interrupts[] = {SIGINT, SIGTERM, 0};
        _cleanup_signals_ Signals *signals = NULL;
        _cleanup_progress_ Progress progress = {};
        json_t *operation = NULL;
        ClientWait wait = {.watch = progress_watch,
                           .interrupted = progress_interrupted,
                           .userdata = &progress};
        int result;
        if (client_start(client, request, &operation, err) < 0)
                return -1;
        progress_start(&progress, cli, NULL);
        result = signals_open(interrupts, &signals, err);
        if (result == 0) {
                wait.interrupt_fd = signals_fd(signals);
                result = client_wait(client, operation, &wait, ret, err);
        }
        json_decref(operation);
        return result;
}

int cli_change(Cli *cli, Client *client, const char *method, const char *path, const json_t *body,
               Error **err) {
        const ClientRequest request = {.method = method, .path = path, .body = body};
        return cli_operate(cli, client, &request, NULL, err);
}
