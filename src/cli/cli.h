/* One run of `berth`: its options, its arguments, its configuration and the servers it talks to.
 * Not thread-safe, except where a function says so. */
#pragma once

#include "base/text.h"
#include "cli/command.h"
#include "client/client.h"
#include "client/config.h"

#include <jansson.h>

struct Cli {
        CommandPath path;
        StrList arguments;
        Table *options; /* name -> StrList of values */
        ClientConfig *config;
        Table *clients; /* remote -> Client, connected on first use */
        bool quiet;
        bool debug;
        bool verbose;
        bool force_local;
        int exit_code;
};

/* --- what was typed --- */
bool cli_flag(const Cli *cli, const char *name);
bool cli_given(const Cli *cli, const char *name);        /* on the command line, not by default */
const char *cli_text(const Cli *cli, const char *name);  /* or its initial value, or NULL */
const StrList *cli_list(const Cli *cli, const char *name); /* empty when not given */
int64_t cli_number(const Cli *cli, const char *name);    /* 0 when not given and without initial */
size_t cli_count(const Cli *cli);
const char *cli_argument(const Cli *cli, size_t index); /* NULL behind the last */
/* The arguments from `first` on, "key=value" each (or one "key value" pair when `pair_allowed`). */
int cli_pairs(const Cli *cli, size_t first, bool pair_allowed, StrMap *ret, Error **err)
        _must_check_;
/* Adds "key=value" to a map. */
int cli_pair_add(StrMap *map, const char *text, Error **err) _must_check_;

/* --- what is said --- */
/* To standard output, unless --quiet. */
void cli_say(const Cli *cli, const char *format, ...) _printf_(2, 3);
/* Asks on the terminal; true for yes. */
int cli_confirm(const char *question, bool initial, bool *ret, Error **err) _must_check_;
void cli_set_exit(Cli *cli, int code);
/* Whether standard input brings data rather than a person: a pipe or a file. */
bool cli_input_is_data(void);
/* Only a file: reading a pipe that nobody meant would hang, or take a script's own input away. */
bool cli_input_is_file(void);
int cli_input_read(char **ret_text, Error **err) _must_check_;

/* --- servers --- */
/* "remote:name" or "name" (the default remote). `*ret_client` belongs to the Cli, `*ret_name` to
 * the caller ("" when nothing follows the colon). */
int cli_resolve(Cli *cli, const char *text, Client **ret_client, char **ret_name, Error **err)
        _must_check_;
/* The same for an optional argument: NULL is the default remote. */
int cli_resolve_optional(Cli *cli, const char *text, Client **ret_client, char **ret_name,
                         Error **err) _must_check_;
/* Only the split, for commands that do not talk to it. */
int cli_split(const Cli *cli, const char *text, char **ret_remote, char **ret_name, Error **err)
        _must_check_;
int cli_client(Cli *cli, const char *remote, Client **ret, Error **err) _must_check_;

/* Sends a request that starts an operation, shows its progress and waits for its end. The
 * operation (caller's) when ret is not NULL. Ctrl-C cancels it, or, the
 * second time, leaves it running. */
int cli_operate(Cli *cli, Client *client, const ClientRequest *request, json_t **ret, Error **err)
        _must_check_;
/* The same where some servers answer without an operation: "POST", path, body (may be NULL). */
int cli_change(Cli *cli, Client *client, const char *method, const char *path, const json_t *body,
               Error **err) _must_check_;
