/* Messages of the events websocket. Conventions: api/api.h. */
#pragma once

#include "api/api.h"

typedef struct ApiEvent {
        char *type;
        int64_t timestamp;
        json_t *metadata;
        char *location;
        char *project;
} ApiEvent;
API_STRUCT(ApiEvent, api_event)

typedef struct ApiEventLogging {
        char *message;
        char *level;
        StrMap context;
} ApiEventLogging;
API_STRUCT(ApiEventLogging, api_event_logging)

typedef struct ApiEventLifecycleRequestor {
        char *username;
        char *protocol;
        char *address;
} ApiEventLifecycleRequestor;
API_STRUCT(ApiEventLifecycleRequestor, api_event_lifecycle_requestor)

typedef struct ApiEventLifecycle {
        char *action;
        char *source;
        json_t *context;
        struct ApiEventLifecycleRequestor *requestor;
        char *name;
        char *project;
} ApiEventLifecycle;
API_STRUCT(ApiEventLifecycle, api_event_lifecycle)
