/* What happens to images by themselves: those of other servers become newer, those that nobody
 * uses go. */
#pragma once

#include "image/source.h"

/* Looks whether its source has a newer one. *ret_refreshed: it had, and the new one has taken over
 * the image's names; the old one is gone. ERROR_INVALID when it came from nowhere. */
int image_refresh(Images *images, const ImageRow *row, ClientProgress progress, void *userdata,
                  bool *ret_refreshed, Error **err) _must_check_;
/* The fingerprint of an image that was pulled from there under that name and is kept current, so
 * that its server need not be asked; NULL: none. */
int image_find_cached(Images *images, const char *project, const ImageSource *source,
                      char **ret_fingerprint, Error **err) _must_check_;
/* For the daemon's tasks. Each hour: those with auto_update, when images.auto_update_interval (the
 * project's or the server's) has passed; `now`: in any case. */
void images_update(Images *images, bool now);
/* Each day: what came by itself and was not used for images.remote_cache_expiry days, and what is
 * past its expiry date. */
void images_expire(Images *images);
