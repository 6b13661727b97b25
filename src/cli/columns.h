/* Columns of lists: those that many kinds of objects have, and the choice among them. */
#pragma once

#include "cli/cli.h"
#include "cli/output.h"

/* Texts of a Column; caller frees. */
char *columns_name(const json_t *item);
char *columns_description(const json_t *item);
char *columns_used_by(const json_t *item); /* how many */
char *columns_status(const json_t *item);  /* in capitals */
char *columns_location(const json_t *item);
char *columns_type(const json_t *item); /* in capitals; CONTAINER when not said */

/* What --columns chooses. */
typedef struct ColumnChoice {
        const Column *known; /* ended by a NULL header */
        const char *hidden;  /* letters of the initial columns to leave out; NULL: none */
        Column chosen[32];
} ColumnChoice;

/* Fills `chosen` from --columns. L, the location, is for clusters: an error when it was asked for,
 * left out when it is only among the initial columns. */
int columns_choose(const Cli *cli, Client *client, ColumnChoice *choice, Error **err)
        _must_check_;
bool columns_has(const ColumnChoice *choice, char letter);
/* Whether the server is a member of a cluster. */
bool columns_clustered(Client *client);
