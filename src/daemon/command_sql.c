/* berthd sql: queries, .dump, .schema and .sync against the databases of a running daemon. */
#include "daemon/command.h"

#include "base/files.h"
#include "base/memory.h"
#include "daemon/api_call.h"
#include "json/json.h"

#include <stdio.h>
#include <string.h>

static char *cell_text(const json_t *value) {
        if (json_is_null(value))
                return str_dup("NULL");
        if (json_is_string(value))
                return str_dup(json_string_value(value));
        return json_dump_compact(value);
}

static void measure(const json_t *row, size_t *widths, size_t columns) {
        for (size_t i = 0; i < columns; i++) {
                _cleanup_free_ char *text = cell_text(json_array_get(row, i));
                widths[i] = MAX_OF(widths[i], strlen(text));
        }
}

static void print_line(const size_t *widths, size_t columns) {
        for (size_t i = 0; i < columns; i++) {
                putchar('+');
                for (size_t c = 0; c < widths[i] + 2; c++)
                        putchar('-');
        }
        puts("+");
}

/* Columns' names stand in the middle, as LXD's tool prints them. */
static void print_row(const json_t *row, const size_t *widths, size_t columns, bool centred) {
        for (size_t i = 0; i < columns; i++) {
                _cleanup_free_ char *text = cell_text(json_array_get(row, i));
                size_t room = widths[i] - strlen(text), before = centred ? room / 2 : 0;
                printf("| %*s%s%*s ", (int) before, "", text, (int) (room - before), "");
        }
        puts("|");
}

static void print_select(const json_t *result) {
        const json_t *names = json_object_get(result, "columns");
        const json_t *rows = json_object_get(result, "rows");
        size_t columns = json_array_size(names), index;
        _cleanup_free_ size_t *widths = mem_new_array(size_t, columns);
        json_t *row;
        measure(names, widths, columns);
        json_array_foreach(rows, index, row)
                measure(row, widths, columns);
        print_line(widths, columns);
        print_row(names, widths, columns, true);
        print_line(widths, columns);
        json_array_foreach(rows, index, row)
                print_row(row, widths, columns, false);
        if (json_array_size(rows) > 0)
                print_line(widths, columns);
}

static int run_query(const char *database, const char *query, Error **err) {
        _cleanup_json_ json_t *body =
                json_pack("{s:s, s:s}", "database", database, "query", query);
        _cleanup_json_ json_t *answer = NULL;
        size_t index;
        json_t *result;
        if (body == NULL)
                return error_set(err, ERROR_INVALID, 0, "The query is no UTF-8 text");
        if (daemon_api_call("POST", "/internal/sql", body, &answer, err) < 0)
                return -1;
        const json_t *results = json_object_get(answer, "Results");
        json_array_foreach(results, index, result) {
                if (json_array_size(results) > 1)
                        printf("=> Query %zu:\n\n", index);
                if (str_equal(json_string_value(json_object_get(result, "type")), "select"))
                        print_select(result);
                else
                        printf("Rows affected: %lld\n",
                               (long long) json_integer_value(
                                       json_object_get(result, "rows_affected")));
                if (json_array_size(results) > 1)
                        putchar('\n');
        }
        return 0;
}

static int run_dump(const char *database, bool schema, Error **err) {
        _cleanup_free_ char *url = str_printf("/internal/sql?database=%s%s", database,
                                              schema ? "&schema=1" : "");
        _cleanup_json_ json_t *answer = NULL;
        if (daemon_api_call("GET", url, NULL, &answer, err) < 0)
                return -1;
        fputs(json_string_value(json_object_get(answer, "text")), stdout);
        return 0;
}

static int run_sql(const DaemonArguments *arguments, Error **err) {
        _cleanup_free_ char *input = NULL;
        if (arguments->words.count != 2)
                return error_set(err, ERROR_INVALID, 0,
                                 "A database (local or global) and a query are needed");
        const char *database = arguments->words.items[0], *query = arguments->words.items[1];
        if (!str_equal(database, "local") && !str_equal(database, "global"))
                return error_set(err, ERROR_INVALID, 0, "Invalid database type");
        if (str_equal(query, "-")) {
                if (fd_read_all(STDIN_FILENO, 0, &input, NULL, err) < 0)
                        return -1;
                query = input;
        }
        if (str_equal(query, ".dump") || str_equal(query, ".schema"))
                return run_dump(database, str_equal(query, ".schema"), err);
        return run_query(database, query, err);
}

static int sql_run(const DaemonArguments *arguments) {
        _cleanup_error_ Error *err = NULL;
        if (run_sql(arguments, &err) == 0)
                return 0;
        fprintf(stderr, "Error: %s\n", error_message(err));
        return 1;
}

const DaemonCommand daemon_command_sql = {
        .name = "sql",
        .usage = "sql <local|global> <QUERY | - | .dump | .schema | .sync>",
        .summary = "Run a query against the daemon's database",
        .text = "Runs SQL statements against the daemon's own (local) or the shared (global)\n"
                "database, for repairs and curiosity. \"-\" reads the query from standard input,\n"
                ".dump and .schema write SQL that makes the database again.",
        .run = sql_run,
};
