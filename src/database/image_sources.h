/* Where images came from: what keeps them current. */
#pragma once

#include "database/images.h"

/* One for each image. */
int db_image_source_set(Transaction *tx, const ImageSourceRow *row, Error **err) _must_check_;
/* The fingerprint of the project's image of this source that is kept current, NULL: none. */
int db_image_source_find(Transaction *tx, const char *project, const ImageSourceRow *source,
                         int64_t architecture, char **ret_fingerprint, Error **err) _must_check_;
/* An image takes over names, time of use and the mark of the cache from the one before it. */
int db_image_succeed(Transaction *tx, const ImageRow *old, int64_t new_id, Error **err)
        _must_check_;
