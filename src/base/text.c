#include "base/text.h"

#include "base/memory.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

static const char *or_empty(const char *text) {
        return text != NULL ? text : "";
}

bool str_equal(const char *a, const char *b) {
        return strcmp(or_empty(a), or_empty(b)) == 0;
}

bool str_is_empty(const char *text) {
        return text == NULL || *text == '\0';
}

bool str_has_prefix(const char *text, const char *prefix) {
        return strncmp(or_empty(text), prefix, strlen(prefix)) == 0;
}

bool str_has_suffix(const char *text, const char *suffix) {
        size_t length = strlen(or_empty(text)), wanted = strlen(suffix);
        return length >= wanted && strcmp(or_empty(text) + length - wanted, suffix) == 0;
}

bool str_equal_nocase(const char *a, const char *b) {
        return strcasecmp(or_empty(a), or_empty(b)) == 0;
}

bool str_equal_secret(const char *a, const char *b) {
        size_t la = strlen(or_empty(a)), lb = strlen(or_empty(b));
        unsigned difference = la != lb;
        for (size_t i = 0; i < la; i++)
                difference |= (unsigned char) a[i] ^ (unsigned char) (lb > 0 ? b[i % lb] : 0);
        return difference == 0;
}

const char *str_after_prefix(const char *text, const char *prefix) {
        return str_has_prefix(text, prefix) ? or_empty(text) + strlen(prefix) : NULL;
}

bool str_to_int64(const char *text, int64_t *ret) {
        if (str_is_empty(text) || isspace((unsigned char) *text))
                return false;
        char *end;
        errno = 0;
        intmax_t value = strtoimax(text, &end, 10);
        if (errno != 0 || *end != '\0')
                return false;
        *ret = value;
        return true;
}

bool str_to_uint64(const char *text, uint64_t *ret) {
        if (str_is_empty(text) || !isdigit((unsigned char) *text))
                return false;
        char *end;
        errno = 0;
        uintmax_t value = strtoumax(text, &end, 10);
        if (errno != 0 || *end != '\0')
                return false;
        *ret = value;
        return true;
}

bool str_to_bool(const char *text, bool *ret) {
        static const char *const words[2][4] = {{"false", "0", "no", "off"},
                                                {"true", "1", "yes", "on"}};
        for (int value = 0; value < 2; value++)
                for (size_t i = 0; i < 4; i++)
                        if (str_equal_nocase(text, words[value][i])) {
                                *ret = value;
                                return true;
                        }
        return false;
}

bool str_is_true(const char *text) {
        bool value;
        return str_to_bool(text, &value) && value;
}

bool str_is_false(const char *text) {
        bool value;
        return str_to_bool(text, &value) && !value;
}

char *str_lower(const char *text) {
        char *copy = str_dup(or_empty(text));
        for (char *c = copy; *c != '\0'; c++)
                *c = (char) tolower((unsigned char) *c);
        return copy;
}

char *str_trim(const char *text) {
        text = or_empty(text);
        while (isspace((unsigned char) *text))
                text++;
        size_t length = strlen(text);
        while (length > 0 && isspace((unsigned char) text[length - 1]))
                length--;
        return str_ndup(text, length);
}

char *hex_encode(const void *data, size_t size) {
        static const char digits[] = "0123456789abcdef";
        const unsigned char *bytes = data;
        char *text = mem_alloc(size * 2 + 1);
        for (size_t i = 0; i < size; i++) {
                text[2 * i] = digits[bytes[i] >> 4];
                text[2 * i + 1] = digits[bytes[i] & 15];
        }
        return text;
}

static int hex_digit(char c) {
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        if (c >= 'A' && c <= 'F')
                return c - 'A' + 10;
        return -1;
}

int hex_decode(const char *text, void *ret, size_t size) {
        unsigned char *bytes = ret;
        if (strlen(or_empty(text)) != size * 2)
                return -1;
        for (size_t i = 0; i < size; i++) {
                int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);
                if (high < 0 || low < 0)
                        return -1;
                bytes[i] = (unsigned char) (high << 4 | low);
        }
        return 0;
}

char *url_escape(const char *text) {
        StrBuf buffer = {};
        for (const char *c = or_empty(text); *c != '\0'; c++)
                if (isalnum((unsigned char) *c) || strchr("-_.~:", *c) != NULL)
                        strbuf_add_char(&buffer, *c);
                else
                        strbuf_printf(&buffer, "%%%02X", (unsigned char) *c);
        return strbuf_take(&buffer);
}

char *url_unescape(const char *text, size_t length, bool plus) {
        char *out = mem_alloc(length + 1);
        size_t used = 0;
        for (size_t i = 0; i < length; i++) {
                if (text[i] == '%') {
                        int high = i + 2 < length ? hex_digit(text[i + 1]) : -1;
                        int low = i + 2 < length ? hex_digit(text[i + 2]) : -1;
                        if (high < 0 || low < 0 || (high | low) == 0) {
                                free(out);
                                return NULL;
                        }
                        out[used++] = (char) (high << 4 | low);
                        i += 2;
                } else {
                        out[used++] = plus && text[i] == '+' ? ' ' : text[i];
                }
        }
        return out;
}
