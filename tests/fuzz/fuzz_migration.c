/* Messages of the migration protocol. What is understood must read back the same. */
#include "base/memory.h"
#include "migration/header.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(migration_header_done) MigrationHeader header = {}, back = {};
        _cleanup_strbuf_ StrBuf text = {}, again = {};
        (void) !migration_control_read(data, size, NULL);
        if (migration_header_read(data, size, &header, NULL) < 0)
                return 0;
        migration_header_write(&header, &text);
        if (migration_header_read(text.data, text.length, &back, NULL) < 0)
                abort();
        migration_header_write(&back, &again);
        if (again.length != text.length || memcmp(again.data, text.data, text.length) != 0)
                abort();
        return 0;
}
