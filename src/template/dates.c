/* Times in a layout of Go's, where each part of the reference time "Mon Jan 2 15:04:05 MST 2006"
 * stands for itself. Local time. */
#include "template/template_private.h"

#include "base/memory.h"
#include "base/times.h"

#include <string.h>
#include <time.h>

/* What a part of a layout becomes: a format of strftime(). Longer parts stand before those that
 * they begin with. */
static const struct {
        const char *part, *format;
} parts[] = {
        {"January", "%B"}, {"Jan", "%b"},   {"Monday", "%A"},   {"Mon", "%a"},  {"MST", "%Z"},
        {"2006", "%Y"},    {"-0700", "%z"}, {"01", "%m"},       {"02", "%d"},   {"03", "%I"},
        {"04", "%M"},      {"05", "%S"},    {"06", "%y"},       {"002", "%j"},  {"15", "%H"},
        {"PM", "%p"},      {"pm", "%P"},    {"_2", "%e"},       {"1", "%-m"},   {"2", "%-d"},
        {"3", "%-I"},      {"4", "%-M"},    {"5", "%-S"},
};

static size_t add_part(StrBuf *out, const char *layout, const struct tm *time) {
        char text[64];
        for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
                if (str_has_prefix(layout, parts[i].part)) {
                        size_t size = strftime(text, sizeof text, parts[i].format, time);
                        strbuf_add_data(out, text, size);
                        return strlen(parts[i].part);
                }
        strbuf_add_char(out, *layout);
        return 1;
}

char *template_format_time(int64_t ns, const char *layout) {
        StrBuf out = {.data = NULL};
        time_t seconds = (time_t) (ns / NS_PER_SECOND);
        struct tm time;
        if (localtime_r(&seconds, &time) == NULL)
                return str_dup("");
        while (*layout != '\0')
                layout += add_part(&out, layout, &time);
        return strbuf_take(&out);
}
