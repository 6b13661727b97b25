/* POST /1.0/images: an upload, whole or in two parts, or JSON that says where the image is. */
#pragma once

#include "api/image.h"
#include "image/image.h"
#include "rest/rest.h"

int rest_images_post(RestRequest *request, Error **err) _must_check_;
/* source.type instance, container or snapshot: image_publish.c. */
bool rest_image_is_publish(const ApiImagesPost *post);
int rest_image_publish(RestRequest *request, ApiImagesPost *post, Error **err) _must_check_;
/* What follows an import: the operation's metadata and the event. */
void rest_image_imported(RestContext *context, Operation *operation, const ImageRow *row);
