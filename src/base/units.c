#include "base/units.h"

#include "base/memory.h"
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

typedef struct Suffix {
        const char *text;
        uint64_t factor;
} Suffix;

#define K UINT64_C(1000)
#define KI UINT64_C(1024)

static const Suffix byte_suffixes[] = {
        {"", 1},
        {"B", 1},
        {" bytes", 1},
        {"bytes", 1},
        {"kB", K},
        {"MB", K * K},
        {"GB", K * K * K},
        {"TB", K * K * K * K},
        {"PB", K * K * K * K * K},
        {"EB", K * K * K * K * K * K},
        {"KiB", KI},
        {"MiB", KI *KI},
        {"GiB", KI *KI *KI},
        {"TiB", KI *KI *KI *KI},
        {"PiB", KI *KI *KI *KI *KI},
        {"EiB", KI *KI *KI *KI *KI *KI},
};

static const Suffix bit_suffixes[] = {
        {"", 1},
        {"bit", 1},
        {"kbit", K},
        {"Mbit", K * K},
        {"Gbit", K * K * K},
        {"Tbit", K * K * K * K},
        {"Pbit", K * K * K * K * K},
        {"Ebit", K * K * K * K * K * K},
        {"Kibit", KI},
        {"Mibit", KI *KI},
        {"Gibit", KI *KI *KI},
        {"Tibit", KI *KI *KI *KI},
        {"Pibit", KI *KI *KI *KI *KI},
        {"Eibit", KI *KI *KI *KI *KI *KI},
};

static int parse_with(const Suffix *suffixes, size_t count, const char *text, int64_t *ret,
                      Error **err) {
        size_t digits = text != NULL ? strspn(text, "0123456789") : 0;
        if (digits == 0 || digits > 19)
                return error_set(err, ERROR_INVALID, 0, "Invalid value: %s",
                                 text != NULL ? text : "");
        _cleanup_free_ char *number = str_ndup(text, digits);
        uint64_t value, result;
        for (size_t i = 0; i < count; i++) {
                if (!str_equal(text + digits, suffixes[i].text))
                        continue;
                if (!str_to_uint64(number, &value) ||
                    __builtin_mul_overflow(value, suffixes[i].factor, &result) ||
                    result > INT64_MAX)
                        return error_set(err, ERROR_INVALID, 0, "Value out of range: %s", text);
                *ret = (int64_t) result;
                return 0;
        }
        return error_set(err, ERROR_INVALID, 0, "Invalid value: %s (unknown suffix \"%s\")", text,
                         text + digits);
}

int units_parse_bytes(const char *text, int64_t *ret, Error **err) {
        return parse_with(byte_suffixes, ARRAY_SIZE(byte_suffixes), text, ret, err);
}

int units_parse_bits(const char *text, int64_t *ret, Error **err) {
        return parse_with(bit_suffixes, ARRAY_SIZE(bit_suffixes), text, ret, err);
}

static char *format_with(uint64_t bytes, uint64_t step, const char *const *suffixes) {
        if (bytes < step)
                return str_printf("%lluB", (unsigned long long) bytes);
        double value = (double) bytes;
        size_t i = 0;
        for (value /= (double) step; value >= (double) step && suffixes[i + 1] != NULL; i++)
                value /= (double) step;
        return str_printf("%.2f%s", value, suffixes[i]);
}

char *units_format_bytes(uint64_t bytes) {
        static const char *const suffixes[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB", NULL};
        return format_with(bytes, 1024, suffixes);
}

char *units_format_bytes_decimal(uint64_t bytes) {
        static const char *const suffixes[] = {"kB", "MB", "GB", "TB", "PB", "EB", NULL};
        return format_with(bytes, 1000, suffixes);
}

void random_bytes(void *ret, size_t size) {
        char *rest = ret;
        while (size > 0) {
                ssize_t got = getrandom(rest, size, 0);
                if (got < 0 && errno != EINTR)
                        abort();
                if (got > 0) {
                        rest += got;
                        size -= (size_t) got;
                }
        }
}

char *random_hex(size_t bytes) {
        _cleanup_free_ unsigned char *data = mem_alloc(bytes);
        random_bytes(data, bytes);
        return hex_encode(data, bytes);
}

char *random_uuid(void) {
        unsigned char b[16];
        random_bytes(b, sizeof b);
        b[6] = (unsigned char) ((b[6] & 0x0f) | 0x40);
        b[8] = (unsigned char) ((b[8] & 0x3f) | 0x80);
        return str_printf("%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
                          b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11],
                          b[12], b[13], b[14], b[15]);
}
