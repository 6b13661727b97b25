/* metadata.yaml: what an image says of itself. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <jansson.h>

typedef struct ImageMetadata {
        char *architecture; /* as written */
        int64_t created_ns, expiry_ns; /* TIME_ZERO: never */
        StrMap properties;
        json_t *templates; /* object, path to template */
} ImageMetadata;

/* Checks the types of all fields; an architecture is required. */
int image_metadata_parse(const char *text, size_t size, ImageMetadata *ret, Error **err)
        _must_check_;
/* The document as the API shows it: every field, in its order. */
int image_metadata_read(const char *path, json_t **ret, Error **err) _must_check_;
void image_metadata_done(ImageMetadata *metadata);
