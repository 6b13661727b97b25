/* The order of map keys in Go's yaml.v2. */
#include "json/json.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* Decodes one character of valid UTF-8 (jansson accepts no other). */
static unsigned next_rune(const char **text) {
        const unsigned char *c = (const unsigned char *) *text;
        size_t length = *c < 0x80 ? 1 : *c < 0xe0 ? 2 : *c < 0xf0 ? 3 : 4;
        unsigned rune = length == 1 ? *c : *c & (0x7fu >> length);
        for (size_t i = 1; i < length; i++)
                rune = rune << 6 | (c[i] & 0x3f);
        *text += length;
        return rune;
}

/* Beyond ASCII, the ranges that scripts take up: near enough to Unicode's letters for an order. */
static bool is_letter(unsigned rune) {
        if (rune < 0x80)
                return (rune | 0x20) >= 'a' && (rune | 0x20) <= 'z';
        if (rune == 0xaa || rune == 0xb5 || rune == 0xba)
                return true;
        if (rune < 0xc0 || rune == 0xd7 || rune == 0xf7)
                return false;
        bool symbols = (rune >= 0x2000 && rune < 0x2c00) || (rune >= 0x3000 && rune <= 0x3004) ||
                       (rune >= 0x3007 && rune <= 0x3030) || (rune >= 0xd800 && rune < 0xf900) ||
                       (rune >= 0xfe00 && rune < 0xfe70) || (rune >= 0xff00 && rune <= 0xff20) ||
                       (rune >= 0x1f000 && rune < 0x20000) || rune == 0xfeff || rune >= 0xe0000;
        return !symbols;
}

static bool is_digit(unsigned rune) {
        return rune >= '0' && rune <= '9';
}

typedef struct Runes {
        unsigned *runes;
        size_t count;
} Runes;

static Runes decode(const char *text) {
        Runes result = {.runes = mem_new_array(unsigned, strlen(text) + 1)};
        while (*text != '\0')
                result.runes[result.count++] = next_rune(&text);
        return result;
}

/* The number that starts at `at`, and where it ends. Wraps as Go's does on absurd lengths. */
static uint64_t number_at(const Runes *text, size_t at, uint64_t start, size_t *ret_end) {
        uint64_t number = start;
        while (at < text->count && is_digit(text->runes[at]))
                number = number * 10 + (text->runes[at++] - '0');
        *ret_end = at;
        return number;
}

/* A zero in the middle of a number counts as a digit of it, not as a leading one. */
static bool follows_number(const Runes *text, size_t at) {
        for (size_t i = at; i > 0 && is_digit(text->runes[i - 1]); i--)
                if (text->runes[i - 1] != '0')
                        return true;
        return false;
}

static int sign(bool less) {
        return less ? -1 : 1;
}

static int compare_at(const Runes *a, const Runes *b, size_t at) {
        unsigned first = a->runes[at], second = b->runes[at];
        bool first_letter = is_letter(first), second_letter = is_letter(second);
        size_t first_end, second_end;
        if (first_letter && second_letter)
                return sign(first < second);
        if (first_letter || second_letter)
                return sign(second_letter);
        bool inside = (first == '0' || second == '0') && follows_number(a, at);
        uint64_t first_number = number_at(a, at, inside, &first_end);
        uint64_t second_number = number_at(b, at, inside, &second_end);
        if (first_number != second_number)
                return sign((int64_t) first_number < (int64_t) second_number);
        if (first_end != second_end)
                return sign(first_end < second_end);
        return sign(first < second);
}

int json_compare_keys(const char *a, const char *b) {
        Runes first = decode(a), second = decode(b);
        size_t at = 0;
        int result;
        while (at < first.count && at < second.count && first.runes[at] == second.runes[at])
                at++;
        if (at < first.count && at < second.count)
                result = compare_at(&first, &second, at);
        else
                result = first.count == second.count ? 0 : sign(first.count < second.count);
        free(first.runes);
        free(second.runes);
        return result;
}

static int compare(const void *a, const void *b) {
        return json_compare_keys(*(const char *const *) a, *(const char *const *) b);
}

static void sort_object(json_t *object) {
        size_t count = 0;
        const char *key;
        json_t *value;
        _cleanup_free_ char **keys = mem_new_array(char *, json_object_size(object) + 1);
        json_object_foreach(object, key, value)
                keys[count++] = str_dup(key);
        qsort(keys, count, sizeof *keys, compare);
        for (size_t i = 0; i < count; i++) {
                value = json_incref(json_object_get(object, keys[i]));
                json_sort_keys(value);
                json_object_del(object, keys[i]);
                json_object_set_new(object, keys[i], value);
                free(keys[i]);
        }
}

void json_sort_keys(json_t *value) {
        size_t index;
        json_t *item;
        if (json_is_object(value))
                sort_object(value);
        json_array_foreach(value, index, item)
                json_sort_keys(item);
}
