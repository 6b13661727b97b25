/* The host's resources, as LXD reports them. Everything is read anew by each call; thread-safe. */
#pragma once

#include "api/resources.h"
#include "base/error.h"

/* `root`: "" for this host; else the directory of a tree that stands for one, of which nothing is
 * asked but files. What cannot be read is left out. */
int resources_load(const char *root, ApiResources *ret, Error **err) _must_check_;
/* Parts, for those who need no more; `ret` is initialised. */
int resources_load_gpu(const char *root, ApiResourcesGpu *ret, Error **err) _must_check_;
int resources_load_network(const char *root, ApiResourcesNetwork *ret, Error **err)
        _must_check_;
