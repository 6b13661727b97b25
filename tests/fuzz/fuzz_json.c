/* Strict JSON: what is accepted is written and read back the same. */
#include "base/memory.h"
#include "json/json.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_json_ json_t *value = NULL, *again = NULL;
        if (json_parse((const char *) data, size, &value, NULL) < 0)
                return 0;
        _cleanup_free_ char *text = json_dump_sorted(value), *escaped = json_dump_go(value);
        if (json_parse(text, strlen(text), &again, NULL) < 0 || !json_equal(value, again))
                abort();
        json_decref(again);
        again = NULL;
        if (json_parse(escaped, strlen(escaped), &again, NULL) < 0 || !json_equal(value, again))
                abort();
        return 0;
}
