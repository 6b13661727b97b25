/* ErrorKind to HTTP: the only place that knows status codes of errors. */
#pragma once

#include "base/error.h"

int rest_error_status(const Error *error);
