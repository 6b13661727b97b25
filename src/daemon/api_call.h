/* One call to the daemon of this directory, for berthd's own subcommands. */
#pragma once

#include "base/error.h"

#include <jansson.h>

/* Sends `body` (borrowed, may be NULL) and returns the metadata; waits for an operation to end.
 * `timeout_ms` limits the connect and the answer; -1 waits for ever. */
int daemon_api_call(const char *method, const char *path, json_t *body, json_t **ret_metadata,
                    Error **err) _must_check_;
/* The same without an interest in the answer. */
int daemon_api_send(const char *method, const char *path, json_t *body, Error **err) _must_check_;
