#include "base/memory.h"
#include "base/times.h"
#include "json/digest.h"
#include "json/json.h"
#include "json/mapping.h"
#include "json/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static json_t *parse(const char *text) {
        json_t *value = NULL;
        assert_int_equal(json_parse(text, strlen(text), &value, NULL), 0);
        return value;
}

static void assert_refused(const char *text, const char *message) {
        _cleanup_error_ Error *err = NULL;
        json_t *value = NULL;
        assert_int_equal(json_parse(text, strlen(text), &value, &err), -1);
        assert_int_equal(err->kind, ERROR_INVALID);
        assert_non_null(strstr(err->message, message));
}

static void test_parser_is_strict(void **state) {
        char deep[200];
        memset(deep, '[', 100);
        memset(deep + 100, ']', 100);
        json_t *value = NULL;
        assert_refused("{\"a\":1,\"a\":2}", "duplicate");
        assert_refused("{\"a\":1} x", "line 1, column 9");
        assert_refused("{\"a\":\n", "line 2");
        assert_refused("{'a':1}", "line 1");
        assert_refused("\"\\u0000\"", "line 1");
        assert_refused("", "line 1");
        assert_int_equal(json_parse(deep, sizeof deep, &value, NULL), -1);
}

static void test_dumps(void **state) {
        _cleanup_json_ json_t *value = parse("{\"b\":[1,null,true],\"a\":\"<&>\\u2028\"}");
        _cleanup_free_ char *sorted = json_dump_sorted(value), *plain = json_dump_compact(value),
                            *escaped = json_dump_go(value);
        assert_string_equal(sorted, "{\"a\":\"<&>\xe2\x80\xa8\",\"b\":[1,null,true]}");
        assert_string_equal(plain, "{\"b\":[1,null,true],\"a\":\"<&>\xe2\x80\xa8\"}");
        assert_string_equal(escaped,
                            "{\"a\":\"\\u003c\\u0026\\u003e\\u2028\",\"b\":[1,null,true]}");
}

static void test_broken_utf8_is_repaired(void **state) {
        _cleanup_json_ json_t *value = json_string_lossy("a\xff\xc3\xa9\xed\xa0\x80");
        assert_string_equal(json_string_value(value),
                            "a\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

/* A struct with a member of each type. */
typedef struct Inner {
        char *name;
        int64_t size;
} Inner;
JSON_DEFINE_LIST(Inner);
JSON_DEFINE_MAP(Inner);

typedef struct Outer {
        char *text;
        int64_t number;
        double real;
        bool flag;
        int64_t time;
        StrMap map;
        DeviceMap devices;
        StrList list;
        json_t *any;
        Inner object;
        struct Inner *pointer;
        InnerList inners;
        InnerMap named;
        char *omitted;
        char *dashed;
} Outer;

static const JsonField inner_fields[] = {
        JSON_STRING(Inner, name, 0),
        JSON_INTEGER(Inner, size, JSON_OMIT_EMPTY),
        JSON_END,
};

static const JsonField outer_fields[] = {
        JSON_STRING(Outer, text, 0),
        JSON_INTEGER(Outer, number, 0),
        JSON_REAL(Outer, real, 0),
        JSON_BOOLEAN(Outer, flag, 0),
        JSON_TIME(Outer, time, 0),
        JSON_STRMAP(Outer, map, 0),
        JSON_DEVICEMAP(Outer, devices, 0),
        JSON_STRLIST(Outer, list, 0),
        JSON_VALUE(Outer, any, 0),
        JSON_OBJECT(Outer, object, Inner, inner_fields, 0),
        JSON_POINTER(Outer, pointer, Inner, inner_fields, 0),
        JSON_LIST(Outer, inners, Inner, inner_fields, 0),
        JSON_MAP(Outer, named, Inner, inner_fields, 0),
        JSON_STRING(Outer, omitted, JSON_OMIT_EMPTY),
        JSON_STRING_AS(Outer, dashed, "da-shed", JSON_OMIT_EMPTY),
        JSON_END,
};

static const char empty_text[] =
        "{\"text\":\"\",\"number\":0,\"real\":0,\"flag\":false,"
        "\"time\":\"0001-01-01T00:00:00Z\",\"map\":{},\"devices\":{},\"list\":[],\"any\":null,"
        "\"object\":{\"name\":\"\"},\"pointer\":null,\"inners\":[],\"named\":{}}";

static const char full_text[] =
        "{\"text\":\"a\\\"\\n\",\"number\":-5,\"real\":1.5,\"flag\":true,"
        "\"time\":\"2021-03-23T20:00:00.5Z\",\"map\":{\"k\":\"v\"},"
        "\"devices\":{\"eth0\":{\"type\":\"nic\"}},\"list\":[\"x\",\"y\"],\"any\":[1,{}],"
        "\"object\":{\"name\":\"o\",\"size\":1},\"pointer\":{\"name\":\"p\"},"
        "\"inners\":[{\"name\":\"i\"},{\"name\":\"j\",\"size\":7}],"
        "\"named\":{\"n\":{\"name\":\"m\"}},\"da-shed\":\"d\"}";

static void assert_written(const Outer *outer, const char *expected) {
        _cleanup_strbuf_ StrBuf out = {};
        JsonWriter writer = {.out = &out};
        _cleanup_json_ json_t *tree = json_from_struct(outer_fields, outer);
        _cleanup_free_ char *text = json_dump_compact(tree);
        assert_string_equal(text, expected);
        json_write_struct(&writer, outer_fields, outer);
        assert_string_equal(out.data, expected);
}

static void test_mapping_writes_what_it_read(void **state) {
        Outer outer;
        json_struct_init(outer_fields, &outer, sizeof outer);
        assert_written(&outer, empty_text);
        _cleanup_json_ json_t *value = parse(full_text);
        assert_int_equal(json_to_struct(outer_fields, value, &outer, JSON_REPLACE, NULL), 0);
        assert_written(&outer, full_text);
        assert_int_equal(outer.inners.count, 2);
        assert_int_equal(outer.inners.items[1].size, 7);
        /* Absent keys empty the struct again. */
        _cleanup_json_ json_t *nothing = parse("{\"unknown\":1}");
        assert_int_equal(json_to_struct(outer_fields, nothing, &outer, JSON_REPLACE, NULL), 0);
        assert_written(&outer, empty_text);
        struct_done(outer_fields, &outer);
}

static void test_mapping_patches(void **state) {
        Outer outer;
        json_struct_init(outer_fields, &outer, sizeof outer);
        _cleanup_json_ json_t *value = parse(full_text), *patch = parse(
                "{\"map\":{\"k\":null,\"l\":\"2\",\"m\":\"\",\"n\":3},\"devices\":{\"root\":"
                "{\"type\":\"disk\"},\"eth0\":null},\"TEXT\":\"other case\",\"list\":[],"
                "\"object\":{\"size\":9},\"named\":{\"o\":{\"name\":\"new\"}}}");
        assert_int_equal(json_to_struct(outer_fields, value, &outer, JSON_REPLACE, NULL), 0);
        assert_int_equal(json_to_struct(outer_fields, patch, &outer, JSON_PATCH, NULL), 0);
        assert_int_equal(outer.number, -5);
        assert_string_equal(outer.text, "other case");
        assert_int_equal(outer.map.count, 2);
        assert_string_equal(strmap_get(&outer.map, "n"), "3");
        assert_int_equal(outer.devices.count, 1);
        assert_int_equal(outer.list.count, 0);
        assert_string_equal(outer.object.name, "o");
        assert_int_equal(outer.object.size, 9);
        assert_int_equal(outer.named.count, 2);
        struct_done(outer_fields, &outer);
}

static void assert_wrong(const char *text, unsigned mode, const char *message) {
        Outer outer;
        _cleanup_error_ Error *err = NULL;
        _cleanup_json_ json_t *value = parse(text);
        json_struct_init(outer_fields, &outer, sizeof outer);
        assert_int_equal(json_to_struct(outer_fields, value, &outer, mode, &err), -1);
        assert_int_equal(err->kind, ERROR_INVALID);
        assert_string_equal(err->message, message);
        assert_written(&outer, empty_text);
        struct_done(outer_fields, &outer);
}

static void test_mapping_names_what_is_wrong(void **state) {
        assert_wrong("[]", JSON_REPLACE, "The document must be an object");
        assert_wrong("{\"number\":1,\"text\":2}", JSON_REPLACE, "\"text\" must be a string");
        assert_wrong("{\"number\":1.5}", JSON_PATCH, "\"number\" must be an integer");
        assert_wrong("{\"flag\":\"true\"}", JSON_REPLACE, "\"flag\" must be true or false");
        assert_wrong("{\"time\":\"x\"}", JSON_REPLACE,
                     "\"time\" must be a time like 2021-03-23T20:00:00Z");
        assert_wrong("{\"list\":[\"a\",1]}", JSON_REPLACE, "\"list.1\" must be a string");
        assert_wrong("{\"devices\":{\"eth0\":{\"mtu\":[]}}}", JSON_REPLACE,
                     "\"devices.eth0.mtu\" must be a string");
        assert_wrong("{\"inners\":[{},{\"size\":\"1\"}]}", JSON_REPLACE,
                     "\"inners.1.size\" must be an integer");
        assert_wrong("{\"named\":{\"a\":1}}", JSON_REPLACE, "\"named.a\" must be an object");
}

static void test_mapping_takes_yaml_scalars(void **state) {
        static const char text[] = "text: 42\nflag: yes\nlist: [1, true]\n";
        Outer outer;
        _cleanup_json_ json_t *value = NULL;
        assert_int_equal(yaml_parse(text, strlen(text), &value, NULL), 0);
        json_struct_init(outer_fields, &outer, sizeof outer);
        assert_int_equal(json_to_struct(outer_fields, value, &outer, JSON_FROM_YAML, NULL), 0);
        assert_string_equal(outer.text, "42");
        assert_true(outer.flag);
        assert_string_equal(outer.list.items[1], "true");
        struct_done(outer_fields, &outer);
}

static void test_lists_and_maps_grow(void **state) {
        Outer outer;
        json_struct_init(outer_fields, &outer, sizeof outer);
        for (int i = 0; i < 20; i++) {
                Inner *item = json_list_add(&outer.inners, inner_fields);
                item->name = str_printf("n%d", i);
                Inner *named = json_map_add(&outer.named, inner_fields, i % 2 == 0 ? "a" : "b");
                named->size += i;
        }
        assert_string_equal(outer.inners.items[19].name, "n19");
        assert_int_equal(outer.named.count, 2);
        assert_int_equal(outer.named.items[0].value.size, 90);
        struct_done(outer_fields, &outer);
}

static void assert_yaml(const char *json, const char *expected) {
        _cleanup_json_ json_t *value = parse(json), *again = NULL;
        _cleanup_free_ char *text = yaml_dump_sorted(value);
        assert_string_equal(text, expected);
        assert_int_equal(yaml_parse(text, strlen(text), &again, NULL), 0);
        assert_true(json_equal(value, again));
}

/* The expected texts are what lxc printed for profiles with these values. */
static void test_yaml_quotes_as_go_does(void **state) {
        static const struct {
                const char *value, *yaml;
        } cases[] = {
                {"on", "\"on\""},         {"y", "\"y\""},           {"True", "\"True\""},
                {"~", "\"~\""},           {"42", "\"42\""},         {"007", "\"007\""},
                {"0x1f", "\"0x1f\""},     {"1_000", "\"1_000\""},   {"5.", "\"5.\""},
                {"1e3", "\"1e3\""},       {".inf", "\".inf\""},     {"1:30", "\"1:30\""},
                {"1:60", "1:60"},         {"2001-12-14", "\"2001-12-14\""},
                {"1.2.3", "1.2.3"},       {"<<", "<<"},             {"- a", "'- a'"},
                {"a: b", "'a: b'"},       {"a#x", "a#x"},           {"''", "''''''"},
                {"", "\"\""},             {" lead", "' lead'"},
                {"tab\\there", "\"tab\\there\""},
                {"1.7976931348623157e+309", "1.7976931348623157e+309"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_free_ char *json = str_printf("{\"k\":\"%s\"}", cases[i].value);
                _cleanup_free_ char *yaml = str_printf("k: %s\n", cases[i].yaml);
                assert_yaml(json, yaml);
        }
        assert_yaml("{\"k\":\"a\\nb\"}", "k: |-\n  a\n  b\n");
        assert_yaml("{\"k\":\"a\\n\"}", "k: |\n  a\n");
        assert_yaml("{\"k\":\"a\\n\\n\"}", "k: |+\n  a\n\n");
        assert_yaml("{\"a\":{},\"b\":[],\"c\":[\"x\",{\"y\":null}]}",
                    "a: {}\nb: []\nc:\n- x\n- \"y\": null\n");
        assert_yaml("{\"eth10\":1,\"eth2\":true}", "eth2: true\neth10: 1\n");
}

static void test_yaml_reads_text_as_written(void **state) {
        static const char text[] = "a: yes\nb: 010\nc: 1e3\nd: 42\ne: null\nf: '42'\ng: 1.50\n"
                                   "h: !!str 42\n";
        _cleanup_json_ json_t *value = NULL;
        assert_int_equal(yaml_parse(text, strlen(text), &value, NULL), 0);
        _cleanup_free_ char *json = json_dump_compact(value);
        assert_string_equal(json, "{\"a\":\"yes\",\"b\":\"010\",\"c\":\"1e3\",\"d\":42,\"e\":null,"
                                  "\"f\":\"42\",\"g\":\"1.50\",\"h\":\"42\"}");
}

static void test_yaml_refuses(void **state) {
        static const char *const texts[] = {"a: &x 1\nb: *x\n", "a: 1\na: 2\n", "a: [",
                                            "a: 1\n---\nb", "? [a]\n: b\n", "\ta: 1\n",
                                            "a: !!binary eA==\n", "!x a: 1\n", "a: !y {}\n",
                                            "a: \"\\0\"\n", "\"a\\0\": 1\n"};
        for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
                _cleanup_error_ Error *err = NULL;
                json_t *value = NULL;
                assert_int_equal(yaml_parse(texts[i], strlen(texts[i]), &value, &err), -1);
                assert_non_null(strstr(err->message, "Invalid YAML: "));
        }
}

static void test_yaml_follows_the_table(void **state) {
        Outer outer;
        json_struct_init(outer_fields, &outer, sizeof outer);
        outer.time = 0;
        outer.text = str_dup("x");
        strmap_set(&outer.map, "eth10", "1");
        strmap_set(&outer.map, "eth2", "2");
        _cleanup_free_ char *text = yaml_dump_struct(outer_fields, &outer);
        assert_string_equal(text, "text: x\nnumber: 0\nreal: 0\nflag: false\n"
                                  "time: 1970-01-01T00:00:00Z\nmap:\n  eth2: \"2\"\n"
                                  "  eth10: \"1\"\ndevices: {}\nlist: []\nany: null\nobject:\n"
                                  "  name: \"\"\npointer: null\ninners: []\nnamed: {}\n");
        struct_done(outer_fields, &outer);
}

static void test_digests(void **state) {
        static const char expected[] =
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        _cleanup_free_ char *whole = digest_sha256_hex("abc", 3);
        Digest *digest = digest_new();
        digest_add(digest, "a", 1);
        digest_add(digest, "bc", 2);
        _cleanup_free_ char *streamed = digest_hex(digest);
        digest_free(digest);
        assert_string_equal(whole, expected);
        assert_string_equal(streamed, expected);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_parser_is_strict),
                cmocka_unit_test(test_dumps),
                cmocka_unit_test(test_broken_utf8_is_repaired),
                cmocka_unit_test(test_mapping_writes_what_it_read),
                cmocka_unit_test(test_mapping_patches),
                cmocka_unit_test(test_mapping_names_what_is_wrong),
                cmocka_unit_test(test_mapping_takes_yaml_scalars),
                cmocka_unit_test(test_lists_and_maps_grow),
                cmocka_unit_test(test_yaml_quotes_as_go_does),
                cmocka_unit_test(test_yaml_reads_text_as_written),
                cmocka_unit_test(test_yaml_refuses),
                cmocka_unit_test(test_yaml_follows_the_table),
                cmocka_unit_test(test_digests),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
