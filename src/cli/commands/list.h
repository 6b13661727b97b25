/* The parts of `berth list`. */
#pragma once

#include "cli/cli.h"
#include "cli/output.h"

/* A column as it was chosen: one of the letters, or a configuration or device key. */
typedef struct ListColumn {
        const Column *fixed; /* NULL: a key */
        char *header;
        char *key;
        bool device;   /* "devices:NAME.KEY" */
        int64_t width; /* longer texts are cut; -1: never, 0: at the header's width */
} ListColumn;

typedef struct ListColumns {
        ListColumn *items;
        size_t count, capacity;
        bool needs_state; /* a column shows what only recursion=2 brings */
} ListColumns;

#define LIST_COLUMNS "ns46tSL"
#define LIST_COLUMNS_FAST "nsacPt"

/* `clustered`: L may be shown; it is left out silently of the initial columns only. */
int list_columns_parse(const char *text, bool clustered, ListColumns *ret, Error **err)
        _must_check_;
void list_columns_done(ListColumns *columns);
char *list_column_text(const ListColumn *column, const json_t *instance); /* caller frees */

/* Whether the instance passes all filters of the command line. */
bool list_filter_matches(const StrList *filters, const json_t *instance);
