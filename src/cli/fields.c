#include "cli/fields.h"

#include "base/memory.h"
#include "base/text.h"
#include "base/times.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

json_t *field_get(const json_t *object, const char *key) {
        json_t *value = json_object_get(object, key);
        return value != NULL ? value : json_null();
}

const char *field_text(const json_t *object, const char *key) {
        const char *text = json_string_value(field_get(object, key));
        return text != NULL ? text : "";
}

int64_t field_number(const json_t *object, const char *key) {
        const json_t *value = field_get(object, key);
        return json_is_real(value) ? (int64_t) json_real_value(value) : json_integer_value(value);
}

bool field_bool(const json_t *object, const char *key) {
        return json_is_true(field_get(object, key));
}

size_t field_count(const json_t *object, const char *key) {
        const json_t *value = field_get(object, key);
        return json_is_array(value) ? json_array_size(value) : json_object_size(value);
}

/* False for times that mean "never": Go's zero time and the epoch. */
static bool get_time(const json_t *object, const char *key, struct tm *ret) {
        int64_t ns;
        time_t seconds;
        if (!time_parse_rfc3339(field_text(object, key), &ns) || ns == TIME_ZERO || ns <= 0)
                return false;
        seconds = (time_t) (ns / NS_PER_SECOND);
        return localtime_r(&seconds, ret) != NULL;
}

char *field_minute(const json_t *object, const char *key) {
        struct tm when;
        char text[64];
        if (!get_time(object, key, &when) ||
            strftime(text, sizeof(text), "%Y/%m/%d %H:%M %Z", &when) == 0)
                return str_dup("");
        return str_dup(text);
}

/* Go's "Jan 2, 2006 at 3:04pm (MST)", in English whatever the locale. */
char *field_date(const json_t *object, const char *key) {
        static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
        struct tm when;
        char zone[32] = "UTC";
        int hour;
        if (!get_time(object, key, &when))
                return str_dup("");
        (void) strftime(zone, sizeof(zone), "%Z", &when);
        hour = when.tm_hour % 12 == 0 ? 12 : when.tm_hour % 12;
        return str_printf("%s %d, %d at %d:%02d%s (%s)", months[when.tm_mon], when.tm_mday,
                          when.tm_year + 1900, hour, when.tm_min, when.tm_hour < 12 ? "am" : "pm",
                          zone);
}

char *field_upper(const json_t *object, const char *key) {
        char *text = str_dup(field_text(object, key));
        for (char *c = text; *c != '\0'; c++)
                *c = (char) toupper((unsigned char) *c);
        return text;
}

char *field_joined(const json_t *object, const char *key, const char *separator) {
        _cleanup_strbuf_ StrBuf text = {};
        const json_t *item;
        size_t i;
        json_array_foreach(field_get(object, key), i, item) {
                if (i > 0)
                        strbuf_add(&text, separator);
                strbuf_add(&text, json_string_value(item) != NULL ? json_string_value(item) : "");
        }
        return strbuf_take(&text);
}

json_t *field_pick(const json_t *object, const char *keys) {
        _cleanup_strlist_ StrList names = {};
        json_t *picked = json_object();
        strlist_split(&names, keys, " ", true);
        for (size_t i = 0; i < names.count; i++) {
                json_t *value = json_object_get(object, names.items[i]);
                if (value != NULL)
                        json_object_set(picked, names.items[i], value);
        }
        return picked;
}

void field_set_text(json_t *object, const char *key, const char *text) {
        json_object_set_new(object, key, json_string(text));
}
