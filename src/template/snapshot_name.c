#include "template/snapshot_name.h"

#include "base/memory.h"
#include "base/times.h"
#include "template/template.h"

#include <string.h>

static int render(const char *pattern, int64_t now_ns, char **ret, Error **err) {
        char now[TIME_TEXT_SIZE];
        json_t *context = json_pack("{s:s}", "creation_date", time_format_rfc3339(now_ns, now));
        int result = template_render(pattern, context, ret, err);
        json_decref(context);
        return result < 0 ? error_prefix(err, "Invalid snapshot name pattern \"%s\"", pattern) : 0;
}

/* The number that stands in `name` where the pattern has "%d"; -1: another pattern made it. */
static int64_t number_in(const char *name, const char *before, const char *after) {
        const char *digits = str_after_prefix(name, before);
        int64_t number;
        if (digits == NULL || !str_has_suffix(digits, after) || strlen(digits) <= strlen(after))
                return -1;
        _cleanup_free_ char *text = str_ndup(digits, strlen(digits) - strlen(after));
        return str_to_int64(text, &number) && number >= 0 && number < INT64_MAX ? number : -1;
}

static char *with_number(const char *before, const char *after, const StrList *taken) {
        int64_t next = 0;
        for (size_t i = 0; i < taken->count; i++) {
                int64_t number = number_in(taken->items[i], before, after);
                next = MAX_OF(next, number + 1);
        }
        return str_printf("%s%lld%s", before, (long long) next, after);
}

int snapshot_name_next(const char *pattern, int64_t now_ns, const StrList *taken, char **ret,
                       Error **err) {
        _cleanup_free_ char *name = NULL;
        if (render(pattern, now_ns, &name, err) < 0)
                return -1;
        char *mark = strstr(name, "%d");
        if (mark != NULL && strstr(mark + 2, "%d") != NULL)
                return error_set(err, ERROR_INVALID, 0,
                                 "Snapshot pattern may contain '%%d' only once");
        if (mark == NULL && !strlist_has(taken, name)) {
                *ret = TAKE_PTR(name);
        } else if (mark == NULL) {
                _cleanup_free_ char *before = str_printf("%s-", name);
                *ret = with_number(before, "", taken);
        } else {
                _cleanup_free_ char *before = str_ndup(name, (size_t) (mark - name));
                *ret = with_number(before, mark + 2, taken);
        }
        return 0;
}
