#include "base/error.h"

#include "base/memory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const kind_names[_ERROR_KIND_MAX] = {
        [ERROR_INVALID] = "invalid",
        [ERROR_NOT_FOUND] = "not-found",
        [ERROR_EXISTS] = "exists",
        [ERROR_IN_USE] = "in-use",
        [ERROR_BUSY] = "busy",
        [ERROR_BAD_STATE] = "bad-state",
        [ERROR_FORBIDDEN] = "forbidden",
        [ERROR_UNAUTHORIZED] = "unauthorized",
        [ERROR_PRECONDITION] = "precondition",
        [ERROR_TOO_LARGE] = "too-large",
        [ERROR_UNSUPPORTED] = "unsupported",
        [ERROR_METHOD] = "method",
        [ERROR_UNAVAILABLE] = "unavailable",
        [ERROR_TIMEOUT] = "timeout",
        [ERROR_CANCELLED] = "cancelled",
        [ERROR_NO_SPACE] = "no-space",
        [ERROR_SYSTEM] = "system",
        [ERROR_INTERNAL] = "internal",
};

static ErrorKind kind_of_errno(int number) {
        switch (number) {
        case ENOENT:
                return ERROR_NOT_FOUND;
        case EEXIST:
                return ERROR_EXISTS;
        case EPERM:
        case EACCES:
                return ERROR_FORBIDDEN;
        case EBUSY:
                return ERROR_BUSY;
        case ENOSPC:
        case EDQUOT:
                return ERROR_NO_SPACE;
        case ETIMEDOUT:
                return ERROR_TIMEOUT;
        case EOPNOTSUPP:
        case ENOSYS:
                return ERROR_UNSUPPORTED;
        default:
                return ERROR_SYSTEM;
        }
}

int error_setv(Error **err, ErrorKind kind, int number, const char *format, va_list arguments) {
        if (err == NULL || *err != NULL)
                return -1;
        Error *error = mem_new(Error);
        error->kind = kind;
        error->number = number;
        error->message = str_vprintf(format, arguments);
        *err = error;
        return -1;
}

int error_set(Error **err, ErrorKind kind, int number, const char *format, ...) {
        va_list arguments;
        va_start(arguments, format);
        (void) error_setv(err, kind, number, format, arguments);
        va_end(arguments);
        return -1;
}

int error_errno(Error **err, int number, const char *format, ...) {
        if (err == NULL || *err != NULL)
                return -1;
        va_list arguments;
        va_start(arguments, format);
        _cleanup_free_ char *what = str_vprintf(format, arguments);
        va_end(arguments);
        char text[128];
        return error_set(err, kind_of_errno(number), number, "%s: %s", what,
                         strerror_r(number, text, sizeof text));
}

int error_prefix(Error **err, const char *format, ...) {
        if (err == NULL || *err == NULL)
                return -1;
        va_list arguments;
        va_start(arguments, format);
        _cleanup_free_ char *prefix = str_vprintf(format, arguments);
        va_end(arguments);
        char *message = str_printf("%s: %s", prefix, (*err)->message);
        free((*err)->message);
        (*err)->message = message;
        return -1;
}

int error_move(Error **err, Error **from) {
        if (err != NULL && *err == NULL)
                *err = *from;
        else
                error_free(*from);
        *from = NULL;
        return -1;
}

bool error_is(const Error *error, ErrorKind kind) {
        return error != NULL && error->kind == kind;
}

const char *error_message(const Error *error) {
        return error != NULL && error->message != NULL ? error->message : "unknown error";
}

const char *error_kind_name(ErrorKind kind) {
        return kind < _ERROR_KIND_MAX ? kind_names[kind] : "unknown";
}

void error_free(Error *error) {
        if (error == NULL)
                return;
        free(error->message);
        free(error);
}
