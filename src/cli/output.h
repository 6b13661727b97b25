/* Lists on standard output: table, compact, csv, json, yaml. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <jansson.h>

/* Rows of text with headers; every row has one cell a header. */
typedef struct Output {
        StrList headers;
        StrList cells; /* row after row */
} Output;

/* One column of a list that the user may choose by its letter. */
typedef struct Column {
        char letter; /* 0: not to be chosen */
        const char *header;
        char *(*text)(const json_t *item); /* caller frees */
} Column;

void output_header(Output *output, const char *header);
void output_cell(Output *output, const char *text); /* NULL is "" */
void output_take(Output *output, char *owned);
void output_cells(Output *output, const char *first, ...) __attribute__((sentinel));
size_t output_rows(const Output *output);
/* By the first cell that differs; empty cells come last. */
void output_sort(Output *output);
void output_done(Output *output);
#define _cleanup_output_ _cleanup_(output_done)

/* `raw` is what json and yaml show; borrowed. */
int output_print(const Output *output, const char *format, const json_t *raw, Error **err)
        _must_check_;
int output_check_format(const char *format, Error **err) _must_check_;

/* How many terminal cells the UTF-8 text takes. */
size_t output_width(const char *text);
