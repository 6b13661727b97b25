/* The certificates that a server trusts, and the tokens by which it will trust more. */
#include "base/files.h"
#include "base/memory.h"
#include "base/times.h"
#include "cli/columns.h"
#include "cli/commands/commands.h"
#include "cli/fields.h"
#include "http/certificate.h"

#include <stdio.h>
#include <string.h>

#define SHORT_FINGERPRINT 12

static char *column_type(const json_t *item) {
        return str_dup(field_text(item, "type"));
}

static char *column_name(const json_t *item) {
        return str_dup(field_text(item, "name"));
}

static char *column_common_name(const json_t *item) {
        return str_dup(field_text(item, "common_name"));
}

static char *column_fingerprint(const json_t *item) {
        const char *text = field_text(item, "fingerprint");
        return str_ndup(text, MIN_OF(strlen(text), (size_t) SHORT_FINGERPRINT));
}

static char *column_issued(const json_t *item) {
        return field_date(item, "issued_at");
}

static char *column_expires(const json_t *item) {
        return field_date(item, "expires_at");
}

static char *column_token(const json_t *item) {
        return str_dup(field_text(item, "token"));
}

static const Column columns[] = {
        {'t', "TYPE", column_type},
        {'n', "NAME", column_name},
        {'c', "COMMON NAME", column_common_name},
        {'f', "FINGERPRINT", column_fingerprint},
        {'i', "ISSUE DATE", column_issued},
        {'e', "EXPIRY DATE", column_expires},
        {},
};

static const Column token_columns[] = {
        {'n', "NAME", column_name},
        {'t', "TOKEN", column_token},
        {'e', "EXPIRES AT", column_expires},
        {},
};

static const ObjectKind kind_certificate = {
        .noun = "Certificate",
        .collection = "/1.0/certificates",
        .shown = "name type restricted projects certificate fingerprint",
        .writable = "name type restricted projects certificate",
        .name_key = "fingerprint",
        .columns = columns,
        .guide = "### This is a YAML representation of the certificate.\n"
                 "### Any line starting with a '# will be ignored.\n"
                 "###\n"
                 "### Note that the fingerprint is shown but cannot be changed\n",
};

static void set_time(json_t *object, const char *key, int64_t ns) {
        char text[TIME_TEXT_SIZE];
        field_set_text(object, key, time_format_rfc3339(ns, text));
}

static int run_list(Cli *cli, Error **err) {
        _cleanup_free_ char *name = NULL;
        Client *client;
        json_t *items, *item;
        size_t i;
        if (cli_resolve_optional(cli, cli_argument(cli, 0), &client, &name, err) < 0 ||
            object_collection(client, kind_certificate.collection, &items, err) < 0)
                return -1;
        bool table = str_equal(cli_text(cli, "format"), "table") ||
                     str_equal(cli_text(cli, "format"), "csv") ||
                     str_equal(cli_text(cli, "format"), "compact");
        json_array_foreach(items, i, item) {
                _cleanup_free_ char *common_name = NULL;
                int64_t from_ns, until_ns;
                if (!table || !certificate_describe(field_text(item, "certificate"), &common_name,
                                                    &from_ns, &until_ns))
                        continue;
                field_set_text(item, "common_name", common_name);
                set_time(item, "issued_at", from_ns);
                set_time(item, "expires_at", until_ns);
        }
        int result = object_print(cli, columns, items, err);
        json_decref(items);
        return result;
}

/* The text that `remote add` takes: base64 of what the operation says. */
static char *token_text(const json_t *operation) {
        const json_t *metadata = field_get(operation, "metadata");
        json_t *token = json_pack("{s:s, s:s, s:O, s:s, s:s}", "client_name",
                                  field_text(field_get(metadata, "request"), "name"),
                                  "fingerprint", field_text(metadata, "fingerprint"), "addresses",
                                  field_get(metadata, "addresses"), "secret",
                                  field_text(metadata, "secret"), "expires_at",
                                  field_text(metadata, "expiresAt"));
        char *text = json_dumps(token, JSON_COMPACT);
        char *encoded = http_base64_encode(text, strlen(text));
        free(text);
        json_decref(token);
        return encoded;
}

/* The tokens that wait, as operations. Caller decrefs. */
static int load_tokens(Client *client, json_t **ret, Error **err) {
        json_t *by_status, *found = json_array(), *item;
        size_t i;
        if (client_get(client, "/1.0/operations?recursion=1", &by_status, NULL, err) < 0) {
                json_decref(found);
                return -1;
        }
        json_array_foreach(json_object_get(by_status, "running"), i, item) {
                const json_t *metadata = field_get(item, "metadata");
                if (str_equal(field_text(item, "class"), "token") &&
                    json_is_object(json_object_get(metadata, "request")) &&
                    json_is_string(json_object_get(metadata, "secret")))
                        json_array_append(found, item);
        }
        json_decref(by_status);
        *ret = found;
        return 0;
}

static int run_list_tokens(Cli *cli, Error **err) {
        _cleanup_free_ char *name = NULL;
        Client *client;
        json_t *tokens, *item, *shown;
        size_t i;
        if (cli_resolve_optional(cli, cli_argument(cli, 0), &client, &name, err) < 0 ||
            load_tokens(client, &tokens, err) < 0)
                return -1;
        shown = json_array();
        json_array_foreach(tokens, i, item) {
                const json_t *metadata = field_get(item, "metadata");
                _cleanup_free_ char *text = token_text(item);
                json_array_append_new(
                        shown, json_pack("{s:s, s:s, s:s}", "name",
                                         field_text(field_get(metadata, "request"), "name"),
                                         "token", text, "expires_at",
                                         field_text(metadata, "expiresAt")));
        }
        int result = object_print(cli, token_columns, shown, err);
        json_decref(shown);
        json_decref(tokens);
        return result;
}

static int run_revoke(Cli *cli, Error **err) {
        _cleanup_free_ char *name = NULL;
        Client *client;
        json_t *tokens, *item;
        size_t i;
        int result = 1;
        if (cli_resolve(cli, cli_argument(cli, 0), &client, &name, err) < 0 ||
            load_tokens(client, &tokens, err) < 0)
                return -1;
        json_array_foreach(tokens, i, item) {
                const json_t *request = field_get(field_get(item, "metadata"), "request");
                if (result > 0 && str_equal(field_text(request, "name"), name))
                        result = client_operation_cancel(client, field_text(item, "id"), err);
        }
        json_decref(tokens);
        if (result > 0)
                return error_set(err, ERROR_NOT_FOUND, 0, "No certificate add token for \"%s\"",
                                 name);
        if (result == 0)
                cli_say(cli, "Certificate add token for %s deleted", name);
        return result;
}

/* --- add --- */

static json_t *make_body(const Cli *cli, const char *name) {
        _cleanup_strlist_ StrList projects = {};
        const char *text = cli_text(cli, "projects");
        json_t *list = json_array();
        if (text != NULL)
                strlist_split(&projects, text, ",", true);
        for (size_t i = 0; i < projects.count; i++)
                json_array_append_new(list, json_string(projects.items[i]));
        return json_pack("{s:s, s:s, s:b, s:o}", "name", name, "type", cli_text(cli, "type"),
                         "restricted", (int) cli_flag(cli, "restricted"), "projects", list);
}

static int add_file(Cli *cli, Client *client, const char *path, Error **err) {
        _cleanup_free_ char *text = NULL, *encoded = NULL;
        _cleanup_free_ void *der = NULL;
        size_t size;
        const char *name = cli_text(cli, "name");
        if (file_read(path, 0, &text, NULL, err) < 0 ||
            certificate_from_pem(text, &der, &size, err) < 0)
                return -1;
        encoded = http_base64_encode(der, size);
        json_t *body = make_body(cli, name != NULL ? name : path_name(path));
        json_object_set_new(body, "certificate", json_string(encoded));
        int result = client_change(client, "POST", kind_certificate.collection, body, NULL, err);
        json_decref(body);
        return result;
}

static int add_token(Cli *cli, Client *client, const char *name, Error **err) {
        json_t *body, *operation;
        if (str_is_empty(name))
                return error_set(err, ERROR_INVALID, 0,
                                 "Give the client's name, or its certificate's file");
        if (client_need_extension(client, "certificate_token", err) < 0)
                return -1;
        body = make_body(cli, name);
        json_object_set_new(body, "token", json_true());
        const ClientRequest request = {
                .method = "POST", .path = kind_certificate.collection, .body = body};
        int result = client_start(client, &request, &operation, err);
        json_decref(body);
        if (result < 0)
                return -1;
        _cleanup_free_ char *text = token_text(operation);
        json_decref(operation);
        cli_say(cli, "Client %s certificate add token:", name);
        puts(text);
        return 0;
}

static int run_add(Cli *cli, Error **err) {
        _cleanup_free_ char *rest = NULL;
        size_t count = cli_count(cli);
        const char *last = count > 0 ? cli_argument(cli, count - 1) : NULL;
        const char *name = cli_text(cli, "name");
        bool is_file = last != NULL && path_exists(last);
        const char *remote = is_file && count == 1 ? NULL : cli_argument(cli, 0);
        Client *client;
        if (cli_resolve_optional(cli, remote, &client, &rest, err) < 0)
                return -1;
        if (is_file)
                return add_file(cli, client, last, err);
        if (count == 2)
                return error_set(err, ERROR_NOT_FOUND, 0, "There is no certificate %s", last);
        return add_token(cli, client, name != NULL ? name : rest, err);
}

static int run_remove(Cli *cli, Error **err) {
        _cleanup_target_ ObjectTarget target = {};
        if (object_target(cli, &target, err) < 0)
                return -1;
        return client_change(target.client, "DELETE", target.path, NULL, NULL, err);
}

static const Option add_options[] = {
        {"name", 0, OPTION_TEXT, "NAME", "Name of the client"},
        {"projects", 0, OPTION_TEXT, "PROJECTS", "Projects it may use, separated by commas"},
        {"restricted", 0, OPTION_FLAG, NULL, "It may use these projects only"},
        {"type", 0, OPTION_TEXT, "TYPE", "client or metrics", "client"},
        {}};

static const Command add = {
        .name = "add",
        .arguments = "[<remote>:][<name>|<certificate-file>]",
        .summary = "Trust a client",
        .details = "With the file of a certificate, that client is trusted now. With a name, a\n"
                   "token is printed: whoever gives it to `remote add` is trusted then, once.",
        .examples = "berth config trust add laptop\n"
                    "berth config trust add laptop.crt --restricted --projects web,mail",
        .options = add_options,
        .maximum = 2,
        .completers = {COMPLETE_REMOTE, COMPLETE_FILE},
        .run = run_add,
};

static const Command edit = {
        .name = "edit",
        .arguments = "[<remote>:]<fingerprint>",
        .summary = "Edit what a client may, as YAML",
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_CERTIFICATE},
        .kind = &kind_certificate,
        .run = object_edit,
};

static const Command list = {
        .name = "list",
        .aliases = "ls",
        .arguments = "[<remote>:]",
        .summary = "List trusted clients",
        .options = object_list_options,
        .maximum = 1,
        .completers = {COMPLETE_REMOTE},
        .run = run_list,
};

static const Command list_tokens = {
        .name = "list-tokens",
        .arguments = "[<remote>:]",
        .summary = "List the tokens that were not used yet",
        .options = object_list_options,
        .maximum = 1,
        .completers = {COMPLETE_REMOTE},
        .run = run_list_tokens,
};

static const Command remove_ = {
        .name = "remove",
        .aliases = "rm",
        .arguments = "[<remote>:]<fingerprint>",
        .summary = "Trust a client no more",
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_CERTIFICATE},
        .kind = &kind_certificate,
        .run = run_remove,
};

static const Command revoke_token = {
        .name = "revoke-token",
        .arguments = "[<remote>:]<name>",
        .summary = "Make a token worthless",
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_REMOTE},
        .run = run_revoke,
};

static const Command show = {
        .name = "show",
        .arguments = "[<remote>:]<fingerprint>",
        .summary = "Show a trusted client as YAML",
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_CERTIFICATE},
        .kind = &kind_certificate,
        .run = object_show,
};

static const Command *const subcommands[] = {&add,    &edit,   &list, &list_tokens,
                                             &remove_, &revoke_token, &show, NULL};

const Command command_config_trust = {
        .name = "trust",
        .summary = "Manage trusted clients",
        .subcommands = subcommands,
};
