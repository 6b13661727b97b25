/* Path matching against the endpoint tables. */
#pragma once

#include "rest/rest.h"

/* The endpoint that serves `path` (raw, without query), or NULL. Fills the decoded parameters
 * (owned) and the collection; ERROR_INVALID for a broken %-sequence. Empty segments match nothing:
 * "//" and a trailing slash are not normalised. */
int rest_route(const char *path, const RestEndpoint **ret_endpoint,
               char *ret_parameters[REST_MAX_PARAMETERS], const char **ret_collection, Error **err)
        _must_check_;

/* The row's method for an HTTP method name; NULL when the API has no such method at all. */
const RestMethod *rest_route_method(const RestEndpoint *endpoint, const char *method);

/* Every table, for the walk of tests and tools. */
const RestTable *const *rest_tables(size_t *ret_count);
