/* The part that all endpoints share; see rest.h for the order of its steps. */
#include "rest/rest.h"

#include "base/log.h"
#include "base/memory.h"
#include "database/database.h"
#include "database/projects.h"
#include "http/server.h"
#include "json/digest.h"
#include "json/json.h"
#include "rest/bytes.h"
#include "rest/context.h"
#include "rest/envelope.h"
#include "rest/error.h"
#include "rest/route.h"

#include <string.h>

#define BODY_LIMIT ((size_t) 64 << 20)

RestState rest_context_state(const RestContext *context) {
        return (RestState) __atomic_load_n(&context->state, __ATOMIC_ACQUIRE);
}

static int parse_query(RestRequest *request, const char *text, Error **err) {
        _cleanup_strlist_ StrList pairs = {};
        strlist_split(&pairs, text, "&", true);
        for (size_t i = 0; i < pairs.count; i++) {
                const char *pair = pairs.items[i], *value = strchr(pair, '=');
                size_t length = value != NULL ? (size_t) (value - pair) : strlen(pair);
                value = value != NULL ? value + 1 : "";
                _cleanup_free_ char *key = url_unescape(pair, length, true);
                _cleanup_free_ char *text_value = url_unescape(value, strlen(value), true);
                if (key == NULL || text_value == NULL)
                        return error_set(err, ERROR_INVALID, 0,
                                         "Invalid escape in the query parameter \"%s\"", pair);
                /* The first of several counts, as in Go's url.Values.Get(). */
                if (!strmap_has(&request->query, key))
                        strmap_set(&request->query, key, text_value);
        }
        uint64_t recursion = 0;
        if (str_to_uint64(rest_query(request, "recursion"), &recursion))
                request->recursion = recursion > 2 ? 2 : (unsigned) recursion;
        request->all_projects = rest_query_bool(request, "all-projects");
        return 0;
}

static int check_state(const RestRequest *request, const char *path, Error **err) {
        RestState state = rest_context_state(request->context);
        if (state == REST_STATE_READY || (request->method->flags & REST_WHEN_STARTING) != 0)
                return 0;
        if (state == REST_STATE_STARTING)
                return error_set(err, ERROR_UNAVAILABLE, 0, "LXD daemon setup in progress");
        if (str_equal(request->method_name, "GET") || str_has_prefix(path, "/internal"))
                return 0;
        return error_set(err, ERROR_UNAVAILABLE, 0, "LXD is shutting down");
}

/* The request's project must exist; where the endpoint's feature is off in it, its objects are
 * those of the default project. */
static int find_project(RestRequest *request, Error **err) {
        const char *name = rest_query(request, "project");
        request->project = str_dup(str_is_empty(name) ? "default" : name);
        request->effective_project = str_dup(request->project);
        if (str_equal(request->project, "default"))
                return 0;
        /* Who may not use a project does not learn whether it exists. */
        if (request->caller.restricted && rest_check_project(request, err) < 0)
                return -1;
        _cleanup_(transaction_cleanup) Transaction *tx = NULL;
        _cleanup_(project_row_done) ProjectRow project = {};
        if (database_begin(request->context->database, DATABASE_READ, &tx, err) < 0 ||
            db_project_get(tx, request->project, &project, err) < 0)
                return -1;
        const char *feature = request->endpoint->project_feature;
        if (feature != NULL && !str_is_true(strmap_get(&project.config, feature)))
                str_replace(&request->effective_project, str_dup("default"));
        return 0;
}

static int read_body(RestRequest *request, Error **err) {
        _cleanup_free_ char *data = NULL;
        size_t size = 0;
        unsigned flags = request->method->flags;
        if ((flags & REST_JSON_BODY) == 0 ||
            ((flags & REST_OR_BYTES) != 0 && rest_has_bytes(request)))
                return 0;
        if (http_exchange_read_all(request->exchange, BODY_LIMIT, &data, &size, err) < 0)
                return -1;
        if (size == 0 && (flags & REST_OPTIONAL_BODY) != 0) {
                request->body = json_object();
                return 0;
        }
        if (json_parse(data, size, &request->body, err) < 0)
                return error_prefix(err, "Invalid request body");
        if (!json_is_object(request->body))
                return error_set(err, ERROR_INVALID, 0,
                                 "Invalid request body: a JSON object is required");
        return 0;
}

/* The ETag as LXD makes it: the SHA-256 of the value's JSON and a line feed. */
static char *entity_etag(RestRequest *request) {
        const RestEntity *entity = request->endpoint->entity;
        if (entity == NULL || entity->etag == NULL ||
            (request->method->flags & REST_NO_ETAG) != 0)
                return NULL;
        _cleanup_json_ json_t *value = entity->etag(request);
        if (value == NULL)
                return NULL;
        _cleanup_free_ char *text = json_dump_go(value);
        _cleanup_free_ char *line = str_printf("%s\n", text);
        return digest_sha256_hex(line, strlen(line));
}

static int check_etag(RestRequest *request, Error **err) {
        const char *given = http_exchange_header(request->exchange, "If-Match");
        if (str_is_empty(given) || str_equal(request->method_name, "GET"))
                return 0;
        _cleanup_free_ char *current = entity_etag(request);
        if (current == NULL)
                return 0;
        size_t length = strlen(given);
        bool quoted = length >= 2 && given[0] == '"' && given[length - 1] == '"';
        _cleanup_free_ char *bare = str_ndup(given + quoted, length - 2 * quoted);
        if (!str_equal(bare, current))
                return error_set(err, ERROR_PRECONDITION, 0, "ETag doesn't match: %s vs %s",
                                 current, bare);
        return 0;
}

static int load_entity(RestRequest *request, Error **err) {
        const RestEntity *entity = request->endpoint->entity;
        if (entity == NULL || entity->load == NULL)
                return 0;
        if (entity->load(request, err) < 0 || check_etag(request, err) < 0)
                return -1;
        if (str_equal(request->method_name, "GET")) {
                _cleanup_free_ char *tag = entity_etag(request);
                if (tag != NULL)
                        strmap_printf(&request->headers, "ETag", "\"%s\"", tag);
        }
        return 0;
}

static int find_method(RestRequest *request, const char *path, Error **err) {
        if (rest_route(path, &request->endpoint, request->parameters, &request->collection, err) <
            0)
                return -1;
        if (request->endpoint == NULL)
                return error_set(err, ERROR_NOT_FOUND, 0, "not found");
        request->method = rest_route_method(request->endpoint, request->method_name);
        if (request->method == NULL)
                return error_set(err, ERROR_NOT_FOUND, 0, "Method \"%s\" not found",
                                 request->method_name);
        if (request->method->handler == NULL)
                return error_set(err, ERROR_METHOD, 0, "not implemented");
        return 0;
}

static void log_call(RestRequest *request, const char *path) {
        if (!log_is_wanted(LOG_LEVEL_DEBUG))
                return;
        const char *query = http_exchange_query(request->exchange);
        if (strstr(query, "secret=") != NULL)
                query = ""; /* who reads the log could take the websocket over */
        EventRequestor who = rest_requestor(request);
        _cleanup_free_ char *url = str_printf("%s%s%s", path, *query != '\0' ? "?" : "", query);
        log_with(LOG_LEVEL_DEBUG,
                 CONTEXT("ip", who.address, "method", request->method_name, "protocol",
                         who.protocol, "url", url, "username",
                         who.username != NULL ? who.username : ""),
                 "Handling API request");
}

static int serve(RestRequest *request, Error **err) {
        const char *path = http_exchange_path(request->exchange);
        if (find_method(request, path, err) < 0)
                return -1;
        rest_identify_caller(request);
        log_call(request, path);
        if (rest_check_access(request, err) < 0 || check_state(request, path, err) < 0 ||
            parse_query(request, http_exchange_query(request->exchange), err) < 0 ||
            find_project(request, err) < 0 || rest_check_project(request, err) < 0 ||
            read_body(request, err) < 0 || load_entity(request, err) < 0)
                return -1;
        return request->method->handler(request, err);
}

static void request_done(RestRequest *request) {
        if (request->entity != NULL && request->endpoint->entity->unload != NULL)
                request->endpoint->entity->unload(request->entity);
        for (size_t i = 0; i < REST_MAX_PARAMETERS; i++)
                free(request->parameters[i]);
        strmap_done(&request->query);
        strmap_done(&request->headers);
        free(request->project);
        free(request->effective_project);
        free(request->caller.username);
        free(request->caller.protocol);
        free(request->caller.address);
        free(request->caller.fingerprint);
        strlist_done(&request->caller.projects);
        json_decref(request->body);
        json_decref(request->metadata);
        free(request->metadata_text);
        free(request->location);
        (void) operation_unref(request->operation);
}

void rest_handle(HttpExchange *exchange, void *userdata) {
        _cleanup_(request_done) RestRequest request = {
                .context = userdata,
                .exchange = exchange,
                .method_name = http_exchange_method(exchange),
        };
        _cleanup_error_ Error *err = NULL, *send_error = NULL;
        int result = serve(&request, &err);
        if (result == 0 && request.reply == REST_REPLY_TAKEN)
                return;
        if (result == 0)
                result = rest_envelope_send(&request, &send_error);
        else
                result = rest_envelope_send_error(exchange, err, &send_error);
        if (result < 0)
                log_debug("%s %s: the client left before the answer: %s", request.method_name,
                          http_exchange_path(exchange), error_message(send_error));
}
