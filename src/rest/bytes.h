/* Bodies that are files. */
#pragma once

#include "rest/rest.h"

/* The request's body, to its end, into a new file. */
int rest_receive_file(RestRequest *request, const char *path, Error **err) _must_check_;
/* The file as application/octet-stream. */
int rest_reply_file(RestRequest *request, const char *path, Error **err) _must_check_;
/* The body is such bytes and no JSON. */
bool rest_has_bytes(const RestRequest *request);
