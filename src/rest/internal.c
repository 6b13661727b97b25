/* /internal: what `berthd`'s own subcommands and LXD's test tools ask. Unix socket only. */
#include "rest/table.h"

#include "base/memory.h"
#include "database/database.h"
#include "database/sql.h"
#include "json/json.h"
#include "rest/context.h"

#include <malloc.h>

static int ready_get(RestRequest *request, Error **err) {
        if (rest_context_state(request->context) != REST_STATE_READY)
                return error_set(err, ERROR_UNAVAILABLE, 0, "Daemon not ready yet");
        return rest_reply_empty(request);
}

static int shutdown_put(RestRequest *request, Error **err) {
        int64_t timeout = -1;
        const char *text = rest_query(request, "timeout");
        if (!str_is_empty(text) && !str_to_int64(text, &timeout))
                return error_set(err, ERROR_INVALID, 0, "Invalid timeout \"%s\"", text);
        request->context->daemon.shutdown(request->context->daemon.userdata,
                                          rest_query_bool(request, "force"), timeout);
        return rest_reply_empty(request);
}

static int gc_get(RestRequest *request, Error **err) {
        (void) malloc_trim(0);
        return rest_reply_empty(request);
}

static int which_database(const char *name, bool *ret_global, Error **err) {
        if (!str_equal(name, "global") && !str_equal(name, "local"))
                return error_set(err, ERROR_INVALID, 0, "Invalid database \"%s\": global or local "
                                                        "is needed", name != NULL ? name : "");
        *ret_global = str_equal(name, "global");
        return 0;
}

static int sql_get(RestRequest *request, Error **err) {
        _cleanup_free_ char *text = NULL;
        bool global;
        if (which_database(rest_query(request, "database"), &global, err) < 0 ||
            sql_dump(request->context->database, global, rest_query_bool(request, "schema"), &text,
                     err) < 0)
                return -1;
        return rest_reply_sync(request, json_pack("{s:s}", "text", text));
}

static json_t *cell_json(const SqlResult *result, size_t index) {
        const char *text = result->cells.items[index];
        int64_t number;
        switch (result->kinds[index]) {
        case 'n':
                return json_null();
        case 'i':
                return str_to_int64(text, &number) ? json_integer(number) : json_null();
        case 'f':
                return json_real(strtod(text, NULL));
        default:
                return json_string_lossy(text);
        }
}

static json_t *result_json(const SqlResult *result) {
        json_t *rows = json_array();
        size_t width = result->columns.count;
        for (size_t i = 0; width > 0 && i < result->cell_count; i += width) {
                json_t *row = json_array();
                for (size_t c = 0; c < width; c++)
                        json_array_append_new(row, cell_json(result, i + c));
                json_array_append_new(rows, row);
        }
        return json_pack("{s:s, s:o, s:o, s:I}", "type", result->is_select ? "select" : "exec",
                         "columns", json_from_strlist(&result->columns), "rows", rows,
                         "rows_affected", (json_int_t) result->rows_affected);
}

static int sql_post(RestRequest *request, Error **err) {
        _cleanup_free_ char *database = NULL, *query = NULL;
        _cleanup_(sql_result_list_done) SqlResultList results = {};
        bool global;
        if (json_get_string(request->body, "database", &database, err) < 0 ||
            json_get_string(request->body, "query", &query, err) < 0 ||
            which_database(database, &global, err) < 0)
                return -1;
        if (str_is_empty(query))
                return error_set(err, ERROR_INVALID, 0, "No query provided");
        /* .sync asks for the file on disk to be whole: with this database it always is. */
        if (!str_equal(query, ".sync") &&
            sql_execute(request->context->database, global, query, &results, err) < 0)
                return -1;
        json_t *list = json_array();
        for (size_t i = 0; i < results.count; i++)
                json_array_append_new(list, result_json(&results.items[i]));
        return rest_reply_sync(request, json_pack("{s:o}", "Results", list));
}

/* So that a test need not wait for the minute. */
static int task_post(RestRequest *request, Error **err) {
        const RestDaemonHooks *hooks = &request->context->daemon;
        if (hooks->run_task(hooks->userdata, request->parameters[0], err) < 0)
                return -1;
        return rest_reply_empty(request);
}

static const RestEndpoint endpoints[] = {
        {
                .path = "/internal/ready",
                .get = {ready_get, REST_INTERNAL, REST_WHEN_STARTING},
        },
        {
                .path = "/internal/shutdown",
                .put = {shutdown_put, REST_INTERNAL, REST_WHEN_STARTING},
        },
        {
                .path = "/internal/gc",
                .get = {gc_get, REST_INTERNAL, REST_WHEN_STARTING},
        },
        {
                .path = "/internal/sql",
                .get = {sql_get, REST_INTERNAL, REST_WHEN_STARTING},
                .post = {sql_post, REST_INTERNAL, REST_JSON_BODY | REST_WHEN_STARTING},
        },
        {
                .path = "/internal/testing/tasks/{name}",
                .post = {task_post, REST_INTERNAL},
        },
};

const RestTable rest_internal_table = {endpoints, ARRAY_SIZE(endpoints)};
