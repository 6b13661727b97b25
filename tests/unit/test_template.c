/* Names of snapshots, and times in Go's layouts. */
#include "base/memory.h"
#include "base/times.h"
#include "template/snapshot_name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define NOON INT64_C(1700000000) /* Tue 2023-11-14 22:13:20 UTC */

static const struct {
        const char *pattern, *taken, *name; /* name NULL: an error */
} names[] = {
        {"snap%d", "", "snap0"},
        {"snap%d", "snap0 snap7 snapx snap-3 other9", "snap8"},
        {"%d-a", "1-a 2-b 5", "2-a"},
        {"a%db", "ab a1b a01b", "a2b"},
        {"daily", "", "daily"},
        {"daily", "daily", "daily-0"},
        {"daily", "daily daily-0", "daily-1"},
        {"%d%d", "", NULL},
        {"{{ creation_date|date:'2006-01-02_15-04-05' }}", "", "2023-11-14_22-13-20"},
        {"{{ creation_date|date:\"Mon Jan 2 3PM 06\" }}-%d", "", "Tue Nov 14 10PM 23-0"},
        {"{{ creation_date", "", NULL},
        {"{{ creation_date|nothing }}", "", NULL},
};

static void test_names(void **state) {
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                _cleanup_strlist_ StrList taken = {.items = NULL};
                _cleanup_free_ char *name = NULL;
                strlist_split(&taken, names[i].taken, " ", true);
                int result = snapshot_name_next(names[i].pattern, NOON * NS_PER_SECOND, &taken,
                                                &name, NULL);
                assert_int_equal(result, names[i].name != NULL ? 0 : -1);
                if (result == 0)
                        assert_string_equal(name, names[i].name);
        }
}

int main(void) {
        setenv("TZ", "UTC", 1);
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_names)};
        return cmocka_run_group_tests_name("template", tests, NULL, NULL);
}
