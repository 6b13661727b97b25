/* The preseed document of `berthd init` (objects of POST requests, by kind) and its application
 * through the API. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <jansson.h>

void preseed_set_config(json_t *preseed, const char *key, const char *format, ...)
        _printf_(3, 4);
int preseed_add_pool(json_t *preseed, const char *name, const char *driver, const StrMap *config,
                     Error **err) _must_check_;
/* A bridge; `config` may be empty: its addresses are chosen. */
int preseed_add_network(json_t *preseed, const char *name, const StrMap *config, Error **err)
        _must_check_;
/* The default profile gets a root disk in `pool` and a nic (empty: none). `pool` NULL:
 * no disk. */
void preseed_add_default_profile(json_t *preseed, const char *pool, const StrMap *nic);

/* Creates what is missing and updates what is there. What was created by this call is deleted
 * again when a later step fails. */
int preseed_apply(json_t *preseed, Error **err) _must_check_;
/* What is configured now. */
int preseed_dump(json_t **ret, Error **err) _must_check_;
