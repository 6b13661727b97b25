/* HTTP/1.1 heads and chunked bodies (RFC 9112), strict: what two parsers could read differently is
 * refused (bare line feeds, folded lines, blanks before the colon, both Transfer-Encoding and
 * Content-Length, repeated or odd Content-Length), so that nothing can be smuggled. */
#pragma once

#include "base/error.h"

#define HTTP_HEAD_LIMIT ((size_t) 64 << 10)
#define HTTP_HEADER_LIMIT 100

typedef struct HttpHeader {
        const char *name;
        const char *value; /* without blanks around it */
} HttpHeader;

/* A parsed head; every pointer is into `text`, which it owns. */
typedef struct HttpHead {
        char *text;
        const char *method; /* requests */
        const char *target; /* "/path?query" */
        int status;         /* responses */
        int minor;          /* HTTP/1.x */
        HttpHeader headers[HTTP_HEADER_LIMIT];
        size_t header_count;
        int64_t content_length; /* -1: not given */
        bool chunked;
        bool keep_alive;
        bool expect_continue;
} HttpHead;

/* Bytes of `data` up to and with the empty line; 0: it is not there yet. */
size_t http_head_end(const char *data, size_t size);
int http_head_parse_request(const char *data, size_t size, HttpHead *ret, Error **err)
        _must_check_;
int http_head_parse_response(const char *data, size_t size, HttpHead *ret, Error **err)
        _must_check_;
/* The header's value, by name of any case; NULL when absent. */
const char *http_head_get(const HttpHead *head, const char *name);
/* Whether a comma list like Connection: has `token`. */
bool http_head_has_token(const HttpHead *head, const char *name, const char *token);
void http_head_done(HttpHead *head);

/* Decoder of a chunked body. */
typedef enum ChunkState {
        CHUNK_SIZE,
        CHUNK_DATA,
        CHUNK_DATA_END,
        CHUNK_TRAILER,
        CHUNK_DONE,
} ChunkState;

typedef struct ChunkDecoder {
        ChunkState state;
        uint64_t left; /* of the present chunk */
        char line[128];
        size_t line_length;
        size_t trailer_bytes;
} ChunkDecoder;

/* Input and output of one step; the step advances the pointers. */
typedef struct ChunkBuffers {
        const char *in;
        size_t in_size;
        char *out;
        size_t out_size;
} ChunkBuffers;

/* Moves body bytes from in to out as far as both go. The body is complete when state is CHUNK_DONE;
 * what follows it stays in `in`. */
int http_chunk_decode(ChunkDecoder *decoder, ChunkBuffers *buffers, Error **err) _must_check_;
