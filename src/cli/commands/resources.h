/* The hardware of a server, for `berth info --resources`. */
#pragma once

#include <jansson.h>

void resources_print(const json_t *resources);
