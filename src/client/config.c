#include "client/config.h"

#include "base/files.h"
#include "base/memory.h"
#include "json/yaml.h"

#include <jansson.h>
#include <string.h>

#define LOCAL_REMOTE "local"

char *client_local_socket(void) {
        static const char *const sockets[] = {"BERTH_SOCKET", "LXD_SOCKET"};
        static const char *const directories[] = {"BERTH_DIR", "LXD_DIR"};
        for (size_t i = 0; i < ARRAY_SIZE(sockets); i++) {
                const char *path = getenv(sockets[i]);
                if (!str_is_empty(path))
                        return str_dup(path);
        }
        for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
                const char *directory = getenv(directories[i]);
                if (!str_is_empty(directory))
                        return path_join(directory, "unix.socket");
        }
        return str_dup("/var/lib/berth/unix.socket");
}

static char *config_directory(void) {
        static const char *const names[] = {"BERTH_CONF", "LXD_CONF"};
        const char *home = getenv("HOME");
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                if (!str_is_empty(getenv(names[i])))
                        return str_dup(getenv(names[i]));
        }
        return path_join(str_is_empty(home) ? "/root" : home, ".config/berth");
}

/* --- remotes --- */

ClientRemote *client_config_remote(const ClientConfig *config, const char *name) {
        for (size_t i = 0; i < config->remote_count; i++) {
                if (str_equal(config->remotes[i].name, name))
                        return &config->remotes[i];
        }
        return NULL;
}

static void remote_done(ClientRemote *remote) {
        free(remote->name);
        free(remote->address);
        free(remote->protocol);
        free(remote->auth_type);
        free(remote->project);
}

ClientRemote *client_config_add_remote(ClientConfig *config, const char *name) {
        ClientRemote *found = client_config_remote(config, name);
        size_t at = 0;
        if (found != NULL)
                return found;
        mem_grow((void **) &config->remotes, &config->remote_capacity, config->remote_count + 1,
                 sizeof(ClientRemote));
        while (at < config->remote_count && strcmp(config->remotes[at].name, name) < 0)
                at++;
        memmove(&config->remotes[at + 1], &config->remotes[at],
                (config->remote_count - at) * sizeof(ClientRemote));
        config->remotes[at] = (ClientRemote){.name = str_dup(name),
                                             .address = str_dup(""),
                                             .protocol = str_dup(""),
                                             .auth_type = str_dup(""),
                                             .project = str_dup("")};
        config->remote_count++;
        return &config->remotes[at];
}

void client_config_remove_remote(ClientConfig *config, const char *name) {
        ClientRemote *found = client_config_remote(config, name);
        size_t behind;
        if (found == NULL)
                return;
        behind = config->remote_count - (size_t) (found - config->remotes) - 1;
        remote_done(found);
        memmove(found, found + 1, behind * sizeof(ClientRemote));
        config->remote_count--;
}

/* --- the file --- */

static void set_text(char **target, const json_t *object, const char *key) {
        const char *text = json_string_value(json_object_get(object, key));
        if (text != NULL)
                str_replace(target, str_dup(text));
}

static void read_remotes(ClientConfig *config, const json_t *remotes) {
        const char *name;
        json_t *entry;
        json_object_foreach((json_t *) remotes, name, entry) {
                ClientRemote *remote = client_config_add_remote(config, name);
                set_text(&remote->address, entry, "addr");
                set_text(&remote->protocol, entry, "protocol");
                set_text(&remote->auth_type, entry, "auth_type");
                set_text(&remote->project, entry, "project");
                remote->is_public = json_is_true(json_object_get(entry, "public"));
        }
}

static void read_document(ClientConfig *config, const json_t *document) {
        const char *name;
        json_t *value;
        read_remotes(config, json_object_get(document, "remotes"));
        set_text(&config->default_remote, document, "default-remote");
        json_object_foreach(json_object_get(document, "aliases"), name, value) {
                if (json_is_string(value))
                        strmap_set(&config->aliases, name, json_string_value(value));
        }
}

static void add_builtin(ClientConfig *config) {
        ClientRemote *local = client_config_remote(config, LOCAL_REMOTE);
        if (local == NULL) {
                local = client_config_add_remote(config, LOCAL_REMOTE);
                str_replace(&local->address, str_dup("unix://"));
        }
        local->is_static = true;
        if (str_is_empty(config->default_remote) ||
            client_config_remote(config, config->default_remote) == NULL)
                str_replace(&config->default_remote, str_dup(LOCAL_REMOTE));
}

int client_config_load(ClientConfig **ret, Error **err) {
        _cleanup_(client_config_cleanup) ClientConfig *config = mem_new(ClientConfig);
        _cleanup_free_ char *path = NULL, *text = NULL;
        _cleanup_error_ Error *failed = NULL;
        json_t *document = NULL;
        size_t size = 0;
        config->directory = config_directory();
        path = path_join(config->directory, "config.yml");
        if (file_read(path, 0, &text, &size, &failed) < 0 && !error_is(failed, ERROR_NOT_FOUND))
                return error_move(err, &failed);
        if (text != NULL && yaml_parse(text, size, &document, err) < 0)
                return error_prefix(err, "Cannot read %s", path);
        read_document(config, document);
        json_decref(document);
        add_builtin(config);
        *ret = TAKE_PTR(config);
        return 0;
}

static void put_text(json_t *object, const char *key, const char *text) {
        if (!str_is_empty(text))
                json_object_set_new(object, key, json_string(text));
}

static json_t *write_remotes(const ClientConfig *config) {
        json_t *remotes = json_object();
        for (size_t i = 0; i < config->remote_count; i++) {
                const ClientRemote *remote = &config->remotes[i];
                json_t *entry = json_object();
                json_object_set_new(entry, "addr", json_string(remote->address));
                put_text(entry, "auth_type", remote->auth_type);
                put_text(entry, "project", remote->project);
                put_text(entry, "protocol", remote->protocol);
                json_object_set_new(entry, "public", json_boolean(remote->is_public));
                json_object_set_new(remotes, remote->name, entry);
        }
        return remotes;
}

int client_config_save(const ClientConfig *config, Error **err) {
        _cleanup_free_ char *path = path_join(config->directory, "config.yml"), *text = NULL;
        json_t *document = json_object(), *aliases = json_object();
        json_object_set_new(document, "default-remote", json_string(config->default_remote));
        json_object_set_new(document, "remotes", write_remotes(config));
        for (size_t i = 0; i < config->aliases.count; i++)
                put_text(aliases, config->aliases.items[i].key, config->aliases.items[i].value);
        json_object_set_new(document, "aliases", aliases);
        text = yaml_dump(document);
        json_decref(document);
        if (directory_make_all(config->directory, 0750, err) < 0)
                return -1;
        return file_write_text(path, text, err);
}

/* --- certificates --- */

int client_config_identity(const ClientConfig *config, CertificatePair *ret, Error **err) {
        _cleanup_free_ char *certificate = path_join(config->directory, "client.crt");
        _cleanup_free_ char *key = path_join(config->directory, "client.key");
        if (directory_make_all(config->directory, 0750, err) < 0)
                return -1;
        return certificate_load_or_make(certificate, key, true, ret, err);
}

static char *pin_path(const ClientConfig *config, const char *name) {
        return str_printf("%s/servercerts/%s.crt", config->directory, name);
}

char *client_config_pinned(const ClientConfig *config, const char *name) {
        _cleanup_free_ char *path = pin_path(config, name);
        char *text = NULL;
        return file_read(path, 0, &text, NULL, NULL) == 0 ? text : NULL;
}

int client_config_pin(const ClientConfig *config, const char *name, const char *certificate,
                      Error **err) {
        _cleanup_free_ char *directory = path_join(config->directory, "servercerts");
        _cleanup_free_ char *path = pin_path(config, name);
        if (directory_make_all(directory, 0750, err) < 0)
                return -1;
        return file_write_text(path, certificate, err);
}

void client_config_unpin(const ClientConfig *config, const char *name) {
        _cleanup_free_ char *path = pin_path(config, name);
        (void) unlink(path);
}

void client_config_move_pin(const ClientConfig *config, const char *name, const char *to) {
        _cleanup_free_ char *path = pin_path(config, name), *new_path = pin_path(config, to);
        (void) rename(path, new_path);
}

void client_config_free(ClientConfig *config) {
        if (config == NULL)
                return;
        for (size_t i = 0; i < config->remote_count; i++)
                remote_done(&config->remotes[i]);
        free(config->remotes);
        free(config->directory);
        free(config->default_remote);
        strmap_done(&config->aliases);
        free(config);
}
