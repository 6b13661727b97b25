#include "base/times.h"

#include "base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t clock_ns(clockid_t clock) {
        struct timespec now;
        clock_gettime(clock, &now);
        return (int64_t) now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

int64_t time_now_ns(void) {
        return clock_ns(CLOCK_REALTIME);
}

int64_t time_monotonic_ns(void) {
        return clock_ns(CLOCK_MONOTONIC);
}

char *time_format_rfc3339(int64_t ns, char buffer[static TIME_TEXT_SIZE]) {
        if (ns == TIME_ZERO)
                return memcpy(buffer, "0001-01-01T00:00:00Z", sizeof "0001-01-01T00:00:00Z");
        int64_t fraction = ns % NS_PER_SECOND;
        time_t seconds = (time_t) (ns / NS_PER_SECOND);
        if (fraction < 0) {
                fraction += NS_PER_SECOND;
                seconds--;
        }
        struct tm parts;
        gmtime_r(&seconds, &parts);
        size_t used = strftime(buffer, TIME_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &parts);
        if (fraction > 0) {
                used += (size_t) snprintf(buffer + used, TIME_TEXT_SIZE - used, ".%09lld",
                                          (long long) fraction);
                while (buffer[used - 1] == '0')
                        used--;
        }
        buffer[used++] = 'Z';
        buffer[used] = '\0';
        return buffer;
}

static bool parse_fraction(const char **text, int64_t *ret_ns) {
        int64_t value = 0, scale = NS_PER_SECOND;
        if (**text != '.') {
                *ret_ns = 0;
                return true;
        }
        (*text)++;
        if (!isdigit((unsigned char) **text))
                return false;
        for (; isdigit((unsigned char) **text); (*text)++)
                if (scale > 1) {
                        scale /= 10;
                        value += (**text - '0') * scale;
                }
        *ret_ns = value;
        return true;
}

static bool parse_zone(const char *text, int *ret_seconds) {
        int hours, minutes, used = 0;
        if (str_equal(text, "Z") || str_equal(text, "z")) {
                *ret_seconds = 0;
                return true;
        }
        if ((*text != '+' && *text != '-') ||
            sscanf(text + 1, "%2d:%2d%n", &hours, &minutes, &used) != 2 || text[1 + used] != '\0')
                return false;
        *ret_seconds = (hours * 3600 + minutes * 60) * (*text == '-' ? -1 : 1);
        return true;
}

bool time_parse_rfc3339(const char *text, int64_t *ret_ns) {
        struct tm parts = {};
        int used = 0, zone;
        int64_t fraction;
        if (text == NULL ||
            sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d%n", &parts.tm_year, &parts.tm_mon,
                   &parts.tm_mday, &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &used) != 6)
                return false;
        const char *rest = text + used;
        if (parts.tm_mon < 1 || parts.tm_mon > 12 || parts.tm_mday < 1 || parts.tm_mday > 31 ||
            parts.tm_hour > 23 || parts.tm_min > 59 || parts.tm_sec > 60)
                return false;
        if (!parse_fraction(&rest, &fraction) || !parse_zone(rest, &zone))
                return false;
        if (parts.tm_year == 1 && parts.tm_mon == 1 && parts.tm_mday == 1) {
                *ret_ns = TIME_ZERO;
                return true;
        }
        /* Outside of this int64 nanoseconds overflow. */
        if (parts.tm_year < 1678 || parts.tm_year > 2261)
                return false;
        parts.tm_year -= 1900;
        parts.tm_mon -= 1;
        *ret_ns = ((int64_t) timegm(&parts) - zone) * NS_PER_SECOND + fraction;
        return true;
}
