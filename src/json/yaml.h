/* YAML to JSON and back, with libyaml.
 *
 * The output is what Go's yaml.v2 writes (LXD's clients and tools compare it). On the way in,
 * aliases and tags are refused, a plain scalar becomes null, a boolean or an integer only where
 * its text is the canonical one (null ~ true false 42): anything else keeps its text, so that a
 * config value like 010, 1e3 or yes arrives as it was written. */
#pragma once

#include "base/error.h"

#include <jansson.h>

int yaml_parse(const char *text, size_t size, json_t **ret, Error **err) _must_check_;
char *yaml_dump(const json_t *value); /* maps in the order they have */
char *yaml_dump_sorted(const json_t *value);
