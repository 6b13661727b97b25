#include "template/template_private.h"

#include "base/memory.h"
#include "base/times.h"

#include <ctype.h>
#include <string.h>

#define DEPTH_LIMIT 32

static int parse_or(Expression *e, json_t **ret, Error **err);

void expression_skip_blanks(Expression *e) {
        while (isspace((unsigned char) *e->at))
                e->at++;
}

static bool is_name_char(char c) {
        return isalnum((unsigned char) c) || c == '_';
}

/* Takes `word` when it stands there as a whole. */
static bool take_word(Expression *e, const char *word) {
        expression_skip_blanks(e);
        size_t length = strlen(word);
        if (strncmp(e->at, word, length) != 0 ||
            (is_name_char(word[0]) && is_name_char(e->at[length])))
                return false;
        e->at += length;
        return true;
}

bool expression_is_true(const json_t *value) {
        if (json_is_string(value))
                return json_string_length(value) > 0;
        if (json_is_array(value))
                return json_array_size(value) > 0;
        if (json_is_object(value))
                return json_object_size(value) > 0;
        if (json_is_number(value))
                return json_number_value(value) != 0;
        return json_is_true(value);
}

char *expression_text(const json_t *value) {
        if (json_is_string(value))
                return str_dup(json_string_value(value));
        if (value == NULL || json_is_null(value))
                return str_dup("");
        if (json_is_boolean(value))
                return str_dup(json_is_true(value) ? "True" : "False");
        char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
        return text != NULL ? text : str_dup("");
}

static int parse_string(Expression *e, json_t **ret, Error **err) {
        char quote = *e->at++;
        _cleanup_strbuf_ StrBuf text = {};
        strbuf_add(&text, "");
        for (; *e->at != quote; e->at++) {
                if (*e->at == '\\' && e->at[1] != '\0')
                        e->at++;
                if (*e->at == '\0')
                        return error_set(err, ERROR_INVALID, 0, "a string without its end");
                strbuf_add_char(&text, *e->at);
        }
        e->at++;
        *ret = json_string(text.data);
        return *ret != NULL ? 0 : error_set(err, ERROR_INVALID, 0, "text that is no UTF-8");
}

static json_t *look_up(const json_t *value, const char *name) {
        uint64_t index;
        if (json_is_object(value))
                return json_object_get(value, name);
        if (json_is_array(value) && str_to_uint64(name, &index))
                return json_array_get(value, (size_t) index);
        return NULL;
}

static char *take_name(Expression *e) {
        size_t length = 0;
        while (is_name_char(e->at[length]))
                length++;
        char *name = str_ndup(e->at, length);
        e->at += length;
        return name;
}

/* config_get("key", "fallback"): the only function there is. */
static int parse_call(Expression *e, const char *name, json_t **ret, Error **err) {
        _cleanup_free_ char *key_text = NULL;
        json_t *key = NULL, *fallback = NULL;
        if (!str_equal(name, "config_get"))
                return error_set(err, ERROR_INVALID, 0, "an unknown function \"%s\"", name);
        int result = parse_or(e, &key, err);
        if (result == 0 && take_word(e, ","))
                result = parse_or(e, &fallback, err);
        if (result == 0 && !take_word(e, ")"))
                result = error_set(err, ERROR_INVALID, 0, "a missing \")\"");
        if (result == 0) {
                key_text = expression_text(key);
                json_t *found = look_up(json_object_get(e->context, "config"), key_text);
                *ret = found != NULL      ? json_incref(found)
                       : fallback != NULL ? json_incref(fallback)
                                          : json_string("");
        }
        json_decref(key);
        json_decref(fallback);
        return result;
}

static int parse_variable(Expression *e, json_t **ret, Error **err) {
        _cleanup_free_ char *name = take_name(e);
        if (*e->at == '(') {
                e->at++;
                return parse_call(e, name, ret, err);
        }
        if (str_equal_nocase(name, "true") || str_equal_nocase(name, "false")) {
                *ret = json_boolean(str_equal_nocase(name, "true"));
                return 0;
        }
        json_t *value = look_up(e->context, name);
        while (*e->at == '.' && is_name_char(e->at[1])) {
                e->at++;
                _cleanup_free_ char *member = take_name(e);
                value = look_up(value, member);
        }
        *ret = value != NULL ? json_incref(value) : json_null();
        return 0;
}

static int parse_primary(Expression *e, json_t **ret, Error **err) {
        expression_skip_blanks(e);
        if (*e->at == '"' || *e->at == '\'')
                return parse_string(e, ret, err);
        if (isdigit((unsigned char) *e->at)) {
                char *end;
                *ret = json_integer(strtoll(e->at, &end, 10));
                e->at = end;
                return 0;
        }
        if (*e->at == '(') {
                e->at++;
                if (parse_or(e, ret, err) < 0)
                        return -1;
                if (take_word(e, ")"))
                        return 0;
                json_decref(*ret);
                return error_set(err, ERROR_INVALID, 0, "a missing \")\"");
        }
        if (!is_name_char(*e->at))
                return error_set(err, ERROR_INVALID, 0, "an unexpected \"%.1s\"", e->at);
        return parse_variable(e, ret, err);
}

/* Filters: name, what it makes of value and argument (argument NULL when there is none). */

static json_t *map_text(const json_t *value, int (*convert)(int)) {
        _cleanup_free_ char *text = expression_text(value);
        for (char *c = text; *c != '\0'; c++)
                *c = (char) convert((unsigned char) *c);
        return json_string(text);
}

static json_t *filter_lower(const json_t *value, const json_t *argument) {
        return map_text(value, tolower);
}

static json_t *filter_upper(const json_t *value, const json_t *argument) {
        return map_text(value, toupper);
}

static json_t *filter_default(const json_t *value, const json_t *argument) {
        const json_t *chosen = expression_is_true(value) || argument == NULL ? value : argument;
        return json_incref((json_t *) chosen);
}

static json_t *filter_same(const json_t *value, const json_t *argument) {
        return json_incref((json_t *) value);
}

static json_t *filter_length(const json_t *value, const json_t *argument) {
        size_t size = json_is_array(value)    ? json_array_size(value)
                      : json_is_object(value) ? json_object_size(value)
                                              : json_string_length(value);
        return json_integer((json_int_t) size);
}

static json_t *filter_trim(const json_t *value, const json_t *argument) {
        _cleanup_free_ char *text = expression_text(value), *trimmed = str_trim(text);
        return json_string(trimmed);
}

static json_t *filter_first(const json_t *value, const json_t *argument) {
        json_t *first = json_array_get(value, 0);
        return first != NULL ? json_incref(first) : json_null();
}

static json_t *filter_last(const json_t *value, const json_t *argument) {
        json_t *last = json_array_get(value, json_array_size(value) - 1);
        return last != NULL ? json_incref(last) : json_null();
}

static json_t *filter_join(const json_t *value, const json_t *argument) {
        _cleanup_strbuf_ StrBuf joined = {};
        _cleanup_free_ char *separator = expression_text(argument);
        size_t index;
        json_t *item;
        strbuf_add(&joined, "");
        json_array_foreach(value, index, item) {
                _cleanup_free_ char *text = expression_text(item);
                strbuf_printf(&joined, "%s%s", index > 0 ? separator : "", text);
        }
        return json_string(joined.data);
}

/* Removes every occurrence of the argument. */
static json_t *filter_cut(const json_t *value, const json_t *argument) {
        _cleanup_strbuf_ StrBuf rest = {};
        _cleanup_free_ char *text = expression_text(value), *cut = expression_text(argument);
        strbuf_add(&rest, "");
        for (const char *at = text; *at != '\0';) {
                if (*cut != '\0' && str_has_prefix(at, cut))
                        at += strlen(cut);
                else
                        strbuf_add_char(&rest, *at++);
        }
        return json_string(rest.data);
}

/* A time in a layout of Go's, as pongo2 has it. What is no time stays as it is. */
static json_t *filter_date(const json_t *value, const json_t *argument) {
        int64_t ns;
        if (!json_is_string(value) || !time_parse_rfc3339(json_string_value(value), &ns))
                return json_incref((json_t *) value);
        _cleanup_free_ char *layout = expression_text(argument);
        _cleanup_free_ char *text = template_format_time(ns, layout);
        return json_string(text);
}

static const struct {
        const char *name;
        json_t *(*apply)(const json_t *value, const json_t *argument);
} filters[] = {
        {"cut", filter_cut},     {"date", filter_date},     {"default", filter_default},
        {"escape", filter_same}, {"first", filter_first},   {"join", filter_join},
        {"last", filter_last},   {"length", filter_length}, {"lower", filter_lower},
        {"safe", filter_same},   {"time", filter_date},     {"trim", filter_trim},
        {"upper", filter_upper},
};

static int apply_filter(Expression *e, json_t **value, Error **err) {
        expression_skip_blanks(e);
        _cleanup_free_ char *name = take_name(e);
        json_t *argument = NULL;
        if (*e->at == ':') {
                e->at++;
                if (parse_primary(e, &argument, err) < 0)
                        return -1;
        }
        for (size_t i = 0; i < ARRAY_SIZE(filters); i++)
                if (str_equal(filters[i].name, name)) {
                        json_t *result = filters[i].apply(*value, argument);
                        json_decref(*value);
                        json_decref(argument);
                        *value = result != NULL ? result : json_null();
                        return 0;
                }
        json_decref(argument);
        return error_set(err, ERROR_INVALID, 0, "an unknown filter \"%s\"", name);
}

static int parse_filtered(Expression *e, json_t **ret, Error **err) {
        if (parse_primary(e, ret, err) < 0)
                return -1;
        while (take_word(e, "|"))
                if (apply_filter(e, ret, err) < 0) {
                        json_decref(*ret);
                        return -1;
                }
        return 0;
}

static bool contains(const json_t *list, const json_t *item) {
        _cleanup_free_ char *wanted = expression_text(item);
        size_t index;
        json_t *value;
        if (json_is_object(list))
                return json_object_get(list, wanted) != NULL;
        if (json_is_string(list))
                return strstr(json_string_value(list), wanted) != NULL;
        json_array_foreach(list, index, value)
                if (json_equal(value, item))
                        return true;
        return false;
}

static bool compare(const char *operator, const json_t *a, const json_t *b) {
        _cleanup_free_ char *x = expression_text(a), *y = expression_text(b);
        bool numbers = json_is_number(a) && json_is_number(b);
        double difference = numbers ? json_number_value(a) - json_number_value(b) : strcmp(x, y);
        if (str_equal(operator, "=="))
                return difference == 0;
        if (str_equal(operator, "!="))
                return difference != 0;
        if (str_equal(operator, "<="))
                return difference <= 0;
        if (str_equal(operator, ">="))
                return difference >= 0;
        if (str_equal(operator, "in"))
                return contains(b, a);
        return *operator == '<' ? difference < 0 : difference > 0;
}

static int parse_comparison(Expression *e, json_t **ret, Error **err) {
        static const char *const operators[] = {"==", "!=", "<=", ">=", "<", ">", "in"};
        if (parse_filtered(e, ret, err) < 0)
                return -1;
        for (size_t i = 0; i < ARRAY_SIZE(operators); i++) {
                json_t *right;
                if (!take_word(e, operators[i]))
                        continue;
                if (parse_filtered(e, &right, err) < 0) {
                        json_decref(*ret);
                        return -1;
                }
                bool result = compare(operators[i], *ret, right);
                json_decref(*ret);
                json_decref(right);
                *ret = json_boolean(result);
                return 0;
        }
        return 0;
}

static int parse_not(Expression *e, json_t **ret, Error **err) {
        unsigned negations = 0;
        while (take_word(e, "not"))
                negations++;
        if (parse_comparison(e, ret, err) < 0)
                return -1;
        if (negations > 0) {
                bool value = expression_is_true(*ret);
                json_decref(*ret);
                *ret = json_boolean(value != (negations % 2 == 1));
        }
        return 0;
}

static int parse_and(Expression *e, json_t **ret, Error **err) {
        if (parse_not(e, ret, err) < 0)
                return -1;
        while (take_word(e, "and") || take_word(e, "&&")) {
                json_t *right;
                if (parse_not(e, &right, err) < 0) {
                        json_decref(*ret);
                        return -1;
                }
                bool both = expression_is_true(*ret) && expression_is_true(right);
                json_decref(*ret);
                json_decref(right);
                *ret = json_boolean(both);
        }
        return 0;
}

static int parse_or(Expression *e, json_t **ret, Error **err) {
        if (++e->depth > DEPTH_LIMIT)
                return error_set(err, ERROR_INVALID, 0, "an expression that is nested too deep");
        if (parse_and(e, ret, err) < 0)
                return -1;
        while (take_word(e, "or") || take_word(e, "||")) {
                json_t *right;
                if (parse_and(e, &right, err) < 0) {
                        json_decref(*ret);
                        return -1;
                }
                bool either = expression_is_true(*ret) || expression_is_true(right);
                json_decref(*ret);
                json_decref(right);
                *ret = json_boolean(either);
        }
        e->depth--;
        return 0;
}

int expression_evaluate(Expression *e, json_t **ret, Error **err) {
        return parse_or(e, ret, err);
}
