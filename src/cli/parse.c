#include "cli/parse.h"

#include "base/memory.h"

#include <string.h>

/* The walk over the words. */
typedef struct Parser {
        Cli *cli;
        const StrList *words;
        size_t index;
        bool arguments_only; /* "--" was seen */
} Parser;

static void free_values(void *values) {
        strlist_done(values);
        free(values);
}

const Command *cli_command(const Cli *cli) {
        return cli->path.levels[cli->path.depth - 1];
}

static int bad_value(const char *value, const char *shown, const char *what, Error **err) {
        return error_set(err, ERROR_INVALID, 0, "invalid argument \"%s\" for \"%s\" flag: %s",
                         value, shown, what);
}

static int check_value(const Option *option, const char *value, const char *shown, Error **err) {
        int64_t number;
        bool boolean;
        switch (option->type) {
        case OPTION_FLAG:
                if (!str_to_bool(value, &boolean))
                        return bad_value(value, shown, "true or false is wanted", err);
                return 0;
        case OPTION_NUMBER:
                if (!str_to_int64(value, &number))
                        return bad_value(value, shown, "a whole number is wanted", err);
                return 0;
        case OPTION_UNSIGNED:
                if (!str_to_int64(value, &number) || number < 0 || number > UINT32_MAX)
                        return bad_value(value, shown, "a number from 0 to 4294967295 is wanted",
                                         err);
                return 0;
        case OPTION_TEXT:
        case OPTION_LIST:
        case OPTION_OPTIONAL:
                return 0;
        }
        return 0;
}

static int keep_value(Parser *parser, const Option *option, const char *value, const char *shown,
                      Error **err) {
        StrList *values = table_get(parser->cli->options, option->name);
        if (check_value(option, value, shown, err) < 0)
                return -1;
        if (values == NULL) {
                values = mem_new(StrList);
                table_set(parser->cli->options, option->name, values);
        }
        if (option->type != OPTION_LIST && values->count > 0)
                strlist_remove(values, 0);
        strlist_add(values, value);
        return 0;
}

/* Commands that run a program are where a forgotten "--" is likely. */
static int unknown_flag(const Parser *parser, const char *what, Error **err) {
        const char *arguments = cli_command(parser->cli)->arguments;
        bool hint = arguments != NULL && strstr(arguments, "[--]") != NULL;
        return error_set(err, ERROR_INVALID, 0, "%s%s", what,
                         hint ? "; if it belongs to the program, put -- before the program" : "");
}

/* The value behind the option: what follows it, or the next word. */
static int take_value(Parser *parser, const Option *option, const char *attached,
                      const char *shown, Error **err) {
        if (attached != NULL)
                return keep_value(parser, option, attached, shown, err);
        if (option->type == OPTION_FLAG)
                return keep_value(parser, option, "true", shown, err);
        if (option->type == OPTION_OPTIONAL)
                return keep_value(parser, option, option->initial, shown, err);
        if (parser->index + 1 >= parser->words->count)
                return error_set(err, ERROR_INVALID, 0, "flag needs an argument: %s", shown);
        return keep_value(parser, option, parser->words->items[++parser->index], shown, err);
}

static int parse_long(Parser *parser, const char *word, Error **err) {
        const char *equals = strchr(word, '=');
        _cleanup_free_ char *name = equals != NULL
                                            ? str_ndup(word + 2, (size_t) (equals - word - 2))
                                            : str_dup(word + 2);
        _cleanup_free_ char *shown = str_printf("--%s", name);
        const Option *option = command_option(cli_command(parser->cli), name);
        if (option == NULL) {
                _cleanup_free_ char *what = str_printf("unknown flag: %s", shown);
                return unknown_flag(parser, what, err);
        }
        return take_value(parser, option, equals != NULL ? equals + 1 : NULL, shown, err);
}

/* "-rp", "-c nst", "-cnst", "-c=nst". */
static int parse_letters(Parser *parser, const char *word, Error **err) {
        for (const char *letter = word + 1; *letter != '\0'; letter++) {
                const Option *option = command_option_letter(cli_command(parser->cli), *letter);
                _cleanup_free_ char *shown = str_printf("-%c", *letter);
                if (option == NULL) {
                        _cleanup_free_ char *what =
                                str_printf("unknown shorthand flag: '%c' in %s", *letter, word);
                        return unknown_flag(parser, what, err);
                }
                if (letter[1] == '=')
                        return take_value(parser, option, letter + 2, shown, err);
                if (option->type != OPTION_FLAG && option->type != OPTION_OPTIONAL)
                        return take_value(parser, option, letter[1] != '\0' ? letter + 1 : NULL,
                                          shown, err);
                if (take_value(parser, option, NULL, shown, err) < 0)
                        return -1;
        }
        return 0;
}

static int unknown_command(const Parser *parser, const char *word, Error **err) {
        const Cli *cli = parser->cli;
        _cleanup_strlist_ StrList similar = {};
        _cleanup_free_ char *path = command_path_text(&cli->path), *list = NULL;
        command_similar(cli_command(cli), word, &similar);
        if (similar.count == 0)
                return error_set(err, ERROR_INVALID, 0,
                                 "unknown command \"%s\" for \"%s\"; see: %s --help", word, path,
                                 path);
        list = strlist_join(&similar, "\n\t");
        return error_set(err, ERROR_INVALID, 0,
                         "unknown command \"%s\" for \"%s\"\n\nDid you mean this?\n\t%s\n", word,
                         path, list);
}

static int parse_plain(Parser *parser, const char *word, Error **err) {
        Cli *cli = parser->cli;
        const Command *command = cli_command(cli), *found;
        if (command->subcommands == NULL) {
                strlist_add(&cli->arguments, word);
                return 0;
        }
        found = command_find(command, word);
        if (found == NULL)
                return unknown_command(parser, word, err);
        cli->path.levels[cli->path.depth++] = found;
        return 0;
}

int cli_parse(Cli *cli, const StrList *words, Error **err) {
        Parser parser = {.cli = cli, .words = words};
        cli->options = table_new(free_values);
        cli->path = (CommandPath){.levels = {&command_root}, .depth = 1};
        for (; parser.index < words->count; parser.index++) {
                const char *word = words->items[parser.index];
                int result = 0;
                if (parser.arguments_only || word[0] != '-' || word[1] == '\0')
                        result = parse_plain(&parser, word, err);
                else if (str_equal(word, "--"))
                        parser.arguments_only = true;
                else if (word[1] == '-')
                        result = parse_long(&parser, word, err);
                else
                        result = parse_letters(&parser, word, err);
                if (result < 0)
                        return -1;
        }
        return 0;
}

int cli_check_count(const Cli *cli, Error **err) {
        const Command *command = cli_command(cli);
        _cleanup_free_ char *path = command_path_text(&cli->path);
        int count = (int) cli->arguments.count;
        if (count < command->minimum)
                return error_set(err, ERROR_INVALID, 0, "%s: too few arguments; usage: %s %s",
                                 command->name, path, command->arguments);
        if (command->maximum != COMMAND_UNLIMITED && count > command->maximum)
                return error_set(err, ERROR_INVALID, 0, "%s: too many arguments; usage: %s %s",
                                 command->name, path,
                                 command->arguments != NULL ? command->arguments : "");
        return 0;
}
