/* POST /1.0/images: an upload, whole or in two parts, or JSON that says where the image is. */
#pragma once

#include "api/image.h"
#include "api/instance.h"
#include "image/image.h"
#include "rest/rest.h"

int rest_images_post(RestRequest *request, Error **err) _must_check_;
/* source.type instance, container or snapshot: image_publish.c. */
bool rest_image_is_publish(const ApiImagesPost *post);
int rest_image_publish(RestRequest *request, ApiImagesPost *post, Error **err) _must_check_;
extern const RestEntity rest_image_entity; /* an ImageRow */
/* The request shows a secret that was made for this image. */
bool rest_image_secret_fits(RestRequest *request, const ImageRow *row);
/* What follows an import: the operation's metadata and the event. */
void rest_image_imported(RestContext *context, Operation *operation, const ImageRow *row);
/* Gives a new image the names that were asked for. */
int rest_image_add_aliases(RestContext *context, const char *project, const ApiImagesPost *post,
                           const ImageRow *image, Error **err) _must_check_;
/* source.type image: image_pull.c. Takes the body's content. */
int rest_image_pull(RestRequest *request, ApiImagesPost *post, Error **err) _must_check_;
/* When an instance's source is another server's image: brings that here, and names it instead. */
int rest_image_take_remote(RestRequest *request, ApiInstanceSource *source, Error **err)
        _must_check_;
