#include "http/files.h"

#include "base/memory.h"
#include "base/units.h"

#include <errno.h>
#include <string.h>

#define BLOCK_SIZE 65536

static int send_text(HttpExchange *exchange, const char *text, Error **err) {
        return http_exchange_stream_write(exchange, text, strlen(text), err);
}

static int send_part(HttpExchange *exchange, const char *boundary, const HttpFile *file,
                     Error **err) {
        _cleanup_free_ char *block = mem_alloc(BLOCK_SIZE);
        _cleanup_free_ char *head =
                str_printf("--%s\r\nContent-Disposition: form-data; name=\"%s\"; "
                           "filename=\"%s\"\r\nContent-Type: application/octet-stream\r\n\r\n",
                           boundary, file->name, file->filename);
        ssize_t got;
        if (send_text(exchange, head, err) < 0)
                return -1;
        while ((got = read(file->fd, block, BLOCK_SIZE)) > 0)
                if (http_exchange_stream_write(exchange, block, (size_t) got, err) < 0)
                        return -1;
        if (got < 0)
                return error_errno(err, errno, "Failed to read %s", file->filename);
        return send_text(exchange, "\r\n", err);
}

static int send_parts(HttpExchange *exchange, const HttpFile *files, size_t count, Error **err) {
        _cleanup_free_ char *boundary = random_hex(30);
        _cleanup_free_ char *end = str_printf("--%s--\r\n", boundary);
        _cleanup_strmap_ StrMap headers = {.items = NULL};
        strmap_printf(&headers, "Content-Type", "multipart/form-data; boundary=%s", boundary);
        if (http_exchange_stream_begin(exchange, 200, &headers, err) < 0)
                return -1;
        for (size_t i = 0; i < count; i++)
                if (send_part(exchange, boundary, &files[i], err) < 0)
                        return -1;
        if (send_text(exchange, end, err) < 0)
                return -1;
        return http_exchange_stream_end(exchange, err);
}

int http_exchange_reply_files(HttpExchange *exchange, const HttpFile *files, size_t count,
                              Error **err) {
        _cleanup_strmap_ StrMap headers = {.items = NULL};
        if (count != 1)
                return send_parts(exchange, files, count, err);
        strmap_set(&headers, "Content-Type", "application/octet-stream");
        strmap_printf(&headers, "Content-Disposition", "inline;filename=%s", files[0].filename);
        return http_exchange_reply_fd(exchange, 200, &headers, files[0].fd, 0, files[0].size, err);
}
