/* Shared by source.c and the files of the protocols. */
#pragma once

#include "image/source.h"

/* What a server says about an image. */
typedef struct ImageOffer {
        char *fingerprint;
        char *path;        /* of the unified file or of the metadata */
        char *rootfs_path; /* NULL: unified, or both in one answer */
        char *filename;
        StrMap properties;
} ImageOffer;

void image_offer_done(ImageOffer *offer);

/* A JSON document of any shape below the server's path. Caller decrefs. */
int image_source_json(Client *client, const char *path, json_t **ret, Error **err) _must_check_;

/* `base` is the path of the server's URL without its last slash. */
int image_simplestreams_find(Client *client, const char *base, const char *name, ImageOffer *ret,
                             Error **err) _must_check_;
