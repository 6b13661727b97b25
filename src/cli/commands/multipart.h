/* Receiving the two files of a split image. */
#pragma once

#include "cli/progress.h"
#include "client/client.h"

/* Saves each part under its file name in `target` (a directory), or as `target` and
 * `target.root` with the endings of the names. `type` is the Content-Type with its boundary. */
int multipart_save(ClientDownload *download, const char *type, const char *target,
                   Progress *progress, Error **err) _must_check_;
