/* Overlay mounts whose lower directory is shown through an id map. An overlay cannot itself be
 * mapped, and a mapped upper directory would be read-only: the upper has host ids. For
 * single-threaded helper processes only: a mount namespace is entered on the way. */
#pragma once

#include "linux/idmap.h"

typedef struct OverlaySpec {
        const char *lower;  /* ids on disk are inner ids */
        const char *upper;
        const char *work;   /* NULL: read-only, without changes of its own */
        const char *target; /* in the caller's mount namespace */
        const IdMap *map;   /* empty: none */
} OverlaySpec;

int overlay_mount(const OverlaySpec *spec, Error **err) _must_check_;
