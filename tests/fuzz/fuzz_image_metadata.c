/* metadata.yaml of an image, which anybody may have written. */
#include "image/metadata.h"

#include "base/text.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        ImageMetadata metadata = {};
        if (image_metadata_parse((const char *) data, size, &metadata, NULL) < 0)
                return 0;
        if (str_is_empty(metadata.architecture))
                abort();
        image_metadata_done(&metadata);
        return 0;
}
