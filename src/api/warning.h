/* /1.0/warnings. Conventions: api/api.h. */
#pragma once

#include "api/api.h"

typedef struct ApiWarning {
        char *status;
        char *uuid;
        char *location;
        char *project;
        char *type;
        int64_t count;
        int64_t first_seen_at;
        int64_t last_seen_at;
        char *last_message;
        char *severity;
        char *entity_url;
} ApiWarning;
API_STRUCT(ApiWarning, api_warning)

typedef struct ApiWarningPut {
        char *status;
} ApiWarningPut;
API_STRUCT(ApiWarningPut, api_warning_put)
