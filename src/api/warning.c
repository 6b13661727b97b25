#include "api/warning.h"

const JsonField api_warning_fields[] = {
        JSON_STRING(ApiWarning, status, 0),
        JSON_STRING(ApiWarning, uuid, 0),
        JSON_STRING(ApiWarning, location, 0),
        JSON_STRING(ApiWarning, project, 0),
        JSON_STRING(ApiWarning, type, 0),
        JSON_INTEGER(ApiWarning, count, 0),
        JSON_TIME(ApiWarning, first_seen_at, 0),
        JSON_TIME(ApiWarning, last_seen_at, 0),
        JSON_STRING(ApiWarning, last_message, 0),
        JSON_STRING(ApiWarning, severity, 0),
        JSON_STRING(ApiWarning, entity_url, 0),
        JSON_END,
};

const JsonField api_warning_put_fields[] = {
        JSON_STRING(ApiWarningPut, status, 0),
        JSON_END,
};
