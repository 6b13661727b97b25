#include "api/response.h"

const JsonField api_response_fields[] = {
        JSON_STRING(ApiResponse, type, 0),
        JSON_STRING(ApiResponse, status, 0),
        JSON_INTEGER(ApiResponse, status_code, 0),
        JSON_STRING(ApiResponse, operation, 0),
        JSON_INTEGER(ApiResponse, error_code, 0),
        JSON_STRING(ApiResponse, error, 0),
        JSON_VALUE(ApiResponse, metadata, 0),
        JSON_END,
};
