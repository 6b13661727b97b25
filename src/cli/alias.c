#include "cli/alias.h"

#include "base/memory.h"

#include <ctype.h>
#include <string.h>

/* Splits like a shell without its substitutions. */
static int split_words(const char *text, StrList *ret, Error **err) {
        while (*text != '\0') {
                _cleanup_strbuf_ StrBuf word = {};
                char quote = 0;
                while (isspace((unsigned char) *text))
                        text++;
                if (*text == '\0')
                        break;
                for (; *text != '\0' && (quote != 0 || !isspace((unsigned char) *text)); text++) {
                        if (quote == 0 && (*text == '"' || *text == '\''))
                                quote = *text;
                        else if (*text == quote)
                                quote = 0;
                        else if (*text == '\\' && quote != '\'' && text[1] != '\0')
                                strbuf_add_char(&word, *++text);
                        else
                                strbuf_add_char(&word, *text);
                }
                if (quote != 0)
                        return error_set(err, ERROR_INVALID, 0, "The alias has an open quote: %s",
                                         text);
                strlist_take(ret, strbuf_take(&word));
        }
        return 0;
}

/* How many of the words from `first` the alias takes, 0 when it does not match. */
static size_t match(const char *alias, const StrList *words, size_t first) {
        _cleanup_strlist_ StrList names = {};
        strlist_split(&names, alias, " ", true);
        if (names.count == 0 || first + names.count > words->count)
                return 0;
        for (size_t i = 0; i < names.count; i++) {
                if (!str_equal(names.items[i], words->items[first + i]))
                        return 0;
        }
        return names.count;
}

static void add_rest(StrList *to, const StrList *words, size_t from) {
        for (size_t i = from; i < words->count; i++)
                strlist_add(to, words->items[i]);
}

int alias_expand(const StrMap *aliases, StrList *words, Error **err) {
        _cleanup_strlist_ StrList target = {}, result = {};
        const char *found = NULL;
        size_t first = 0, taken = 0;
        bool placed = false;
        while (first < words->count && words->items[first][0] == '-')
                first++;
        for (size_t i = 0; i < aliases->count; i++) {
                size_t count = match(aliases->items[i].key, words, first);
                if (count > taken) { /* the longest one wins */
                        taken = count;
                        found = aliases->items[i].value;
                }
        }
        if (found == NULL)
                return 0;
        if (split_words(found, &target, err) < 0)
                return -1;
        for (size_t i = 0; i < first; i++)
                strlist_add(&result, words->items[i]);
        for (size_t i = 0; i < target.count; i++) {
                if (str_equal(target.items[i], "@ARGS@")) {
                        add_rest(&result, words, first + taken);
                        placed = true;
                } else {
                        strlist_add(&result, target.items[i]);
                }
        }
        if (!placed)
                add_rest(&result, words, first + taken);
        strlist_copy(words, &result);
        return 0;
}
