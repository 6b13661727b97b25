/* /1.0/operations. Conventions: api/api.h. */
#pragma once

#include "api/api.h"

typedef struct ApiOperationRequestor {
        char *username;
        char *protocol;
        char *address;
} ApiOperationRequestor;
API_STRUCT(ApiOperationRequestor, api_operation_requestor)

typedef struct ApiOperation {
        char *id;
        char *class;
        char *description;
        int64_t created_at;
        int64_t updated_at;
        char *status;
        int64_t status_code;
        json_t *resources;
        json_t *metadata;
        bool may_cancel;
        char *err;
        char *location;
        struct ApiOperationRequestor *requestor;
} ApiOperation;
API_STRUCT(ApiOperation, api_operation)
