#include "json/yaml.h"

#include "base/memory.h"
#include "base/text.h"
#include "base/times.h"
#include "json/json.h"
#include "json/mapping.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

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

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?, and a double can hold it. */
static bool is_float(const char *text) {
        const char *rest = text + (*text == '-' || *text == '+');
        size_t before = digits_at(rest, DECIMAL);
        rest += before;
        if (*rest == '.') {
                size_t after = digits_at(rest + 1, DECIMAL);
                if (before + after == 0)
                        return false;
                rest += 1 + after;
        } else if (before == 0) {
                return false;
        }
        if (*rest == 'e' || *rest == 'E') {
                rest += 1 + (rest[1] == '-' || rest[1] == '+');
                size_t exponent = digits_at(rest, DECIMAL);
                if (exponent == 0)
                        return false;
                rest += exponent;
        }
        return *rest == '\0' && isfinite(strtod(text, NULL));
}

/* An integer of Go's base 0: decimal, 0x, 0o, 0b or octal, of at most 64 bits. */
static bool is_integer(const char *text) {
        static const struct {
                const char *prefix, *digits;
                int base;
        } forms[] = {{"0x", DECIMAL "abcdefABCDEF", 16},
                     {"0X", DECIMAL "abcdefABCDEF", 16},
                     {"0o", "01234567", 8},
                     {"0O", "01234567", 8},
                     {"0b", "01", 2},
                     {"0B", "01", 2},
                     {"0", "01234567", 8},
                     {"", DECIMAL, 10}};
        text += *text == '-' || *text == '+';
        for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
                const char *rest = str_after_prefix(text, forms[i].prefix);
                if (rest == NULL || *rest == '\0' ||
                    digits_at(rest, forms[i].digits) != strlen(rest))
                        continue;
                errno = 0;
                (void) strtoull(rest, NULL, forms[i].base);
                return errno == 0;
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
        return json_compare_keys(*(const char *const *) a, *(const char *const *) b);
}

static void write_value(Writer *writer, const json_t *value);

static void begin_mapping(Writer *writer, bool empty) {
        yaml_event_t event;
        (void) yaml_mapping_start_event_initialize(
                &event, NULL, NULL, 1, empty ? YAML_FLOW_MAPPING_STYLE : YAML_BLOCK_MAPPING_STYLE);
        emit(writer, &event);
}

static void end_mapping(Writer *writer) {
        yaml_event_t event;
        (void) yaml_mapping_end_event_initialize(&event);
        emit(writer, &event);
}

static void begin_sequence(Writer *writer, bool empty) {
        yaml_event_t event;
        (void) yaml_sequence_start_event_initialize(
                &event, NULL, NULL, 1,
                empty ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE);
        emit(writer, &event);
}

static void end_sequence(Writer *writer) {
        yaml_event_t event;
        (void) yaml_sequence_end_event_initialize(&event);
        emit(writer, &event);
}

static void write_object(Writer *writer, const json_t *value) {
        size_t size = json_object_size(value), count = 0;
        begin_mapping(writer, size == 0);
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
        end_mapping(writer);
}

static void write_array(Writer *writer, const json_t *value) {
        size_t index;
        json_t *child;
        begin_sequence(writer, json_array_size(value) == 0);
        json_array_foreach(value, index, child)
                write_value(writer, child);
        end_sequence(writer);
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

/* A value that a table describes: its own keys in the table's order, its maps sorted, times plain.
 */
static void write_fields(Writer *writer, const JsonField *fields, const json_t *object);

static void write_member(Writer *writer, const JsonField *field, const json_t *value) {
        const char *key;
        size_t index;
        json_t *child;
        if (json_is_null(value)) {
                write_value(writer, value);
        } else if (field->type == JSON_FIELD_TIME) {
                write_scalar(writer, json_string_value(value), YAML_PLAIN_SCALAR_STYLE);
        } else if (field->type == JSON_FIELD_OBJECT || field->type == JSON_FIELD_POINTER) {
                write_fields(writer, field->fields, value);
        } else if (field->type == JSON_FIELD_LIST) {
                begin_sequence(writer, json_array_size(value) == 0);
                json_array_foreach(value, index, child)
                        write_fields(writer, field->fields, child);
                end_sequence(writer);
        } else if (field->type == JSON_FIELD_MAP) {
                _cleanup_json_ json_t *sorted = json_deep_copy(value);
                json_sort_keys(sorted);
                begin_mapping(writer, json_object_size(sorted) == 0);
                json_object_foreach(sorted, key, child) {
                        write_string(writer, key);
                        write_fields(writer, field->fields, child);
                }
                end_mapping(writer);
        } else {
                write_value(writer, value);
        }
}

static void write_fields(Writer *writer, const JsonField *fields, const json_t *object) {
        begin_mapping(writer, json_object_size(object) == 0);
        for (const JsonField *field = fields; field->name != NULL; field++) {
                const json_t *value = json_object_get(object, field->name);
                if (value == NULL)
                        continue; /* left out because it is empty */
                write_string(writer, field->name);
                write_member(writer, field, value);
        }
        end_mapping(writer);
}

static void begin_document(Writer *writer) {
        yaml_event_t event;
        if (!yaml_emitter_initialize(&writer->emitter))
                abort(); /* the only failure is memory */
        yaml_emitter_set_output(&writer->emitter, write_bytes, writer);
        yaml_emitter_set_unicode(&writer->emitter, 1);
        (void) yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING);
        emit(writer, &event);
        (void) yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1);
        emit(writer, &event);
}

static char *end_document(Writer *writer) {
        yaml_event_t event;
        (void) yaml_document_end_event_initialize(&event, 1);
        emit(writer, &event);
        (void) yaml_stream_end_event_initialize(&event);
        emit(writer, &event);
        yaml_emitter_delete(&writer->emitter);
        /* libyaml ends a document whose last text keeps its line feeds ("|+") with "...". */
        if (writer->out.length > 4 && str_has_suffix(writer->out.data, "\n...\n"))
                strbuf_truncate(&writer->out, writer->out.length - 4);
        return strbuf_take(&writer->out);
}

static char *dump(const json_t *value, bool sorted) {
        Writer writer = {.sorted = sorted};
        begin_document(&writer);
        write_value(&writer, value);
        return end_document(&writer);
}

char *yaml_dump(const json_t *value) {
        return dump(value, false);
}

char *yaml_dump_sorted(const json_t *value) {
        return dump(value, true);
}

char *yaml_dump_fields(const JsonField *fields, const json_t *value) {
        Writer writer = {.sorted = true};
        size_t index;
        json_t *child;
        begin_document(&writer);
        if (json_is_array(value)) {
                begin_sequence(&writer, json_array_size(value) == 0);
                json_array_foreach(value, index, child)
                        write_fields(&writer, fields, child);
                end_sequence(&writer);
        } else {
                write_fields(&writer, fields, value);
        }
        return end_document(&writer);
}

char *yaml_dump_struct(const JsonField *fields, const void *data) {
        _cleanup_json_ json_t *tree = json_from_struct(fields, data);
        return yaml_dump_fields(fields, tree);
}
