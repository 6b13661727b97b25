#include "dns/name.h"

#include "base/memory.h"
#include "base/text.h"

#include <ctype.h>
#include <string.h>

#define LABEL_MAX 63
#define POINTER 0xc0

static int bad_name(const char *text, Error **err) {
        return error_set(err, ERROR_INVALID, 0, "Invalid domain name \"%s\"", text);
}

/* One character of a label, with its escapes; moves *text. */
static bool next_character(const char **text, unsigned char *ret) {
        const char *c = *text;
        if (*c != '\\') {
                *ret = (unsigned char) *c;
                *text = c + 1;
                return true;
        }
        if (isdigit((unsigned char) c[1])) {
                unsigned value = 0;
                for (int i = 1; i <= 3; i++) {
                        if (!isdigit((unsigned char) c[i]))
                                return false;
                        value = value * 10 + (unsigned) (c[i] - '0');
                }
                *ret = (unsigned char) value;
                *text = c + 4;
                return value <= 255;
        }
        *ret = (unsigned char) c[1];
        *text = c + 2;
        return c[1] != '\0';
}

/* Adds a label; *text is behind it and its dot after. */
static bool add_label(const char **text, DnsName *name) {
        size_t start = name->length, used = 0;
        if (start + 1 >= DNS_NAME_MAX)
                return false;
        while (**text != '\0' && **text != '.') {
                unsigned char c;
                if (!next_character(text, &c) || used == LABEL_MAX ||
                    start + 1 + used + 1 >= DNS_NAME_MAX)
                        return false;
                name->bytes[start + 1 + used++] = (unsigned char) tolower(c);
        }
        if (used == 0)
                return false;
        name->bytes[start] = (unsigned char) used;
        name->length = (unsigned char) (start + 1 + used);
        return true;
}

int dns_name_parse(const char *text, const DnsName *origin, DnsName *ret, Error **err) {
        const char *c = text;
        DnsName name = {.length = 0};
        bool absolute = origin == NULL || str_equal(text, ".");
        if (origin != NULL && str_equal(text, "@")) {
                *ret = *origin;
                return 0;
        }
        if (str_equal(text, "."))
                c++;
        else if (str_is_empty(text))
                return bad_name(text, err);
        while (*c != '\0') {
                if (!add_label(&c, &name))
                        return bad_name(text, err);
                if (*c == '.' && *++c == '\0')
                        absolute = true;
        }
        const unsigned char root[] = {0};
        const unsigned char *rest = absolute ? root : origin->bytes;
        size_t rest_size = absolute ? sizeof root : origin->length;
        if (name.length + rest_size > DNS_NAME_MAX)
                return bad_name(text, err);
        memcpy(name.bytes + name.length, rest, rest_size);
        name.length = (unsigned char) (name.length + rest_size);
        *ret = name;
        return 0;
}

char *dns_name_text(const DnsName *name) {
        StrBuf text = {.data = NULL};
        for (size_t at = 0; at < name->length && name->bytes[at] != 0;
             at += 1u + name->bytes[at]) {
                for (size_t i = 1; i <= name->bytes[at]; i++) {
                        unsigned char c = name->bytes[at + i];
                        if (isalnum(c) || c == '-' || c == '_' || c == '*' || c == '/')
                                strbuf_add_char(&text, (char) c);
                        else
                                strbuf_printf(&text, "\\%03u", c);
                }
                strbuf_add_char(&text, '.');
        }
        if (text.length == 0)
                strbuf_add_char(&text, '.');
        return strbuf_take(&text);
}

/* Pointers lead only backwards, so that they end. */
bool dns_name_read(const unsigned char *data, size_t size, size_t *offset, DnsName *ret) {
        size_t at = *offset, limit = size, used = 0;
        bool jumped = false;
        DnsName name = {.length = 0};
        for (;;) {
                if (at >= limit)
                        return false;
                unsigned char length = data[at];
                if ((length & POINTER) == POINTER) {
                        if (at + 1 >= size)
                                return false;
                        size_t target = (size_t) (length & ~POINTER) << 8 | data[at + 1];
                        if (!jumped)
                                *offset = at + 2;
                        if (target >= at)
                                return false;
                        jumped = true;
                        limit = at; /* what is pointed to stands before the pointer */
                        at = target;
                        continue;
                }
                if (length > LABEL_MAX || at + 1 + length > limit ||
                    used + 1 + length + (length != 0) > DNS_NAME_MAX)
                        return false;
                name.bytes[used++] = length;
                for (size_t i = 0; i < length; i++)
                        name.bytes[used++] = (unsigned char) tolower(data[at + 1 + i]);
                at += 1u + length;
                if (length == 0)
                        break;
        }
        if (!jumped)
                *offset = at;
        name.length = (unsigned char) used;
        *ret = name;
        return true;
}

bool dns_name_equal(const DnsName *a, const DnsName *b) {
        return a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0;
}

bool dns_name_is_in(const DnsName *name, const DnsName *zone) {
        DnsName at = *name;
        do {
                if (dns_name_equal(&at, zone))
                        return true;
        } while (dns_name_up(&at));
        return false;
}

bool dns_name_up(DnsName *name) {
        if (name->length <= 1)
                return false;
        unsigned char cut = (unsigned char) (name->bytes[0] + 1);
        name->length = (unsigned char) (name->length - cut);
        memmove(name->bytes, name->bytes + cut, name->length);
        return true;
}

bool dns_name_wildcard(const DnsName *name, DnsName *ret) {
        if (name->length + 2 > DNS_NAME_MAX)
                return false;
        ret->bytes[0] = 1;
        ret->bytes[1] = '*';
        memcpy(ret->bytes + 2, name->bytes, name->length);
        ret->length = (unsigned char) (name->length + 2);
        return true;
}
