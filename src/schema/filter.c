#include "schema/filter.h"

#include "base/memory.h"
#include "base/text.h"

#include <ctype.h>
#include <regex.h>
#include <string.h>

#define CLAUSE_LIMIT 64
#define GROUP_LIMIT 2 /* repeated ones */
#define VALUE_LIMIT 1024

typedef struct Clause {
        bool negate;
        bool join_or; /* with what stands to the left; else and */
        char *field;
        char *value;
        regex_t regex;
        bool has_regex;
} Clause;

struct Filter {
        Clause *clauses;
        size_t count;
        size_t capacity;
};

static void clause_done(Clause *clause) {
        if (clause->has_regex)
                regfree(&clause->regex);
        free(clause->field);
        free(clause->value);
}

void filter_free(Filter *filter) {
        if (filter == NULL)
                return;
        for (size_t i = 0; i < filter->count; i++)
                clause_done(&filter->clauses[i]);
        free(filter->clauses);
        free(filter);
}

/* Parsing. */

typedef struct Words {
        StrList list;
        size_t next;
} Words;

static const char *peek(const Words *words) {
        return words->next < words->list.count ? words->list.items[words->next] : NULL;
}

static const char *take(Words *words) {
        const char *word = peek(words);
        words->next += word != NULL;
        return word;
}

/* "a value with blanks" reaches from the word that begins with the quote to the one that ends with
 * it. The inner blanks become one each, as the words were split at them. */
static int take_value(Words *words, char **ret, Error **err) {
        const char *word = take(words);
        if (word == NULL)
                return error_set(err, ERROR_INVALID, 0, "Invalid filter: a value is missing");
        size_t length = strlen(word);
        if (word[0] != '"') {
                *ret = str_dup(word);
                return 0;
        }
        if (length > 1 && word[length - 1] == '"') {
                *ret = str_ndup(word + 1, length - 2);
                return 0;
        }
        _cleanup_strbuf_ StrBuf text = {};
        strbuf_add(&text, word + 1);
        while ((word = take(words)) != NULL) {
                length = strlen(word);
                strbuf_add_char(&text, ' ');
                if (length > 0 && word[length - 1] == '"') {
                        strbuf_add_data(&text, word, length - 1);
                        *ret = strbuf_take(&text);
                        return 0;
                }
                strbuf_add(&text, word);
        }
        return error_set(err, ERROR_INVALID, 0, "Invalid filter: a quote is not closed");
}

/* Counted repetition and back references cost glibc unbounded memory or time, and so do repetitions
 * of repetitions; a filter comes from the client: such a value is compared as text. */
static bool is_costly(const char *text) {
        int groups = 0;
        for (const char *c = text; *c != '\0'; c++) {
                if (*c == '{' || (*c == '\\' && isdigit((unsigned char) c[1])))
                        return true;
                if (c == text || strchr("*+?", *c) == NULL)
                        continue;
                if (strchr("*+?", c[-1]) != NULL || (c[-1] == ')' && ++groups > GROUP_LIMIT))
                        return true;
        }
        return false;
}

static void compile(Clause *clause) {
        if (is_costly(clause->value))
                return;
        bool anchored = strpbrk(clause->value, "^$") != NULL;
        _cleanup_free_ char *text = anchored ? str_dup(clause->value)
                                             : str_printf("^(%s)$", clause->value);
        clause->has_regex =
                regcomp(&clause->regex, text, REG_EXTENDED | REG_ICASE | REG_NOSUB) == 0;
}

static int parse_clause(Words *words, Clause *clause, Error **err) {
        if (str_equal_nocase(peek(words), "not")) {
                (void) take(words);
                clause->negate = true;
        }
        const char *field = take(words), *comparison = take(words);
        if (field == NULL || comparison == NULL)
                return error_set(err, ERROR_INVALID, 0,
                                 "Invalid filter: each clause is FIELD OPERATOR VALUE");
        if (str_equal_nocase(comparison, "ne"))
                clause->negate = !clause->negate;
        clause->field = str_dup(field);
        if (take_value(words, &clause->value, err) < 0)
                return -1;
        if (strlen(clause->value) > VALUE_LIMIT)
                return error_set(err, ERROR_INVALID, 0,
                                 "Invalid filter: a value has more than %d bytes", VALUE_LIMIT);
        compile(clause);
        return 0;
}

static int parse_join(Words *words, bool *ret_or, Error **err) {
        const char *word = take(words);
        *ret_or = str_equal_nocase(word, "or");
        if (!*ret_or && !str_equal_nocase(word, "and"))
                return error_set(err, ERROR_INVALID, 0,
                                 "Invalid filter: \"%s\" stands where \"and\" or \"or\" belongs",
                                 word);
        if (peek(words) == NULL)
                return error_set(err, ERROR_INVALID, 0, "Invalid filter: nothing follows \"%s\"",
                                 word);
        return 0;
}

int filter_parse(const char *text, Filter **ret, Error **err) {
        _cleanup_(filter_cleanup) Filter *filter = mem_new(Filter);
        Words words = {};
        int result = 0;
        bool join_or = false;
        strlist_split(&words.list, text, " \t\r\n", true);
        while (result == 0 && peek(&words) != NULL) {
                if (filter->count == CLAUSE_LIMIT) {
                        result = error_set(err, ERROR_INVALID, 0,
                                           "Invalid filter: more than %d clauses", CLAUSE_LIMIT);
                        break;
                }
                mem_grow((void **) &filter->clauses, &filter->capacity, filter->count + 1,
                         sizeof *filter->clauses);
                Clause *clause = &filter->clauses[filter->count++];
                *clause = (Clause){.join_or = join_or};
                result = parse_clause(&words, clause, err);
                if (result == 0 && peek(&words) != NULL)
                        result = parse_join(&words, &join_or, err);
        }
        strlist_done(&words.list);
        if (result < 0)
                return -1;
        *ret = TAKE_PTR(filter);
        return 0;
}

/* Matching. */

/* "config.image.os": the longest key that fits comes first, so that dotted keys are found. */
static const json_t *find(const json_t *object, const char *path) {
        const json_t *whole = json_object_get(object, path);
        if (whole != NULL || !json_is_object(object))
                return whole;
        for (size_t length = strlen(path); length-- > 1;) {
                if (path[length] != '.')
                        continue;
                const json_t *inner = json_object_getn(object, path, length);
                const json_t *found = inner != NULL ? find(inner, path + length + 1) : NULL;
                if (found != NULL)
                        return found;
        }
        return NULL;
}

static bool match_text(const Clause *clause, const char *text) {
        if (clause->has_regex)
                return regexec(&clause->regex, text, 0, NULL, 0) == 0;
        return str_equal_nocase(text, clause->value);
}

static bool match_value(const Clause *clause, const json_t *value) {
        if (value == NULL || json_is_null(value))
                return false;
        if (json_is_string(value))
                return match_text(clause, json_string_value(value));
        if (json_is_array(value) || json_is_object(value))
                return false;
        _cleanup_free_ char *text = json_dumps(value, JSON_ENCODE_ANY);
        return str_equal_nocase(text, clause->value);
}

bool filter_match(const Filter *filter, const json_t *object) {
        bool result = true;
        for (size_t i = 0; i < filter->count; i++) {
                const Clause *clause = &filter->clauses[i];
                bool match = match_value(clause, find(object, clause->field)) != clause->negate;
                if (i == 0)
                        result = match;
                else
                        result = clause->join_or ? result || match : result && match;
        }
        return result;
}
