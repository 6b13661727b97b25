/* Manual pages in man(7) macros, one a command. */
#include "cli/help.h"

#include "base/files.h"
#include "base/memory.h"
#include "build-config.h"

#include <string.h>

/* Text for roff: backslashes, leading dots and dashes must not act as requests. */
static void add_text(StrBuf *page, const char *text) {
        bool line_start = true;
        for (; *text != '\0'; text++) {
                if (line_start && (*text == '.' || *text == '\''))
                        strbuf_add(page, "\\&");
                if (*text == '\\')
                        strbuf_add(page, "\\e");
                else if (*text == '-')
                        strbuf_add(page, "\\-");
                else
                        strbuf_add_char(page, *text);
                line_start = *text == '\n';
        }
        strbuf_add_char(page, '\n');
}

/* Paragraphs are filled; indented lines keep their breaks. */
static void add_paragraphs(StrBuf *page, const char *text) {
        bool fixed = false;
        while (*text != '\0') {
                size_t length = strcspn(text, "\n");
                _cleanup_free_ char *line = str_ndup(text, length);
                bool indented = line[0] == ' ';
                if (indented != fixed)
                        strbuf_add(page, indented ? ".nf\n" : ".fi\n");
                fixed = indented;
                if (length == 0)
                        strbuf_add(page, ".PP\n");
                else
                        add_text(page, line);
                text += length + (text[length] == '\n');
        }
        if (fixed)
                strbuf_add(page, ".fi\n");
}

static void add_options(StrBuf *page, const char *title, const Option *options) {
        strbuf_printf(page, ".SH %s\n", title);
        for (size_t i = 0; options[i].name != NULL; i++) {
                const Option *option = &options[i];
                _cleanup_free_ char *value = help_option_value(option), *left = NULL;
                left = option->letter != 0
                               ? str_printf("-%c, --%s%s", option->letter, option->name, value)
                               : str_printf("--%s%s", option->name, value);
                strbuf_add(page, ".TP\n.B ");
                add_text(page, left);
                add_text(page, option->help);
                if (option->initial != NULL && option->type != OPTION_OPTIONAL) {
                        _cleanup_free_ char *initial = str_printf("Default: %s", option->initial);
                        add_text(page, initial);
                }
        }
}

static char *page_name(const CommandPath *path) {
        char *name = command_path_text(path);
        for (char *c = name; *c != '\0'; c++) {
                if (*c == ' ')
                        *c = '-';
        }
        return name;
}

static void add_head(StrBuf *page, const CommandPath *path, const char *file) {
        const Command *command = path->levels[path->depth - 1];
        _cleanup_free_ char *name = command_path_text(path), *title = str_lower(file);
        for (char *c = title; *c != '\0'; c++) {
                if (*c >= 'a' && *c <= 'z')
                        *c = (char) (*c - 'a' + 'A');
        }
        strbuf_printf(page, ".TH \"%s\" 1 \"\" \"Berth %s\" \"Berth manual\"\n", title,
                      BERTH_VERSION);
        strbuf_printf(page, ".SH NAME\n%s \\- %s\n.SH SYNOPSIS\n.B ", file, command->summary);
        add_text(page, name);
        if (command->subcommands != NULL)
                strbuf_add(page, "COMMAND ");
        else if (command->arguments != NULL)
                add_text(page, command->arguments);
        strbuf_add(page, "[flags]\n.SH DESCRIPTION\n");
        add_text(page, command->summary);
        if (command->details != NULL) {
                strbuf_add(page, ".PP\n");
                add_paragraphs(page, command->details);
        }
}

static void add_see_also(StrBuf *page, const CommandPath *path, const char *file) {
        const Command *command = path->levels[path->depth - 1];
        strbuf_add(page, ".SH SEE ALSO\n");
        if (path->depth == 1)
                strbuf_add(page, ".BR berthd (8)\n");
        else
                strbuf_add(page, ".BR berth (1)\n");
        for (size_t i = 0; command->subcommands != NULL && command->subcommands[i] != NULL; i++) {
                if (!command->subcommands[i]->hidden)
                        strbuf_printf(page, ".BR %s\\-%s (1)\n", file,
                                      command->subcommands[i]->name);
        }
}

static int write_page(const CommandPath *path, void *userdata, Error **err) {
        const Command *command = path->levels[path->depth - 1];
        const char *directory = userdata;
        _cleanup_strbuf_ StrBuf page = {};
        _cleanup_free_ char *name = page_name(path), *file = str_printf("%s.1", name);
        _cleanup_free_ char *target = path_join(directory, file);
        if (command->hidden)
                return 0;
        add_head(&page, path, name);
        if (command->options != NULL)
                add_options(&page, "FLAGS", command->options);
        add_options(&page, "GLOBAL FLAGS", command_global_options);
        if (command->examples != NULL) {
                strbuf_add(&page, ".SH EXAMPLES\n.nf\n");
                add_text(&page, command->examples);
                strbuf_add(&page, ".fi\n");
        }
        add_see_also(&page, path, name);
        return file_write(target, page.data, page.length, 0644, false, err);
}

int manpage_write_all(const char *directory, Error **err) {
        CommandPath root = {.levels = {&command_root}, .depth = 1};
        if (directory_make_all(directory, 0755, err) < 0)
                return -1;
        return command_walk(&root, write_page, (void *) directory, err);
}
