#include "instance/metadata.h"

#include "base/files.h"
#include "base/memory.h"
#include "image/metadata.h"
#include "instance/instance_private.h"
#include "json/yaml.h"
#include "linux/beneath.h"

#include <string.h>

#define TEMPLATE_LIMIT ((size_t) 1 << 20)

static int metadata_path(Instances *instances, const Instance *instance, char **ret, Error **err) {
        _cleanup_free_ char *volume = NULL;
        if (instance_volume_path(instances, instance, &volume, err) < 0)
                return -1;
        *ret = path_join(volume, "metadata.yaml");
        return 0;
}

int instance_metadata_get(Instances *instances, const Instance *instance, json_t **ret,
                          Error **err) {
        static const char none[] = "{s:s, s:i, s:i, s:{}, s:{}}";
        _cleanup_free_ char *path = NULL;
        if (metadata_path(instances, instance, &path, err) < 0)
                return -1;
        if (path_exists(path))
                return image_metadata_read(path, ret, err);
        *ret = json_pack(none, "architecture", "", "creation_date", 0, "expiry_date", 0,
                         "properties", "templates");
        return 0;
}

int instance_metadata_set(Instances *instances, const Instance *instance, const json_t *metadata,
                          Error **err) {
        _cleanup_free_ char *path = NULL, *text = yaml_dump(metadata);
        _cleanup_(image_metadata_done) ImageMetadata parsed = {.architecture = NULL};
        /* What is written must be readable at the next start. */
        if (image_metadata_parse(text, strlen(text), &parsed, err) < 0 ||
            metadata_path(instances, instance, &path, err) < 0)
                return -1;
        return file_write(path, text, strlen(text), 0644, false, err);
}

/* The templates' directory, which came with an image: never followed out of the volume. */
static int open_volume(Instances *instances, const Instance *instance, int *ret_fd, Error **err) {
        _cleanup_free_ char *volume = NULL;
        if (instance_volume_path(instances, instance, &volume, err) < 0)
                return -1;
        return beneath_open_root(volume, ret_fd, err);
}

static int template_path(const char *name, char **ret, Error **err) {
        if (str_is_empty(name))
                return error_set(err, ERROR_INVALID, 0, "missing path argument");
        if (!str_has_suffix(name, ".tpl"))
                return error_set(err, ERROR_INVALID, 0,
                                 "Template files must have a .tpl extension");
        if (strchr(name, '/') != NULL)
                return error_set(err, ERROR_INVALID, 0, "Invalid template filename");
        *ret = str_printf("templates/%s", name);
        return 0;
}

int instance_template_list(Instances *instances, const Instance *instance, StrList *ret,
                           Error **err) {
        _cleanup_free_ char *volume = NULL;
        if (instance_volume_path(instances, instance, &volume, err) < 0)
                return -1;
        _cleanup_free_ char *directory = path_join(volume, "templates");
        return path_is_directory(directory) ? directory_list(directory, ret, err) : 0;
}

int instance_template_get(Instances *instances, const Instance *instance, const char *name,
                          char **ret_data, size_t *ret_size, Error **err) {
        _cleanup_close_ int volume = -1;
        _cleanup_free_ char *path = str_printf("templates/%s", name);
        _cleanup_error_ Error *failed = NULL;
        if (strchr(name, '/') != NULL)
                return error_set(err, ERROR_INVALID, 0, "Invalid template filename");
        if (open_volume(instances, instance, &volume, err) < 0)
                return -1;
        if (beneath_read(volume, path, TEMPLATE_LIMIT, ret_data, ret_size, &failed) == 0)
                return 0;
        if (error_is(failed, ERROR_NOT_FOUND))
                return error_set(err, ERROR_NOT_FOUND, 0, "Template \"%s\" not found", name);
        return error_move(err, &failed);
}

int instance_template_set(Instances *instances, const Instance *instance, const char *name,
                          const void *data, size_t size, Error **err) {
        static const BeneathOwner owner = {.mode = 0644};
        _cleanup_close_ int volume = -1;
        _cleanup_free_ char *path = NULL;
        if (template_path(name, &path, err) < 0 ||
            open_volume(instances, instance, &volume, err) < 0 ||
            beneath_make_directories(volume, "templates", 0711, err) < 0)
                return -1;
        return beneath_write(volume, path, data, size, &owner, err);
}

int instance_template_delete(Instances *instances, const Instance *instance, const char *name,
                             Error **err) {
        _cleanup_close_ int volume = -1;
        _cleanup_free_ char *path = str_printf("templates/%s", name), *data = NULL;
        size_t size;
        if (instance_template_get(instances, instance, name, &data, &size, err) < 0 ||
            open_volume(instances, instance, &volume, err) < 0)
                return -1;
        return beneath_remove_all(volume, path, err);
}
