/* Files that are written into the instance from the templates of its image. */
#include "instance/instance_private.h"

#include "base/files.h"
#include "base/memory.h"
#include "image/metadata.h"
#include "json/json.h"
#include "linux/beneath.h"
#include "schema/arch.h"
#include "template/template.h"

#include <fcntl.h>
#include <string.h>

static json_t *instance_facts(const Instance *instance) {
        return json_pack("{s:s, s:s, s:s, s:s, s:s}", "name", instance->row.name, "type",
                         "container", "architecture",
                         architecture_name((int) instance->row.architecture), "privileged",
                         instance_is_privileged(instance) ? "true" : "false", "ephemeral",
                         instance->row.ephemeral ? "true" : "false");
}

static json_t *template_context(const Instance *instance, const char *trigger, const char *path,
                                json_t *entry) {
        json_t *context = json_object(), *facts = instance_facts(instance);
        json_t *properties = json_object_get(entry, "properties");
        json_object_set_new(context, "trigger", json_string(trigger));
        json_object_set_new(context, "path", json_string(path));
        json_object_set(context, "instance", facts);
        json_object_set_new(context, "container", facts);
        json_object_set_new(context, "config", json_from_strmap(&instance->config));
        json_object_set_new(context, "devices", json_from_devicemap(&instance->devices));
        json_object_set_new(context, "properties",
                            json_is_object(properties) ? json_incref(properties) : json_object());
        return context;
}

/* The first of the triggers that the entry names; NULL: none. */
static const char *find_trigger(json_t *entry, const StrList *triggers) {
        size_t index;
        json_t *when;
        for (size_t i = 0; i < triggers->count; i++)
                json_array_foreach(json_object_get(entry, "when"), index, when)
                        if (str_equal(json_string_value(when), triggers->items[i]))
                                return triggers->items[i];
        return NULL;
}

/* Root inside; an existing file keeps its owner and mode. */
static int file_owner(const Instance *instance, int root, const char *path, BeneathOwner *ret,
                      Error **err) {
        _cleanup_idmap_ IdMap on_disk = {.items = NULL};
        struct stat info;
        const char *last = strmap_get(&instance->config, "volatile.last_state.idmap");
        if (beneath_stat(root, path, false, &info, NULL) == 0) {
                *ret = (BeneathOwner) {info.st_uid, info.st_gid, info.st_mode & 07777};
                return 0;
        }
        if (idmap_from_json(last != NULL ? last : "[]", &on_disk, err) < 0)
                return -1;
        *ret = (BeneathOwner) {.mode = 0644};
        if (on_disk.count > 0) {
                ret->uid = idmap_to_host(&on_disk, false, 0);
                ret->gid = idmap_to_host(&on_disk, true, 0);
        }
        return 0;
}

static int write_file(const Instance *instance, int root, const char *path, const char *text,
                      Error **err) {
        _cleanup_free_ char *directory = path_directory(path);
        BeneathOwner owner;
        if (file_owner(instance, root, path, &owner, err) < 0 ||
            beneath_make_directories(root, directory, 0755, err) < 0)
                return -1;
        return beneath_write(root, path, text, strlen(text), &owner, err);
}

/* Where a run of templates reads and writes. */
typedef struct Places {
        const Instance *instance;
        int volume, root;
} Places;

static int apply_one(const Places *places, const StrList *triggers, const char *path,
                     json_t *entry, Error **err) {
        const char *name = json_string_value(json_object_get(entry, "template"));
        const char *trigger = find_trigger(entry, triggers);
        _cleanup_free_ char *text = NULL, *rendered = NULL;
        struct stat info;
        size_t size;
        if (trigger == NULL || str_is_empty(name))
                return 0;
        if (strchr(name, '/') != NULL)
                return error_set(err, ERROR_INVALID, 0, "Invalid template filename");
        if (json_is_true(json_object_get(entry, "create_only")) &&
            beneath_stat(places->root, path, false, &info, NULL) == 0)
                return 0;
        _cleanup_free_ char *source = str_printf("templates/%s", name);
        _cleanup_json_ json_t *context = template_context(places->instance, trigger, path, entry);
        if (beneath_read(places->volume, source, 1 << 20, &text, &size, err) < 0 ||
            template_render(text, context, &rendered, err) < 0)
                return -1;
        return write_file(places->instance, places->root, path, rendered, err);
}

int instance_apply_templates(Instances *instances, const Instance *instance, const char *rootfs,
                             const StrList *triggers, Error **err) {
        _cleanup_free_ char *volume = NULL;
        _cleanup_json_ json_t *metadata = NULL;
        _cleanup_close_ int volume_fd = -1, root = -1;
        const char *path;
        json_t *entry;
        if (instance_volume_path(instances, instance, &volume, err) < 0)
                return -1;
        _cleanup_free_ char *file = path_join(volume, "metadata.yaml");
        if (!path_exists(file))
                return 0;
        if (image_metadata_read(file, &metadata, err) < 0 ||
            beneath_open_root(volume, &volume_fd, err) < 0 ||
            beneath_open_root(rootfs, &root, err) < 0)
                return error_prefix(err, "Failed to read the templates");
        const Places places = {.instance = instance, .volume = volume_fd, .root = root};
        json_object_foreach(json_object_get(metadata, "templates"), path, entry)
                if (apply_one(&places, triggers, path, entry, err) < 0)
                        return error_prefix(err, "Failed to render the template for \"%s\"", path);
        return 0;
}
