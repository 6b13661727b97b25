/* Sizes, bit rates and ids as LXD's config writes them, and random data. */
#pragma once

#include "base/error.h"

/* "10GiB", "128MB", "5 bytes", "42": bytes. Suffixes: B, bytes, k/M/G/T/P/E with B or iB. */
int units_parse_bytes(const char *text, int64_t *ret, Error **err) _must_check_;
/* "10Mbit", "1Gibit", "100": bits per second. */
int units_parse_bits(const char *text, int64_t *ret, Error **err) _must_check_;
/* "1.50GiB": two digits and the binary suffix, as lxc prints sizes. */
char *units_format_bytes(uint64_t bytes);
/* "1.50GB": two digits and the decimal suffix. */
char *units_format_bytes_decimal(uint64_t bytes);

void random_bytes(void *ret, size_t size);
char *random_hex(size_t bytes); /* 2*bytes digits */
char *random_uuid(void);        /* version 4 */
