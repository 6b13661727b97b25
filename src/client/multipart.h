/* Receiving the two files of a split image. */
#pragma once

#include "client/client.h"

/* Called with the bytes of a part as they come, at least once for each; `name` is its file name. */
typedef int (*ClientPartData)(void *userdata, const char *name, const void *data, size_t size,
                              Error **err);
/* `type` is the Content-Type with its boundary. */
int client_multipart_read(ClientDownload *download, const char *type, ClientPartData take,
                          void *userdata, Error **err) _must_check_;
