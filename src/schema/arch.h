/* Architectures: LXD's ids (stored in the database), names, other spellings, and what a machine
 * that runs one can also run. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#define ARCHITECTURE_UNKNOWN 0

/* By name ("x86_64") or alias ("amd64"); ARCHITECTURE_UNKNOWN when there is none. */
int architecture_id(const char *name);
/* ERROR_INVALID with LXD's text when unknown. */
int architecture_parse(const char *name, int *ret_id, Error **err) _must_check_;
const char *architecture_name(int id); /* "x86_64"; NULL for an unknown id */
/* Of uname -m ("amd64", "armv8l"…) or of a file name's ending. */
int architecture_from_machine(const char *machine);
/* The host's own. Reads uname. */
int architecture_host(void);
/* linux32/linux64 partner ids that the kernel of `id` runs besides itself; fills up to `size`,
 * returns the count. */
size_t architecture_personalities(int id, int *ret_ids, size_t size);
/* Debian's name for it ("amd64"), as image servers use it; the LXD name when there is none. */
const char *architecture_debian_name(int id);
unsigned architecture_bits(int id); /* 32 or 64, 0 when unknown */
/* The name that liblxc's lxc.arch takes ("x86_64", "i686", "armhf"…). */
const char *architecture_lxc_name(int id);
