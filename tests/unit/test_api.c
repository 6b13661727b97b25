/* Each table of api/: its struct can be emptied, filled and written, and reads what it writes. */
#include "api_objects.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

typedef struct ApiObject {
        const char *name;
        const JsonField *fields;
        size_t size;
} ApiObject;

#define OBJECT(T, prefix) {#T, prefix##_fields, sizeof(T)}

static const ApiObject objects[] = {
        API_OBJECTS,
};

/* A value that fits the row; nested structs are filled down to a few levels. */
static json_t *example(const JsonField *fields, int depth);

static json_t *example_value(const JsonField *field, int depth) {
        switch (field->type) {
        case JSON_FIELD_STRING:
                return json_string("text <\"\n>");
        case JSON_FIELD_INTEGER:
                return json_integer(42);
        case JSON_FIELD_REAL:
                return json_real(1.5);
        case JSON_FIELD_BOOLEAN:
                return json_true();
        case JSON_FIELD_TIME:
                return json_string("2021-03-23T20:00:00.123Z");
        case JSON_FIELD_STRMAP:
                return json_pack("{s:s}", "key", "value");
        case JSON_FIELD_DEVICEMAP:
                return json_pack("{s:{s:s}}", "eth0", "type", "nic");
        case JSON_FIELD_STRLIST:
                return json_pack("[s]", "item");
        case JSON_FIELD_VALUE:
                return json_pack("{s:[i]}", "any", 1);
        case JSON_FIELD_OBJECT:
        case JSON_FIELD_POINTER:
                return example(field->fields, depth + 1);
        case JSON_FIELD_LIST:
                return json_pack("[o]", example(field->fields, depth + 1));
        case JSON_FIELD_MAP:
                return json_pack("{s:o}", "key", example(field->fields, depth + 1));
        }
        return NULL;
}

static json_t *example(const JsonField *fields, int depth) {
        json_t *object = json_object();
        for (const JsonField *field = fields; field->name != NULL; field++)
                if (depth < 4 || field->fields == NULL)
                        json_object_set_new(object, field->name, example_value(field, depth));
        return object;
}

static void check_written(const ApiObject *object, const void *data, const json_t *expected) {
        _cleanup_strbuf_ StrBuf text = {};
        JsonWriter writer = {.out = &text};
        _cleanup_json_ json_t *tree = json_from_struct(object->fields, data), *parsed = NULL;
        if (expected != NULL && !json_equal(tree, expected))
                fail_msg("%s is not written as it was read", object->name);
        json_write_struct(&writer, object->fields, data);
        assert_int_equal(json_parse(text.data, text.length, &parsed, NULL), 0);
        if (!json_equal(tree, parsed))
                fail_msg("%s: text and tree differ", object->name);
}

static void check_object(const ApiObject *object) {
        void *data = mem_alloc(object->size);
        _cleanup_error_ Error *err = NULL;
        json_struct_init(object->fields, data, object->size);
        check_written(object, data, NULL);
        /* Nesting that reaches the limit loses its empty ends, so compare what was read twice. */
        _cleanup_json_ json_t *value = example(object->fields, 0);
        if (json_to_struct(object->fields, value, data, JSON_REPLACE, &err) < 0)
                fail_msg("%s: %s", object->name, error_message(err));
        _cleanup_json_ json_t *once = json_from_struct(object->fields, data);
        assert_int_equal(json_to_struct(object->fields, once, data, JSON_PATCH, NULL), 0);
        check_written(object, data, once);
        struct_done(object->fields, data);
        free(data);
}

static void test_every_object(void **state) {
        for (size_t i = 0; i < ARRAY_SIZE(objects); i++)
                check_object(&objects[i]);
}

static void test_keys_are_unique(void **state) {
        for (size_t i = 0; i < ARRAY_SIZE(objects); i++)
                for (const JsonField *a = objects[i].fields; a->name != NULL; a++)
                        for (const JsonField *b = objects[i].fields; b != a; b++)
                                if (strcmp(a->name, b->name) == 0)
                                        fail_msg("%s: %s twice", objects[i].name, a->name);
}

/* The order of keys is what clients print. */
static void test_profile_text(void **state) {
        _cleanup_(api_profile_done) ApiProfile profile;
        _cleanup_strbuf_ StrBuf text = {};
        JsonWriter writer = {.out = &text};
        api_profile_init(&profile);
        profile.name = str_dup("p");
        strmap_set(devicemap_add(&profile.devices, "root"), "type", "disk");
        strlist_add(&profile.used_by, "/1.0/instances/c1");
        api_profile_write(&writer, &profile);
        assert_string_equal(text.data,
                            "{\"config\":{},\"description\":\"\",\"devices\":{\"root\":"
                            "{\"type\":\"disk\"}},\"name\":\"p\",\"used_by\":"
                            "[\"/1.0/instances/c1\"]}");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_object),
                cmocka_unit_test(test_keys_are_unique),
                cmocka_unit_test(test_profile_text),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
