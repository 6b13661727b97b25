/* A tree as one stream of bytes, for another host: owners, modes, times to the nanosecond, xattrs
 * (and so ACLs and file capabilities), hard links, holes, links and special files. Versioned by
 * TREE_STREAM_VERSION; both sides have to have the same one.
 *
 * The receiver trusts nothing: names are single components, hard links lead to files that came in
 * the same stream, nothing is followed. */
#pragma once

#include "base/error.h"

#define TREE_STREAM_VERSION 1
#define TREE_STREAM_BLOCK ((size_t) 256 << 10) /* the most that is written at a time */

typedef int (*TreeWrite)(void *userdata, const void *data, size_t size, Error **err);
/* What is below `path`, and its own attributes. Does not cross mounts. */
int tree_send(const char *path, TreeWrite write, void *userdata, Error **err) _must_check_;

/* The next piece, valid until the next call; a size of 0 is the end. */
typedef int (*TreeRead)(void *userdata, const void **ret_data, size_t *ret_size, Error **err);
/* `path` is a directory; directories in it that the stream has too may be there already, files may
 * not. What was written before a failure stays for the caller to remove. */
int tree_receive(const char *path, TreeRead read, void *userdata, Error **err) _must_check_;
