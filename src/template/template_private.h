/* Expressions, shared by template.c (tags) and expression.c. */
#pragma once

#include "template/template.h"

#include "base/text.h"

/* Parses and evaluates one expression; `at` is left behind it. Values are jansson's. */
typedef struct Expression {
        const char *at;
        const json_t *context; /* variables; loops add theirs */
        int depth;
} Expression;

/* New reference; never NULL on success (json_null() for what is absent). */
int expression_evaluate(Expression *expression, json_t **ret, Error **err) _must_check_;
bool expression_is_true(const json_t *value);
/* What {{ }} prints. */
char *expression_text(const json_t *value);
void expression_skip_blanks(Expression *expression);
/* Local time in a layout of Go's ("2006-01-02_15-04-05"). */
char *template_format_time(int64_t ns, const char *layout);
