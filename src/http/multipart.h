/* A multipart/form-data body as a stream of parts (RFC 7578), read from an exchange in constant
 * memory. */
#pragma once

#include "http/server.h"

typedef struct Multipart Multipart;

/* The boundary of a Content-Type value, owned; NULL when it is not multipart/form-data. */
char *multipart_boundary(const char *content_type);
Multipart *multipart_new(HttpExchange *exchange, const char *boundary);
void multipart_free(Multipart *multipart);
DEFINE_CLEANUP(Multipart, multipart, multipart_free)
/* 1: at the next part, with its name (owned, "" when it has none); 0: no more; -1. What is left of
 * the present part is skipped. */
int multipart_next(Multipart *multipart, char **ret_name, Error **err) _must_check_;
/* Bytes of the part; 0 at its end. */
int multipart_read(Multipart *multipart, void *data, size_t size, size_t *ret_size, Error **err)
        _must_check_;
