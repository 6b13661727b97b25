/* The envelope of every JSON answer: seven keys in LXD's order, always all of them. */
#pragma once

#include "rest/rest.h"

struct HttpExchange;

int rest_envelope_send(RestRequest *request, Error **err);
int rest_envelope_send_error(struct HttpExchange *exchange, const Error *error, Error **err);
/* {"type":"sync",…,"metadata":METADATA}\n as text; `metadata_text` is rendered JSON. */
char *rest_envelope_sync(const char *metadata_text, size_t *ret_size);
