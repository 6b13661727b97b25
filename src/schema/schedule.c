#include "schema/schedule.h"

#include "base/memory.h"
#include "base/text.h"
#include "base/times.h"

#include <ctype.h>
#include <string.h>

typedef struct CronField {
        int minimum, maximum;
        const char *names; /* blank-separated, from `minimum` on; NULL: none */
} CronField;

#define CRON_FIELDS 5
#define CRON_DAY 2
#define CRON_WEEKDAY 4

static const CronField cron_fields[CRON_FIELDS] = {
        {0, 59, NULL},
        {0, 23, NULL},
        {1, 31, NULL},
        {1, 12, "jan feb mar apr may jun jul aug sep oct nov dec"},
        {0, 7, "sun mon tue wed thu fri sat"},
};

static const struct {
        const char *alias, *cron;
} cron_aliases[] = { /* M and H: see alias_as_cron() */
        {"@hourly", "M * * * *"},  {"@daily", "M H * * *"},    {"@midnight", "M 0 * * *"},
        {"@weekly", "M H * * 0"},  {"@monthly", "M H 1 * *"},  {"@annually", "M H 1 1 *"},
        {"@yearly", "M H 1 1 *"},
};

static bool parse_number(const CronField *field, const char *text, int *ret) {
        uint64_t number;
        if (str_to_uint64(text, &number) && number <= 59) {
                *ret = (int) number;
                return *ret >= field->minimum && *ret <= field->maximum;
        }
        if (field->names == NULL)
                return false;
        _cleanup_strlist_ StrList names = {};
        strlist_split(&names, field->names, " ", true);
        for (size_t i = 0; i < names.count; i++) {
                *ret = field->minimum + (int) i;
                if (str_equal_nocase(names.items[i], text))
                        return true;
        }
        return false;
}

/* One of the comma-separated parts: "*", "5", "1-5", with "/2" behind; sets bits. */
static bool parse_part(const CronField *field, const char *part, uint64_t *bits) {
        _cleanup_strlist_ StrList step = {}, range = {};
        uint64_t stride = 1;
        int first = field->minimum, last = field->maximum;
        strlist_split(&step, part, "/", false);
        if (step.count == 0 || step.count > 2)
                return false;
        if (step.count == 2 && (!str_to_uint64(step.items[1], &stride) || stride < 1))
                return false;
        if (!str_equal(step.items[0], "*")) {
                strlist_split(&range, step.items[0], "-", false);
                if (range.count < 1 || range.count > 2 ||
                    !parse_number(field, range.items[0], &first))
                        return false;
                last = step.count == 2 ? field->maximum : first;
                if (range.count == 2 && !parse_number(field, range.items[1], &last))
                        return false;
        }
        if (last < first || stride > 60)
                return false;
        for (int i = first; i <= last; i += (int) stride)
                *bits |= UINT64_C(1) << i;
        return true;
}

static bool parse_field(const CronField *field, const char *text, uint64_t *ret) {
        _cleanup_strlist_ StrList parts = {};
        uint64_t bits = 0;
        strlist_split(&parts, text, ",", false);
        for (size_t i = 0; i < parts.count; i++)
                if (!parse_part(field, parts.items[i], &bits))
                        return false;
        *ret = bits;
        return parts.count > 0;
}

static bool parse_cron(const char *text, uint64_t ret_bits[CRON_FIELDS],
                       bool ret_any[CRON_FIELDS]) {
        _cleanup_strlist_ StrList fields = {};
        strlist_split(&fields, text, " \t", true);
        if (fields.count != CRON_FIELDS)
                return false;
        for (size_t i = 0; i < CRON_FIELDS; i++) {
                ret_any[i] = fields.items[i][0] == '*';
                if (!parse_field(&cron_fields[i], fields.items[i], &ret_bits[i]))
                        return false;
        }
        if ((ret_bits[CRON_WEEKDAY] & (1 << 7)) != 0) /* Sunday is 0 and 7 */
                ret_bits[CRON_WEEKDAY] |= 1;
        return true;
}

/* The parts of a list: a comma alone may be one of a cron field. */
static void split_list(const char *schedule, StrList *list) {
        for (const char *comma; (comma = strstr(schedule, ", ")) != NULL; schedule = comma + 2)
                strlist_take(list, str_ndup(schedule, (size_t) (comma - schedule)));
        strlist_add(list, schedule);
}

static bool is_in(const StrList *list, const char *text) {
        for (size_t i = 0; i < list->count; i++)
                if (str_equal_nocase(list->items[i], text))
                        return true;
        return false;
}

int schedule_check(const char *schedule, const char *aliases, Error **err) {
        _cleanup_strlist_ StrList given = {}, allowed = {};
        uint64_t bits[CRON_FIELDS];
        bool any[CRON_FIELDS];
        split_list(schedule, &given);
        strlist_split(&allowed, aliases != NULL ? aliases : "", " ", true);
        for (size_t i = 0; i < given.count; i++)
                if (!is_in(&allowed, given.items[i]) && !parse_cron(given.items[i], bits, any))
                        return error_set(err, ERROR_INVALID, 0,
                                         "Schedule must be of the form: <minute> <hour> "
                                         "<day-of-month> <month> <day-of-week>");
        return 0;
}

static bool cron_is_due(const char *cron, const struct tm *now) {
        uint64_t bits[CRON_FIELDS];
        bool any[CRON_FIELDS];
        if (!parse_cron(cron, bits, any))
                return false;
        const int values[CRON_FIELDS] = {now->tm_min, now->tm_hour, now->tm_mday, now->tm_mon + 1,
                                         now->tm_wday};
        bool match[CRON_FIELDS];
        for (size_t i = 0; i < CRON_FIELDS; i++)
                match[i] = (bits[i] >> values[i] & 1) != 0;
        /* As cron has it: when both days are given, one of them suffices. */
        bool day = !any[CRON_DAY] && !any[CRON_WEEKDAY]
                           ? match[CRON_DAY] || match[CRON_WEEKDAY]
                           : match[CRON_DAY] && match[CRON_WEEKDAY];
        return match[0] && match[1] && match[3] && day;
}

/* An alias leaves the time within its period open: each subject gets one of its own that stays, so
 * that hundreds with "@daily" do not begin at once. */
static char *alias_as_cron(const char *format, int64_t subject) {
        const uint64_t hash = (uint64_t) subject * UINT64_C(0x9e3779b97f4a7c15);
        _cleanup_strlist_ StrList fields = {};
        strlist_split(&fields, format, " ", true);
        if (str_equal(fields.items[0], "M"))
                str_replace(&fields.items[0], str_printf("%u", (unsigned) (hash >> 32) % 60));
        if (str_equal(fields.items[1], "H"))
                str_replace(&fields.items[1], str_printf("%u", (unsigned) (hash >> 48) % 24));
        return strlist_join(&fields, " ");
}

static bool part_is_due(const char *part, int64_t subject, const struct tm *now) {
        if (*part != '@')
                return cron_is_due(part, now);
        for (size_t i = 0; i < ARRAY_SIZE(cron_aliases); i++)
                if (str_equal_nocase(cron_aliases[i].alias, part)) {
                        _cleanup_free_ char *cron = alias_as_cron(cron_aliases[i].cron, subject);
                        return cron_is_due(cron, now);
                }
        return false;
}

bool schedule_is_due(const char *schedule, int64_t subject, const struct tm *now) {
        _cleanup_strlist_ StrList parts = {};
        if (str_is_empty(schedule))
                return false;
        split_list(schedule, &parts);
        for (size_t i = 0; i < parts.count; i++)
                if (part_is_due(parts.items[i], subject, now))
                        return true;
        return false;
}

#define CATCH_UP_MINUTES 60

bool schedule_was_due(const char *schedule, int64_t subject, int64_t last, int64_t now) {
        for (int64_t minute = MAX_OF(last + 1, now - CATCH_UP_MINUTES + 1); minute <= now;
             minute++) {
                const time_t seconds = (time_t) (minute * 60);
                struct tm time;
                if (localtime_r(&seconds, &time) != NULL &&
                    schedule_is_due(schedule, subject, &time))
                        return true;
        }
        return false;
}

bool schedule_has_alias(const char *schedule, const char *alias) {
        _cleanup_strlist_ StrList list = {};
        if (str_is_empty(schedule))
                return false;
        split_list(schedule, &list);
        return is_in(&list, alias);
}

static int bad_expiry(Error **err) {
        return error_set(err, ERROR_INVALID, 0, "Invalid expiry expression");
}

/* The member of a broken-down time that a unit moves, and by how much. */
static int *expiry_member(struct tm *time, char unit, int *ret_factor) {
        *ret_factor = unit == 'w' ? 7 : 1;
        switch (unit) {
        case 'S':
                return &time->tm_sec;
        case 'M':
                return &time->tm_min;
        case 'H':
                return &time->tm_hour;
        case 'd':
        case 'w':
                return &time->tm_mday;
        case 'm':
                return &time->tm_mon;
        case 'y':
                return &time->tm_year;
        default:
                return NULL;
        }
}

#define EXPIRY_LIMIT 1000000

static int apply_expiry(const char *word, struct tm *time, bool seen[128], Error **err) {
        size_t digits = strspn(word, "0123456789");
        int number = 0, factor;
        if (digits == 0 || strlen(word) != digits + 1)
                return bad_expiry(err);
        for (size_t i = 0; i < digits; i++) {
                number = number * 10 + (word[i] - '0');
                if (number > EXPIRY_LIMIT)
                        return bad_expiry(err);
        }
        int *member = expiry_member(time, word[digits], &factor);
        if (member == NULL || seen[(unsigned char) word[digits] & 0x7f])
                return bad_expiry(err);
        seen[(unsigned char) word[digits] & 0x7f] = true;
        *member += number * factor;
        return 0;
}

int expiry_parse(const char *expression, int64_t from_ns, int64_t *ret_ns, Error **err) {
        _cleanup_strlist_ StrList words = {};
        bool seen[128] = {};
        strlist_split(&words, expression != NULL ? expression : "", " ", true);
        if (words.count == 0) {
                *ret_ns = TIME_ZERO;
                return 0;
        }
        time_t seconds = (time_t) (from_ns / NS_PER_SECOND);
        struct tm time;
        if (localtime_r(&seconds, &time) == NULL)
                return bad_expiry(err);
        for (size_t i = 0; i < words.count; i++)
                if (apply_expiry(words.items[i], &time, seen, err) < 0)
                        return -1;
        time.tm_isdst = -1;
        seconds = mktime(&time);
        /* What int64_t nanoseconds can hold. */
        if (seconds == (time_t) -1 || seconds > INT64_MAX / NS_PER_SECOND - 1)
                return bad_expiry(err);
        *ret_ns = (int64_t) seconds * NS_PER_SECOND + from_ns % NS_PER_SECOND;
        return 0;
}
