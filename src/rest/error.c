#include "rest/error.h"

static const int statuses[_ERROR_KIND_MAX] = {
        [ERROR_INVALID] = 400,
        [ERROR_NOT_FOUND] = 404,
        [ERROR_EXISTS] = 409,
        [ERROR_IN_USE] = 400,
        [ERROR_BUSY] = 400,
        [ERROR_BAD_STATE] = 400,
        [ERROR_FORBIDDEN] = 403,
        [ERROR_UNAUTHORIZED] = 403,
        [ERROR_PRECONDITION] = 412,
        [ERROR_TOO_LARGE] = 413,
        [ERROR_UNSUPPORTED] = 400,
        [ERROR_METHOD] = 501,
        [ERROR_UNAVAILABLE] = 503,
        [ERROR_TIMEOUT] = 500,
        [ERROR_CANCELLED] = 500,
        [ERROR_NO_SPACE] = 500,
        [ERROR_SYSTEM] = 500,
        [ERROR_INTERNAL] = 500,
};

int rest_error_status(const Error *error) {
        return error != NULL && error->kind < _ERROR_KIND_MAX ? statuses[error->kind] : 500;
}
