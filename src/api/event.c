#include "api/event.h"

const JsonField api_event_fields[] = {
        JSON_STRING(ApiEvent, type, 0),
        JSON_TIME(ApiEvent, timestamp, 0),
        JSON_VALUE(ApiEvent, metadata, 0),
        JSON_STRING(ApiEvent, location, JSON_OMIT_EMPTY),
        JSON_STRING(ApiEvent, project, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_event_logging_fields[] = {
        JSON_STRING(ApiEventLogging, message, 0),
        JSON_STRING(ApiEventLogging, level, 0),
        JSON_STRMAP(ApiEventLogging, context, 0),
        JSON_END,
};

const JsonField api_event_lifecycle_requestor_fields[] = {
        JSON_STRING(ApiEventLifecycleRequestor, username, 0),
        JSON_STRING(ApiEventLifecycleRequestor, protocol, 0),
        JSON_STRING(ApiEventLifecycleRequestor, address, 0),
        JSON_END,
};

const JsonField api_event_lifecycle_fields[] = {
        JSON_STRING(ApiEventLifecycle, action, 0),
        JSON_STRING(ApiEventLifecycle, source, 0),
        JSON_VALUE(ApiEventLifecycle, context, JSON_OMIT_EMPTY),
        JSON_POINTER(ApiEventLifecycle, requestor, ApiEventLifecycleRequestor,
                     api_event_lifecycle_requestor_fields, JSON_OMIT_EMPTY),
        JSON_STRING(ApiEventLifecycle, name, JSON_OMIT_EMPTY),
        JSON_STRING(ApiEventLifecycle, project, JSON_OMIT_EMPTY),
        JSON_END,
};
