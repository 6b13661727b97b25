/* The envelope of every JSON reply. Conventions: api/api.h. */
#pragma once

#include "api/api.h"

typedef struct ApiResponse {
        char *type;
        char *status;
        int64_t status_code;
        char *operation;
        int64_t error_code;
        char *error;
        json_t *metadata;
} ApiResponse;
API_STRUCT(ApiResponse, api_response)
