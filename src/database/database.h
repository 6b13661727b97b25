/* The database: SQLite files database/global/db.bin and database/local.db.
 *
 * One writer at a time and several readers; a Transaction is one of them and belongs to the thread
 * that began it. Whatever is not committed is rolled back. Only this folder writes SQL: the files
 * beside this one hold the functions of each kind of object, which take a Transaction.
 *
 * Rules for the SQL, so that the same serves a cluster's database later: no RETURNING, no PRAGMA,
 * columns of the types INTEGER, TEXT and BLOB, a statement that yields rows goes through
 * db_select() and any other through db_run(). */
#pragma once

#include "base/error.h"
#include "base/text.h"

typedef struct Database Database;
typedef struct Transaction Transaction;
struct sqlite3;
struct sqlite3_stmt;

typedef enum DatabaseMode {
        DATABASE_READ,
        DATABASE_WRITE,
        DATABASE_LOCAL_READ, /* the member's own database, local.db */
        DATABASE_LOCAL_WRITE,
} DatabaseMode;

/* `directory`: BERTH_DIR/database. Makes what is missing, brings the schemas up to date (a copy of
 * the state before goes to global.bak when there is a patch.global.sql, which is applied once). */
int database_open(const char *directory, Database **ret, Error **err) _must_check_;
/* Closes the files once no transaction is open, five seconds at most; transactions that begin later
 * wait for ever. For the end of a process whose other threads go on until it is gone. */
void database_retire(Database *database);
void database_close(Database *database); /* no other thread may be in it */
DEFINE_CLEANUP(Database, database, database_close)
/* Changes with every committed write: what was decoded from an older state may be stale. */
uint64_t database_generation(const Database *database);

int database_begin(Database *database, DatabaseMode mode, Transaction **ret, Error **err)
        _must_check_;
/* Ends it; *transaction is NULL after, also on failure (then nothing was written). */
int transaction_commit(Transaction **transaction, Error **err) _must_check_;
void transaction_rollback(Transaction *transaction);
DEFINE_CLEANUP(Transaction, transaction, transaction_rollback)
#define _cleanup_transaction_ _cleanup_(transaction_cleanup)

/* For the files of this folder. `types` has a letter an argument: i int64_t, s text (NULL is
 * NULL), b bool as int, t time in ns (TIME_ZERO is NULL). */
typedef struct DbCursor {
        struct sqlite3_stmt *statement;
        Transaction *transaction;
} DbCursor;

int db_run(Transaction *transaction, Error **err, const char *sql, const char *types, ...)
        _must_check_;
int db_select(Transaction *transaction, DbCursor *ret, Error **err, const char *sql,
              const char *types, ...) _must_check_;
int db_next(DbCursor *cursor, Error **err) _must_check_; /* 1 a row, 0 the end, -1 */
int64_t db_integer(const DbCursor *cursor, int column);
const char *db_text(const DbCursor *cursor, int column); /* "" for NULL; until the next step */
bool db_is_null(const DbCursor *cursor, int column);
int64_t db_time(const DbCursor *cursor, int column);
void db_cursor_done(DbCursor *cursor);
#define _cleanup_cursor_ _cleanup_(db_cursor_done)
int64_t db_last_id(const Transaction *transaction);
int64_t db_changes(const Transaction *transaction);
/* One integer of one row; ERROR_NOT_FOUND with `missing` when there is no row. */
int db_lookup(Transaction *transaction, const char *missing, int64_t *ret, Error **err,
              const char *sql, const char *types, ...) _must_check_;
/* Fills a map from rows of (key, value). */
int db_load_map(Transaction *transaction, StrMap *ret, const char *sql, int64_t id, Error **err)
        _must_check_;
/* Deletes with `delete_sql` (id) and inserts each pair with `insert_sql` (id, key, value). */
int db_store_map(Transaction *transaction, int64_t id, const StrMap *map, const char *delete_sql,
                 const char *insert_sql, Error **err) _must_check_;
/* The same for devices: rows of (device id), then its config. */
typedef struct DbDeviceSql {
        const char *select; /* id -> device id, name, type, key, value ordered by name */
        const char *delete;
        const char *insert;        /* id, name, type code */
        const char *insert_config; /* device id, key, value */
} DbDeviceSql;
int db_load_devices(Transaction *transaction, DeviceMap *ret, const DbDeviceSql *sql, int64_t id,
                    Error **err) _must_check_;
int db_store_devices(Transaction *transaction, int64_t id, const DeviceMap *devices,
                     const DbDeviceSql *sql, Error **err) _must_check_;
/* Rows of another table for many objects in one query: `sql` takes ?1 and ?2 (first, last), gives
 * the owner's id first and is ordered by it; each row is given to take() with its owner's. */
typedef struct DbOwner {
        int64_t id;
        void *row;
} DbOwner;
typedef struct DbOwners {
        DbOwner *items; /* sorted by db_merge() */
        size_t count;
        int64_t first, last;
} DbOwners;
typedef void (*DbTakeRow)(void *row, const DbCursor *cursor);
int db_merge(Transaction *transaction, DbOwners *owners, const char *sql, DbTakeRow take,
             Error **err) _must_check_;
/* Of rows (owner, key, value) and (owner, name, type code, key, value). */
void db_take_pair(StrMap *map, const DbCursor *cursor);
void db_take_device(DeviceMap *devices, const DbCursor *cursor);
int64_t db_device_type_code(const char *type);
const char *db_device_type_name(int64_t code);
/* The raw connection, for sql.c. */
struct sqlite3 *transaction_connection(Transaction *transaction);
