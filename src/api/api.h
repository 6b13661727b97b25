/* The objects of the REST API as C structs. Daemon and client share them.
 *
 * A struct is the JSON object of the same name in LXD's API: ApiProfile is what GET returns,
 * ApiProfilePut the body of PUT and PATCH, ApiProfilePost that of POST on the object (rename),
 * ApiProfilesPost that of POST on the collection (create). A member is the JSON key with _ for -.
 * Sizes are bytes, times ns since 1970 (TIME_ZERO: unset), lists and maps own their items. Keys
 * that came after LXD 5.0 stand last and are left out of the output while they are empty.
 *
 *     _cleanup_(api_profiles_post_done) ApiProfilesPost post;
 *     api_profiles_post_init(&post);
 *     if (api_profiles_post_read(body, &post, JSON_REPLACE, err) < 0)
 *             return -1;
 */
#pragma once

#include "json/mapping.h"

/* PREFIX_fields, and init, done, read, to_json and write that use it (see json/mapping.h). */
#define API_STRUCT(T, prefix)                                                             \
        extern const JsonField prefix##_fields[];                                         \
        static inline _unused_ void prefix##_init(T *value) {                             \
                json_struct_init(prefix##_fields, value, sizeof *value);                  \
        }                                                                                 \
        static inline _unused_ void prefix##_done(T *value) {                             \
                struct_done(prefix##_fields, value);                                      \
        }                                                                                 \
        _must_check_ static inline _unused_ int prefix##_read(                            \
                const json_t *json, T *value, unsigned mode, Error **err) {               \
                return json_to_struct(prefix##_fields, json, value, mode, err);           \
        }                                                                                 \
        _must_check_ static inline _unused_ json_t *prefix##_to_json(const T *value) {    \
                return json_from_struct(prefix##_fields, value);                          \
        }                                                                                 \
        static inline _unused_ void prefix##_write(JsonWriter *writer, const T *value) {  \
                json_write_struct(writer, prefix##_fields, value);                        \
        }
