/* image.*: where the instance comes from. */
#include "schema/tables.h"

#include "schema/check.h"

const ConfigKey schema_instance_image[] = {
        {.name = "image.*", .group = "image-properties",
         .type = "string",
         .summary = "Properties of the image the instance was made from",
         .text = "Copied at creation, found by list filters."},
        {},
};
