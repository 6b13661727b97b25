/* The local schema, version 1: LXD's tables and columns where they mean the same, in the types that
 * both SQLite and dqlite keep (INTEGER, TEXT, BLOB, REAL). Never edited after a release: a change
 * is a further step in schema.c. */
#include "database/schema.h"

const char *const database_local_tables[] = {
        "CREATE TABLE certificates ("
        "  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,"
        "  fingerprint TEXT NOT NULL,"
        "  type INTEGER NOT NULL,"
        "  name TEXT NOT NULL,"
        "  certificate TEXT NOT NULL,"
        "  UNIQUE (fingerprint)"
        ")",
        "CREATE TABLE config ("
        "  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,"
        "  key TEXT NOT NULL,"
        "  value TEXT,"
        "  UNIQUE (key)"
        ")",
        "CREATE TABLE patches ("
        "  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,"
        "  name TEXT NOT NULL,"
        "  applied_at TEXT NOT NULL,"
        "  UNIQUE (name)"
        ")",
        "CREATE TABLE raft_nodes ("
        "  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,"
        "  address TEXT NOT NULL,"
        "  role INTEGER NOT NULL DEFAULT 0,"
        "  name TEXT NOT NULL DEFAULT '',"
        "  UNIQUE (address)"
        ")",
        NULL,
};
