#include "database/schema.h"

#include "base/memory.h"
#include "base/text.h"
#include "base/times.h"

#include <sqlite3.h>

/* What a new installation holds. Ids matter: default project, profile and member are 1. */
static const char *const global_rows[] = {
        "INSERT INTO nodes (id, name, description, address, schema, api_extensions, heartbeat,"
        " state, arch) VALUES (1, 'none', '', '0.0.0.0', 1, 1, '', 0, 2)",
        "INSERT INTO projects (id, name, description) VALUES (1, 'default', 'Default LXD project')",
        "INSERT INTO projects_config (project_id, key, value) VALUES"
        " (1, 'features.images', 'true'), (1, 'features.networks', 'true'),"
        " (1, 'features.profiles', 'true'), (1, 'features.storage.volumes', 'true')",
        "INSERT INTO profiles (id, name, description, project_id)"
        " VALUES (1, 'default', 'Default LXD profile', 1)",
        NULL,
};

/* One step: statements that run once, in order. To change the schema add a step. */
typedef struct SchemaStep {
        const char *const *statements;
        const char *const *rows; /* may be NULL */
} SchemaStep;

static const SchemaStep global_steps[] = {{database_global_tables, global_rows}};
static const SchemaStep local_steps[] = {{database_local_tables, NULL}};

static int run(sqlite3 *connection, const char *sql, Error **err) {
        char *message = NULL;
        if (sqlite3_exec(connection, sql, NULL, NULL, &message) == SQLITE_OK)
                return 0;
        (void) error_set(err, ERROR_INTERNAL, 0, "Database schema: %s", message);
        sqlite3_free(message);
        return -1;
}

static int run_all(sqlite3 *connection, const char *const *statements, Error **err) {
        for (size_t i = 0; statements != NULL && statements[i] != NULL; i++)
                if (run(connection, statements[i], err) < 0)
                        return -1;
        return 0;
}

static int current_version(sqlite3 *connection, int *ret, Error **err) {
        sqlite3_stmt *statement;
        if (run(connection,
                "CREATE TABLE IF NOT EXISTS schema (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,"
                " version INTEGER NOT NULL, updated_at TEXT NOT NULL, UNIQUE (version))",
                err) < 0)
                return -1;
        if (sqlite3_prepare_v2(connection, "SELECT IFNULL(MAX(version), 0) FROM schema", -1,
                               &statement, NULL) != SQLITE_OK)
                return error_set(err, ERROR_INTERNAL, 0, "Database schema: %s",
                                 sqlite3_errmsg(connection));
        if (sqlite3_step(statement) == SQLITE_ROW)
                *ret = sqlite3_column_int(statement, 0);
        sqlite3_finalize(statement);
        return 0;
}

static int apply(sqlite3 *connection, const SchemaStep *steps, size_t count, Error **err) {
        int version = 0;
        if (current_version(connection, &version, err) < 0)
                return -1;
        if ((size_t) version > count)
                return error_set(err, ERROR_UNSUPPORTED, 0,
                                 "The database has schema version %d, this program knows %zu: it "
                                 "was written by a newer one",
                                 version, count);
        for (size_t i = (size_t) version; i < count; i++) {
                char stamp[TIME_TEXT_SIZE];
                _cleanup_free_ char *record =
                        str_printf("INSERT INTO schema (version, updated_at) VALUES (%zu, '%s')",
                                   i + 1, time_format_rfc3339(time_now_ns(), stamp));
                if (run_all(connection, steps[i].statements, err) < 0 ||
                    run_all(connection, steps[i].rows, err) < 0 ||
                    run(connection, record, err) < 0)
                        return -1;
        }
        return 0;
}

int database_schema_update(sqlite3 *connection, bool global, Error **err) {
        if (run(connection, "BEGIN IMMEDIATE", err) < 0)
                return -1;
        int result = global ? apply(connection, global_steps, ARRAY_SIZE(global_steps), err)
                            : apply(connection, local_steps, ARRAY_SIZE(local_steps), err);
        if (result == 0)
                return run(connection, "COMMIT", err);
        (void) run(connection, "ROLLBACK", NULL);
        return -1;
}
