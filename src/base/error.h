/* The one failure convention: 0 on success, -1 and an Error on failure.
 *
 * A function that can fail takes `Error **err` last and is `_must_check_`. Outputs are called
 * `ret_…` and are written only on success. `err` may be NULL where the caller only needs to know
 * that it failed. Raise with error_set(), add context on the way up with error_prefix(); both
 * return -1 so that a failure is one line. Libraries never log what they return. */
#pragma once

#include "base/macros.h"

#include <stdarg.h>
#include <stdbool.h>

/* The closed list of what a caller may distinguish. rest/error.c maps it to HTTP, nothing else. */
typedef enum ErrorKind {
        ERROR_INVALID,       /* the request is wrong: bad value, bad name, bad JSON */
        ERROR_NOT_FOUND,     /* the named thing is not there */
        ERROR_EXISTS,        /* the name is taken */
        ERROR_IN_USE,        /* something else still needs it */
        ERROR_BUSY,          /* another operation on the same object is running */
        ERROR_BAD_STATE,     /* not possible in the object's present state */
        ERROR_FORBIDDEN,     /* the caller may not */
        ERROR_UNAUTHORIZED,  /* the caller did not say who it is */
        ERROR_PRECONDITION,  /* If-Match did not match */
        ERROR_TOO_LARGE,     /* body, header or value over its limit */
        ERROR_UNSUPPORTED,   /* kernel, backend or type cannot do it */
        ERROR_METHOD,        /* HTTP method not served on this path */
        ERROR_UNAVAILABLE,   /* shutting down, not ready, backend away */
        ERROR_TIMEOUT,
        ERROR_CANCELLED,
        ERROR_NO_SPACE,
        ERROR_SYSTEM,        /* a system call failed; `number` is its errno */
        ERROR_INTERNAL,      /* a bug or a damaged installation */
        _ERROR_KIND_MAX,
} ErrorKind;

typedef struct Error {
        ErrorKind kind;
        int number;    /* errno, or 0 */
        char *message; /* owned, one line, no trailing dot */
} Error;

/* Sets *err (when err is not NULL and *err is unset) and returns -1. `number` 0: no errno. */
int error_set(Error **err, ErrorKind kind, int number, const char *format, ...) _printf_(4, 5);
int error_setv(Error **err, ErrorKind kind, int number, const char *format, va_list arguments)
        _printf_(4, 0);

/* "format: strerror(number)", the kind chosen from errno: ENOENT not found, EEXIST exists,
 * ENOSPC/EDQUOT no space, EPERM/EACCES forbidden, EBUSY busy, else system. Returns -1. */
int error_errno(Error **err, int number, const char *format, ...) _printf_(3, 4);

/* Puts "format: " before the message of *err. Returns -1. */
int error_prefix(Error **err, const char *format, ...) _printf_(2, 3);

/* Moves *from into *err (freeing it when err is NULL or set). Returns -1. */
int error_move(Error **err, Error **from);

bool error_is(const Error *error, ErrorKind kind);
const char *error_message(const Error *error); /* "unknown error" for NULL */
const char *error_kind_name(ErrorKind kind);

void error_free(Error *error);
DEFINE_CLEANUP(Error, error, error_free)
#define _cleanup_error_ _cleanup_(error_cleanup)
