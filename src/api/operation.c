#include "api/operation.h"

const JsonField api_operation_requestor_fields[] = {
        JSON_STRING(ApiOperationRequestor, username, 0),
        JSON_STRING(ApiOperationRequestor, protocol, 0),
        JSON_STRING(ApiOperationRequestor, address, 0),
        JSON_END,
};

const JsonField api_operation_fields[] = {
        JSON_STRING(ApiOperation, id, 0),
        JSON_STRING(ApiOperation, class, 0),
        JSON_STRING(ApiOperation, description, 0),
        JSON_TIME(ApiOperation, created_at, 0),
        JSON_TIME(ApiOperation, updated_at, 0),
        JSON_STRING(ApiOperation, status, 0),
        JSON_INTEGER(ApiOperation, status_code, 0),
        JSON_VALUE(ApiOperation, resources, 0),
        JSON_VALUE(ApiOperation, metadata, 0),
        JSON_BOOLEAN(ApiOperation, may_cancel, 0),
        JSON_STRING(ApiOperation, err, 0),
        JSON_STRING(ApiOperation, location, 0),
        JSON_POINTER(ApiOperation, requestor, ApiOperationRequestor,
                     api_operation_requestor_fields, JSON_OMIT_EMPTY),
        JSON_END,
};
