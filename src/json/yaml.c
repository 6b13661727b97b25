#include "json/yaml.h"

#include "base/memory.h"
#include "base/text.h"
#include "json/json.h"

#include <string.h>
#include <yaml.h>

#define DEPTH_LIMIT 64

typedef struct Reader {
        yaml_parser_t parser;
        int depth;
} Reader;

static int read_error(const yaml_parser_t *parser, Error **err) {
        return error_set(err, ERROR_INVALID, 0, "Invalid YAML: %s at line %zu, column %zu",
                         parser->problem != NULL ? parser->problem : "unexpected end",
                         parser->problem_mark.line + 1, parser->problem_mark.column + 1);
}

static int refuse_at(const yaml_event_t *event, const char *what, Error **err) {
        return error_set(err, ERROR_INVALID, 0, "Invalid YAML: %s at line %zu, column %zu", what,
                         event->start_mark.line + 1, event->start_mark.column + 1);
}

static bool is_canonical_integer(const char *text, int64_t *ret) {
        if (!str_to_int64(text, ret))
                return false;
        _cleanup_free_ char *again = str_printf("%lld", (long long) *ret);
        return str_equal(again, text);
}

static json_t *plain_scalar(const char *text) {
        static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
        static const char *const trues[] = {"true", "True", "TRUE"};
        static const char *const falses[] = {"false", "False", "FALSE"};
        int64_t number;
        for (size_t i = 0; i < ARRAY_SIZE(nulls); i++)
                if (str_equal(text, nulls[i]))
                        return json_null();
        for (size_t i = 0; i < ARRAY_SIZE(trues); i++)
                if (str_equal(text, trues[i]) || str_equal(text, falses[i]))
                        return json_boolean(str_equal(text, trues[i]));
        return is_canonical_integer(text, &number) ? json_integer(number) : json_string(text);
}

#define YAML_TAGS "tag:yaml.org,2002:"

/* The tags that say what a reader finds out by itself. */
static bool is_core_tag(const char *tag) {
        static const char *const names[] = {"str", "int", "float", "bool", "null", "map", "seq",
                                            "timestamp"};
        const char *name = str_after_prefix(tag, YAML_TAGS);
        for (size_t i = 0; name != NULL && i < ARRAY_SIZE(names); i++)
                if (str_equal(name, names[i]))
                        return true;
        return tag == NULL || str_equal(tag, "!");
}

static const char *event_tag(const yaml_event_t *event) {
        switch (event->type) {
        case YAML_SCALAR_EVENT:
                return (const char *) event->data.scalar.tag;
        case YAML_MAPPING_START_EVENT:
                return (const char *) event->data.mapping_start.tag;
        case YAML_SEQUENCE_START_EVENT:
                return (const char *) event->data.sequence_start.tag;
        default:
                return NULL;
        }
}

static bool is_key(const yaml_event_t *event) {
        return event->type == YAML_SCALAR_EVENT && is_core_tag(event_tag(event)) &&
               strlen((const char *) event->data.scalar.value) == event->data.scalar.length;
}

static int read_node(Reader *reader, yaml_event_t *event, json_t **ret, Error **err);

static int next_event(Reader *reader, yaml_event_t *event, Error **err) {
        if (!yaml_parser_parse(&reader->parser, event))
                return read_error(&reader->parser, err);
        return 0;
}

static int read_mapping(Reader *reader, json_t *object, Error **err) {
        for (;;) {
                yaml_event_t event;
                if (next_event(reader, &event, err) < 0)
                        return -1;
                if (event.type == YAML_MAPPING_END_EVENT) {
                        yaml_event_delete(&event);
                        return 0;
                }
                if (!is_key(&event)) {
                        (void) refuse_at(&event, "a key must be text", err);
                        yaml_event_delete(&event);
                        return -1;
                }
                _cleanup_free_ char *key = str_dup((const char *) event.data.scalar.value);
                bool twice = json_object_get(object, key) != NULL;
                if (twice)
                        (void) refuse_at(&event, "a key that is there twice", err);
                yaml_event_delete(&event);
                json_t *value;
                if (twice || next_event(reader, &event, err) < 0 ||
                    read_node(reader, &event, &value, err) < 0)
                        return -1;
                json_object_set_new(object, key, value);
        }
}

static int read_sequence(Reader *reader, json_t *array, Error **err) {
        for (;;) {
                yaml_event_t event;
                json_t *value;
                if (next_event(reader, &event, err) < 0)
                        return -1;
                if (event.type == YAML_SEQUENCE_END_EVENT) {
                        yaml_event_delete(&event);
                        return 0;
                }
                if (read_node(reader, &event, &value, err) < 0)
                        return -1;
                json_array_append_new(array, value);
        }
}

static int read_collection(Reader *reader, yaml_event_type_t type, json_t **ret, Error **err) {
        bool mapping = type == YAML_MAPPING_START_EVENT;
        _cleanup_json_ json_t *value = mapping ? json_object() : json_array();
        if (++reader->depth > DEPTH_LIMIT)
                return error_set(err, ERROR_INVALID, 0, "Invalid YAML: more than %d levels",
                                 DEPTH_LIMIT);
        if ((mapping ? read_mapping(reader, value, err) : read_sequence(reader, value, err)) < 0)
                return -1;
        reader->depth--;
        *ret = TAKE_PTR(value);
        return 0;
}

static int read_scalar(const yaml_event_t *event, json_t **ret, Error **err) {
        const char *text = (const char *) event->data.scalar.value, *tag = event_tag(event);
        if (strlen(text) != event->data.scalar.length)
                return refuse_at(event, "a NUL character", err);
        bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
                     !str_equal(tag, YAML_TAGS "str") && !str_equal(tag, "!");
        *ret = plain ? plain_scalar(text) : json_string(text);
        if (*ret == NULL)
                return refuse_at(event, "text that is no UTF-8", err);
        return 0;
}

/* Takes the event. */
static int read_node(Reader *reader, yaml_event_t *event, json_t **ret, Error **err) {
        yaml_event_type_t type = event->type;
        int result = 0;
        if (!is_core_tag(event_tag(event)))
                result = refuse_at(event, "a tag of another type", err);
        else if (type == YAML_SCALAR_EVENT)
                result = read_scalar(event, ret, err);
        else if (type == YAML_ALIAS_EVENT)
                result = refuse_at(event, "aliases are not allowed", err);
        else if (type != YAML_MAPPING_START_EVENT && type != YAML_SEQUENCE_START_EVENT)
                result = refuse_at(event, "an unexpected end", err);
        yaml_event_delete(event);
        if (result < 0 || type == YAML_SCALAR_EVENT)
                return result;
        return read_collection(reader, type, ret, err);
}

static int read_document(Reader *reader, json_t **ret, Error **err) {
        yaml_event_t event;
        yaml_event_type_t type;
        _cleanup_json_ json_t *value = NULL;
        bool found = false;
        do {
                if (next_event(reader, &event, err) < 0)
                        return -1;
                type = event.type;
                bool content = type == YAML_SCALAR_EVENT || type == YAML_ALIAS_EVENT ||
                               type == YAML_MAPPING_START_EVENT ||
                               type == YAML_SEQUENCE_START_EVENT;
                if (type == YAML_DOCUMENT_START_EVENT && found) {
                        (void) refuse_at(&event, "more than one document", err);
                        yaml_event_delete(&event);
                        return -1;
                }
                if (!content) {
                        yaml_event_delete(&event);
                        continue;
                }
                found = true;
                if (read_node(reader, &event, &value, err) < 0)
                        return -1;
        } while (type != YAML_STREAM_END_EVENT);
        *ret = value != NULL ? TAKE_PTR(value) : json_null();
        return 0;
}

int yaml_parse(const char *text, size_t size, json_t **ret, Error **err) {
        Reader reader = {};
        if (!yaml_parser_initialize(&reader.parser))
                return error_set(err, ERROR_INTERNAL, 0, "Cannot start the YAML parser");
        yaml_parser_set_input_string(&reader.parser, (const unsigned char *) text, size);
        int result = read_document(&reader, ret, err);
        yaml_parser_delete(&reader.parser);
        return result;
}
