#include "image/metadata.h"

#include "base/files.h"
#include "base/memory.h"
#include "base/times.h"
#include "json/json.h"
#include "json/yaml.h"

#include <string.h>

void image_metadata_done(ImageMetadata *metadata) {
        free(metadata->architecture);
        strmap_done(&metadata->properties);
        json_decref(metadata->templates);
        *metadata = (ImageMetadata){};
}

static int64_t seconds_to_ns(int64_t seconds) {
        return seconds <= 0 || seconds > INT64_MAX / NS_PER_SECOND ? TIME_ZERO
                                                                   : seconds * NS_PER_SECOND;
}

static int check_templates(json_t *templates, Error **err) {
        const char *path;
        json_t *entry;
        if (templates == NULL || json_is_null(templates))
                return 0;
        if (!json_is_object(templates))
                return error_set(err, ERROR_INVALID, 0, "templates must be a mapping of paths");
        json_object_foreach(templates, path, entry) {
                const char *name = json_string_value(json_object_get(entry, "template"));
                if (!json_is_array(json_object_get(entry, "when")) || str_is_empty(name))
                        return error_set(err, ERROR_INVALID, 0,
                                         "template of \"%s\" needs \"when\" and \"template\"",
                                         path);
                if (strchr(name, '/') != NULL || str_equal(name, ".."))
                        return error_set(err, ERROR_INVALID, 0,
                                         "template \"%s\" must be a plain file name", name);
        }
        return 0;
}

static int parse(json_t *document, ImageMetadata *metadata, Error **err) {
        int64_t created = 0, expiry = 0;
        if (!json_is_object(document))
                return error_set(err, ERROR_INVALID, 0, "it is not a mapping");
        if (json_get_string(document, "architecture", &metadata->architecture, err) < 0 ||
            json_get_int(document, "creation_date", &created, err) < 0 ||
            json_get_int(document, "expiry_date", &expiry, err) < 0 ||
            json_get_strmap(document, "properties", false, &metadata->properties, err) < 0 ||
            check_templates(json_object_get(document, "templates"), err) < 0)
                return -1;
        if (str_is_empty(metadata->architecture))
                return error_set(err, ERROR_INVALID, 0, "the architecture is missing");
        metadata->created_ns = seconds_to_ns(created);
        metadata->expiry_ns = seconds_to_ns(expiry);
        json_t *templates = json_object_get(document, "templates");
        metadata->templates = json_is_object(templates) ? json_incref(templates) : json_object();
        return 0;
}

int image_metadata_parse(const char *text, size_t size, ImageMetadata *ret, Error **err) {
        _cleanup_(image_metadata_done) ImageMetadata metadata = {};
        _cleanup_json_ json_t *document = NULL;
        if (yaml_parse(text, size, &document, err) < 0 || parse(document, &metadata, err) < 0)
                return error_prefix(err, "Invalid metadata.yaml");
        *ret = metadata;
        metadata = (ImageMetadata){};
        return 0;
}

int image_metadata_read(const char *path, json_t **ret, Error **err) {
        static const char *const order[] = {"architecture", "creation_date", "expiry_date",
                                            "properties", "templates"};
        _cleanup_free_ char *text = NULL;
        _cleanup_json_ json_t *document = NULL;
        size_t size;
        if (file_read(path, 0, &text, &size, err) < 0 ||
            yaml_parse(text, size, &document, err) < 0)
                return -1;
        json_t *shown = json_object();
        for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
                json_t *value = json_object_get(document, order[i]);
                if (value == NULL)
                        value = i == 0 ? json_string("") : i < 3 ? json_integer(0) : json_object();
                else
                        json_incref(value);
                json_object_set_new(shown, order[i], value);
        }
        *ret = shown;
        return 0;
}
