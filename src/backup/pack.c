#include "backup/pack.h"

#include "api/backup.h"
#include "archive/archive.h"
#include "archive/copy.h"
#include "base/files.h"
#include "base/memory.h"
#include "instance/backup_file.h"
#include "instance/progress.h"
#include "instance/publish.h"
#include "instance/snapshots.h"
#include "instance/transfer.h"
#include "json/json.h"
#include "json/yaml.h"

/* What goes in: the trees of the snapshots, then the instance's. */
typedef struct Content {
        StrList names; /* of the snapshots */
        StrList paths, prefixes;
        ArchiveTree *trees;
} Content;

static void content_done(Content *content) {
        strlist_done(&content->names);
        strlist_done(&content->paths);
        strlist_done(&content->prefixes);
        free(content->trees);
}

static int add_volume(StorageVolume *volume, char *prefix, Content *content, Error **err) {
        strlist_take(&content->prefixes, prefix);
        strlist_add(&content->paths, volume->path);
        return storage_volume_mount(volume, err);
}

/* The driver's own things at the top of a volume stay there. */
static bool skip_private(void *userdata, const char *name) {
        const char *rest = str_after_prefix(name, userdata);
        return str_equal(rest, TREE_PRIVATE);
}

static int plan(const Instance *instance, StoragePool *pool, Content *content, Error **err) {
        _cleanup_(storage_volume_cleanup) StorageVolume *volume =
                storage_volume_new(pool, STORAGE_VOLUME_CONTAINER, instance->row.project,
                                   instance->row.name);
        for (size_t i = 0; i < content->names.count; i++) {
                const char *name = content->names.items[i];
                _cleanup_(storage_volume_cleanup) StorageVolume *snapshot =
                        storage_snapshot_new(volume, name);
                if (add_volume(snapshot, str_printf("backup/snapshots/%s/", name), content, err) <
                    0)
                        return -1;
        }
        if (add_volume(volume, str_dup("backup/container/"), content, err) < 0)
                return -1;
        content->trees = mem_new_array(ArchiveTree, content->paths.count);
        for (size_t i = 0; i < content->paths.count; i++)
                content->trees[i] = (ArchiveTree) {.directory = content->paths.items[i],
                                                   .prefix = content->prefixes.items[i],
                                                   .itself = true,
                                                   .skip = skip_private,
                                                   .userdata = content->prefixes.items[i]};
        return 0;
}

static int make_index(const BackupHost *host, const Instance *instance, const StoragePool *pool,
                      const StrList *snapshots, char **ret, Error **err) {
        _cleanup_json_ json_t *index = NULL;
        json_t *config;
        if (instance_backup_config(host->instances, instance, snapshots != NULL, &config, err) < 0)
                return -1;
        index = json_pack("{s:s, s:s, s:s, s:o, s:b, s:b, s:s, s:o}", "name", instance->row.name,
                          "backend", pool->driver->name, "pool", pool->row.name, "snapshots",
                          snapshots != NULL ? json_from_strlist(snapshots) : json_array(),
                          "optimized", 0, "optimized_header", 0, "type", "container", "config",
                          config);
        *ret = yaml_dump_fields(api_backup_index_fields, index);
        return 0;
}

int backup_pack(const BackupHost *host, const Instance *instance, const BackupSpec *spec,
                const char *target, Error **err) {
        _cleanup_(content_done) Content content = {.trees = NULL};
        _cleanup_(storage_pool_cleanup) StoragePool *pool = NULL;
        _cleanup_free_ char *text = NULL;
        InstanceProgress progress = {.operation = spec->operation,
                                     .key = "create_backup_progress",
                                     .label = "Exporting"};
        ArchivePack pack = {.target = target,
                            .progress = instance_report_progress,
                            .userdata = &progress};
        instance_backup_file_update(host->instances, instance);
        if (instance_compression(host->instances, instance->row.project, spec->compression,
                                 "backups.compression_algorithm", &pack.format, &pack.level,
                                 err) < 0 ||
            instance_pool(host->instances, instance, &pool, err) < 0 ||
            (!spec->instance_only &&
             instance_snapshot_names(host->instances, instance, &content.names, err) < 0) ||
            plan(instance, pool, &content, err) < 0 ||
            make_index(host, instance, pool, spec->instance_only ? NULL : &content.names, &text,
                       err) < 0)
                return -1;
        const ArchiveText index = {.name = "backup/index.yaml", .text = text};
        pack.texts = &index;
        pack.text_count = 1;
        pack.trees = content.trees;
        pack.tree_count = content.paths.count;
        return archive_pack(&pack, err);
}
