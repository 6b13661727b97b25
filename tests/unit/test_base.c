#include "base/error.h"
#include "base/files.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/times.h"
#include "base/units.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_error_keeps_the_first_and_prefixes(void **state) {
        _cleanup_error_ Error *err = NULL;
        assert_int_equal(error_errno(&err, ENOENT, "Cannot open %s", "x"), -1);
        error_set(&err, ERROR_INTERNAL, 0, "second");
        error_prefix(&err, "Pool %s", "p");
        assert_int_equal(err->kind, ERROR_NOT_FOUND);
        assert_string_equal(err->message, "Pool p: Cannot open x: No such file or directory");
}

static void test_strmap_is_sorted_and_replaces(void **state) {
        _cleanup_strmap_ StrMap map = {}, copy = {};
        strmap_set(&map, "b", "2");
        strmap_set(&map, "a", "1");
        strmap_set(&map, "c", "3");
        strmap_set(&map, "b", "two");
        assert_int_equal(map.count, 3);
        assert_string_equal(map.items[0].key, "a");
        assert_string_equal(strmap_get(&map, "b"), "two");
        strmap_copy(&copy, &map);
        assert_true(strmap_equal(&map, &copy));
        assert_true(strmap_remove(&copy, "a"));
        assert_false(strmap_remove(&copy, "a"));
        assert_false(strmap_equal(&map, &copy));
}

static void test_strlist_splits_and_joins(void **state) {
        _cleanup_strlist_ StrList list = {};
        strlist_split(&list, "a,,b", ",", false);
        assert_int_equal(list.count, 3);
        _cleanup_free_ char *joined = strlist_join(&list, "-");
        assert_string_equal(joined, "a--b");
        strlist_remove(&list, 1);
        assert_int_equal(list.count, 2);
        assert_string_equal(list.items[1], "b");
}

static void test_table_grows_and_removes(void **state) {
        _cleanup_(table_cleanup) Table *table = table_new(free);
        char key[16];
        for (int i = 0; i < 500; i++) {
                snprintf(key, sizeof key, "k%d", i);
                table_set(table, key, str_dup(key));
        }
        assert_string_equal(table_get(table, "k321"), "k321");
        assert_true(table_remove(table, "k321"));
        assert_null(table_get(table, "k321"));
        size_t cursor = 0, seen = 0;
        while (table_next(table, &cursor, NULL, NULL))
                seen++;
        assert_int_equal(seen, 499);
}

static void test_times_print_like_go(void **state) {
        char text[TIME_TEXT_SIZE];
        int64_t ns;
        assert_string_equal(time_format_rfc3339(TIME_ZERO, text), "0001-01-01T00:00:00Z");
        assert_string_equal(time_format_rfc3339(0, text), "1970-01-01T00:00:00Z");
        assert_true(time_parse_rfc3339("2021-03-23T20:00:00.123456-04:00", &ns));
        assert_string_equal(time_format_rfc3339(ns, text), "2021-03-24T00:00:00.123456Z");
        assert_true(time_parse_rfc3339("0001-01-01T00:00:00Z", &ns));
        assert_true(ns == TIME_ZERO);
        assert_false(time_parse_rfc3339("2021-13-01T00:00:00Z", &ns));
        assert_false(time_parse_rfc3339("yesterday", &ns));
}

static void test_units_parse_as_lxd(void **state) {
        static const struct {
                const char *text;
                int64_t value;
        } good[] = {{"0", 0},
                    {"123", 123},
                    {"1kB", 1000},
                    {"1KiB", 1024},
                    {"10GiB", INT64_C(10737418240)},
                    {"15 bytes", 15},
                    {"2TB", INT64_C(2000000000000)}};
        static const char *const bad[] = {"", "x", "-1", "1.5GB", "10Gi", "99999999EiB", "1 GB"};
        int64_t value;
        for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
                assert_int_equal(units_parse_bytes(good[i].text, &value, NULL), 0);
                assert_int_equal(value, good[i].value);
        }
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                assert_int_equal(units_parse_bytes(bad[i], &value, NULL), -1);
        assert_int_equal(units_parse_bits("10Mbit", &value, NULL), 0);
        assert_int_equal(value, 10000000);
}

static void test_url_and_hex_round_trip(void **state) {
        _cleanup_free_ char *escaped = url_escape("a b/ü");
        assert_string_equal(escaped, "a%20b%2F%C3%BC");
        _cleanup_free_ char *plain = url_unescape(escaped, strlen(escaped), false);
        assert_string_equal(plain, "a b/ü");
        assert_null(url_unescape("%0", 2, false));
        assert_null(url_unescape("%00", 3, false));
        unsigned char bytes[2];
        assert_int_equal(hex_decode("00fF", bytes, 2), 0);
        assert_int_equal(bytes[1], 255);
        assert_int_equal(hex_decode("00f", bytes, 2), -1);
}

static void test_files_write_and_remove_trees(void **state) {
        char base[] = "/tmp/berth-test-XXXXXX";
        assert_non_null(mkdtemp(base));
        _cleanup_free_ char *deep = str_printf("%s/a/b/c", base);
        _cleanup_free_ char *file = str_printf("%s/f", deep);
        _cleanup_free_ char *text = NULL;
        assert_int_equal(directory_make_all(deep, 0700, NULL), 0);
        assert_int_equal(file_write_text(file, "hello", NULL), 0);
        assert_int_equal(file_read(file, 0, &text, NULL, NULL), 0);
        assert_string_equal(text, "hello");
        _cleanup_error_ Error *err = NULL;
        char *more = NULL;
        assert_int_equal(file_read(file, 3, &more, NULL, &err), -1);
        assert_true(error_is(err, ERROR_TOO_LARGE));
        assert_int_equal(path_remove_all(base, NULL), 0);
        assert_false(path_exists(base));
        assert_int_equal(path_remove_all(base, NULL), 0);
}

static void test_words_are_booleans_or_not(void **state) {
        bool value;
        assert_true(str_to_bool("Yes", &value) && value);
        assert_true(str_to_bool("off", &value) && !value);
        assert_false(str_to_bool("maybe", &value));
        assert_false(str_to_bool("", &value));
        assert_true(str_equal_secret("abc", "abc"));
        assert_false(str_equal_secret("abc", "abd"));
        assert_false(str_equal_secret("abc", ""));
        assert_false(str_equal_secret("", "a"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_error_keeps_the_first_and_prefixes),
                cmocka_unit_test(test_strmap_is_sorted_and_replaces),
                cmocka_unit_test(test_strlist_splits_and_joins),
                cmocka_unit_test(test_table_grows_and_removes),
                cmocka_unit_test(test_times_print_like_go),
                cmocka_unit_test(test_units_parse_as_lxd),
                cmocka_unit_test(test_url_and_hex_round_trip),
                cmocka_unit_test(test_files_write_and_remove_trees),
                cmocka_unit_test(test_words_are_booleans_or_not),
        };
        return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
