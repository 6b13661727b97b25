/* YAML to JSON and back, with libyaml.
 *
 * The output is what Go's yaml.v2 writes (LXD's clients and tools compare it). On the way in,
 * aliases and tags of types of one's own are refused; a plain scalar becomes null, a boolean or an
 * integer only where its text is the canonical one (null ~ true false 42). Anything else keeps its
 * text, so that a config value like 010, 1e3 or yes arrives as it was written. */
#pragma once

#include "base/error.h"

#include <jansson.h>

int yaml_parse(const char *text, size_t size, json_t **ret, Error **err) _must_check_;
/* Each ends with a line feed; the caller frees. */
char *yaml_dump(const json_t *value); /* maps in the order they have */
char *yaml_dump_sorted(const json_t *value); /* in yaml.v2's order: eth2 before eth10 */
/* As Go writes a struct: keys in the table's order, those that are not in it left out, maps sorted,
 * times without quotes. `value` is an object or a list of objects. This is how lxc shows objects
 * and how backup.yaml is written. */
struct JsonField;
char *yaml_dump_fields(const struct JsonField *fields, const json_t *value);
char *yaml_dump_struct(const struct JsonField *fields, const void *data);
