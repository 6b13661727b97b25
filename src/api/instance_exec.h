/* Exec and console requests and their control messages. Conventions: api/api.h. */
#pragma once

#include "api/api.h"

typedef struct ApiInstanceConsoleControl {
        char *command;
        StrMap args;
} ApiInstanceConsoleControl;
API_STRUCT(ApiInstanceConsoleControl, api_instance_console_control)

typedef struct ApiInstanceConsolePost {
        int64_t width;
        int64_t height;
        char *type;
} ApiInstanceConsolePost;
API_STRUCT(ApiInstanceConsolePost, api_instance_console_post)

typedef struct ApiInstanceExecControl {
        char *command;
        StrMap args;
        int64_t signal;
} ApiInstanceExecControl;
API_STRUCT(ApiInstanceExecControl, api_instance_exec_control)

typedef struct ApiInstanceExecPost {
        StrList command;
        bool wait_for_websocket;
        bool interactive;
        StrMap environment;
        int64_t width;
        int64_t height;
        bool record_output;
        int64_t user;
        int64_t group;
        char *cwd;
} ApiInstanceExecPost;
API_STRUCT(ApiInstanceExecPost, api_instance_exec_post)
