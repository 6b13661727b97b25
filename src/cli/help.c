#include "cli/help.h"

#include "base/memory.h"

#include <string.h>

static void pad(FILE *out, size_t blanks) {
        fprintf(out, "%*s", (int) blanks, "");
}

/* One line of the source text, broken at blanks. */
static void wrap_line(FILE *out, const char *line, size_t length, size_t indent, size_t column) {
        size_t at = 0;
        while (at < length) {
                size_t word = strcspn(line + at, " ");
                if (at + word > length)
                        word = length - at;
                if (column > indent && column + 1 + word > HELP_WIDTH) {
                        fputc('\n', out);
                        pad(out, indent);
                        column = indent;
                } else if (column > indent) {
                        fputc(' ', out);
                        column++;
                }
                fwrite(line + at, 1, word, out);
                column += word;
                at += word;
                at += strspn(line + at, " ");
        }
        fputc('\n', out);
}

void help_wrap(FILE *out, const char *text, size_t indent, size_t column) {
        pad(out, indent > column ? indent - column : 0);
        if (*text == '\0')
                fputc('\n', out);
        for (bool first = true; *text != '\0'; first = false) {
                size_t length = strcspn(text, "\n");
                if (!first && length > 0)
                        pad(out, indent);
                if (*text == ' ')
                        fprintf(out, "%.*s\n", (int) length, text);
                else
                        wrap_line(out, text, length, indent, indent);
                text += length + (text[length] == '\n');
        }
}

char *help_option_value(const Option *option) {
        if (option->type == OPTION_FLAG)
                return str_dup("");
        if (option->type == OPTION_OPTIONAL)
                return str_printf("[=%s]", option->value);
        return str_printf(" %s", option->value);
}

static char *option_left(const Option *option) {
        _cleanup_free_ char *value = help_option_value(option);
        if (option->letter != 0)
                return str_printf("  -%c, --%s%s", option->letter, option->name, value);
        return str_printf("      --%s%s", option->name, value);
}

static void print_options(FILE *out, const char *title, const Option *options) {
        size_t width = 0;
        for (size_t i = 0; options[i].name != NULL; i++) {
                _cleanup_free_ char *left = option_left(&options[i]);
                width = MAX_OF(width, strlen(left));
        }
        width = MIN_OF(width, 30);
        fprintf(out, "\n%s:\n", title);
        for (size_t i = 0; options[i].name != NULL; i++) {
                const Option *option = &options[i];
                _cleanup_free_ char *left = option_left(option), *text = NULL;
                size_t column = strlen(left);
                text = option->initial == NULL || option->type == OPTION_OPTIONAL
                               ? str_printf("%s%s", option->help,
                                            option->type == OPTION_LIST ? " (may be repeated)" : "")
                               : str_printf("%s (default %s)", option->help, option->initial);
                fputs(left, out);
                if (column > width) {
                        fputc('\n', out);
                        column = 0;
                }
                help_wrap(out, text, width + 2, column);
        }
}

static void print_commands(FILE *out, const Command *group, bool all) {
        size_t width = 0;
        for (size_t i = 0; group->subcommands[i] != NULL; i++)
                width = MAX_OF(width, strlen(group->subcommands[i]->name));
        fputs("\nCommands:\n", out);
        for (size_t i = 0; group->subcommands[i] != NULL; i++) {
                const Command *command = group->subcommands[i];
                if (command->hidden && !all)
                        continue;
                fprintf(out, "  %s", command->name);
                help_wrap(out, command->summary, width + 4, 2 + strlen(command->name));
        }
}

static void print_usage(FILE *out, const CommandPath *path, const Command *command) {
        _cleanup_free_ char *name = command_path_text(path), *usage = NULL;
        usage = command->subcommands != NULL
                        ? str_printf("%s COMMAND [flags]", name)
                        : str_printf("%s%s%s [flags]", name, command->arguments != NULL ? " " : "",
                                     command->arguments != NULL ? command->arguments : "");
        fputs("Usage: ", out);
        help_wrap(out, usage, 7, 7);
}

static void print_one(FILE *out, const CommandPath *path, bool all, bool with_global) {
        const Command *command = path->levels[path->depth - 1];
        print_usage(out, path, command);
        if (command->aliases != NULL)
                fprintf(out, "Also:  %s\n", command->aliases);
        fprintf(out, "\n%s.\n", command->summary);
        if (command->details != NULL) {
                fputc('\n', out);
                help_wrap(out, command->details, 0, 0);
        }
        if (command->examples != NULL) {
                fputs("\nExamples:\n", out);
                for (const char *line = command->examples; *line != '\0';) {
                        int length = (int) strcspn(line, "\n");
                        fprintf(out, "%s%.*s\n", length > 0 ? "  " : "", length, line);
                        line += length + (line[length] == '\n');
                }
        }
        if (command->subcommands != NULL)
                print_commands(out, command, all);
        if (command->options != NULL)
                print_options(out, "Flags", command->options);
        if (with_global)
                print_options(out, "Global flags", command_global_options);
        if (with_global && command->subcommands != NULL) {
                _cleanup_free_ char *name = command_path_text(path);
                fprintf(out, "\n\"%s COMMAND --help\" tells more about a command.\n", name);
        }
}

typedef struct PrintBelow {
        FILE *out;
        bool all;
        bool started;
} PrintBelow;

static int print_below(const CommandPath *path, void *userdata, Error **err) {
        PrintBelow *print = userdata;
        if (path->levels[path->depth - 1]->hidden && !print->all)
                return 0;
        if (print->started)
                fputs("\n\n", print->out);
        print_one(print->out, path, print->all, !print->started); /* once is enough */
        print->started = true;
        return 0;
}

void help_print(FILE *out, const CommandPath *path, bool all, bool deep) {
        PrintBelow print = {.out = out, .all = all};
        if (!deep)
                print_one(out, path, all, true);
        else
                (void) !command_walk(path, print_below, &print, NULL);
}

void help_print_start(FILE *out) {
        fputs("berth manages system containers, through the daemon berthd.\n"
              "\n"
              "To begin:\n"
              "  berth image import IMAGE.tar.xz --alias debian   take an image from a file\n"
              "  berth launch debian c1                           create and start c1 from it\n"
              "  berth exec c1 -- uname -a                        run a program in it\n"
              "  berth shell c1                                   be root in it\n"
              "  berth list                                       see what there is\n"
              "  berth delete --force c1                          stop and remove it\n"
              "\n"
              "\"berth --help\" lists all commands, \"berth COMMAND --help\" explains one.\n",
              out);
}
