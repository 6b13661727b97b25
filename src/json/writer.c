#include "json/writer.h"

#include "base/memory.h"
#include "base/times.h"
#include "json/json.h"

#include <math.h>
#include <string.h>

static void begin_value(JsonWriter *writer) {
        if (writer->comma)
                strbuf_add_char(writer->out, ',');
        writer->comma = true;
}

static void begin_collection(JsonWriter *writer, char bracket) {
        begin_value(writer);
        strbuf_add_char(writer->out, bracket);
        writer->comma = false;
}

static void end_collection(JsonWriter *writer, char bracket) {
        strbuf_add_char(writer->out, bracket);
        writer->comma = true;
}

void json_writer_object_begin(JsonWriter *writer) {
        begin_collection(writer, '{');
}

void json_writer_object_end(JsonWriter *writer) {
        end_collection(writer, '}');
}

void json_writer_array_begin(JsonWriter *writer) {
        begin_collection(writer, '[');
}

void json_writer_array_end(JsonWriter *writer) {
        end_collection(writer, ']');
}

/* Printable ASCII but for the two that JSON escapes: copied in one piece. */
static size_t plain_length(const char *text) {
        size_t length = 0;
        while ((unsigned char) text[length] >= 0x20 && (unsigned char) text[length] < 0x7f &&
               text[length] != '"' && text[length] != '\\')
                length++;
        return length;
}

static void write_text(StrBuf *out, const char *text) {
        size_t plain = plain_length(text);
        if (text[plain] == '\0') {
                strbuf_add_char(out, '"');
                strbuf_add_data(out, text, plain);
                strbuf_add_char(out, '"');
                return;
        }
        _cleanup_json_ json_t *value = json_string_lossy(text);
        _cleanup_free_ char *quoted = json_dump_compact(value);
        strbuf_add(out, quoted);
}

void json_writer_key(JsonWriter *writer, const char *key) {
        begin_value(writer);
        write_text(writer->out, key);
        strbuf_add_char(writer->out, ':');
        writer->comma = false;
}

void json_writer_string(JsonWriter *writer, const char *text) {
        begin_value(writer);
        write_text(writer->out, text != NULL ? text : "");
}

void json_writer_integer(JsonWriter *writer, int64_t value) {
        begin_value(writer);
        strbuf_printf(writer->out, "%lld", (long long) value);
}

void json_writer_real(JsonWriter *writer, double value) {
        bool whole = isfinite(value) && value >= -1e15 && value <= 1e15 &&
                     !(value < floor(value) || value > floor(value));
        _cleanup_json_ json_t *number = !isfinite(value) ? json_integer(0)
                                        : whole          ? json_integer((json_int_t) value)
                                                         : json_real(value);
        json_writer_value(writer, number);
}

void json_writer_boolean(JsonWriter *writer, bool value) {
        json_writer_raw(writer, value ? "true" : "false");
}

void json_writer_null(JsonWriter *writer) {
        json_writer_raw(writer, "null");
}

void json_writer_time(JsonWriter *writer, int64_t ns) {
        char text[TIME_TEXT_SIZE];
        json_writer_string(writer, time_format_rfc3339(ns, text));
}

void json_writer_value(JsonWriter *writer, const json_t *value) {
        _cleanup_free_ char *text = json_dump_compact(value);
        json_writer_raw(writer, text);
}

void json_writer_raw(JsonWriter *writer, const char *json_text) {
        begin_value(writer);
        strbuf_add(writer->out, json_text);
}

void json_writer_strmap(JsonWriter *writer, const StrMap *map) {
        json_writer_object_begin(writer);
        for (size_t i = 0; i < map->count; i++) {
                json_writer_key(writer, map->items[i].key);
                json_writer_string(writer, map->items[i].value);
        }
        json_writer_object_end(writer);
}

void json_writer_strlist(JsonWriter *writer, const StrList *list) {
        json_writer_array_begin(writer);
        for (size_t i = 0; i < list->count; i++)
                json_writer_string(writer, list->items[i]);
        json_writer_array_end(writer);
}

void json_writer_devicemap(JsonWriter *writer, const DeviceMap *map) {
        json_writer_object_begin(writer);
        for (size_t i = 0; i < map->count; i++) {
                json_writer_key(writer, map->items[i].name);
                json_writer_strmap(writer, &map->items[i].config);
        }
        json_writer_object_end(writer);
}
