/* YAML and JSON as the user reads and writes them. */
#pragma once

#include "base/error.h"

#include <jansson.h>

/* As LXD's client prints it: times stand without quotes. Caller frees. */
char *document_text(const json_t *value);
void document_print(const json_t *value);      /* to standard output */
void document_print_json(const json_t *value); /* one line, to standard output */
/* The map in a YAML text; an empty text is an empty map. Values of config, devices and properties
 * become text, whatever YAML takes them for. */
int document_parse(const char *text, json_t **ret, Error **err) _must_check_;
