/* YAML: what is accepted is written as YAML and read back the same. */
#include "base/memory.h"
#include "json/json.h"
#include "json/yaml.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_json_ json_t *value = NULL, *again = NULL;
        if (yaml_parse((const char *) data, size, &value, NULL) < 0)
                return 0;
        _cleanup_free_ char *text = yaml_dump_sorted(value);
        if (yaml_parse(text, strlen(text), &again, NULL) < 0 || !json_equal(value, again))
                abort();
        return 0;
}
