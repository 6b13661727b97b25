/* Moves the owners of a whole tree from one id map to another: file systems without idmapped
 * mounts, volumes whose map changed. Setuid bits, ACLs and file capabilities are kept; links are
 * never followed; other mounts below are not entered. Hard links are done once.
 *
 * With `resume`, what already has ids of the `to` map stays: a walk that was interrupted is run
 * again so. It is no default, because an inner id may look like a host id (a container inside the
 * container). Thread-safe for different trees. */
#pragma once

#include "linux/idmap.h"

/* Called now and then with the count of entries so far; non-zero cancels. */
typedef int (*ShiftProgress)(void *userdata, uint64_t entries);

typedef struct ShiftSpec {
        const IdMap *from; /* NULL or empty: ids on disk are the inner ids */
        const IdMap *to;   /* NULL or empty: back to the inner ids */
        bool resume;
        ShiftProgress progress; /* may be NULL */
        void *userdata;
} ShiftSpec;

int shift_tree(const char *path, const ShiftSpec *spec, Error **err) _must_check_;
