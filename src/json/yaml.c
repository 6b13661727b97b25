#include "json/yaml.h"

#include "base/memory.h"
#include "base/text.h"
#include "json/json.h"

#include <ctype.h>
#include <string.h>
#include <yaml.h>

#define DEPTH_LIMIT 64

/* Reading. */

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
                if (event.type != YAML_SCALAR_EVENT) {
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
        const char *text = (const char *) event->data.scalar.value;
        if (strlen(text) != event->data.scalar.length)
                return refuse_at(event, "a NUL character", err);
        bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        *ret = plain ? plain_scalar(text) : json_string(text);
        if (*ret == NULL)
                return refuse_at(event, "text that is no UTF-8", err);
        return 0;
}

/* Takes the event. */
static int read_node(Reader *reader, yaml_event_t *event, json_t **ret, Error **err) {
        yaml_event_type_t type = event->type;
        int result = 0;
        if (type == YAML_SCALAR_EVENT)
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

/* Writing: yaml.v2 quotes text that its own reader would take for something else. */

static bool is_resolved_word(const char *text) {
        static const char *const words[] = {
                "y",    "Y",    "yes",  "Yes",   "YES",   "true",  "True",  "TRUE",  "on",
                "On",   "ON",   "n",    "N",     "no",    "No",    "NO",    "false", "False",
                "FALSE", "off", "Off",  "OFF",   "",      "~",     "null",  "Null",  "NULL",
                ".nan", ".NaN", ".NAN", ".inf",  ".Inf",  ".INF",  "+.inf", "+.Inf", "+.INF",
                "-.inf", "-.Inf", "-.INF",
        };
        for (size_t i = 0; i < ARRAY_SIZE(words); i++)
                if (str_equal(text, words[i]))
                        return true;
        return false;
}

static size_t digits_at(const char *text, const char *set) {
        return strspn(text, set);
}

#define DECIMAL "0123456789"

/* [-+]?[0-9]*\.?[0-9]+([eE][-+][0-9]+)? */
static bool is_float(const char *text) {
        text += *text == '-' || *text == '+';
        size_t before = digits_at(text, DECIMAL);
        text += before;
        if (*text == '.') {
                size_t after = digits_at(text + 1, DECIMAL);
                if (after == 0)
                        return false;
                text += 1 + after;
        } else if (before == 0) {
                return false;
        }
        if (*text == 'e' || *text == 'E') {
                if (text[1] != '-' && text[1] != '+')
                        return false;
                size_t exponent = digits_at(text + 2, DECIMAL);
                if (exponent == 0)
                        return false;
                text += 2 + exponent;
        }
        return *text == '\0';
}

/* An integer of Go's base 0: decimal, 0x, 0o, 0b or octal. */
static bool is_integer(const char *text) {
        static const struct {
                const char *prefix, *digits;
        } bases[] = {{"0x", DECIMAL "abcdefABCDEF"},
                     {"0X", DECIMAL "abcdefABCDEF"},
                     {"0o", "01234567"},
                     {"0O", "01234567"},
                     {"0b", "01"},
                     {"0B", "01"},
                     {"0", "01234567"},
                     {"", DECIMAL}};
        text += *text == '-' || *text == '+';
        for (size_t i = 0; i < ARRAY_SIZE(bases); i++) {
                const char *rest = str_after_prefix(text, bases[i].prefix);
                if (rest != NULL && *rest != '\0' &&
                    digits_at(rest, bases[i].digits) == strlen(rest))
                        return true;
        }
        return str_equal(text, "0");
}

/* 2001-12-14, 2001-12-14t21:59:43.10-05:00, 2001-12-14 21:59:43.10 */
static bool is_timestamp(const char *text) {
        int year, month, day, used = 0;
        if (digits_at(text, DECIMAL) != 4 || text[4] != '-' ||
            sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &used) != 3)
                return false;
        if (month < 1 || month > 12 || day < 1 || day > 31)
                return false;
        if (text[used] == '\0')
                return true;
        int hour, minute, second, clock = 0;
        if (strchr("tT ", text[used]) == NULL ||
            sscanf(text + used + 1, "%2d:%2d:%2d%n", &hour, &minute, &second, &clock) != 3)
                return false;
        const char *rest = text + used + 1 + clock;
        if (*rest == '.')
                rest += 1 + digits_at(rest + 1, DECIMAL);
        return text[used] == ' ' ? *rest == '\0'
                                 : str_equal(rest, "Z") || *rest == '+' || *rest == '-';
}

/* [-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)? : YAML 1.1 reads 1:30 as ninety. */
static bool is_base60(const char *text) {
        text += *text == '-' || *text == '+';
        if (!isdigit((unsigned char) *text))
                return false;
        text += digits_at(text, DECIMAL "_");
        bool any = false;
        while (*text == ':') {
                size_t digits = digits_at(text + 1, DECIMAL);
                if (digits < 1 || digits > 2 || (digits == 2 && text[1] > '5'))
                        return false;
                text += 1 + digits;
                any = true;
        }
        if (any && *text == '.')
                text += 1 + digits_at(text + 1, DECIMAL "_");
        return any && *text == '\0';
}

static bool needs_quotes(const char *text) {
        if (is_resolved_word(text))
                return true;
        if (*text == '.')
                return is_float(text);
        if (!isdigit((unsigned char) *text) && *text != '-' && *text != '+')
                return false;
        StrBuf plain = {};
        for (const char *c = text; *c != '\0'; c++)
                if (*c != '_')
                        strbuf_add_char(&plain, *c);
        _cleanup_free_ char *without = strbuf_take(&plain);
        return is_timestamp(text) || is_integer(without) || is_float(without) || is_base60(text);
}

typedef struct Writer {
        yaml_emitter_t emitter;
        StrBuf out;
        bool sorted;
} Writer;

static int write_bytes(void *userdata, unsigned char *data, size_t size) {
        strbuf_add_data(&((Writer *) userdata)->out, data, size);
        return 1;
}

static void emit(Writer *writer, yaml_event_t *event) {
        (void) yaml_emitter_emit(&writer->emitter, event);
}

static void write_scalar(Writer *writer, const char *text, yaml_scalar_style_t style) {
        yaml_event_t event;
        (void) yaml_scalar_event_initialize(&event, NULL, NULL, (const unsigned char *) text,
                                            (int) strlen(text), 1, 1, style);
        emit(writer, &event);
}

static void write_string(Writer *writer, const char *text) {
        yaml_scalar_style_t style = YAML_PLAIN_SCALAR_STYLE;
        if (strchr(text, '\n') != NULL)
                style = YAML_LITERAL_SCALAR_STYLE;
        else if (needs_quotes(text))
                style = YAML_DOUBLE_QUOTED_SCALAR_STYLE;
        write_scalar(writer, text, style);
}

static int compare_keys(const void *a, const void *b) {
        return strcmp(*(const char *const *) a, *(const char *const *) b);
}

static void write_value(Writer *writer, const json_t *value);

static void write_object(Writer *writer, const json_t *value) {
        yaml_event_t event;
        size_t size = json_object_size(value), count = 0;
        (void) yaml_mapping_start_event_initialize(&event, NULL, NULL, 1,
                                                   size == 0 ? YAML_FLOW_MAPPING_STYLE
                                                             : YAML_BLOCK_MAPPING_STYLE);
        emit(writer, &event);
        _cleanup_free_ const char **keys = mem_new_array(const char *, size);
        const char *key;
        json_t *child;
        json_object_foreach((json_t *) value, key, child)
                keys[count++] = key;
        if (writer->sorted)
                qsort(keys, count, sizeof *keys, compare_keys);
        for (size_t i = 0; i < count; i++) {
                write_string(writer, keys[i]);
                write_value(writer, json_object_get(value, keys[i]));
        }
        (void) yaml_mapping_end_event_initialize(&event);
        emit(writer, &event);
}

static void write_array(Writer *writer, const json_t *value) {
        yaml_event_t event;
        size_t index;
        json_t *child;
        (void) yaml_sequence_start_event_initialize(&event, NULL, NULL, 1,
                                                    json_array_size(value) == 0
                                                            ? YAML_FLOW_SEQUENCE_STYLE
                                                            : YAML_BLOCK_SEQUENCE_STYLE);
        emit(writer, &event);
        json_array_foreach(value, index, child)
                write_value(writer, child);
        (void) yaml_sequence_end_event_initialize(&event);
        emit(writer, &event);
}

static void write_value(Writer *writer, const json_t *value) {
        if (json_is_object(value)) {
                write_object(writer, value);
        } else if (json_is_array(value)) {
                write_array(writer, value);
        } else if (json_is_string(value)) {
                write_string(writer, json_string_value(value));
        } else {
                _cleanup_free_ char *text = json_dump_compact(value);
                write_scalar(writer, text, YAML_PLAIN_SCALAR_STYLE);
        }
}

static char *dump(const json_t *value, bool sorted) {
        Writer writer = {.sorted = sorted};
        yaml_event_t event;
        if (!yaml_emitter_initialize(&writer.emitter))
                return str_dup("");
        yaml_emitter_set_output(&writer.emitter, write_bytes, &writer);
        yaml_emitter_set_unicode(&writer.emitter, 1);
        (void) yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING);
        emit(&writer, &event);
        (void) yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1);
        emit(&writer, &event);
        write_value(&writer, value);
        (void) yaml_document_end_event_initialize(&event, 1);
        emit(&writer, &event);
        (void) yaml_stream_end_event_initialize(&event);
        emit(&writer, &event);
        yaml_emitter_delete(&writer.emitter);
        /* libyaml ends a document whose last text keeps its line feeds ("|+") with "...". */
        if (writer.out.length > 4 && str_has_suffix(writer.out.data, "\n...\n"))
                strbuf_truncate(&writer.out, writer.out.length - 4);
        return strbuf_take(&writer.out);
}

char *yaml_dump(const json_t *value) {
        return dump(value, false);
}

char *yaml_dump_sorted(const json_t *value) {
        return dump(value, true);
}
