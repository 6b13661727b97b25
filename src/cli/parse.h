/* From the command line to a Cli: the way down the command tree, options wherever they stand. */
#pragma once

#include "cli/cli.h"

/* Fills path, options and arguments of `cli` from `words` (without the program's name). Options may
 * stand before, between and behind the arguments; "--" ends them. Checks that options exist and
 * what their values are, not yet how many arguments there are. */
int cli_parse(Cli *cli, const StrList *words, Error **err) _must_check_;
/* Whether the number of arguments fits. */
int cli_check_count(const Cli *cli, Error **err) _must_check_;
/* The command that was found: the last of the path. */
const Command *cli_command(const Cli *cli);
