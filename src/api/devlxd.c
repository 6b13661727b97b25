#include "api/devlxd.h"

const JsonField api_dev_lxd_put_fields[] = {
        JSON_STRING(ApiDevLxdPut, state, 0),
        JSON_END,
};

const JsonField api_dev_lxd_get_fields[] = {
        JSON_STRING(ApiDevLxdGet, state, 0),
        JSON_STRING(ApiDevLxdGet, api_version, 0),
        JSON_STRING(ApiDevLxdGet, instance_type, 0),
        JSON_STRING(ApiDevLxdGet, location, 0),
        JSON_END,
};
