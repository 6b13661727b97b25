/* Filter expressions of lists, matched against an instance. The same text gives the same answer. */
#include "base/memory.h"
#include "base/text.h"
#include "json/json.h"
#include "schema/filter.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char object_text[] =
        "{\"name\": \"c1\", \"status\": \"Running\", \"ephemeral\": false, \"n\": 1,"
        " \"config\": {\"image.os\": \"debian\", \"user.a b\": \"x y\"}, \"list\": [\"a\"],"
        " \"expanded_devices\": {\"eth0\": {\"type\": \"nic\"}}, \"state\": null}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(filter_cleanup) Filter *filter = NULL;
        _cleanup_json_ json_t *object = NULL;
        _cleanup_free_ char *text = str_ndup((const char *) data, MIN_OF(size, (size_t) 300));
        if (json_parse(object_text, strlen(object_text), &object, NULL) < 0)
                abort();
        if (filter_parse(text, &filter, NULL) < 0)
                return 0;
        if (filter_match(filter, object) != filter_match(filter, object))
                abort();
        return 0;
}
