#include "database/sql.h"

#include "base/memory.h"

#include <sqlite3.h>
#include <string.h>

static void result_done(SqlResult *result) {
        strlist_done(&result->columns);
        strlist_done(&result->cells);
        free(result->kinds);
}

void sql_result_list_done(SqlResultList *list) {
        for (size_t i = 0; i < list->count; i++)
                result_done(&list->items[i]);
        free(list->items);
        *list = (SqlResultList){};
}

static int sql_error(sqlite3 *connection, Error **err) {
        return error_set(err, ERROR_INVALID, 0, "Failed to execute query: %s",
                         sqlite3_errmsg(connection));
}

static void add_cell(SqlResult *result, sqlite3_stmt *statement, int column) {
        static const char letters[] = {[SQLITE_INTEGER] = 'i', [SQLITE_FLOAT] = 'f',
                                       [SQLITE_TEXT] = 's', [SQLITE_BLOB] = 's',
                                       [SQLITE_NULL] = 'n'};
        int type = sqlite3_column_type(statement, column);
        const unsigned char *text = sqlite3_column_text(statement, column);
        mem_grow((void **) &result->kinds, &result->kinds_capacity, result->cell_count + 1, 1);
        result->kinds[result->cell_count++] = letters[type];
        strlist_add(&result->cells, text != NULL ? (const char *) text : "");
}

static int run_statement(sqlite3 *connection, sqlite3_stmt *statement, SqlResult *result,
                         Error **err) {
        int columns = sqlite3_column_count(statement), code;
        result->is_select = columns > 0;
        for (int i = 0; i < columns; i++)
                strlist_add(&result->columns, sqlite3_column_name(statement, i));
        while ((code = sqlite3_step(statement)) == SQLITE_ROW)
                for (int i = 0; i < columns; i++)
                        add_cell(result, statement, i);
        if (code != SQLITE_DONE)
                return sql_error(connection, err);
        result->rows_affected = columns > 0 ? 0 : sqlite3_changes(connection);
        return 0;
}

static int run_all(sqlite3 *connection, const char *query, SqlResultList *list, Error **err) {
        while (*query != '\0') {
                sqlite3_stmt *statement = NULL;
                const char *rest;
                if (sqlite3_prepare_v2(connection, query, -1, &statement, &rest) != SQLITE_OK)
                        return sql_error(connection, err);
                query = rest;
                if (statement == NULL)
                        continue;
                mem_grow((void **) &list->items, &list->capacity, list->count + 1,
                         sizeof *list->items);
                SqlResult *result = &list->items[list->count++];
                *result = (SqlResult){};
                int outcome = run_statement(connection, statement, result, err);
                sqlite3_finalize(statement);
                if (outcome < 0)
                        return -1;
        }
        return 0;
}

int sql_execute(Database *database, bool global, const char *query, SqlResultList *ret,
                Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(sql_result_list_done) SqlResultList list = {};
        if (database_begin(database, global ? DATABASE_WRITE : DATABASE_LOCAL_WRITE, &tx, err) <
                    0 ||
            run_all(transaction_connection(tx), query, &list, err) < 0 ||
            transaction_commit(&tx, err) < 0)
                return -1;
        *ret = list;
        list = (SqlResultList){};
        return 0;
}

static int dump_rows(Transaction *tx, const char *table, StrBuf *out, Error **err) {
        _cleanup_free_ char *query = str_printf("SELECT * FROM \"%s\"", table);
        sqlite3_stmt *statement;
        sqlite3 *connection = transaction_connection(tx);
        if (sqlite3_prepare_v2(connection, query, -1, &statement, NULL) != SQLITE_OK)
                return sql_error(connection, err);
        int columns = sqlite3_column_count(statement);
        while (sqlite3_step(statement) == SQLITE_ROW) {
                strbuf_printf(out, "INSERT INTO \"%s\" VALUES(", table);
                for (int i = 0; i < columns; i++) {
                        const char *text = (const char *) sqlite3_column_text(statement, i);
                        int type = sqlite3_column_type(statement, i);
                        char *quoted = type == SQLITE_NULL    ? sqlite3_mprintf("NULL")
                                       : type == SQLITE_INTEGER ? sqlite3_mprintf("%s", text)
                                                                : sqlite3_mprintf("%Q", text);
                        strbuf_printf(out, "%s%s", i > 0 ? "," : "", quoted);
                        sqlite3_free(quoted);
                }
                strbuf_add(out, ");\n");
        }
        sqlite3_finalize(statement);
        return 0;
}

int sql_dump(Database *database, bool global, bool schema_only, char **ret, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_strbuf_ StrBuf out = {};
        _cleanup_cursor_ DbCursor cursor = {};
        int row;
        strbuf_add(&out, "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n");
        if (database_begin(database, global ? DATABASE_READ : DATABASE_LOCAL_READ, &tx, err) < 0 ||
            db_select(tx, &cursor, err,
                      "SELECT name, type, sql FROM sqlite_master WHERE sql IS NOT NULL AND name"
                      " NOT LIKE 'sqlite_%' ORDER BY CASE type WHEN 'table' THEN 0 WHEN 'view'"
                      " THEN 1 ELSE 2 END, rowid",
                      "") < 0)
                return -1;
        while ((row = db_next(&cursor, err)) > 0) {
                _cleanup_free_ char *name = str_dup(db_text(&cursor, 0));
                strbuf_printf(&out, "%s;\n", db_text(&cursor, 2));
                bool wanted = str_equal(db_text(&cursor, 1), "table") &&
                              (!schema_only || str_equal(name, "schema"));
                if (wanted && dump_rows(tx, name, &out, err) < 0)
                        return -1;
        }
        if (row < 0)
                return -1;
        strbuf_add(&out, "COMMIT;\n");
        *ret = strbuf_take(&out);
        return 0;
}
