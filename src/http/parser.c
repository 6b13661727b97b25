#include "http/parser.h"

#include "base/memory.h"
#include "base/text.h"

#include <ctype.h>
#include <string.h>

#define TRAILER_LIMIT 8192

size_t http_head_end(const char *data, size_t size) {
        const char *end = memmem(data, size, "\r\n\r\n", 4);
        return end != NULL ? (size_t) (end - data) + 4 : 0;
}

static bool is_token_char(char c) {
        return isalnum((unsigned char) c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_token(const char *text) {
        if (*text == '\0')
                return false;
        for (; *text != '\0'; text++)
                if (!is_token_char(*text))
                        return false;
        return true;
}

static int refuse(Error **err, const char *what) {
        return error_set(err, ERROR_INVALID, 0, "Malformed HTTP message: %s", what);
}

/* Field values: visible characters, blanks and obs-text; no control characters. */
static bool is_field_value(const char *text) {
        for (; *text != '\0'; text++)
                if (((unsigned char) *text < 0x20 && *text != '\t') || *text == 0x7f)
                        return false;
        return true;
}

static int parse_field(char *line, HttpHead *head, Error **err) {
        char *colon = strchr(line, ':');
        if (*line == ' ' || *line == '\t')
                return refuse(err, "a folded header line");
        if (colon == NULL)
                return refuse(err, "a header line without a colon");
        *colon = '\0';
        if (!is_token(line))
                return refuse(err, "an invalid header name");
        if (head->header_count == HTTP_HEADER_LIMIT)
                return error_set(err, ERROR_TOO_LARGE, 0, "More than %d headers",
                                 HTTP_HEADER_LIMIT);
        char *value = colon + 1;
        value += strspn(value, " \t");
        size_t length = strlen(value);
        while (length > 0 && (value[length - 1] == ' ' || value[length - 1] == '\t'))
                value[--length] = '\0';
        if (!is_field_value(value))
                return refuse(err, "a control character in a header");
        head->headers[head->header_count++] = (HttpHeader){line, value};
        return 0;
}

/* Splits the lines at CR LF; a CR or LF elsewhere, and a NUL, are refused. */
static int parse_fields(char *text, HttpHead *head, Error **err) {
        while (*text != '\0') {
                char *end = strstr(text, "\r\n");
                if (end == NULL)
                        return refuse(err, "a line without an end");
                *end = '\0';
                if (end == text)
                        return 0;
                if (strpbrk(text, "\r\n") != NULL)
                        return refuse(err, "a bare line break");
                if (parse_field(text, head, err) < 0)
                        return -1;
                text = end + 2;
        }
        return 0;
}

static int parse_length(HttpHead *head, Error **err) {
        uint64_t value;
        head->content_length = -1;
        for (size_t i = 0; i < head->header_count; i++) {
                if (!str_equal_nocase(head->headers[i].name, "Content-Length"))
                        continue;
                const char *text = head->headers[i].value;
                if (head->content_length >= 0)
                        return refuse(err, "two Content-Length headers");
                if (strspn(text, "0123456789") != strlen(text) || !str_to_uint64(text, &value) ||
                    value > INT64_MAX)
                        return refuse(err, "an invalid Content-Length");
                head->content_length = (int64_t) value;
        }
        return 0;
}

static int parse_encoding(HttpHead *head, Error **err) {
        const char *encoding = NULL;
        for (size_t i = 0; i < head->header_count; i++) {
                if (!str_equal_nocase(head->headers[i].name, "Transfer-Encoding"))
                        continue;
                if (encoding != NULL)
                        return refuse(err, "two Transfer-Encoding headers");
                encoding = head->headers[i].value;
        }
        if (encoding == NULL)
                return 0;
        if (!str_equal_nocase(encoding, "chunked"))
                return refuse(err, "an unknown Transfer-Encoding");
        if (head->content_length >= 0)
                return refuse(err, "both Transfer-Encoding and Content-Length");
        if (head->minor == 0)
                return refuse(err, "Transfer-Encoding in HTTP/1.0");
        head->chunked = true;
        return 0;
}

static int parse_framing(HttpHead *head, Error **err) {
        if (parse_length(head, err) < 0 || parse_encoding(head, err) < 0)
                return -1;
        head->keep_alive = head->minor >= 1
                                   ? !http_head_has_token(head, "Connection", "close")
                                   : http_head_has_token(head, "Connection", "keep-alive");
        head->expect_continue = str_equal_nocase(http_head_get(head, "Expect"), "100-continue");
        return 0;
}

static int parse_version(const char *text, int *ret_minor, Error **err) {
        if (!str_has_prefix(text, "HTTP/1.") || (text[7] != '0' && text[7] != '1') ||
            text[8] != '\0')
                return refuse(err, "an unknown version");
        *ret_minor = text[7] - '0';
        return 0;
}

static bool is_target(const char *text) {
        if (*text != '/')
                return false;
        for (; *text != '\0'; text++)
                if ((unsigned char) *text <= 0x20 || *text == 0x7f || *text == '#')
                        return false;
        return true;
}

static int parse_request_line(char *line, HttpHead *head, Error **err) {
        char *target = strchr(line, ' ');
        char *version = target != NULL ? strchr(target + 1, ' ') : NULL;
        if (version == NULL)
                return refuse(err, "a broken request line");
        *target++ = '\0';
        *version++ = '\0';
        if (!is_token(line))
                return refuse(err, "an invalid method");
        if (!is_target(target))
                return refuse(err, "an invalid request target");
        head->method = line;
        head->target = target;
        return parse_version(version, &head->minor, err);
}

static int parse_status_line(char *line, HttpHead *head, Error **err) {
        uint64_t status;
        char *code = strchr(line, ' ');
        if (code == NULL)
                return refuse(err, "a broken status line");
        *code++ = '\0';
        char *reason = strchr(code, ' ');
        if (reason != NULL)
                *reason = '\0';
        if (strlen(code) != 3 || !str_to_uint64(code, &status) || status < 100)
                return refuse(err, "an invalid status");
        head->status = (int) status;
        return parse_version(line, &head->minor, err);
}

typedef int (*FirstLine)(char *line, HttpHead *head, Error **err);

static int parse_head(const char *data, size_t size, FirstLine first_line, HttpHead *ret,
                      Error **err) {
        HttpHead head = {.text = mem_copy(data, size)};
        int result = -1;
        char *end = strstr(head.text, "\r\n");
        if (strlen(head.text) != size) {
                (void) refuse(err, "a NUL byte");
        } else if (end == NULL) {
                (void) refuse(err, "a line without an end");
        } else {
                *end = '\0';
                if (strpbrk(head.text, "\r\n") != NULL)
                        (void) refuse(err, "a bare line break");
                else if (first_line(head.text, &head, err) == 0 &&
                         parse_fields(end + 2, &head, err) == 0)
                        result = parse_framing(&head, err);
        }
        if (result < 0) {
                http_head_done(&head);
                return -1;
        }
        *ret = head;
        return 0;
}

int http_head_parse_request(const char *data, size_t size, HttpHead *ret, Error **err) {
        return parse_head(data, size, parse_request_line, ret, err);
}

int http_head_parse_response(const char *data, size_t size, HttpHead *ret, Error **err) {
        return parse_head(data, size, parse_status_line, ret, err);
}

const char *http_head_get(const HttpHead *head, const char *name) {
        for (size_t i = 0; i < head->header_count; i++)
                if (str_equal_nocase(head->headers[i].name, name))
                        return head->headers[i].value;
        return NULL;
}

bool http_head_has_token(const HttpHead *head, const char *name, const char *token) {
        const char *value = http_head_get(head, name);
        _cleanup_strlist_ StrList parts = {};
        if (value == NULL)
                return false;
        strlist_split(&parts, value, ", \t", true);
        for (size_t i = 0; i < parts.count; i++)
                if (str_equal_nocase(parts.items[i], token))
                        return true;
        return false;
}

void http_head_done(HttpHead *head) {
        free(head->text);
        *head = (HttpHead){};
}

/* A chunk-size line: hex digits, then an optional extension, which is ignored. */
static int chunk_size_line(ChunkDecoder *decoder, Error **err) {
        size_t digits = strspn(decoder->line, "0123456789abcdefABCDEF");
        if (digits == 0 || digits > 15 ||
            (decoder->line[digits] != '\0' && decoder->line[digits] != ';'))
                return refuse(err, "an invalid chunk size");
        decoder->left = strtoull(decoder->line, NULL, 16);
        decoder->state = decoder->left > 0 ? CHUNK_DATA : CHUNK_TRAILER;
        return 0;
}

static int chunk_line_end(ChunkDecoder *decoder, Error **err) {
        size_t length = decoder->line_length;
        if (length == 0 || decoder->line[length - 1] != '\r')
                return refuse(err, "a bare line feed in a chunked body");
        decoder->line[length - 1] = '\0';
        decoder->line_length = 0;
        if (strlen(decoder->line) != length - 1 || strchr(decoder->line, '\r') != NULL)
                return refuse(err, "a control character in a chunked body");
        switch (decoder->state) {
        case CHUNK_SIZE:
                return chunk_size_line(decoder, err);
        case CHUNK_DATA_END:
                if (length != 1)
                        return refuse(err, "a chunk longer than its size");
                decoder->state = CHUNK_SIZE;
                return 0;
        default:
                if (length == 1)
                        decoder->state = CHUNK_DONE;
                return 0;
        }
}

/* Collects one line; trailer lines longer than the buffer only count. */
static int chunk_line_byte(ChunkDecoder *decoder, char c, Error **err) {
        if (decoder->state == CHUNK_TRAILER && ++decoder->trailer_bytes > TRAILER_LIMIT)
                return error_set(err, ERROR_TOO_LARGE, 0, "Trailer over %d bytes", TRAILER_LIMIT);
        if (c == '\n')
                return chunk_line_end(decoder, err);
        if (decoder->line_length + 1 >= sizeof decoder->line)
                return refuse(err, "a chunk line that is too long");
        decoder->line[decoder->line_length++] = c;
        return 0;
}

int http_chunk_decode(ChunkDecoder *decoder, ChunkBuffers *buffers, Error **err) {
        while (buffers->in_size > 0 && decoder->state != CHUNK_DONE) {
                if (decoder->state != CHUNK_DATA) {
                        if (chunk_line_byte(decoder, *buffers->in, err) < 0)
                                return -1;
                        buffers->in++;
                        buffers->in_size--;
                        continue;
                }
                size_t step = MIN_OF(buffers->in_size, buffers->out_size);
                step = decoder->left < step ? (size_t) decoder->left : step;
                if (step == 0)
                        return 0;
                memcpy(buffers->out, buffers->in, step);
                buffers->in += step;
                buffers->in_size -= step;
                buffers->out += step;
                buffers->out_size -= step;
                decoder->left -= step;
                if (decoder->left == 0)
                        decoder->state = CHUNK_DATA_END;
        }
        return 0;
}
