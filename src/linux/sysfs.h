/* Attributes in /sys: small files with a text or a number, and links. `directory` is a path that
 * the caller has already put behind the root it reads from. Thread-safe. */
#pragma once

#include "base/text.h"

/* Without blanks at the ends; NULL when it is not there or cannot be read. */
char *sysfs_text(const char *directory, const char *name);
/* Decimal, or hexadecimal behind 0x. */
int64_t sysfs_number(const char *directory, const char *name, int64_t otherwise);
bool sysfs_write(const char *directory, const char *name, const char *text);
/* The last part of where a link leads ("driver", "subsystem"); NULL when there is none. */
char *sysfs_link(const char *directory, const char *name);
/* "MAJOR:MINOR" of "dev". */
bool sysfs_device_number(const char *directory, uint32_t *ret_major, uint32_t *ret_minor);
/* A line of "uevent"; NULL when there is none. */
char *sysfs_uevent(const char *directory, const char *key);
/* Names in a directory, sorted; nothing when it is not there. */
void sysfs_list(const char *directory, StrList *ret);
