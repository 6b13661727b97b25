/* Domain names in wire form: labels with a length before each, an empty one last, lower case. */
#pragma once

#include "base/error.h"

#define DNS_NAME_MAX 255

typedef struct DnsName {
        unsigned char bytes[DNS_NAME_MAX];
        unsigned char length; /* with the final zero; 0: no name */
} DnsName;

/* "www.example.org", with or without the last dot. \DDD and \X are understood. With `origin` a name
 * without the last dot is below it, and "@" is it. */
int dns_name_parse(const char *text, const DnsName *origin, DnsName *ret, Error **err)
        _must_check_;
char *dns_name_text(const DnsName *name); /* with the last dot */
/* From a message, following pointers. *offset is behind it after; false: malformed. */
bool dns_name_read(const unsigned char *data, size_t size, size_t *offset, DnsName *ret);
bool dns_name_equal(const DnsName *a, const DnsName *b);
/* `name` is `zone` or below it. */
bool dns_name_is_in(const DnsName *name, const DnsName *zone);
/* Takes the first label away; false at the root. */
bool dns_name_up(DnsName *name);
/* "*" before it; false when that would be too long. */
bool dns_name_wildcard(const DnsName *name, DnsName *ret);
