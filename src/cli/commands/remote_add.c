/* Adding a remote: find the server, agree on its certificate, and become trusted by it. */
#include "cli/commands/remote.h"

#include "base/files.h"
#include "base/memory.h"
#include "cli/terminal.h"
#include "client/https.h"
#include "http/certificate.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define DEFAULT_PORT "8443"

/* What a token says; a text that is none leaves it empty. */
typedef struct Token {
        json_t *value;
        const char *fingerprint; /* NULL: no token */
} Token;

static Token token_parse(const char *text) {
        _cleanup_free_ void *data = NULL;
        size_t size;
        Token token = {};
        if (http_base64_decode(text, &data, &size, NULL) < 0)
                return token;
        token.value = json_loadb(data, size, 0, NULL);
        token.fingerprint = json_string_value(json_object_get(token.value, "fingerprint"));
        return token;
}

/* "unix:///PATH", or the path of a socket that exists, as one spelling. */
static char *unix_address(const char *text) {
        const char *path = str_after_prefix(text, "unix:");
        struct stat info;
        if (path == NULL && (stat(text, &info) < 0 || !S_ISSOCK(info.st_mode)))
                return NULL;
        if (path == NULL)
                path = text;
        while (path[0] == '/' && path[1] == '/')
                path++;
        return str_printf("unix://%s", str_equal(path, "/") ? "" : path);
}

/* HOST, HOST:PORT or a URL as "https://HOST:PORT". Image servers keep their path. */
static char *https_address(const char *text, const char *protocol) {
        const char *rest = str_after_prefix(text, "https://");
        if (str_equal(protocol, "simplestreams"))
                return rest != NULL ? str_dup(text) : str_printf("https://%s", text);
        rest = rest != NULL ? rest : text;
        _cleanup_free_ char *host = str_ndup(rest, strcspn(rest, "/"));
        const char *colon = strrchr(host, ':');
        bool bare6 = colon != NULL && strchr(host, ':') != colon && host[0] != '[';
        if (bare6)
                return str_printf("https://[%s]:" DEFAULT_PORT, host);
        if (colon != NULL && strchr(colon, ']') == NULL)
                return str_printf("https://%s", host);
        return str_printf("https://%s:%s", host, text == rest ? DEFAULT_PORT : "443");
}

static int ask(const char *question, bool secret, char **ret, Error **err) {
        char line[4096];
        fputs(question, stdout);
        fflush(stdout);
        TerminalMode mode;
        bool hidden = secret && terminal_hide(STDIN_FILENO, &mode);
        const char *got = fgets(line, sizeof line, stdin);
        if (hidden) {
                terminal_restore(&mode);
                putchar('\n');
        }
        if (got == NULL)
                return error_set(err, ERROR_INVALID, 0, "No answer on standard input");
        line[strcspn(line, "\r\n")] = '\0';
        *ret = str_dup(line);
        return 0;
}

/* The person, the token or --accept-certificate says that it is the right server. */
static int agree(const Cli *cli, const char *fingerprint, const Token *token, Error **err) {
        _cleanup_free_ char *answer = NULL;
        if (token->fingerprint != NULL)
                return str_equal(token->fingerprint, fingerprint)
                               ? 0
                               : error_set(err, ERROR_FORBIDDEN, 0,
                                           "The server's certificate (%s) is not the one that the "
                                           "token names",
                                           fingerprint);
        if (cli_flag(cli, "accept-certificate"))
                return 0;
        printf("Certificate fingerprint: %s\n", fingerprint);
        if (ask("ok (y/n/[fingerprint])? ", false, &answer, err) < 0)
                return -1;
        if (str_equal_nocase(answer, "y") || str_equal_nocase(answer, "yes") ||
            str_equal(answer, fingerprint))
                return 0;
        return error_set(err, ERROR_FORBIDDEN, 0, "Server certificate NACKed by user");
}

static int is_trusted(Client *client, bool *ret, Error **err) {
        json_t *server;
        if (client_get(client, "/1.0", &server, NULL, err) < 0)
                return -1;
        *ret = str_equal(json_string_value(json_object_get(server, "auth")), "trusted");
        json_decref(server);
        return 0;
}

static int introduce(Cli *cli, Client *client, const char *name, const char *secret, Error **err) {
        _cleanup_free_ char *asked = NULL;
        _cleanup_free_ char *question = str_printf("Admin password (or token) for %s: ", name);
        bool trusted;
        if (secret == NULL && ask(question, true, &asked, err) < 0)
                return -1;
        json_t *body = json_pack("{s:s, s:s}", "type", "client", "password",
                                 secret != NULL ? secret : asked);
        int result = client_change(client, "POST", "/1.0/certificates", body, NULL, err);
        json_decref(body);
        if (result < 0 || is_trusted(client, &trusted, err) < 0)
                return -1;
        if (!trusted)
                return error_set(err, ERROR_FORBIDDEN, 0,
                                 "Server doesn't trust us after authentication");
        cli_say(cli, "Client certificate now trusted by server: %s", name);
        return 0;
}

static int meet(Cli *cli, const ClientRemote *remote, const Token *token, const char *text,
                Error **err) {
        _cleanup_free_ char *certificate = NULL, *fingerprint = NULL;
        const char *secret = token->fingerprint != NULL ? text : cli_text(cli, "token");
        Client *client;
        bool trusted;
        if (secret == NULL)
                secret = cli_text(cli, "password");
        if (client_probe_https(remote->address, &certificate, err) < 0)
                return -1;
        fingerprint = certificate_pem_fingerprint(certificate);
        if (agree(cli, fingerprint, token, err) < 0 ||
            client_config_pin(cli->config, remote->name, certificate, err) < 0 ||
            cli_client(cli, remote->name, &client, err) < 0 ||
            is_trusted(client, &trusted, err) < 0)
                return -1;
        return trusted || remote->is_public ? 0 : introduce(cli, client, remote->name, secret, err);
}

/* A token names several addresses: the first that answers is the server's. */
static int meet_at(Cli *cli, const char *name, const Token *token, const char *text, Error **err) {
        ClientRemote *remote = client_config_remote(cli->config, name);
        const json_t *addresses = json_object_get(token->value, "addresses"), *item;
        size_t i;
        Error *failed = NULL;
        if (token->fingerprint == NULL)
                return meet(cli, remote, token, text, err);
        json_array_foreach(addresses, i, item) {
                str_replace(&remote->address, https_address(json_string_value(item), "lxd"));
                error_free(failed);
                failed = NULL;
                if (meet(cli, remote, token, text, &failed) == 0)
                        return 0;
                if (!error_is(failed, ERROR_UNAVAILABLE))
                        break;
        }
        return failed != NULL ? error_move(err, &failed)
                              : error_set(err, ERROR_INVALID, 0, "The token has no addresses");
}

/* A server is asked once, so that a wrong address is noticed now. */
static int check_server(Cli *cli, const char *name, Error **err) {
        const json_t *server;
        Client *client;
        return cli_client(cli, name, &client, err) < 0 || client_server(client, &server, err) < 0
                       ? -1
                       : 0;
}

static ClientRemote *make_remote(Cli *cli, const char *name, char *address) {
        const char *protocol = cli_text(cli, "protocol"), *project = cli_text(cli, "project");
        ClientRemote *remote = client_config_add_remote(cli->config, name);
        str_replace(&remote->address, address);
        str_replace(&remote->protocol, str_dup(protocol != NULL ? protocol : "lxd"));
        str_replace(&remote->project, str_dup(project != NULL ? project : ""));
        if (cli_given(cli, "auth-type"))
                str_replace(&remote->auth_type, str_dup(cli_text(cli, "auth-type")));
        remote->is_public = cli_flag(cli, "public") || str_equal(protocol, "simplestreams");
        return remote;
}

static int run_add(Cli *cli, Error **err) {
        size_t last = cli_count(cli) - 1;
        const char *name = cli_argument(cli, 0), *text = cli_argument(cli, last);
        _cleanup_free_ char *address = unix_address(text);
        bool is_unix = address != NULL;
        int result = 0;
        if (last == 0)
                return error_set(err, ERROR_INVALID, 0, "A name for the remote is missing");
        if (remote_check_name(cli, name, err) < 0)
                return -1;
        if (str_has_prefix(text, "http://"))
                return error_set(err, ERROR_INVALID, 0, "Only https:// is supported for remotes");
        Token token = is_unix ? (Token){} : token_parse(text);
        if (address == NULL)
                address = token.fingerprint != NULL
                                  ? str_dup("")
                                  : https_address(text, cli_text(cli, "protocol"));
        const ClientRemote *remote = make_remote(cli, name, TAKE_PTR(address));
        if (is_unix)
                result = check_server(cli, name, err);
        else if (!str_equal(remote->protocol, "simplestreams"))
                result = meet_at(cli, name, &token, text, err);
        json_decref(token.value);
        if (result < 0) {
                client_config_unpin(cli->config, name);
                return -1;
        }
        return client_config_save(cli->config, err);
}

static const Option add_options[] = {
        {"accept-certificate", 0, OPTION_FLAG, NULL, "Take the server's certificate unseen"},
        {"auth-type", 0, OPTION_TEXT, "TYPE", "How the server knows us"},
        {"password", 0, OPTION_TEXT, "PASSWORD", "Trust password of the server"},
        {"protocol", 0, OPTION_TEXT, "PROTOCOL", "lxd or simplestreams"},
        {"public", 0, OPTION_FLAG, NULL, "An image server for everybody"},
        {"token", 0, OPTION_TEXT, "TOKEN", "Trust token of the server"},
        {}};

const Command command_remote_add = {
        .name = "add",
        .arguments = "<remote> <IP|FQDN|URL|token>",
        .summary = "Add a remote",
        .examples = "berth remote add second unix:///srv/berth2/unix.socket\n"
                    "berth remote add other 192.0.2.7 --password SECRET\n"
                    "berth remote add site https://images.example.net --protocol simplestreams",
        .options = add_options,
        .minimum = 1,
        .maximum = 2,
        .run = run_add,
};
