/* `berthd sql`: whatever an administrator writes, and dumps. */
#pragma once

#include "database/database.h"

/* What one statement gave: rows (`columns` > 0), or how many rows it changed. */
typedef struct SqlResult {
        StrList columns;
        StrList cells; /* row by row; see `kinds` */
        char *kinds;   /* one letter a cell: n null, i integer, f real, s text */
        size_t cell_count, kinds_capacity;
        int64_t rows_affected;
        bool is_select;
} SqlResult;

typedef struct SqlResultList {
        SqlResult *items;
        size_t count, capacity;
} SqlResultList;

void sql_result_list_done(SqlResultList *list);

/* Runs one or several statements in one transaction; a failure undoes all of them. */
int sql_execute(Database *database, bool global, const char *query, SqlResultList *ret,
                Error **err) _must_check_;
/* SQL text that makes the database again; `schema_only` leaves the rows out but for `schema`. */
int sql_dump(Database *database, bool global, bool schema_only, char **ret, Error **err)
        _must_check_;
