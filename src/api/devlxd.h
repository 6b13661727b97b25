/* What guests see on /dev/lxd. Conventions: api/api.h. */
#pragma once

#include "api/api.h"

typedef struct ApiDevLxdPut {
        char *state;
} ApiDevLxdPut;
API_STRUCT(ApiDevLxdPut, api_dev_lxd_put)

typedef struct ApiDevLxdGet {
        char *state;
        char *api_version;
        char *instance_type;
        char *location;
} ApiDevLxdGet;
API_STRUCT(ApiDevLxdGet, api_dev_lxd_get)
