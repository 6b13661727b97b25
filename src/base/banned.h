/* Functions that nobody in this tree may call, as compile errors; force-included by the build.
 * Processes start through process/ (posix_spawn), text is built with base/memory.h and
 * base/text.h, numbers are read with str_to_int64(). */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#pragma GCC poison fork vfork system popen sprintf vsprintf strcpy strcat strncpy strtok atoi atol
