/* SHA-256, whole and streamed. */
#pragma once

#include <stddef.h>

char *digest_sha256_hex(const void *data, size_t size); /* 64 lower-case digits */

typedef struct Digest Digest;
Digest *digest_new(void);
void digest_add(Digest *digest, const void *data, size_t size);
char *digest_hex(Digest *digest); /* ends the digest: may be called once */
void digest_free(Digest *digest);
