/* Values of config keys: sizes, rates, times, numbers, percent encoding. What can be written must
 * read back the same. */
#include "base/memory.h"
#include "base/text.h"
#include "base/times.h"
#include "base/units.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_url(const char *text) {
        _cleanup_free_ char *escaped = url_escape(text);
        _cleanup_free_ char *back = url_unescape(escaped, strlen(escaped), false);
        if (!str_equal(back, text))
                abort();
        free(url_unescape(text, strlen(text), true));
}

static void check_time(const char *text) {
        char written[TIME_TEXT_SIZE];
        int64_t time, again;
        if (!time_parse_rfc3339(text, &time))
                return;
        if (!time_parse_rfc3339(time_format_rfc3339(time, written), &again) || again != time)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = str_ndup((const char *) data, size);
        int64_t number;
        uint64_t natural;
        bool truth;
        if (units_parse_bytes(text, &number, NULL) == 0 && number < 0 && text[0] != '-')
                abort();
        if (units_parse_bits(text, &number, NULL) == 0 && number < 0 && text[0] != '-')
                abort();
        (void) str_to_int64(text, &number);
        (void) str_to_uint64(text, &natural);
        (void) str_to_bool(text, &truth);
        check_url(text);
        check_time(text);
        return 0;
}
