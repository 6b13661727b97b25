/* The api_extensions that GET /1.0 advertises: exactly those that work; each is named by a test. */
#pragma once

#include <jansson.h>

json_t *rest_extensions_json(void); /* a new reference to the list, in LXD's order */
