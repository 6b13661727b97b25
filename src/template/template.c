#include "template/template.h"

#include "base/memory.h"
#include "template/template_private.h"

#include <string.h>

#define NESTING_LIMIT 16
#define STEP_LIMIT 100000

typedef struct Render {
        const char *start; /* for line numbers */
        const char *at;
        json_t *context;
        StrBuf out;
        unsigned depth;
        unsigned steps;
} Render;

static int fail_at(const Render *render, const char *where, Error **err) {
        unsigned line = 1;
        for (const char *c = render->start; c < where && *c != '\0'; c++)
                line += *c == '\n';
        return error_prefix(err, "Line %u has", line);
}

static int render_block(Render *render, bool active, const char *const *ends, char **ret_end,
                        Error **err);

static int evaluate(Render *render, const char *text, json_t **ret, Error **err) {
        Expression expression = {.at = text, .context = render->context};
        if (expression_evaluate(&expression, ret, err) < 0)
                return -1;
        expression_skip_blanks(&expression);
        if (*expression.at == '\0')
                return 0;
        json_decref(*ret);
        return error_set(err, ERROR_INVALID, 0, "an unexpected \"%s\"", expression.at);
}

static int emit(Render *render, const char *data, size_t size, Error **err) {
        if (render->out.length + size > TEMPLATE_OUTPUT_LIMIT)
                return error_set(err, ERROR_TOO_LARGE, 0, "an output over %zu bytes",
                                 TEMPLATE_OUTPUT_LIMIT);
        strbuf_add_data(&render->out, data, size);
        return 0;
}

/* The text between the opening at render->at and `close`; moves behind it. */
static int take_tag(Render *render, const char *close, char **ret, Error **err) {
        const char *begin = render->at + 2, *end = strstr(begin, close);
        if (end == NULL)
                return error_set(err, ERROR_INVALID, 0, "no \"%s\"", close);
        _cleanup_free_ char *inner = str_ndup(begin, (size_t) (end - begin));
        /* {%- and -%} eat the blanks around. */
        size_t length = strlen(inner);
        bool left = *inner == '-', right = length > 1 && inner[length - 1] == '-';
        if (right)
                inner[length - 1] = '\0';
        *ret = str_trim(inner + left);
        render->at = end + 2;
        if (left)
                while (render->out.length > 0 &&
                       strchr(" \t\n", render->out.data[render->out.length - 1]) != NULL)
                        strbuf_truncate(&render->out, render->out.length - 1);
        if (right)
                render->at += strspn(render->at, " \t\n");
        return 0;
}

static int render_value(Render *render, bool active, Error **err) {
        _cleanup_free_ char *tag = NULL;
        json_t *value;
        if (take_tag(render, "}}", &tag, err) < 0)
                return -1;
        if (!active)
                return 0;
        if (evaluate(render, tag, &value, err) < 0)
                return -1;
        _cleanup_free_ char *text = expression_text(value);
        json_decref(value);
        return emit(render, text, strlen(text), err);
}

static int render_if(Render *render, bool active, const char *condition, Error **err) {
        static const char *const ends[] = {"elif", "else", "endif", NULL};
        _cleanup_free_ char *next = str_printf("elif %s", condition);
        bool done = !active;
        while (!str_equal(next, "endif")) {
                bool taken = !done;
                const char *test = str_after_prefix(next, "elif ");
                if (taken && test != NULL) {
                        json_t *value;
                        if (evaluate(render, test, &value, err) < 0)
                                return -1;
                        taken = expression_is_true(value);
                        json_decref(value);
                }
                done = done || taken;
                char *end = NULL;
                if (render_block(render, active && taken, ends, &end, err) < 0)
                        return -1;
                str_replace(&next, end);
        }
        return 0;
}

static int render_for(Render *render, bool active, const char *head, Error **err) {
        static const char *const ends[] = {"endfor", NULL};
        const char *in = strstr(head, " in ");
        json_t *list = NULL;
        if (in == NULL)
                return error_set(err, ERROR_INVALID, 0, "a for without \"in\"");
        _cleanup_free_ char *name = str_ndup(head, (size_t) (in - head));
        if (active && evaluate(render, in + 4, &list, err) < 0)
                return -1;
        const char *body = render->at;
        size_t count = json_is_array(list) ? json_array_size(list) : 0;
        int result = 0;
        for (size_t i = 0; result == 0 && (i < count || i == 0); i++) {
                _cleanup_free_ char *end = NULL;
                render->at = body;
                if (i < count)
                        json_object_set(render->context, name, json_array_get(list, i));
                result = render_block(render, active && i < count, ends, &end, err);
        }
        json_object_del(render->context, name);
        json_decref(list);
        return result;
}

static int render_set(Render *render, bool active, const char *assignment, Error **err) {
        const char *equal = strchr(assignment, '=');
        json_t *value;
        if (equal == NULL)
                return error_set(err, ERROR_INVALID, 0, "a set without \"=\"");
        if (!active)
                return 0;
        if (evaluate(render, equal + 1, &value, err) < 0)
                return -1;
        _cleanup_free_ char *left = str_ndup(assignment, (size_t) (equal - assignment));
        _cleanup_free_ char *name = str_trim(left);
        json_object_set_new(render->context, name, value);
        return 0;
}

/* 1 when the tag ends the block. */
static int render_tag(Render *render, bool active, const char *const *ends, char **ret_end,
                      Error **err) {
        _cleanup_free_ char *tag = NULL;
        const char *rest;
        if (take_tag(render, "%}", &tag, err) < 0)
                return -1;
        size_t length = strcspn(tag, " \t\n");
        _cleanup_free_ char *word = str_ndup(tag, length);
        for (size_t i = 0; ends != NULL && ends[i] != NULL; i++)
                if (str_equal(ends[i], word)) {
                        *ret_end = TAKE_PTR(tag);
                        return 1;
                }
        rest = tag + length + strspn(tag + length, " \t\n");
        if (str_equal(word, "if"))
                return render_if(render, active, rest, err);
        if (str_equal(word, "for"))
                return render_for(render, active, rest, err);
        if (str_equal(word, "set"))
                return render_set(render, active, rest, err);
        if (str_equal(word, "autoescape") || str_equal(word, "endautoescape"))
                return 0;
        return error_set(err, ERROR_INVALID, 0, "an unknown tag \"%s\"", word);
}

static int render_plain(Render *render, bool active, Error **err) {
        const char *end = render->at + 1;
        while (*end != '\0' && !(end[0] == '{' && end[1] != '\0' && strchr("{%#", end[1]) != NULL))
                end++;
        size_t size = (size_t) (end - render->at);
        int result = active ? emit(render, render->at, size, err) : 0;
        render->at = end;
        return result;
}

static int render_block(Render *render, bool active, const char *const *ends, char **ret_end,
                        Error **err) {
        int result = 0;
        if (++render->depth > NESTING_LIMIT)
                return error_set(err, ERROR_INVALID, 0, "too many nested blocks");
        while (result == 0 && *render->at != '\0') {
                _cleanup_free_ char *comment = NULL;
                const char *where = render->at;
                if (++render->steps > STEP_LIMIT)
                        return error_set(err, ERROR_TOO_LARGE, 0, "too much to do");
                if (str_has_prefix(where, "{{"))
                        result = render_value(render, active, err);
                else if (str_has_prefix(where, "{%"))
                        result = render_tag(render, active, ends, ret_end, err);
                else if (str_has_prefix(where, "{#"))
                        result = take_tag(render, "#}", &comment, err);
                else
                        result = render_plain(render, active, err);
                if (result < 0 && render->depth == 1)
                        return fail_at(render, where, err);
        }
        render->depth--;
        if (result < 0)
                return -1;
        if (result == 0 && ends != NULL)
                return error_set(err, ERROR_INVALID, 0, "no {%% %s %%}", ends[0]);
        return 0;
}

int template_render(const char *text, const json_t *context, char **ret, Error **err) {
        Render render = {.start = text, .at = text, .context = json_copy((json_t *) context)};
        char *end = NULL;
        int result = render_block(&render, true, NULL, &end, err);
        json_decref(render.context);
        if (result < 0) {
                strbuf_done(&render.out);
                return -1;
        }
        *ret = strbuf_take(&render.out);
        return 0;
}
