#include "http/multipart.h"

#include "base/memory.h"

#include <string.h>

#define BUFFER_SIZE 65536
#define PART_HEAD_LIMIT 8192

struct Multipart {
        HttpExchange *exchange;
        char *delimiter; /* "\r\n--BOUNDARY" */
        size_t delimiter_size;
        char *buffer;
        size_t size;
        bool body_ended;
        bool part_ended; /* the delimiter is at the buffer's beginning */
};

char *multipart_boundary(const char *content_type) {
        if (!str_has_prefix(content_type, "multipart/form-data"))
                return NULL;
        const char *at = strstr(content_type, "boundary=");
        if (at == NULL)
                return NULL;
        at += strlen("boundary=");
        bool quoted = *at == '"';
        at += quoted;
        size_t length = strcspn(at, quoted ? "\"" : "; \t");
        /* RFC 2046: 1 to 70 characters. */
        return length == 0 || length > 70 ? NULL : str_ndup(at, length);
}

Multipart *multipart_new(HttpExchange *exchange, const char *boundary) {
        Multipart *multipart = mem_new(Multipart);
        multipart->exchange = exchange;
        multipart->delimiter = str_printf("\r\n--%s", boundary);
        multipart->delimiter_size = strlen(multipart->delimiter);
        multipart->buffer = mem_alloc(BUFFER_SIZE);
        /* The first delimiter may stand at the very beginning, without a line break before it. */
        memcpy(multipart->buffer, "\r\n", 2);
        multipart->size = 2;
        return multipart;
}

void multipart_free(Multipart *multipart) {
        if (multipart == NULL)
                return;
        free(multipart->delimiter);
        free(multipart->buffer);
        free(multipart);
}

static void consume(Multipart *multipart, size_t size) {
        multipart->size -= size;
        memmove(multipart->buffer, multipart->buffer + size, multipart->size);
}

static int fill(Multipart *multipart, Error **err) {
        size_t got;
        if (multipart->body_ended || multipart->size == BUFFER_SIZE)
                return 0;
        if (http_exchange_read(multipart->exchange, multipart->buffer + multipart->size,
                               BUFFER_SIZE - multipart->size, &got, err) < 0)
                return -1;
        multipart->size += got;
        multipart->body_ended = got == 0;
        return 0;
}

int multipart_read(Multipart *multipart, void *data, size_t size, size_t *ret_size,
                   Error **err) {
        *ret_size = 0;
        while (!multipart->part_ended) {
                const char *found = memmem(multipart->buffer, multipart->size,
                                           multipart->delimiter, multipart->delimiter_size);
                /* Without a delimiter its beginning may still be at the buffer's end. */
                size_t ready = found != NULL ? (size_t) (found - multipart->buffer)
                               : multipart->size >= multipart->delimiter_size
                                       ? multipart->size - multipart->delimiter_size + 1
                                       : 0;
                if (ready > 0) {
                        ready = MIN_OF(ready, size);
                        memcpy(data, multipart->buffer, ready);
                        consume(multipart, ready);
                        *ret_size = ready;
                        return 0;
                }
                if (found != NULL) {
                        multipart->part_ended = true;
                } else {
                        if (multipart->body_ended)
                                return error_set(err, ERROR_INVALID, 0,
                                                 "The multipart body ended early");
                        if (fill(multipart, err) < 0)
                                return -1;
                }
        }
        return 0;
}

/* The value of name="…" in a part's Content-Disposition. */
static char *part_name(const char *head) {
        const char *line = strcasestr(head, "Content-Disposition:");
        const char *at = line != NULL ? strstr(line, " name=\"") : NULL;
        if (at == NULL && line != NULL)
                at = strstr(line, ";name=\"");
        if (at == NULL)
                return str_dup("");
        at = strchr(at, '"') + 1;
        return str_ndup(at, strcspn(at, "\"\r\n"));
}

int multipart_next(Multipart *multipart, char **ret_name, Error **err) {
        char skipped[4096];
        size_t got;
        do
                if (multipart_read(multipart, skipped, sizeof skipped, &got, err) < 0)
                        return -1;
        while (got > 0);
        consume(multipart, multipart->delimiter_size);
        multipart->part_ended = false;
        for (;;) {
                if (multipart->size >= 2 && memcmp(multipart->buffer, "--", 2) == 0)
                        return 0;
                char *end = memmem(multipart->buffer, multipart->size, "\r\n\r\n", 4);
                if (end != NULL) {
                        *end = '\0';
                        *ret_name = part_name(multipart->buffer);
                        consume(multipart, (size_t) (end - multipart->buffer) + 4);
                        return 1;
                }
                if (multipart->size > PART_HEAD_LIMIT)
                        return error_set(err, ERROR_TOO_LARGE, 0, "A part's headers are too long");
                if (multipart->body_ended)
                        return error_set(err, ERROR_INVALID, 0, "The multipart body ended early");
                if (fill(multipart, err) < 0)
                        return -1;
        }
}
