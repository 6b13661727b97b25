/* /, /1.0 and /1.0/metadata/configuration */
#include "rest/table.h"

#include "api/server.h"
#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "database/config.h"
#include "firewall/firewall.h"
#include "linux/features.h"
#include "rest/context.h"
#include "rest/extensions.h"
#include "schema/arch.h"
#include "schema/key.h"
#include "storage/storage.h"
#include "trust/trust.h"
#include "volume/daemon_files.h"

#include <build-config.h>
#include <string.h>
#include <sys/utsname.h>

static int root_get(RestRequest *request, Error **err) {
        json_t *list = json_array();
        json_array_append_new(list, json_string("/1.0"));
        return rest_reply_sync(request, list);
}

/* The server's configuration, both halves. */
static int load_config(RestRequest *request, StrMap *ret, Error **err) {
        static const DatabaseMode modes[] = {DATABASE_READ, DATABASE_LOCAL_READ};
        for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
                _cleanup_transaction_ Transaction *tx = NULL;
                if (database_begin(request->context->database, modes[i], &tx, err) < 0 ||
                    db_config_get(tx, ret, err) < 0)
                        return -1;
        }
        return 0;
}

static int server_load(RestRequest *request, Error **err) {
        StrMap config = {};
        if (load_config(request, &config, err) < 0) {
                strmap_done(&config);
                return -1;
        }
        StrMap *entity = mem_new(StrMap);
        *entity = config;
        request->entity = entity;
        return 0;
}

static void server_unload(void *entity) {
        strmap_done(entity);
        free(entity);
}

static json_t *server_etag(RestRequest *request) {
        json_t *value = json_array();
        json_array_append_new(value, json_from_strmap(request->entity));
        return value;
}

static const RestEntity server_entity = {
        .load = server_load,
        .etag = server_etag,
        .unload = server_unload,
};

/* What is shown: defaults left out, hidden values as true. */
static json_t *config_json(const StrMap *config) {
        json_t *object = json_object();
        for (size_t i = 0; i < config->count; i++) {
                const StrPair *pair = &config->items[i];
                const ConfigKey *key = config_key_find(&config_server, pair->key);
                const char *fallback = config_default(&config_server, pair->key);
                if (fallback != NULL && str_equal(fallback, pair->value))
                        continue;
                json_object_set_new(object, pair->key,
                                    key != NULL && (key->flags & KEY_HIDDEN) != 0
                                            ? json_true()
                                            : json_string_lossy(pair->value));
        }
        return object;
}

/* KEY="value" of os-release. */
static char *os_release(const char *wanted) {
        _cleanup_free_ char *text = NULL;
        _cleanup_strlist_ StrList lines = {};
        size_t length = strlen(wanted);
        if (file_read("/etc/os-release", 0, &text, NULL, NULL) < 0)
                return str_dup("");
        strlist_split(&lines, text, "\n", true);
        for (size_t i = 0; i < lines.count; i++) {
                const char *value = str_after_prefix(lines.items[i], wanted);
                if (value == NULL || *value != '=')
                        continue;
                value += 1 + (value[1] == '"');
                length = strcspn(value, "\"");
                return str_ndup(value, length);
        }
        return str_dup("");
}

static const char *flag(bool value) {
        return value ? "true" : "false";
}

static void add_kernel(ApiServerEnvironment *environment) {
        Features features;
        struct utsname host;
        features_probe(&features);
        (void) uname(&host);
        environment->kernel = str_dup(host.sysname);
        environment->kernel_version = str_dup(host.release);
        environment->kernel_architecture = str_dup(host.machine);
        const struct {
                const char *name;
                bool value;
        } known[] = {
                {"idmapped_mounts", features.idmapped_mounts},
                {"netnsid_getifaddrs", features.netnsid_getifaddrs},
                {"seccomp_listener", features.seccomp_listener},
                {"seccomp_listener_continue", features.seccomp_listener_continue},
                {"shiftfs", features.shiftfs},
                {"uevent_injection", features.uevent_injection},
                {"unpriv_fscaps", features.unpriv_fscaps},
        };
        for (size_t i = 0; i < ARRAY_SIZE(known); i++)
                strmap_set(&environment->kernel_features, known[i].name, flag(known[i].value));
}

/* What liblxc of the version that this was built with can do. */
static void add_liblxc(ApiServerEnvironment *environment) {
        static const char *const features[] = {
                "cgroup2",           "core_scheduling",
                "devpts_fd",         "idmapped_mounts_v2",
                "mount_injection_file", "network_gateway_device_route",
                "network_ipvlan",    "network_l2proxy",
                "network_phys_macvlan_mtu", "network_veth_router",
                "pidfd",             "seccomp_allow_deny_syntax",
                "seccomp_notify",    "seccomp_proxy_send_notify_fd",
        };
        environment->driver = str_dup("lxc");
        environment->driver_version = str_dup(BERTH_LIBLXC_VERSION);
        for (size_t i = 0; i < ARRAY_SIZE(features); i++)
                strmap_set(&environment->lxc_features, features[i], "true");
}

static void add_architectures(ApiServerEnvironment *environment) {
        int host = architecture_host(), others[8];
        size_t count = architecture_personalities(host, others, ARRAY_SIZE(others));
        strlist_add(&environment->architectures, architecture_name(host));
        for (size_t i = 0; i < count; i++)
                strlist_add(&environment->architectures, architecture_name(others[i]));
}

/* The drivers of the pools there are, and of those there could be. */
static int add_storage(RestRequest *request, ApiServerEnvironment *environment, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(storage_pool_row_list_done) StoragePoolRowList pools = {};
        _cleanup_strlist_ StrList used = {}, versions = {};
        size_t count;
        const StorageDriver *const *drivers = storage_drivers(&count);
        if (database_begin(request->context->database, DATABASE_READ, &tx, err) < 0 ||
            db_storage_pool_list(tx, &pools, err) < 0)
                return -1;
        for (size_t i = 0; i < count; i++) {
                const char *version = storage_driver_version(request->context->storage, drivers[i]);
                if (version == NULL)
                        continue;
                ApiServerStorageDriverInfo *info =
                        json_list_add(&environment->storage_supported_drivers,
                                      api_server_storage_driver_info_fields);
                info->name = str_dup(drivers[i]->name);
                info->version = str_dup(version);
                info->remote = drivers[i]->can.remote;
                for (size_t p = 0; p < pools.count; p++)
                        if (str_equal(pools.items[p].driver, drivers[i]->name) &&
                            !strlist_has(&used, drivers[i]->name)) {
                                strlist_add(&used, drivers[i]->name);
                                strlist_add(&versions, version);
                        }
        }
        environment->storage = strlist_join(&used, " | ");
        environment->storage_version = strlist_join(&versions, " | ");
        return 0;
}

static int environment_json(RestRequest *request, json_t **ret, Error **err) {
        ApiServerEnvironment environment;
        const RestContext *context = request->context;
        api_server_environment_init(&environment);
        add_kernel(&environment);
        add_liblxc(&environment);
        add_architectures(&environment);
        environment.firewall = str_dup(firewall_driver_name(context->firewall));
        context->daemon.addresses(context->daemon.userdata, &environment.addresses);
        environment.certificate = str_dup(trust_server_certificate(context->trust));
        environment.certificate_fingerprint = str_dup(trust_server_fingerprint(context->trust));
        environment.os_name = os_release("NAME");
        environment.os_version = os_release("VERSION_ID");
        environment.project = str_dup(request->project);
        environment.server = str_dup("berth");
        environment.server_event_mode = str_dup("full-mesh");
        environment.server_name = str_dup(request->context->server_name);
        environment.server_pid = getpid();
        environment.server_version = str_dup(request->context->server_version);
        strlist_add(&environment.instance_types, "container");
        int result = add_storage(request, &environment, err);
        if (result == 0)
                *ret = api_server_environment_to_json(&environment);
        api_server_environment_done(&environment);
        return result;
}

static json_t *untrusted_json(bool trusted) {
        return json_pack("{s:o, s:s, s:s, s:s, s:b, s:[s]}", "api_extensions",
                         rest_extensions_json(), "api_status", "stable", "api_version", "1.0",
                         "auth", trusted ? "trusted" : "untrusted", "public", 0, "auth_methods",
                         "tls");
}

static int build_server(RestRequest *request, char **ret, Error **err) {
        json_t *environment = NULL;
        if (environment_json(request, &environment, err) < 0)
                return -1;
        json_t *server = json_object(), *shown = untrusted_json(true);
        if (request->caller.admin)
                json_object_set_new(server, "config", config_json(request->entity));
        json_object_update(server, shown);
        json_object_set_new(server, "environment", environment);
        *ret = json_dump_compact(server);
        json_decref(shown);
        json_decref(server);
        return 0;
}

/* Every client asks this first, and it changes only with the database: the text is kept. */
static int server_get(RestRequest *request, Error **err) {
        RestContext *context = request->context;
        char *text = NULL;
        if (!request->caller.trusted)
                return rest_reply_sync(request, untrusted_json(false));
        if (!request->caller.admin)
                return build_server(request, &text, err) < 0 ? -1 : rest_reply_text(request, text);
        uint64_t generation = database_generation(context->database);
        pthread_mutex_lock(&context->server_cache.lock);
        if (context->server_cache.generation == generation &&
            str_equal(context->server_cache.project, request->project))
                text = str_dup(context->server_cache.text);
        pthread_mutex_unlock(&context->server_cache.lock);
        if (text != NULL)
                return rest_reply_text(request, text);
        if (build_server(request, &text, err) < 0)
                return -1;
        pthread_mutex_lock(&context->server_cache.lock);
        str_replace(&context->server_cache.text, str_dup(text));
        str_replace(&context->server_cache.project, str_dup(request->project));
        context->server_cache.generation = generation;
        pthread_mutex_unlock(&context->server_cache.lock);
        return rest_reply_text(request, text);
}

/* Values must be text; true for a hidden key means that it stays. */
static int read_config(RestRequest *request, StrMap *config, Error **err) {
        json_t *values = json_object_get(request->body, "config"), *value;
        const StrMap *before = request->entity;
        const char *name;
        if (values != NULL && !json_is_null(values) && !json_is_object(values))
                return error_set(err, ERROR_INVALID, 0, "\"config\" must be an object");
        json_object_foreach(values, name, value) {
                const ConfigKey *key = config_key_find(&config_server, name);
                if (key != NULL && (key->flags & KEY_HIDDEN) != 0 && json_is_true(value)) {
                        if (strmap_has(before, name))
                                strmap_set(config, name, strmap_get(before, name));
                        continue;
                }
                _cleanup_free_ char *text = json_is_string(value)
                                                    ? str_dup(json_string_value(value))
                                            : json_is_null(value) ? NULL
                                                                  : json_dump_compact(value);
                if (str_equal(name, "core.trust_password") && !str_is_empty(text) &&
                    !str_equal(text, strmap_get(before, name)))
                        str_replace(&text, trust_password_hash(text));
                strmap_set(config, name, str_is_empty(text) ? NULL : text);
        }
        return config_validate(&config_server, NULL, config, err);
}

static int write_half(RestRequest *request, const StrMap *config, bool local, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_strmap_ StrMap half = {};
        for (size_t i = 0; i < config->count; i++) {
                const ConfigKey *key = config_key_find(&config_server, config->items[i].key);
                bool is_local = key != NULL && (key->flags & KEY_LOCAL) != 0;
                if (is_local == local)
                        strmap_set(&half, config->items[i].key, config->items[i].value);
        }
        if (database_begin(request->context->database,
                           local ? DATABASE_LOCAL_WRITE : DATABASE_WRITE, &tx, err) < 0 ||
            db_config_replace(tx, &half, err) < 0)
                return -1;
        return transaction_commit(&tx, err);
}

#define LISTEN_KEY "core.https_address"

static int check_volumes(RestRequest *request, const StrMap *config, Error **err) {
        const StrMap *before = request->entity;
        for (size_t i = 0; i < config->count; i++) {
                const StrPair *pair = &config->items[i];
                if (!str_equal(pair->value, strmap_get(before, pair->key)) &&
                    volumes_daemon_check(request->context->volumes, pair->key, pair->value, err) <
                            0)
                        return -1;
        }
        return 0;
}

/* Files first, then the records, as the start of the daemon expects it. */
static int store(RestRequest *request, const StrMap *config, Error **err) {
        Volumes *volumes = request->context->volumes;
        if (volumes_daemon_move(volumes, config, err) == 0 &&
            write_half(request, config, false, err) == 0 &&
            write_half(request, config, true, err) == 0)
                return 0;
        if (volumes_daemon_move(volumes, request->entity, NULL) < 0)
                log_error("Backups or images are not where the configuration says");
        return -1;
}

static int server_put(RestRequest *request, Error **err) {
        _cleanup_strmap_ StrMap config = {};
        if (rest_is_patch(request))
                strmap_copy(&config, request->entity);
        const RestDaemonHooks *daemon = &request->context->daemon;
        if (read_config(request, &config, err) < 0 || check_volumes(request, &config, err) < 0 ||
            daemon->listen(daemon->userdata, strmap_get(&config, LISTEN_KEY), err) < 0)
                return -1;
        if (daemon->configure(daemon->userdata, &config, err) < 0 ||
            store(request, &config, err) < 0) {
                (void) !daemon->listen(daemon->userdata, strmap_get(request->entity, LISTEN_KEY),
                                       NULL);
                (void) !daemon->configure(daemon->userdata, request->entity, NULL);
                return -1;
        }
        rest_emit(request, "config-updated", "/1.0", NULL);
        return rest_reply_empty(request);
}

static int metadata_get(RestRequest *request, Error **err) {
        return rest_reply_sync(request, schema_metadata_json());
}

static const RestEndpoint endpoints[] = {
        {
                .path = "/",
                .get = {root_get, REST_GUEST, REST_WHEN_STARTING},
        },
        {
                .path = "/1.0",
                .entity = &server_entity,
                .get = {server_get, REST_GUEST, REST_WHEN_STARTING},
                .put = {server_put, REST_ADMIN, REST_JSON_BODY},
                .patch = {server_put, REST_ADMIN, REST_JSON_BODY},
        },
        {
                .path = "/1.0/metadata/configuration",
                .get = {metadata_get, REST_TRUSTED},
        },
};

const RestTable rest_server_table = {endpoints, ARRAY_SIZE(endpoints)};
