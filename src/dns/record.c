#include "dns/record.h"

#include "base/memory.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

/* What a value of a type consists of, a letter for each word:
 *   4 6  addresses         b s l  numbers of 8, 16, 32 bits      n  a name
 *   t    a text of up to 255 bytes      T  one or more of them   r  a text without its length
 *   x    hex digits, the rest of the words together */
static const struct {
        const char *name;
        unsigned type;
        const char *format;
} types[] = {
        {"A", DNS_TYPE_A, "4"},      {"AAAA", DNS_TYPE_AAAA, "6"}, {"CNAME", DNS_TYPE_CNAME, "n"},
        {"NS", DNS_TYPE_NS, "n"},    {"PTR", DNS_TYPE_PTR, "n"},   {"MX", 15, "sn"},
        {"TXT", 16, "T"},            {"SRV", 33, "sssn"},          {"NAPTR", 35, "sstttn"},
        {"DNAME", 39, "n"},          {"DS", 43, "sbbx"},           {"SSHFP", 44, "bbx"},
        {"TLSA", 52, "bbbx"},        {"SMIMEA", 53, "bbbx"},
        {"HINFO", 13, "tt"},         {"RP", 17, "nn"},             {"SPF", 99, "T"},
        {"URI", 256, "ssr"},         {"CAA", 257, "btr"},          {"SOA", DNS_TYPE_SOA, "nnlllll"},
};

void dns_zone_done(DnsZone *zone) {
        for (size_t i = 0; i < zone->count; i++)
                free(zone->records[i].data);
        free(zone->records);
        *zone = (DnsZone){.count = 0};
}

static bool is_blank(char c) {
        return c == ' ' || c == '\t';
}

/* The words of a value: quoted ones lose their quotes but not their escapes, which the reader of
 * each kind resolves. ';' begins a comment. */
static int split(const char *text, StrList *words, Error **err) {
        for (const char *c = text; *c != '\0';) {
                while (is_blank(*c))
                        c++;
                if (*c == '\0' || *c == ';')
                        break;
                bool quoted = *c == '"';
                const char *start = quoted ? ++c : c;
                while (*c != '\0' && (quoted ? *c != '"' : !is_blank(*c) && *c != ';')) {
                        if ((unsigned char) *c < ' ' && *c != '\t')
                                return error_set(err, ERROR_INVALID, 0,
                                                 "control characters are not allowed");
                        c += *c == '\\' && c[1] != '\0' ? 2 : 1;
                }
                if (quoted && *c != '"')
                        return error_set(err, ERROR_INVALID, 0, "a quote is not closed");
                strlist_take(words, str_ndup(start, (size_t) (c - start)));
                c += quoted;
        }
        return 0;
}

static int add_address(StrBuf *out, int family, const char *word, Error **err) {
        unsigned char bytes[16];
        if (inet_pton(family, word, bytes) != 1)
                return error_set(err, ERROR_INVALID, 0, "\"%s\" is no IPv%d address", word,
                                 family == AF_INET ? 4 : 6);
        strbuf_add_data(out, (char *) bytes, family == AF_INET ? 4 : 16);
        return 0;
}

static int add_number(StrBuf *out, unsigned bytes, const char *word, Error **err) {
        uint64_t number;
        if (!str_to_uint64(word, &number) || number >= UINT64_C(1) << (8 * bytes))
                return error_set(err, ERROR_INVALID, 0, "\"%s\" is no number of %u bits", word,
                                 8 * bytes);
        for (unsigned i = bytes; i-- > 0;)
                strbuf_add_char(out, (char) (number >> (8 * i)));
        return 0;
}

static int add_text(StrBuf *out, const char *word, bool with_length, Error **err) {
        _cleanup_strbuf_ StrBuf text = {.data = NULL};
        for (const char *c = word; *c != '\0'; c++) {
                unsigned value = (unsigned char) *c;
                if (*c == '\\' && isdigit((unsigned char) c[1]) &&
                    isdigit((unsigned char) c[2]) && isdigit((unsigned char) c[3])) {
                        value = (unsigned) ((c[1] - '0') * 100 + (c[2] - '0') * 10 + c[3] - '0');
                        c += 3;
                } else if (*c == '\\' && c[1] != '\0') {
                        value = (unsigned char) *++c;
                }
                if (value > 255)
                        return error_set(err, ERROR_INVALID, 0, "\\%u is no character", value);
                strbuf_add_char(&text, (char) value);
        }
        if (with_length && text.length > 255)
                return error_set(err, ERROR_INVALID, 0, "a text may have 255 characters at most");
        if (with_length)
                strbuf_add_char(out, (char) text.length);
        strbuf_add_data(out, text.data != NULL ? text.data : "", text.length);
        return 0;
}

static int add_hex(StrBuf *out, const StrList *words, size_t from, Error **err) {
        _cleanup_strbuf_ StrBuf digits = {.data = NULL};
        for (size_t i = from; i < words->count; i++)
                strbuf_add(&digits, words->items[i]);
        size_t size = digits.length / 2;
        _cleanup_free_ char *bytes = mem_alloc(size + 1);
        if (digits.length == 0 || digits.length % 2 != 0 ||
            hex_decode(digits.data, bytes, size) < 0)
                return error_set(err, ERROR_INVALID, 0, "hex digits are expected");
        strbuf_add_data(out, bytes, size);
        return 0;
}

static int add_value(StrBuf *out, char format, const char *word, const DnsName *origin,
                     Error **err) {
        DnsName name;
        switch (format) {
        case '4':
                return add_address(out, AF_INET, word, err);
        case '6':
                return add_address(out, AF_INET6, word, err);
        case 'b':
                return add_number(out, 1, word, err);
        case 's':
                return add_number(out, 2, word, err);
        case 'l':
                return add_number(out, 4, word, err);
        case 'n':
                if (dns_name_parse(word, origin, &name, err) < 0)
                        return -1;
                strbuf_add_data(out, (char *) name.bytes, name.length);
                return 0;
        default:
                return add_text(out, word, format != 'r', err);
        }
}

static int add_values(StrBuf *out, const char *format, const StrList *words, const DnsName *origin,
                      Error **err) {
        size_t at = 0;
        for (const char *f = format; *f != '\0'; f++) {
                if (at >= words->count)
                        return error_set(err, ERROR_INVALID, 0, "the value is incomplete");
                if (*f == 'x')
                        return add_hex(out, words, at, err);
                do {
                        if (add_value(out, *f, words->items[at++], origin, err) < 0)
                                return -1;
                } while (*f == 'T' && at < words->count);
        }
        if (at < words->count)
                return error_set(err, ERROR_INVALID, 0, "\"%s\" is too much",
                                 words->items[at]);
        return 0;
}

static int find_type(const char *name, size_t *ret, Error **err) {
        for (size_t i = 0; i < ARRAY_SIZE(types); i++)
                if (str_equal_nocase(types[i].name, name)) {
                        *ret = i;
                        return 0;
                }
        return error_set(err, ERROR_INVALID, 0, "unknown RR type: \"%s\"", name);
}

int dns_zone_add(DnsZone *zone, const DnsName *name, const char *type, uint32_t ttl,
                 const char *value, Error **err) {
        _cleanup_strlist_ StrList words = {.items = NULL};
        StrBuf data = {.data = NULL};
        size_t kind;
        if (find_type(type, &kind, err) < 0)
                return -1;
        if (split(value, &words, err) < 0 ||
            add_values(&data, types[kind].format, &words, &zone->name, err) < 0) {
                strbuf_done(&data);
                return error_prefix(err, "bad %s record", types[kind].name);
        }
        if (data.length > 4096) {
                strbuf_done(&data);
                return error_set(err, ERROR_INVALID, 0, "bad %s record: it is too long",
                                 types[kind].name);
        }
        mem_grow((void **) &zone->records, &zone->capacity, zone->count + 1,
                 sizeof *zone->records);
        size_t size = data.length;
        zone->records[zone->count++] = (DnsRecord){.name = *name,
                                                   .type = types[kind].type,
                                                   .ttl = ttl,
                                                   .data = (unsigned char *) strbuf_take(&data),
                                                   .size = size};
        return 0;
}
