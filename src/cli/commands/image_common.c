#include "base/memory.h"
#include "cli/commands/image.h"
#include "cli/fields.h"

int image_find(Client *client, const char *name, const char *type, char **ret_fingerprint,
               Error **err) {
        _cleanup_free_ char *path = client_url("/1.0/images/aliases/{}", name, NULL);
        _cleanup_error_ Error *failed = NULL;
        json_t *alias;
        if (type != NULL)
                path = client_url_query(TAKE_PTR(path), "type", type);
        if (client_get(client, path, &alias, NULL, &failed) == 0) {
                *ret_fingerprint = str_dup(field_text(alias, "target"));
                json_decref(alias);
                return 0;
        }
        if (!error_is(failed, ERROR_NOT_FOUND))
                return error_move(err, &failed);
        *ret_fingerprint = str_dup(name);
        return 0;
}

/* The whole fingerprint; ERROR_NOT_FOUND before anything is made from what is not there. */
static int check_image(Client *client, char **ret_fingerprint, Error **err) {
        _cleanup_free_ char *path = client_url("/1.0/images/{}", *ret_fingerprint, NULL);
        json_t *image;
        if (client_get(client, path, &image, NULL, err) < 0)
                return -1;
        str_replace(ret_fingerprint, str_dup(field_text(image, "fingerprint")));
        json_decref(image);
        return 0;
}

/* An image server of another kind: the daemon asks it, by alias. */
static json_t *foreign_source(const ClientRemote *remote, const char *name) {
        return json_pack("{s:s,s:s,s:s,s:s,s:s}", "type", "image", "mode", "pull", "server",
                         remote->address, "protocol",
                         str_is_empty(remote->protocol) ? "lxd" : remote->protocol, "alias", name);
}

int image_source(Cli *cli, const char *text, Client *target, const char *type, json_t **ret,
                 Error **err) {
        _cleanup_free_ char *remote = NULL, *name = NULL, *fingerprint = NULL;
        const ClientRemote *found;
        Client *client;
        if (cli_split(cli, text, &remote, &name, err) < 0)
                return -1;
        found = client_config_remote(cli->config, remote);
        if (str_is_empty(name))
                return error_set(err, ERROR_INVALID, 0, "\"%s\" names no image", text);
        if (found != NULL && str_has_prefix(found->address, "https:") &&
            (found->is_public || str_equal(found->protocol, "simplestreams"))) {
                *ret = foreign_source(found, name);
                return 0;
        }
        if (cli_client(cli, remote, &client, err) < 0)
                return -1;
        if (client != target)
                return error_set(err, ERROR_UNSUPPORTED, 0,
                                 "The image is on another server; copy it first: "
                                 "berth image copy %s REMOTE:",
                                 text);
        if (image_find(client, name, type, &fingerprint, err) < 0 ||
            check_image(client, &fingerprint, err) < 0)
                return -1;
        *ret = json_pack("{s:s,s:s}", "type", "image", "fingerprint", fingerprint);
        return 0;
}

static int add_alias(Client *client, const char *alias, const char *fingerprint, bool take_over,
                     Error **err) {
        _cleanup_free_ char *path = client_url("/1.0/images/aliases/{}", alias, NULL);
        _cleanup_error_ Error *failed = NULL;
        json_t *body = json_pack("{s:s,s:s,s:s}", "name", alias, "target", fingerprint,
                                 "description", "");
        int result = client_change(client, "POST", "/1.0/images/aliases", body, NULL, &failed);
        if (result < 0 && take_over && error_is(failed, ERROR_EXISTS)) {
                result = client_change(client, "DELETE", path, NULL, NULL, err);
                if (result == 0)
                        result = client_change(client, "POST", "/1.0/images/aliases", body, NULL,
                                               err);
        } else if (result < 0) {
                (void) error_move(err, &failed);
        }
        json_decref(body);
        return result;
}

int image_add_aliases(Client *client, const StrList *aliases, const char *fingerprint,
                      bool take_over, Error **err) {
        for (size_t i = 0; i < aliases->count; i++) {
                if (add_alias(client, aliases->items[i], fingerprint, take_over, err) < 0)
                        return error_prefix(err, "Failed to create alias %s", aliases->items[i]);
        }
        return 0;
}
