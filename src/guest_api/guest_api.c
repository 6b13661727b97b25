#include "guest_api/guest_api.h"

#include "base/files.h"
#include "base/memory.h"
#include "http/files.h"
#include "image/export.h"
#include "instance/guest.h"
#include "json/json.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define BACKLOG 1024

typedef struct GuestApi {
        Instances *instances;
        Images *images;
} GuestApi;

typedef struct GuestCall {
        Instances *instances;
        Images *images;
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

/* A line, as Go's http.Error() writes it. */
static void reply_error(const GuestCall *call, int status, const char *text) {
        _cleanup_free_ char *line = str_printf("%s\n", text);
        reply(call->exchange, status, "text/plain; charset=utf-8", line);
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
        bool ready = call->instance->status == INSTANCE_READY;
        reply_json(call, json_pack("{s:s, s:s, s:s, s:s}", "api_version", "1.0", "location",
                                   "none", "instance_type", "container", "state",
                                   ready ? "Ready" : "Started"));
}

#define MAX_BODY 4096

static void server_patch(GuestCall *call) {
        _cleanup_free_ char *text = NULL;
        _cleanup_json_ json_t *body = NULL;
        _cleanup_error_ Error *err = NULL;
        size_t size;
        if (http_exchange_read_all(call->exchange, MAX_BODY, &text, &size, &err) < 0 ||
            json_parse(text, size, &body, &err) < 0) {
                reply_error(call, 400, error_message(err));
                return;
        }
        const char *state = json_string_value(json_object_get(body, "state"));
        if (!str_equal(state, "Ready") && !str_equal(state, "Started"))
                reply_error(call, 400, "The state must be \"Started\" or \"Ready\"");
        else if (instance_guest_ready(call->instances, call->instance, str_equal(state, "Ready"),
                                      &err) < 0)
                reply_error(call, 500, error_message(err));
        else
                reply_raw(call, 200, "");
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
                reply_error(call, 403, "not authorized");
                return;
        }
        const char *value = strmap_get(&call->instance->config, key);
        if (value != NULL)
                reply_raw(call, 200, value);
        else
                reply_error(call, 404, "not found");
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

/* Only by fingerprint, and only what anybody may have or was fetched. */
static bool find_image(const GuestCall *call, const char *fingerprint, ImageExport *ret) {
        const char *projects[] = {call->instance->row.project, "default"};
        for (size_t i = 0; i < ARRAY_SIZE(projects); i++) {
                _cleanup_(image_row_done) ImageRow image = {.fingerprint = NULL};
                if (image_find(call->images, projects[i], fingerprint, &image, NULL) == 0 &&
                    str_has_prefix(image.fingerprint, fingerprint) &&
                    (image.public || image.cached))
                        return image_export_open(call->images, image.fingerprint, ret, NULL) == 0;
        }
        return false;
}

static void image_export_get(GuestCall *call) {
        _cleanup_(image_export_done) ImageExport export = {.count = 0};
        _cleanup_free_ char *name = str_dup(call->rest);
        HttpFile files[2];
        char *slash = strchr(name, '/');
        if (slash == NULL || !str_equal(slash, "/export")) {
                reply_error(call, 404, "not found");
                return;
        }
        *slash = '\0';
        if (!str_is_true(strmap_get(&call->instance->config, "security.devlxd.images"))) {
                reply_error(call, 403, "not authorized");
        } else if (!find_image(call, name, &export)) {
                reply_error(call, 404, "not found");
        } else {
                for (size_t i = 0; i < export.count; i++)
                        files[i] = (HttpFile) {export.files[i].part, export.files[i].filename,
                                               export.files[i].fd, export.files[i].size};
                (void) http_exchange_reply_files(call->exchange, files, export.count, NULL);
        }
}

static int send_line(void *userdata, const char *line) {
        HttpExchange *exchange = userdata;
        if (line == NULL)
                return http_exchange_peer_is_gone(exchange) ? -1 : 0;
        _cleanup_free_ char *text = str_printf("%s\n", line);
        return http_exchange_stream_write(exchange, text, strlen(text), NULL);
}

/* For clients that ask without an upgrade. */
static void events_stream(GuestCall *call, unsigned types) {
        _cleanup_strmap_ StrMap headers = {};
        _cleanup_error_ Error *err = NULL;
        strmap_set(&headers, "Content-Type", "application/json");
        strmap_set(&headers, "X-Content-Type-Options", "nosniff");
        if (http_exchange_stream_begin(call->exchange, 200, &headers, NULL) < 0)
                return;
        if (instance_guest_stream(call->instances, call->instance, types, send_line,
                                  call->exchange, &err) < 0)
                (void) send_line(call->exchange, error_message(err));
        (void) http_exchange_stream_end(call->exchange, NULL);
}

static void events_get(GuestCall *call) {
        _cleanup_error_ Error *err = NULL;
        WebSocket *socket;
        unsigned types = event_types(http_exchange_query(call->exchange));
        if (types == 0)
                reply_error(call, 400, "Unsupported event type");
        else if (http_exchange_header(call->exchange, "Upgrade") == NULL)
                events_stream(call, types);
        else if (http_exchange_upgrade(call->exchange, &socket, &err) == 0)
                instance_guest_listen(call->instances, call->instance, types, socket);
        else if (!http_exchange_replied(call->exchange))
                reply_error(call, 400, error_message(err));
}

static const struct {
        const char *path; /* ending in a slash: the rest is an argument */
        void (*get)(GuestCall *call);
        void (*patch)(GuestCall *call);
} endpoints[] = {
        {"/", root_get},
        {"/1.0", server_get, server_patch},
        {"/1.0/config", config_list},
        {"/1.0/config/", config_get},
        {"/1.0/devices", devices_get},
        {"/1.0/events", events_get},
        {"/1.0/images/", image_export_get},
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
                const char *method = http_exchange_method(call->exchange);
                if (str_equal(method, "GET"))
                        endpoints[i].get(call);
                else if (str_equal(method, "PATCH") && endpoints[i].patch != NULL)
                        endpoints[i].patch(call);
                else
                        reply_error(call, 405, "Method not allowed");
                return;
        }
        reply_error(call, 404, "not found");
}

static void handle(HttpExchange *exchange, void *userdata) {
        _cleanup_(instance_cleanup) Instance *instance = NULL;
        _cleanup_error_ Error *err = NULL;
        const GuestApi *api = userdata;
        GuestCall call = {
                .instances = api->instances, .images = api->images, .exchange = exchange};
        HttpPeer peer;
        http_exchange_peer(exchange, &peer);
        if (instance_find_by_pid(call.instances, peer.pid, &instance, &err) < 0) {
                reply_error(&call, 500, error_message(err));
                return;
        }
        call.instance = instance;
        if (str_is_false(strmap_get(&instance->config, "security.devlxd")))
                reply_error(&call, 403, "not authorized");
        else if (peer.uid != instance_root_uid(instance))
                reply_error(&call, 401, "Access denied for non-root user");
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

int guest_api_start(Instances *instances, Images *images, const char *directory, Loop *loop,
                    Workers *workers, Error **err) {
        _cleanup_free_ char *path = str_printf("%s/devlxd/sock", directory);
        GuestApi *api = mem_new(GuestApi); /* for the rest of the process's life */
        *api = (GuestApi) {.instances = instances, .images = images};
        const HttpServerSpec spec = {
                .loop = loop, .workers = workers, .handler = handle, .userdata = api};
        int fd;
        if (listen_socket(path, &fd, err) < 0)
                return -1;
        return http_server_listen(http_server_new(&spec), fd, err);
}
