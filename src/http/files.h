/* Replies that are files: one as the body, several as multipart/form-data. */
#pragma once

#include "http/server.h"

typedef struct HttpFile {
        const char *name;     /* of the part */
        const char *filename; /* what the client may call it */
        int fd;
        uint64_t size;
} HttpFile;

int http_exchange_reply_files(HttpExchange *exchange, const HttpFile *files, size_t count,
                              Error **err);
