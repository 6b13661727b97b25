#include "guest_api/guest_api.h"

#include "base/files.h"
#include "base/memory.h"
#include "http/server.h"
#include "instance/guest.h"
#include "json/json.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define BACKLOG 1024

typedef struct GuestCall {
        Instances *instances;
        HttpExchange *exchange;
        Instance *instance;
        const char *rest; /* of the path, behind the row's prefix */
} GuestCall;

static void reply(HttpExchange *exchange, int status, const char *type, const char *text) {
        _cleanup_strmap_ StrMap headers = {};
        strmap_set(&headers, "Content-Type", type);
        (void) http_exchange_reply(exchange, status, &headers, text, strlen(text), NULL);
}

static void reply_raw(const GuestCall *call, int status, const char *text) {
        reply(call->exchange, status, "application/octet-stream", text);
}

/* Steals the value; a line end follows, as Go's encoder writes it. */
static void reply_json(const GuestCall *call, json_t *value) {
        _cleanup_free_ char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
        _cleanup_free_ char *line = str_printf("%s\n", text);
        reply(call->exchange, 200, "application/json", line);
        json_decref(value);
}

static void root_get(GuestCall *call) {
        reply_json(call, json_pack("[s]", "/1.0"));
}

static void server_get(GuestCall *call) {
        reply_json(call, json_pack("{s:s, s:s, s:s}", "api_version", "1.0", "location", "none",
                                   "instance_type", "container"));
}

static void config_list(GuestCall *call) {
        json_t *list = json_array();
        for (size_t i = 0; i < call->instance->config.count; i++) {
                const char *key = call->instance->config.items[i].key;
                if (!instance_is_guest_key(key))
                        continue;
                _cleanup_free_ char *url = str_printf("/1.0/config/%s", key);
                json_array_append_new(list, json_string(url));
        }
        reply_json(call, list);
}

static void config_get(GuestCall *call) {
        _cleanup_free_ char *key = url_unescape(call->rest, strlen(call->rest), false);
        if (key == NULL || !instance_is_guest_key(key)) {
                reply_raw(call, 403, "not authorized");
                return;
        }
        const char *value = strmap_get(&call->instance->config, key);
        reply_raw(call, value != NULL ? 200 : 404, value != NULL ? value : "not found");
}

static void meta_data_get(GuestCall *call) {
        const StrMap *config = &call->instance->config;
        const char *id = strmap_get(config, "volatile.cloud-init.instance-id");
        const char *more = strmap_get(config, "user.meta-data");
        _cleanup_free_ char *text = str_printf(
                "#cloud-config\ninstance-id: %s\nlocal-hostname: %s\n%s",
                id != NULL ? id : call->instance->row.name, call->instance->row.name,
                more != NULL ? more : "");
        reply_raw(call, 200, text);
}

static void devices_get(GuestCall *call) {
        reply_json(call, instance_guest_devices(call->instance));
}

/* ?type=config,device; without it both. 0: an unknown one. */
static unsigned event_types(const char *query) {
        _cleanup_strlist_ StrList pairs = {}, names = {};
        unsigned types = 0;
        strlist_split(&pairs, query, "&", true);
        for (size_t i = 0; i < pairs.count; i++) {
                const char *value = str_after_prefix(pairs.items[i], "type=");
                _cleanup_free_ char *plain =
                        value != NULL ? url_unescape(value, strlen(value), true) : NULL;
                if (plain != NULL)
                        strlist_split(&names, plain, ",", true);
        }
        for (size_t i = 0; i < names.count; i++) {
                unsigned type = guest_event_parse(names.items[i]);
                if (type == 0)
                        return 0;
                types |= type;
        }
        return names.count > 0 ? types : GUEST_EVENT_CONFIG | GUEST_EVENT_DEVICE;
}

static void events_get(GuestCall *call) {
        _cleanup_error_ Error *err = NULL;
        WebSocket *socket;
        unsigned types = event_types(http_exchange_query(call->exchange));
        if (types == 0)
                reply_raw(call, 400, "Unsupported event type");
        else if (http_exchange_upgrade(call->exchange, &socket, &err) == 0)
                instance_guest_listen(call->instances, call->instance, types, socket);
        else if (!http_exchange_replied(call->exchange))
                reply_raw(call, 400, error_message(err));
}

static const struct {
        const char *path; /* ending in a slash: the rest is an argument */
        void (*get)(GuestCall *call);
} endpoints[] = {
        {"/", root_get},
        {"/1.0", server_get},
        {"/1.0/config", config_list},
        {"/1.0/config/", config_get},
        {"/1.0/devices", devices_get},
        {"/1.0/events", events_get},
        {"/1.0/meta-data", meta_data_get},
};

static void answer(GuestCall *call) {
        const char *path = http_exchange_path(call->exchange);
        for (size_t i = 0; i < ARRAY_SIZE(endpoints); i++) {
                const char *row = endpoints[i].path;
                bool takes_rest = str_has_suffix(row, "/") && strlen(row) > 1;
                call->rest = str_after_prefix(path, row);
                if (call->rest == NULL || (*call->rest == '\0') == takes_rest)
                        continue;
                if (!takes_rest && *call->rest != '\0')
                        continue;
                if (str_equal(http_exchange_method(call->exchange), "GET"))
                        endpoints[i].get(call);
                else
                        reply_raw(call, 405, "Method not allowed");
                return;
        }
        reply_raw(call, 404, "not found");
}

static void handle(HttpExchange *exchange, void *userdata) {
        _cleanup_(instance_cleanup) Instance *instance = NULL;
        _cleanup_error_ Error *err = NULL;
        GuestCall call = {.instances = userdata, .exchange = exchange};
        HttpPeer peer;
        http_exchange_peer(exchange, &peer);
        if (instance_find_by_pid(call.instances, peer.pid, &instance, &err) < 0) {
                reply_raw(&call, 500, error_message(err));
                return;
        }
        call.instance = instance;
        if (str_is_false(strmap_get(&instance->config, "security.devlxd")))
                reply_raw(&call, 403, "not authorized");
        else if (peer.uid != instance_root_uid(instance))
                reply_raw(&call, 401, "Access denied for non-root user");
        else
                answer(&call);
}

static int listen_socket(const char *path, int *ret, Error **err) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        if (strlen(path) >= sizeof address.sun_path)
                return error_set(err, ERROR_INVALID, 0, "The path %s is longer than a socket's",
                                 path);
        memcpy(address.sun_path, path, strlen(path) + 1);
        if (file_remove(path, err) < 0)
                return -1;
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0 || bind(fd, (const struct sockaddr *) &address, sizeof address) < 0 ||
            chmod(path, 0666) < 0 || listen(fd, BACKLOG) < 0)
                return error_errno(err, errno, "Cannot listen on %s", path);
        *ret = TAKE_FD(fd);
        return 0;
}

int guest_api_start(Instances *instances, const char *directory, Loop *loop, Workers *workers,
                    Error **err) {
        _cleanup_free_ char *path = str_printf("%s/devlxd/sock", directory);
        const HttpServerSpec spec = {
                .loop = loop, .workers = workers, .handler = handle, .userdata = instances};
        int fd;
        if (listen_socket(path, &fd, err) < 0)
                return -1;
        return http_server_listen(http_server_new(&spec), fd, err);
}
