/* JSON text straight into a buffer: for long lists, where a tree would cost more than its text.
 *
 *     JsonWriter writer = {.out = &buffer};
 *     json_writer_object_begin(&writer);
 *     json_writer_key(&writer, "name");
 *     json_writer_string(&writer, name);
 *     json_writer_object_end(&writer);
 *
 * Commas are set by the writer; that begin and end match, and that a key precedes each value of an
 * object, is the caller's part. Strings that are no UTF-8 are repaired as json_string_lossy() does.
 * For structs see json_write_struct() in json/mapping.h. */
#pragma once

#include "base/text.h"

#include <jansson.h>

typedef struct JsonWriter {
        StrBuf *out;
        bool comma; /* the next key or value needs one before it */
} JsonWriter;

void json_writer_object_begin(JsonWriter *writer);
void json_writer_object_end(JsonWriter *writer);
void json_writer_array_begin(JsonWriter *writer);
void json_writer_array_end(JsonWriter *writer);
void json_writer_key(JsonWriter *writer, const char *key);
void json_writer_string(JsonWriter *writer, const char *text); /* NULL writes "" */
void json_writer_integer(JsonWriter *writer, int64_t value);
void json_writer_real(JsonWriter *writer, double value); /* not finite: 0 */
void json_writer_boolean(JsonWriter *writer, bool value);
void json_writer_null(JsonWriter *writer);
void json_writer_time(JsonWriter *writer, int64_t ns);
void json_writer_value(JsonWriter *writer, const json_t *value); /* NULL writes null */
void json_writer_raw(JsonWriter *writer, const char *json_text); /* trusted, as it is */
void json_writer_strmap(JsonWriter *writer, const StrMap *map);
void json_writer_strlist(JsonWriter *writer, const StrList *list);
void json_writer_devicemap(JsonWriter *writer, const DeviceMap *map);
