/* A streaming parser of multipart/form-data: parts may be of any size. Bytes that could be the
 * beginning of a delimiter are held back until the next block decides. */
#include "client/multipart.h"

#include "base/memory.h"

#include <string.h>

#define BLOCK_SIZE 65536
#define HEAD_LIMIT 8192

typedef struct Multipart {
        ClientDownload *download;
        ClientPartData take;
        void *userdata;
        char *delimiter; /* CRLF -- boundary */
        char *data;
        size_t size, capacity;
        bool ended;
} Multipart;

static void multipart_done(Multipart *multipart) {
        free(multipart->delimiter);
        free(multipart->data);
}

static int fill(Multipart *multipart, Error **err) {
        size_t got;
        if (multipart->ended)
                return error_set(err, ERROR_INVALID, 0, "The server's files end too early");
        mem_grow((void **) &multipart->data, &multipart->capacity, multipart->size + BLOCK_SIZE, 1);
        if (client_download_read(multipart->download, multipart->data + multipart->size,
                                 BLOCK_SIZE, &got, err) < 0)
                return -1;
        multipart->ended = got == 0;
        multipart->size += got;
        return 0;
}

static void drop(Multipart *multipart, size_t size) {
        memmove(multipart->data, multipart->data + size, multipart->size - size);
        multipart->size -= size;
}

static char *find(const Multipart *multipart, const char *text) {
        return memmem(multipart->data, multipart->size, text, strlen(text));
}

/* The part's file name, from its Content-Disposition; false at the closing delimiter. */
static int read_head(Multipart *multipart, char **ret_name, bool *ret_last, Error **err) {
        const char *end, *name;
        while (multipart->size < 2)
                if (fill(multipart, err) < 0)
                        return -1;
        *ret_last = memcmp(multipart->data, "--", 2) == 0;
        if (*ret_last)
                return 0;
        while ((end = find(multipart, "\r\n\r\n")) == NULL) {
                if (multipart->size > HEAD_LIMIT)
                        return error_set(err, ERROR_INVALID, 0, "A part's headers are too long");
                if (fill(multipart, err) < 0)
                        return -1;
        }
        name = memmem(multipart->data, (size_t) (end - multipart->data), "filename=", 9);
        if (name == NULL)
                return error_set(err, ERROR_INVALID, 0, "A part has no file name");
        name += 9 + (name[9] == '"');
        *ret_name = str_ndup(name, strcspn(name, "\";\r"));
        drop(multipart, (size_t) (end - multipart->data) + 4);
        return 0;
}

static int read_part(Multipart *multipart, const char *name, Error **err) {
        size_t held = strlen(multipart->delimiter);
        for (;;) {
                const char *end = find(multipart, multipart->delimiter);
                size_t ready = end != NULL ? (size_t) (end - multipart->data)
                                           : multipart->size - MIN_OF(multipart->size, held);
                if (multipart->take(multipart->userdata, name, multipart->data, ready, err) < 0)
                        return -1;
                drop(multipart, ready);
                if (end != NULL) {
                        drop(multipart, held);
                        return 0;
                }
                if (fill(multipart, err) < 0)
                        return -1;
        }
}

int client_multipart_read(ClientDownload *download, const char *type, ClientPartData take,
                          void *userdata, Error **err) {
        _cleanup_(multipart_done) Multipart multipart = {
                .download = download, .take = take, .userdata = userdata};
        const char *boundary = strstr(type, "boundary=");
        _cleanup_free_ char *text = NULL;
        if (boundary == NULL)
                return error_set(err, ERROR_INVALID, 0, "The server's files have no boundary");
        boundary += strlen("boundary=") + (boundary[9] == '"');
        text = str_ndup(boundary, strcspn(boundary, "\";"));
        multipart.delimiter = str_printf("\r\n--%s", text);
        while (multipart.size < strlen(text) + 2)
                if (fill(&multipart, err) < 0)
                        return -1;
        drop(&multipart, strlen(text) + 2); /* the first delimiter has no line before it */
        for (;;) {
                _cleanup_free_ char *name = NULL;
                bool last;
                if (read_head(&multipart, &name, &last, err) < 0)
                        return -1;
                if (last)
                        return 0;
                if (read_part(&multipart, name, err) < 0)
                        return -1;
        }
}
