#include "cli/command.h"

#include "base/memory.h"
#include "base/text.h"

#include <string.h>

static bool has_alias(const Command *command, const char *word) {
        _cleanup_strlist_ StrList aliases = {};
        if (command->aliases == NULL)
                return false;
        strlist_split(&aliases, command->aliases, " ", true);
        return strlist_has(&aliases, word);
}

const Command *command_find(const Command *group, const char *word) {
        for (size_t i = 0; group->subcommands != NULL && group->subcommands[i] != NULL; i++) {
                const Command *command = group->subcommands[i];
                if (str_equal(command->name, word) || has_alias(command, word))
                        return command;
        }
        return NULL;
}

static const Option *find_in(const Option *options, const char *name, char letter) {
        for (size_t i = 0; options != NULL && options[i].name != NULL; i++) {
                if (name != NULL ? str_equal(options[i].name, name) : options[i].letter == letter)
                        return &options[i];
        }
        return NULL;
}

const Option *command_option(const Command *command, const char *name) {
        const Option *option = find_in(command->options, name, 0);
        return option != NULL ? option : find_in(command_global_options, name, 0);
}

const Option *command_option_letter(const Command *command, char letter) {
        const Option *option = find_in(command->options, NULL, letter);
        return option != NULL ? option : find_in(command_global_options, NULL, letter);
}

char *command_path_text(const CommandPath *path) {
        _cleanup_strbuf_ StrBuf text = {};
        for (size_t i = 0; i < path->depth; i++) {
                if (i > 0)
                        strbuf_add_char(&text, ' ');
                strbuf_add(&text, path->levels[i]->name);
        }
        return strbuf_take(&text);
}

/* Edit distance, of words short enough for a fixed row; longer ones are never close. */
static size_t distance(const char *a, const char *b) {
        enum { LONGEST = 32 };
        size_t length_a = strlen(a), length_b = strlen(b);
        size_t row[LONGEST + 1];
        if (length_a > LONGEST || length_b > LONGEST)
                return LONGEST;
        for (size_t j = 0; j <= length_b; j++)
                row[j] = j;
        for (size_t i = 1; i <= length_a; i++) {
                size_t diagonal = row[0];
                row[0] = i;
                for (size_t j = 1; j <= length_b; j++) {
                        size_t above = row[j];
                        size_t change = diagonal + (a[i - 1] != b[j - 1]);
                        row[j] = MIN_OF(change, 1 + MIN_OF(above, row[j - 1]));
                        diagonal = above;
                }
        }
        return row[length_b];
}

void command_similar(const Command *group, const char *word, StrList *ret) {
        for (size_t i = 0; group->subcommands != NULL && group->subcommands[i] != NULL; i++) {
                const Command *command = group->subcommands[i];
                if (command->hidden)
                        continue;
                if (str_has_prefix(command->name, word) || distance(command->name, word) <= 2)
                        strlist_add(ret, command->name);
        }
}

int command_walk(const CommandPath *path, CommandVisitor visit, void *userdata, Error **err) {
        const Command *last = path->levels[path->depth - 1];
        if (visit(path, userdata, err) < 0)
                return -1;
        for (size_t i = 0; last->subcommands != NULL && last->subcommands[i] != NULL; i++) {
                CommandPath below = *path;
                if (below.depth == ARRAY_SIZE(below.levels))
                        return error_set(err, ERROR_INTERNAL, 0, "commands nest too deep");
                below.levels[below.depth++] = last->subcommands[i];
                if (command_walk(&below, visit, userdata, err) < 0)
                        return -1;
        }
        return 0;
}
