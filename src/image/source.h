/* Images of other servers: those of LXD's protocol, and simplestreams trees. */
#pragma once

#include "client/client.h"
#include "image/image.h"

/* Where an image is; borrowed texts. */
typedef struct ImageSource {
        const char *server;      /* "https://HOST[:PORT][/PATH]" */
        const char *protocol;    /* "lxd" (also NULL, "") or "simplestreams" */
        const char *certificate; /* that the server has to show, PEM; NULL: an authority's */
        const char *name;        /* alias, fingerprint or the beginning of one */
        const char *secret;      /* of a private image; NULL: none */
} ImageSource;

/* What becomes of it here. */
typedef struct ImagePull {
        const char *project;
        bool public, auto_update, cached;
        const StrMap *properties; /* laid over the image's; NULL: none */
        const StrList *profiles;  /* NULL: default */
        ClientProgress progress;  /* may be NULL */
        void *userdata;
} ImagePull;

/* NULL and "" are LXD's. */
ImageProtocol image_protocol_number(const char *name);
const char *image_protocol_name(int64_t number); /* "lxd", "direct", "simplestreams" */

/* Finds the image, and brings it here unless it is here already. What arrives has the fingerprint
 * that the server named, or nothing is left of it. Blocks as long as it takes. */
int image_pull(Images *images, const ImageSource *source, const ImagePull *pull, ImageRow *ret,
               Error **err) _must_check_;
