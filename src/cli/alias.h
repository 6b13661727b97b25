/* Aliases: words of the user's own that stand for a command line. */
#pragma once

#include "base/error.h"
#include "base/text.h"

/* Replaces the alias at the beginning of `words` (behind options) by what it stands for: "@ARGS@"
 * in it are the words behind the alias, otherwise they follow. Words in quotes belong together.
 * Nothing happens when there is no alias. */
int alias_expand(const StrMap *aliases, StrList *words, Error **err) _must_check_;
