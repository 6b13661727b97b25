#include "database/database.h"

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/times.h"
#include "database/schema.h"

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <string.h>
#include <time.h>

#define READERS 4
#define BUSY_TIMEOUT_MS 10000
#define RETIRE_SECONDS 5

/* A connection with its prepared statements, which live as long as it does. */
typedef struct Connection {
        sqlite3 *handle;
        Table *statements;
        bool busy;
} Connection;

/* One database file: a writer and some readers, handed out under the lock. */
typedef struct Store {
        char *path;
        Connection writer;
        Connection readers[READERS];
} Store;

struct Database {
        pthread_mutex_t lock;
        pthread_cond_t released;
        Store global, local;
        bool retired;
        uint64_t generation; /* atomic */
};

struct Transaction {
        Database *database;
        Connection *connection;
        bool write;
        bool global;
};

static void statement_free(void *statement) {
        sqlite3_finalize(statement);
}

static void connection_close(Connection *connection) {
        table_free(connection->statements);
        sqlite3_close(connection->handle);
        *connection = (Connection){};
}

static int connection_open(const char *path, Connection *ret, Error **err) {
        int code = sqlite3_open_v2(path, &ret->handle,
                                   SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
                                           SQLITE_OPEN_NOMUTEX,
                                   NULL);
        if (code == SQLITE_OK)
                code = sqlite3_busy_timeout(ret->handle, BUSY_TIMEOUT_MS);
        if (code == SQLITE_OK)
                code = sqlite3_exec(ret->handle,
                                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                                    "PRAGMA foreign_keys=ON; PRAGMA cache_size=-512;"
                                    "PRAGMA temp_store=MEMORY",
                                    NULL, NULL, NULL);
        if (code != SQLITE_OK) {
                (void) error_set(err, ERROR_INTERNAL, 0, "Cannot open database %s: %s", path,
                                 ret->handle != NULL ? sqlite3_errmsg(ret->handle)
                                                     : sqlite3_errstr(code));
                connection_close(ret);
                return -1;
        }
        ret->statements = table_new(statement_free);
        return 0;
}

/* Closes it once it is given back; it stays taken. One that is still at work at `until` stays open:
 * the log of SQLite makes that safe. Under the lock. */
static void connection_retire(Database *database, Connection *connection,
                              const struct timespec *until) {
        int result = 0;
        while (connection->busy && result != ETIMEDOUT)
                result = pthread_cond_timedwait(&database->released, &database->lock, until);
        if (!connection->busy)
                connection_close(connection);
        connection->busy = true;
}

static void store_retire(Database *database, Store *store, const struct timespec *until) {
        for (size_t i = 0; i < READERS; i++)
                connection_retire(database, &store->readers[i], until);
        connection_retire(database, &store->writer, until);
}

static int store_open(const char *path, bool global, Store *ret, Error **err) {
        ret->path = str_dup(path);
        if (connection_open(path, &ret->writer, err) < 0)
                return -1;
        return database_schema_update(ret->writer.handle, global, err);
}

/* database/patch.global.sql: administrators' repair, run once before anything else. What was there
 * before is kept in global.bak, which can be put back as it is. */
static int apply_patch(Database *database, const char *directory, Error **err) {
        _cleanup_free_ char *patch = path_join(directory, "patch.global.sql");
        _cleanup_free_ char *backup = path_join(directory, "global.bak");
        _cleanup_free_ char *copy = path_join(backup, "db.bin");
        _cleanup_free_ char *sql = NULL;
        if (!path_exists(patch))
                return 0;
        if (file_read(patch, 0, &sql, NULL, err) < 0 || path_remove_all(backup, err) < 0 ||
            directory_make(backup, 0700, err) < 0)
                return -1;
        sqlite3 *handle = database->global.writer.handle;
        _cleanup_free_ char *vacuum = str_printf("VACUUM INTO '%s'", copy);
        char *message = NULL;
        if (sqlite3_exec(handle, vacuum, NULL, NULL, &message) != SQLITE_OK ||
            sqlite3_exec(handle, "BEGIN IMMEDIATE", NULL, NULL, &message) != SQLITE_OK ||
            sqlite3_exec(handle, sql, NULL, NULL, &message) != SQLITE_OK ||
            sqlite3_exec(handle, "COMMIT", NULL, NULL, &message) != SQLITE_OK) {
                (void) error_set(err, ERROR_INVALID, 0, "Cannot apply %s: %s", patch, message);
                sqlite3_free(message);
                return -1;
        }
        return file_remove(patch, err);
}

int database_open(const char *directory, Database **ret, Error **err) {
        _cleanup_free_ char *global_directory = path_join(directory, "global");
        _cleanup_free_ char *global = path_join(global_directory, "db.bin");
        _cleanup_free_ char *local = path_join(directory, "local.db");
        Database *database = mem_new(Database);
        pthread_mutex_init(&database->lock, NULL);
        pthread_cond_init(&database->released, NULL);
        database->generation = 1;
        if (directory_make_all(global_directory, 0700, err) < 0 ||
            directory_make(directory, 0700, err) < 0 ||
            store_open(global, true, &database->global, err) < 0 ||
            store_open(local, false, &database->local, err) < 0 ||
            apply_patch(database, directory, err) < 0) {
                database_close(database);
                return -1;
        }
        *ret = database;
        return 0;
}

void database_retire(Database *database) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += RETIRE_SECONDS;
        pthread_mutex_lock(&database->lock);
        if (!database->retired) {
                store_retire(database, &database->global, &until);
                store_retire(database, &database->local, &until);
        }
        database->retired = true;
        pthread_mutex_unlock(&database->lock);
}

void database_close(Database *database) {
        if (database == NULL)
                return;
        database_retire(database);
        free(database->global.path);
        free(database->local.path);
        pthread_mutex_destroy(&database->lock);
        pthread_cond_destroy(&database->released);
        free(database);
}

uint64_t database_generation(const Database *database) {
        return __atomic_load_n(&database->generation, __ATOMIC_ACQUIRE);
}

static Connection *take_reader(Store *store) {
        for (size_t i = 0; i < READERS; i++)
                if (!store->readers[i].busy) {
                        store->readers[i].busy = true;
                        return &store->readers[i];
                }
        return NULL;
}

static Connection *take_writer(Store *store) {
        if (store->writer.busy)
                return NULL;
        store->writer.busy = true;
        return &store->writer;
}

static void release(Database *database, Connection *connection) {
        pthread_mutex_lock(&database->lock);
        connection->busy = false;
        pthread_cond_broadcast(&database->released);
        pthread_mutex_unlock(&database->lock);
}

static int simple(Transaction *transaction, const char *sql, Error **err) {
        return db_run(transaction, err, sql, "");
}

int database_begin(Database *database, DatabaseMode mode, Transaction **ret, Error **err) {
        bool write = mode == DATABASE_WRITE || mode == DATABASE_LOCAL_WRITE;
        bool global = mode == DATABASE_READ || mode == DATABASE_WRITE;
        Store *store = global ? &database->global : &database->local;
        Connection *connection;
        pthread_mutex_lock(&database->lock);
        while ((connection = write ? take_writer(store) : take_reader(store)) == NULL)
                pthread_cond_wait(&database->released, &database->lock);
        pthread_mutex_unlock(&database->lock);
        if (connection->handle == NULL && connection_open(store->path, connection, err) < 0) {
                release(database, connection);
                return -1;
        }
        Transaction *transaction = mem_new(Transaction);
        *transaction = (Transaction){database, connection, write, global};
        if (simple(transaction, write ? "BEGIN IMMEDIATE" : "BEGIN", err) < 0) {
                release(database, connection);
                free(transaction);
                return -1;
        }
        *ret = transaction;
        return 0;
}

int transaction_commit(Transaction **transaction, Error **err) {
        Transaction *ended = TAKE_PTR(*transaction);
        if (simple(ended, "COMMIT", err) < 0) {
                transaction_rollback(ended);
                return -1;
        }
        if (ended->write && ended->global)
                __atomic_add_fetch(&ended->database->generation, 1, __ATOMIC_RELEASE);
        release(ended->database, ended->connection);
        free(ended);
        return 0;
}

void transaction_rollback(Transaction *transaction) {
        if (transaction == NULL)
                return;
        if (sqlite3_get_autocommit(transaction->connection->handle) == 0)
                (void) simple(transaction, "ROLLBACK", NULL);
        release(transaction->database, transaction->connection);
        free(transaction);
}

struct sqlite3 *transaction_connection(Transaction *transaction) {
        return transaction->connection->handle;
}

static int failed(Transaction *transaction, const char *sql, Error **err) {
        sqlite3 *handle = transaction->connection->handle;
        switch (sqlite3_extended_errcode(handle)) {
        case SQLITE_CONSTRAINT_UNIQUE:
        case SQLITE_CONSTRAINT_PRIMARYKEY:
                return error_set(err, ERROR_EXISTS, 0, "Already exists (%s)",
                                 sqlite3_errmsg(handle));
        case SQLITE_CONSTRAINT_FOREIGNKEY:
                return error_set(err, ERROR_IN_USE, 0, "Still in use");
        case SQLITE_FULL:
                return error_set(err, ERROR_NO_SPACE, 0, "The database's disk is full");
        case SQLITE_BUSY:
                return error_set(err, ERROR_UNAVAILABLE, 0, "The database is busy");
        default:
                return error_set(err, ERROR_INTERNAL, 0, "Database: %s (in: %s)",
                                 sqlite3_errmsg(handle), sql);
        }
}

static int prepare(Transaction *transaction, const char *sql, sqlite3_stmt **ret, Error **err) {
        Connection *connection = transaction->connection;
        sqlite3_stmt *statement = table_get(connection->statements, sql);
        /* A cursor of the same text may still be open further up: then this one is its own. */
        if (statement != NULL && sqlite3_stmt_busy(statement))
                statement = NULL;
        if (statement == NULL) {
                bool cached = table_get(connection->statements, sql) != NULL;
                if (sqlite3_prepare_v3(connection->handle, sql, -1, SQLITE_PREPARE_PERSISTENT,
                                       &statement, NULL) != SQLITE_OK)
                        return failed(transaction, sql, err);
                if (!cached)
                        table_set(connection->statements, sql, statement);
        }
        *ret = statement;
        return 0;
}

static void finish(Transaction *transaction, sqlite3_stmt *statement) {
        const char *sql = sqlite3_sql(statement);
        if (table_get(transaction->connection->statements, sql) == statement) {
                (void) sqlite3_reset(statement);
                (void) sqlite3_clear_bindings(statement);
        } else {
                sqlite3_finalize(statement);
        }
}

static void bind(sqlite3_stmt *statement, const char *types, va_list arguments) {
        for (int i = 1; *types != '\0'; types++, i++) {
                if (*types == 'i') {
                        sqlite3_bind_int64(statement, i, va_arg(arguments, int64_t));
                } else if (*types == 'b') {
                        sqlite3_bind_int(statement, i, va_arg(arguments, int) != 0);
                } else if (*types == 's') {
                        const char *text = va_arg(arguments, const char *);
                        if (text != NULL)
                                sqlite3_bind_text(statement, i, text, -1, SQLITE_TRANSIENT);
                } else if (*types == 't') {
                        char stamp[TIME_TEXT_SIZE];
                        int64_t ns = va_arg(arguments, int64_t);
                        if (ns != TIME_ZERO)
                                sqlite3_bind_text(statement, i, time_format_rfc3339(ns, stamp), -1,
                                                  SQLITE_TRANSIENT);
                }
        }
}

int db_run(Transaction *transaction, Error **err, const char *sql, const char *types, ...) {
        sqlite3_stmt *statement;
        if (prepare(transaction, sql, &statement, err) < 0)
                return -1;
        va_list arguments;
        va_start(arguments, types);
        bind(statement, types, arguments);
        va_end(arguments);
        int code = sqlite3_step(statement);
        int result = code == SQLITE_DONE || code == SQLITE_ROW ? 0 : failed(transaction, sql, err);
        finish(transaction, statement);
        return result;
}

static int select_va(Transaction *transaction, DbCursor *ret, Error **err, const char *sql,
                     const char *types, va_list arguments) {
        sqlite3_stmt *statement;
        if (prepare(transaction, sql, &statement, err) < 0)
                return -1;
        bind(statement, types, arguments);
        *ret = (DbCursor){statement, transaction};
        return 0;
}

int db_select(Transaction *transaction, DbCursor *ret, Error **err, const char *sql,
              const char *types, ...) {
        va_list arguments;
        va_start(arguments, types);
        int result = select_va(transaction, ret, err, sql, types, arguments);
        va_end(arguments);
        return result;
}

int db_next(DbCursor *cursor, Error **err) {
        int code = sqlite3_step(cursor->statement);
        if (code == SQLITE_ROW)
                return 1;
        if (code == SQLITE_DONE)
                return 0;
        return failed(cursor->transaction, sqlite3_sql(cursor->statement), err);
}

int64_t db_integer(const DbCursor *cursor, int column) {
        return sqlite3_column_int64(cursor->statement, column);
}

const char *db_text(const DbCursor *cursor, int column) {
        const unsigned char *text = sqlite3_column_text(cursor->statement, column);
        return text != NULL ? (const char *) text : "";
}

bool db_is_null(const DbCursor *cursor, int column) {
        return sqlite3_column_type(cursor->statement, column) == SQLITE_NULL;
}

int64_t db_time(const DbCursor *cursor, int column) {
        int64_t ns = TIME_ZERO;
        (void) time_parse_rfc3339(db_text(cursor, column), &ns);
        return ns;
}

void db_cursor_done(DbCursor *cursor) {
        if (cursor->statement != NULL)
                finish(cursor->transaction, cursor->statement);
        *cursor = (DbCursor){};
}

int64_t db_last_id(const Transaction *transaction) {
        return sqlite3_last_insert_rowid(transaction->connection->handle);
}

int64_t db_changes(const Transaction *transaction) {
        return sqlite3_changes(transaction->connection->handle);
}

int db_lookup(Transaction *transaction, const char *missing, int64_t *ret, Error **err,
              const char *sql, const char *types, ...) {
        _cleanup_cursor_ DbCursor cursor = {};
        va_list arguments;
        va_start(arguments, types);
        int result = select_va(transaction, &cursor, err, sql, types, arguments);
        va_end(arguments);
        if (result == 0)
                result = db_next(&cursor, err);
        if (result < 0)
                return -1;
        if (result == 0)
                return error_set(err, ERROR_NOT_FOUND, 0, "%s", missing);
        *ret = db_integer(&cursor, 0);
        return 0;
}
