#include "instance/publish.h"

#include "base/files.h"
#include "base/memory.h"
#include "base/times.h"
#include "database/config.h"
#include "database/projects.h"
#include "image/metadata.h"
#include "instance/instance_private.h"
#include "json/json.h"
#include "json/yaml.h"
#include "schema/arch.h"

int instance_compression(Instances *instances, const char *project, const char *wanted,
                         const char *key, ArchiveFormat *ret, int *ret_level, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(project_row_done) ProjectRow row = {.name = NULL};
        _cleanup_strmap_ StrMap server = {.items = NULL};
        if (!str_is_empty(wanted))
                return archive_parse_compression(wanted, ret, ret_level, err);
        if (database_begin(instances->spec.database, DATABASE_READ, &tx, err) < 0 ||
            db_project_get(tx, project, &row, err) < 0 || db_config_get(tx, &server, err) < 0)
                return -1;
        const char *text = strmap_get(&row.config, key);
        if (str_is_empty(text))
                text = strmap_get(&server, key);
        return archive_parse_compression(str_is_empty(text) ? "gzip" : text, ret, ret_level, err);
}

uint32_t instance_inner_id(void *idmap, bool group, uint32_t id) {
        const IdMap *map = idmap;
        if (map->count == 0)
                return id;
        uint32_t inner = idmap_to_ns(map, group, id);
        return inner == IDMAP_INVALID_ID ? id : inner;
}

int instance_disk_idmap(const Instance *instance, IdMap *ret, Error **err) {
        const char *text = strmap_get(&instance->config, "volatile.last_state.idmap");
        return idmap_from_json(text != NULL ? text : "[]", ret, err);
}

/* metadata.yaml of the volume, or one made for a volume without. */
static int read_metadata(const Instance *instance, const char *volume, json_t **ret, Error **err) {
        _cleanup_free_ char *path = path_join(volume, "metadata.yaml");
        if (path_exists(path))
                return image_metadata_read(path, ret, err);
        *ret = json_pack("{s:s, s:I, s:i, s:{}, s:{}}", "architecture",
                         architecture_name((int) instance->row.architecture), "creation_date",
                         (json_int_t) (time_now_ns() / NS_PER_SECOND), "expiry_date", 0,
                         "properties", "templates");
        return 0;
}

static int make_metadata(const Instance *instance, const InstancePublish *publish,
                         const char *volume, char **ret, Error **err) {
        _cleanup_json_ json_t *metadata = NULL;
        if (read_metadata(instance, volume, &metadata, err) < 0)
                return -1;
        if (publish->properties != NULL && publish->properties->count > 0)
                json_object_set_new(metadata, "properties", json_from_strmap(publish->properties));
        if (publish->expiry_ns != TIME_ZERO)
                json_object_set_new(metadata, "expiry_date",
                                    json_integer(publish->expiry_ns / NS_PER_SECOND));
        *ret = yaml_dump(metadata);
        return 0;
}

static int pack(const Instance *instance, const char *volume, const char *metadata,
                ArchivePack *spec, Error **err) {
        _cleanup_idmap_ IdMap idmap = {.items = NULL};
        _cleanup_free_ char *rootfs = path_join(volume, "rootfs");
        _cleanup_free_ char *templates = path_join(volume, "templates");
        const ArchiveText text = {"metadata.yaml", metadata};
        const ArchiveTree trees[] = {
                {.directory = rootfs, .prefix = "rootfs/", .itself = true,
                 .owner = instance_inner_id, .userdata = &idmap},
                {.directory = templates, .prefix = "templates/", .itself = true},
        };
        if (instance_disk_idmap(instance, &idmap, err) < 0)
                return -1;
        spec->texts = &text;
        spec->text_count = 1;
        spec->trees = trees;
        spec->tree_count = path_is_directory(templates) ? 2 : 1;
        return archive_pack(spec, err);
}

static int publish_held(Instances *instances, const Instance *instance,
                        const InstancePublish *publish, ImageFile *file, Error **err) {
        ArchivePack spec = {.target = image_file_path(file)};
        _cleanup_free_ char *volume = NULL, *metadata = NULL;
        if (instance_compression(instances, instance->row.project, publish->compression,
                                 "images.compression_algorithm", &spec.format, &spec.level,
                                 err) < 0 ||
            instance_volume_mount(instances, instance, &volume, err) < 0 ||
            make_metadata(instance, publish, volume, &metadata, err) < 0 ||
            pack(instance, volume, metadata, &spec, err) < 0)
                return -1;
        return image_file_look(file, err);
}

int instance_publish(Instances *instances, const Instance *instance,
                     const InstancePublish *publish, ImageFile **ret, Error **err) {
        _cleanup_(image_file_cleanup) ImageFile *file = NULL;
        if (instance_is_running(instance))
                return error_set(err, ERROR_BAD_STATE, 0,
                                 "Cannot export a running instance as an image");
        if (image_file_new(instances->spec.images, &file, err) < 0 ||
            runner_acquire(instances, instance, "publish", false, err) < 0)
                return -1;
        int result = publish_held(instances, instance, publish, file, err);
        runner_release(instances, instance);
        if (result == 0)
                *ret = TAKE_PTR(file);
        return result;
}
