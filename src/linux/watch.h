/* Paths that may come and go below a directory: inotify on those of their directories that exist.
 * Thread-safe. */
#pragma once

#include "base/error.h"
#include "base/text.h"

typedef struct PathWatch PathWatch;

int pathwatch_new(const char *root, PathWatch **ret, Error **err) _must_check_;
void pathwatch_free(PathWatch *watch);
DEFINE_CLEANUP(PathWatch, pathwatch, pathwatch_free)
int pathwatch_fd(const PathWatch *watch); /* polls readable when something happened */
/* All the paths there are to watch; those outside of the root are ignored. */
void pathwatch_set(PathWatch *watch, const StrList *paths);
/* Drains the events and says which of the paths may have come or gone. */
void pathwatch_read(PathWatch *watch, StrList *ret_paths);
