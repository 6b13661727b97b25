/* Tables are laid out as LXD's client has them: scripts cut them apart. */
#include "cli/output.h"

#include "base/memory.h"
#include "cli/document.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

void output_header(Output *output, const char *header) {
        strlist_add(&output->headers, header);
}

void output_cell(Output *output, const char *text) {
        strlist_add(&output->cells, text != NULL ? text : "");
}

void output_take(Output *output, char *owned) {
        strlist_take(&output->cells, owned != NULL ? owned : str_dup(""));
}

void output_cells(Output *output, const char *first, ...) {
        va_list texts;
        va_start(texts, first);
        for (const char *text = first; text != NULL; text = va_arg(texts, const char *))
                output_cell(output, text);
        va_end(texts);
}

size_t output_rows(const Output *output) {
        return output->headers.count > 0 ? output->cells.count / output->headers.count : 0;
}

void output_done(Output *output) {
        strlist_done(&output->headers);
        strlist_done(&output->cells);
}

static int compare_rows(const void *a, const void *b, void *userdata) {
        char *const *row_a = a, *const *row_b = b;
        size_t columns = *(const size_t *) userdata;
        for (size_t i = 0; i < columns; i++) {
                if (str_equal(row_a[i], row_b[i]))
                        continue;
                if (row_a[i][0] == '\0' || row_b[i][0] == '\0')
                        return row_a[i][0] == '\0' ? 1 : -1;
                return strcmp(row_a[i], row_b[i]);
        }
        return 0;
}

/* Merge sort by hand: qsort_r differs between systems, and equal rows keep their order. */
static void sort_rows(char **rows, char **scratch, size_t count, size_t columns) {
        size_t half = count / 2, i = 0, j = half, bytes = columns * sizeof(char *);
        if (count < 2)
                return;
        sort_rows(rows, scratch, half, columns);
        sort_rows(rows + half * columns, scratch, count - half, columns);
        for (size_t k = 0; k < count; k++) {
                bool left = j >= count || (i < half && compare_rows(rows + i * columns,
                                                                    rows + j * columns,
                                                                    &columns) <= 0);
                size_t from = left ? i++ : j++;
                memcpy(scratch + k * columns, rows + from * columns, bytes);
        }
        memcpy(rows, scratch, count * bytes);
}

void output_sort(Output *output) {
        size_t rows = output_rows(output);
        char **scratch;
        if (rows < 2)
                return;
        scratch = mem_new_array(char *, output->cells.count);
        sort_rows(output->cells.items, scratch, rows, output->headers.count);
        free(scratch);
}

size_t output_width(const char *text) {
        size_t width = 0;
        mbstate_t state = {};
        while (*text != '\0') {
                wchar_t c;
                size_t used = mbrtowc(&c, text, strlen(text), &state);
                int cells;
                if (used == (size_t) -1 || used == (size_t) -2 || used == 0) {
                        state = (mbstate_t){};
                        used = 1;
                        c = L'?';
                }
                cells = wcwidth(c);
                width += cells > 0 ? (size_t) cells : 0;
                text += used;
        }
        return width;
}

/* The cell's line of that number; *ret_length 0 when it has fewer. */
static const char *cell_line(const char *cell, size_t number, size_t *ret_length) {
        for (; number > 0 && *cell != '\0'; number--) {
                cell += strcspn(cell, "\n");
                cell += *cell == '\n';
        }
        *ret_length = strcspn(cell, "\n");
        return cell;
}

static size_t line_count(const char *cell) {
        size_t count = 1;
        for (; *cell != '\0'; cell++)
                count += *cell == '\n';
        return count;
}

static size_t line_width(const char *cell, size_t number) {
        size_t length;
        const char *line = cell_line(cell, number, &length);
        _cleanup_free_ char *copy = str_ndup(line, length);
        return output_width(copy);
}

/* In tables "user.x" is "USER X". */
static void title_headers(const Output *output, StrList *ret) {
        for (size_t i = 0; i < output->headers.count; i++) {
                char *title = str_dup(output->headers.items[i]);
                for (char *c = title; *c != '\0'; c++)
                        *c = *c == '.' || *c == '_' ? ' ' : (char) toupper((unsigned char) *c);
                strlist_take(ret, title);
        }
}

static size_t *column_widths(const Output *output) {
        size_t columns = output->headers.count;
        size_t *widths = mem_new_array(size_t, columns + 1);
        for (size_t i = 0; i < columns; i++)
                widths[i] = output_width(output->headers.items[i]);
        for (size_t i = 0; i < output->cells.count; i++) {
                const char *cell = output->cells.items[i];
                for (size_t line = 0; line < line_count(cell); line++)
                        widths[i % columns] = MAX_OF(widths[i % columns], line_width(cell, line));
        }
        return widths;
}

static void print_rule(const size_t *widths, size_t columns) {
        for (size_t i = 0; i < columns; i++) {
                putchar('+');
                for (size_t j = 0; j < widths[i] + 2; j++)
                        putchar('-');
        }
        puts("+");
}

/* `edge` stands before the first and behind the last cell, `between` between cells. */
typedef struct Style {
        const char *edge;
        const char *between;
        bool rules;
} Style;

static void print_row(char *const *cells, const size_t *widths, size_t columns,
                      const Style *style, bool centered) {
        size_t lines = 1;
        for (size_t i = 0; i < columns; i++)
                lines = MAX_OF(lines, line_count(cells[i]));
        for (size_t line = 0; line < lines; line++) {
                fputs(style->edge, stdout);
                for (size_t i = 0; i < columns; i++) {
                        size_t length, left = 0, blanks = widths[i] - line_width(cells[i], line);
                        const char *text = cell_line(cells[i], line, &length);
                        if (centered)
                                left = blanks / 2;
                        printf("%s %*s%.*s%*s ", i > 0 ? style->between : "", (int) left, "",
                               (int) length, text, (int) (blanks - left), "");
                }
                puts(style->edge);
        }
}

static void print_table(const Output *output, const Style *style) {
        _cleanup_strlist_ StrList titles = {};
        size_t columns = output->headers.count;
        size_t *widths = column_widths(output);
        title_headers(output, &titles);
        if (style->rules)
                print_rule(widths, columns);
        print_row(titles.items, widths, columns, style, true);
        if (style->rules)
                print_rule(widths, columns);
        for (size_t i = 0; i < output_rows(output); i++) {
                print_row(output->cells.items + i * columns, widths, columns, style, false);
                if (style->rules)
                        print_rule(widths, columns);
        }
        free(widths);
}

static void print_csv_cell(const char *cell) {
        if (*cell != ' ' && strpbrk(cell, ",\"\r\n") == NULL) {
                fputs(cell, stdout);
                return;
        }
        putchar('"');
        for (; *cell != '\0'; cell++) {
                if (*cell == '"')
                        putchar('"');
                putchar(*cell);
        }
        putchar('"');
}

static void print_csv(const Output *output) {
        size_t columns = output->headers.count;
        for (size_t i = 0; i < output->cells.count; i++) {
                print_csv_cell(output->cells.items[i]);
                putchar((i + 1) % columns == 0 ? '\n' : ',');
        }
}

int output_check_format(const char *format, Error **err) {
        static const char *const known[] = {"table", "compact", "csv", "json", "yaml"};
        for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
                if (str_equal(format, known[i]))
                        return 0;
        }
        return error_set(err, ERROR_INVALID, 0,
                         "Invalid format \"%s\"; there are table, compact, csv, json and yaml",
                         format);
}

int output_print(const Output *output, const char *format, const json_t *raw, Error **err) {
        if (output_check_format(format, err) < 0)
                return -1;
        if (str_equal(format, "csv"))
                print_csv(output);
        else if (str_equal(format, "json"))
                document_print_json(raw);
        else if (str_equal(format, "yaml"))
                document_print(raw);
        else if (str_equal(format, "compact"))
                print_table(output, &(Style){.edge = " ", .between = "", .rules = false});
        else
                print_table(output, &(Style){.edge = "|", .between = "|", .rules = true});
        return 0;
}
