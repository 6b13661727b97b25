/* A copy from one server to another is an operation on each. In mode "pull" the target connects to
 * the source, in "push" the source to the target; in "relay" both wait and this program stands
 * between them, for servers that cannot reach each other. */
#include "cli/commands/copy.h"

#include "base/memory.h"
#include "cli/fields.h"
#include "cli/progress.h"
#include "http/websocket.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

static const char *const channels[] = {"control", "fs"};

/* An operation that was started and its server. */
typedef struct Side {
        Client *client;
        json_t *operation;
} Side;

static void side_done(Side *side) {
        json_decref(side->operation);
}

static const char *side_id(const Side *side) {
        return field_text(side->operation, "id");
}

/* "https://ADDRESS/1.0/operations/ID" for each address at which the server can be reached. */
static int operation_urls(const Side *side, StrList *ret, const char **ret_certificate,
                          Error **err) {
        const json_t *server, *item;
        size_t i;
        if (client_server(side->client, &server, err) < 0)
                return -1;
        const json_t *environment = field_get(server, "environment");
        json_array_foreach(field_get(environment, "addresses"), i, item)
                strlist_printf(ret, "https://%s/1.0/operations/%s", json_string_value(item),
                               side_id(side));
        *ret_certificate = field_text(environment, "certificate");
        return ret->count > 0 ? 0
                              : error_set(err, ERROR_UNAVAILABLE, 0,
                                          "%s isn't listening on the network",
                                          client_name(side->client));
}

static bool is_reachable(Client *client) {
        const json_t *server;
        return client_server(client, &server, NULL) == 0 &&
               json_array_size(field_get(field_get(server, "environment"), "addresses")) > 0;
}

static int start(Side *side, const char *method, const char *path, const json_t *body,
                 Error **err) {
        const ClientRequest request = {.method = method, .path = path, .body = body};
        json_decref(side->operation);
        side->operation = NULL;
        return client_start(side->client, &request, &side->operation, err);
}

static json_t *target_source(Cli *cli, const CopyPlan *plan, const char *mode) {
        bool live = str_equal(field_text(plan->object, "status"), "Running") &&
                    !cli_flag(cli, "stateless");
        json_t *source = json_pack("{s:s, s:s, s:b, s:b, s:b, s:b}", "type", "migration", "mode",
                                   mode, "live", (int) live, "instance_only",
                                   (int) cli_flag(cli, "instance-only"), "refresh",
                                   (int) cli_flag(cli, "refresh"), "allow_inconsistent",
                                   (int) cli_flag(cli, "allow-inconsistent"));
        const char *base = field_text(field_get(plan->object, "config"), "volatile.base_image");
        if (*base != '\0')
                field_set_text(source, "base-image", base);
        return source;
}

/* The request to the source; `target` (stolen, may be NULL) is where it connects to. */
static int start_source(Cli *cli, const CopyPlan *plan, json_t *target, Side *side, Error **err) {
        _cleanup_free_ char *path = copy_source_path(plan->source);
        const char *name = strrchr(plan->source, '/');
        bool live = str_equal(field_text(plan->object, "status"), "Running") &&
                    !cli_flag(cli, "stateless");
        json_t *body = json_pack("{s:s, s:b, s:b, s:b, s:b}", "name",
                                 name != NULL ? name + 1 : plan->source, "migration", 1, "live",
                                 (int) live, "instance_only",
                                 (int) cli_flag(cli, "instance-only"), "allow_inconsistent",
                                 (int) cli_flag(cli, "allow-inconsistent"));
        if (target != NULL)
                json_object_set_new(body, "target", target);
        int result = start(side, "POST", path, body, err);
        json_decref(body);
        return result;
}

static int start_target(Cli *cli, const char *path, json_t *body, json_t *source, Side *side,
                        Error **err) {
        json_object_set_new(body, "source", source);
        return start(side, "POST", path, body, err);
}

/* The end of the target, and with an error that only the source knows, the source's. */
static int wait_for(Cli *cli, Side *target, json_t **ret, Error **err) {
        _cleanup_progress_ Progress progress = {};
        const ClientWait wait = {
                .watch = progress_watch, .userdata = &progress, .interrupt_fd = -1};
        progress_start(&progress, cli, NULL);
        return client_wait(target->client, target->operation, &wait, ret, err);
}

static int pull(Cli *cli, const CopyPlan *plan, const char *path, json_t *body, json_t **ret,
                Error **err) {
        _cleanup_(side_done) Side source = {.client = plan->client};
        _cleanup_(side_done) Side target = {.client = plan->other};
        _cleanup_strlist_ StrList urls = {};
        const char *certificate;
        int result = -1;
        if (start_source(cli, plan, NULL, &source, err) < 0 ||
            operation_urls(&source, &urls, &certificate, err) < 0)
                return -1;
        for (size_t i = 0; result < 0 && i < urls.count; i++) {
                json_t *from = target_source(cli, plan, "pull");
                if (err != NULL && *err != NULL) {
                        error_free(*err);
                        *err = NULL;
                }
                field_set_text(from, "operation", urls.items[i]);
                field_set_text(from, "certificate", certificate);
                json_object_set(from, "secrets", field_get(source.operation, "metadata"));
                if (start_target(cli, path, body, from, &target, err) < 0)
                        return -1;
                result = wait_for(cli, &target, ret, err);
        }
        return result;
}

static int push(Cli *cli, const CopyPlan *plan, const char *path, json_t *body, json_t **ret,
                Error **err) {
        _cleanup_(side_done) Side source = {.client = plan->client};
        _cleanup_(side_done) Side target = {.client = plan->other};
        _cleanup_strlist_ StrList urls = {};
        const char *certificate;
        if (start_target(cli, path, body, target_source(cli, plan, "push"), &target, err) < 0 ||
            operation_urls(&target, &urls, &certificate, err) < 0)
                return -1;
        json_t *to = json_pack("{s:s, s:s, s:O}", "operation", urls.items[0], "certificate",
                               certificate, "secrets", field_get(target.operation, "metadata"));
        if (start_source(cli, plan, to, &source, err) < 0)
                return -1;
        return wait_for(cli, &target, ret, err);
}

/* One direction of one channel. */
typedef struct Relay {
        WebSocket *from, *to;
        pthread_t thread;
        bool running;
} Relay;

static void *relay_thread(void *userdata) {
        const Relay *relay = userdata;
        WebSocketType type = WS_BINARY;
        while (type != WS_CLOSE) {
                _cleanup_strbuf_ StrBuf message = {};
                if (ws_receive(relay->from, -1, &type, &message, NULL) < 0 || type == WS_CLOSE ||
                    ws_send(relay->to, type, message.data != NULL ? message.data : "",
                            message.length, NULL) < 0)
                        break;
        }
        ws_close(relay->to, 1000);
        return NULL;
}

#define RELAY_SOCKETS (2 * ARRAY_SIZE(channels))

static int relay_connect(const Side *side, WebSocket **sockets, Error **err) {
        for (size_t i = 0; i < ARRAY_SIZE(channels); i++) {
                const char *secret = field_text(field_get(side->operation, "metadata"),
                                                channels[i]);
                if (client_operation_socket(side->client, side_id(side), secret, &sockets[i],
                                            err) < 0)
                        return -1;
        }
        return 0;
}

static int relay_run(Cli *cli, const Side *source, Side *target, json_t **ret, Error **err) {
        WebSocket *sockets[RELAY_SOCKETS] = {};
        Relay relays[RELAY_SOCKETS] = {};
        size_t count = ARRAY_SIZE(channels);
        int result = relay_connect(source, sockets, err);
        if (result == 0)
                result = relay_connect(target, sockets + count, err);
        for (size_t i = 0; result == 0 && i < RELAY_SOCKETS; i++) {
                relays[i].from = sockets[i];
                relays[i].to = sockets[(i + count) % RELAY_SOCKETS];
                relays[i].running =
                        pthread_create(&relays[i].thread, NULL, relay_thread, &relays[i]) == 0;
                if (!relays[i].running)
                        result = error_set(err, ERROR_SYSTEM, EAGAIN, "Cannot start a thread");
        }
        if (result == 0)
                result = wait_for(cli, target, ret, err);
        for (size_t i = 0; i < RELAY_SOCKETS; i++)
                if (sockets[i] != NULL)
                        ws_abort(sockets[i]);
        for (size_t i = 0; i < RELAY_SOCKETS; i++)
                if (relays[i].running)
                        (void) pthread_join(relays[i].thread, NULL);
        for (size_t i = 0; i < RELAY_SOCKETS; i++)
                websocket_free(sockets[i]);
        return result;
}

static int relay(Cli *cli, const CopyPlan *plan, const char *path, json_t *body, json_t **ret,
                 Error **err) {
        _cleanup_(side_done) Side source = {.client = plan->client};
        _cleanup_(side_done) Side target = {.client = plan->other};
        if (start_target(cli, path, body, target_source(cli, plan, "push"), &target, err) < 0 ||
            start_source(cli, plan, NULL, &source, err) < 0)
                return -1;
        return relay_run(cli, &source, &target, ret, err);
}

/* Without a wish, the way that is possible. */
static const char *choose_mode(Cli *cli, const CopyPlan *plan) {
        if (cli_given(cli, "mode"))
                return cli_text(cli, "mode");
        return is_reachable(plan->client)  ? "pull"
               : is_reachable(plan->other) ? "push"
                                           : "relay";
}

int copy_between(Cli *cli, CopyPlan *plan, const char *path, json_t *body, json_t **ret,
                 Error **err) {
        static const struct {
                const char *name;
                int (*run)(Cli *cli, const CopyPlan *plan, const char *path, json_t *body,
                           json_t **ret, Error **err);
        } modes[] = {{"pull", pull}, {"push", push}, {"relay", relay}};
        const char *mode = choose_mode(cli, plan);
        for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
                if (str_equal(modes[i].name, mode))
                        return modes[i].run(cli, plan, path, body, ret, err);
        return error_set(err, ERROR_INVALID, 0,
                         "Bad mode \"%s\": pull, push or relay is wanted", mode);
}
