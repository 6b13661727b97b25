/* --help, the manual pages and the completion scripts, all from the command tables. */
#pragma once

#include "cli/cli.h"

#include <stdio.h>

#define HELP_WIDTH 80

/* The help of the last command of `path`; `all`: hidden ones too; `deep`: every command below. */
void help_print(FILE *out, const CommandPath *path, bool all, bool deep);
/* What `berth` alone says: how to begin. */
void help_print_start(FILE *out);
/* What follows "--name" in help: " NAME", " NAME..." or "[=NAME]". Caller frees. */
char *help_option_value(const Option *option);
/* Text wrapped at HELP_WIDTH with `indent` blanks before each line; lines that are indented in the
 * text stay as they are. `column` is where the first line already stands. */
void help_wrap(FILE *out, const char *text, size_t indent, size_t column);

/* berth.1, berth-config-device.1 … into `directory`. */
int manpage_write_all(const char *directory, Error **err) _must_check_;

/* The script for "bash" or "zsh". */
int completion_script(FILE *out, const char *shell, Error **err) _must_check_;
/* Candidates for the last of `words` (which may be empty), one a line. */
int completion_propose(Cli *cli, const StrList *words, Error **err) _must_check_;
