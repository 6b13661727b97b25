/* POST /1.0/images: an upload, whole or in two parts. */
#pragma once

#include "rest/rest.h"

int rest_images_post(RestRequest *request, Error **err) _must_check_;
