/* Config keys and values: "KEY=VALUE" against every table. An answer is the same twice, a refusal
 * has a text, and what the check of a row accepts the table accepts. */
#include "base/memory.h"
#include "base/text.h"
#include "schema/key.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_pair(const ConfigTable *table, const char *name, const char *value) {
        _cleanup_error_ Error *err = NULL;
        int first = config_validate_key(table, "object", name, value, &err);
        if (first != config_validate_key(table, "object", name, value, NULL))
                abort();
        if (first < 0 && str_is_empty(error_message(err)))
                abort();
}

/* Every check of the table sees the value, whatever the key. */
static void try_rows(const ConfigTable *table, const char *value) {
        ConfigCursor cursor = {};
        ConfigCheck last = NULL;
        const ConfigKey *key;
        while ((key = config_next(table, &cursor)) != NULL) {
                if (key->check == NULL || key->check == last)
                        continue;
                last = key->check;
                (void) key->check(key, value, NULL);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = str_ndup((const char *) data, MIN_OF(size, (size_t) 400));
        char *equals = strchr(text, '=');
        const char *value = equals != NULL ? equals + 1 : "";
        const ConfigTable *table;
        if (equals != NULL)
                *equals = '\0';
        size_t tables = 0;
        while ((table = config_table_at(tables)) != NULL) {
                try_pair(table, text, value);
                tables++;
        }
        /* All checks of one table, as those of all would be slow; the length chooses it. */
        if (value[0] != '\0')
                try_rows(config_table_at(size % tables), value);
        return 0;
}
