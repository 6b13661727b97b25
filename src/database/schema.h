/* The two schemas, as numbered steps. */
#pragma once

#include "base/error.h"

struct sqlite3;

extern const char *const database_global_tables[]; /* NULL-ended statements */
extern const char *const database_local_tables[];

/* Brings the connection's database to the newest step, all in one transaction; a database from the
 * future is refused. */
int database_schema_update(struct sqlite3 *connection, bool global, Error **err) _must_check_;
