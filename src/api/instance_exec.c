#include "api/instance_exec.h"

const JsonField api_instance_console_control_fields[] = {
        JSON_STRING(ApiInstanceConsoleControl, command, 0),
        JSON_STRMAP(ApiInstanceConsoleControl, args, 0),
        JSON_END,
};

const JsonField api_instance_console_post_fields[] = {
        JSON_INTEGER(ApiInstanceConsolePost, width, 0),
        JSON_INTEGER(ApiInstanceConsolePost, height, 0),
        JSON_STRING(ApiInstanceConsolePost, type, 0),
        JSON_END,
};

const JsonField api_instance_exec_control_fields[] = {
        JSON_STRING(ApiInstanceExecControl, command, 0),
        JSON_STRMAP(ApiInstanceExecControl, args, 0),
        JSON_INTEGER(ApiInstanceExecControl, signal, 0),
        JSON_END,
};

const JsonField api_instance_exec_post_fields[] = {
        JSON_STRLIST(ApiInstanceExecPost, command, 0),
        JSON_BOOLEAN_AS(ApiInstanceExecPost, wait_for_websocket, "wait-for-websocket", 0),
        JSON_BOOLEAN(ApiInstanceExecPost, interactive, 0),
        JSON_STRMAP(ApiInstanceExecPost, environment, 0),
        JSON_INTEGER(ApiInstanceExecPost, width, 0),
        JSON_INTEGER(ApiInstanceExecPost, height, 0),
        JSON_BOOLEAN_AS(ApiInstanceExecPost, record_output, "record-output", 0),
        JSON_INTEGER(ApiInstanceExecPost, user, 0),
        JSON_INTEGER(ApiInstanceExecPost, group, 0),
        JSON_STRING(ApiInstanceExecPost, cwd, 0),
        JSON_END,
};
