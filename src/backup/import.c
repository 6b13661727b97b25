/* The content of each snapshot is unpacked into the volume, which then takes that snapshot, so that
 * every driver can. The records come last, as with any new instance. */
#include "backup/import.h"

#include "archive/archive.h"
#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/times.h"
#include "instance/origin.h"
#include "instance/progress.h"
#include "json/json.h"
#include "json/yaml.h"
#include "schema/arch.h"
#include "schema/names.h"

#include <string.h>

#define DOCUMENT_LIMIT ((size_t) 16 << 20)

void backup_import_done(BackupImport *import) {
        if (import->path != NULL && file_remove(import->path, NULL) < 0)
                log_warning("%s stays behind", import->path);
        free(import->path);
        api_backup_index_done(&import->index);
        instance_create_done(&import->create);
        *import = (BackupImport) {.path = NULL};
}

static int read_document(const char *path, const char *member, json_t **ret, Error **err) {
        _cleanup_free_ char *text = NULL;
        if (archive_read_member(path, member, DOCUMENT_LIMIT, &text, err) < 0)
                return -1;
        if (yaml_parse(text, strlen(text), ret, err) < 0)
                return error_prefix(err, "Invalid %s", member);
        return 0;
}

/* Tarballs of LXD 3.0 have the instance's document only in its volume. */
static int read_old_config(const char *path, ApiBackupIndex *index, Error **err) {
        _cleanup_json_ json_t *document = NULL;
        if (read_document(path, "backup/container/backup.yaml", &document, err) < 0)
                return -1;
        index->config = mem_new(ApiBackupConfig);
        api_backup_config_init(index->config);
        return api_backup_config_read(document, index->config, JSON_FROM_YAML, err);
}

static int read_index(const char *path, ApiBackupIndex *index, Error **err) {
        _cleanup_json_ json_t *document = NULL;
        _cleanup_error_ Error *failed = NULL;
        ArchiveFormat format;
        if (archive_detect(path, &format, err) < 0)
                return -1;
        if (format == ARCHIVE_UNKNOWN || format == ARCHIVE_SQUASHFS || format == ARCHIVE_QCOW2)
                return error_set(err, ERROR_INVALID, 0, "Unsupported compression");
        if (read_document(path, "backup/index.yaml", &document, &failed) < 0)
                return error_set(err, ERROR_INVALID, 0, "Backup is missing index.yaml: %s",
                                 error_message(failed));
        if (api_backup_index_read(document, index, JSON_FROM_YAML, err) < 0)
                return error_prefix(err, "Invalid backup/index.yaml");
        if (!str_is_empty(index->type) && !str_equal(index->type, "container"))
                return error_set(err, ERROR_UNSUPPORTED, 0,
                                 "The backup is one of type \"%s\": only containers can be "
                                 "imported as instances", index->type);
        if ((index->config == NULL || index->config->container == NULL) &&
            read_old_config(path, index, err) < 0)
                return -1;
        if (index->config->container == NULL)
                return error_set(err, ERROR_INVALID, 0, "No instance config in backup config");
        return 0;
}

int backup_instance_row(const ApiInstance *api, const char *project, const char *name,
                        InstanceRow *ret, Error **err) {
        int architecture = ARCHITECTURE_UNKNOWN;
        if (!str_is_empty(api->architecture) &&
            architecture_parse(api->architecture, &architecture, err) < 0)
                return -1;
        *ret = (InstanceRow) {
                .project = str_dup(project),
                .name = str_dup(!str_is_empty(name) ? name : api->name),
                .architecture = architecture,
                .ephemeral = api->ephemeral,
                .created_ns = api->created_at,
                .description = str_dup(api->description != NULL ? api->description : "")};
        strmap_copy(&ret->config, &api->config);
        devicemap_copy(&ret->devices, &api->devices);
        strlist_copy(&ret->profiles, &api->profiles);
        /* What ran there does not run here. */
        (void) strmap_remove(&ret->config, "volatile.last_state.power");
        return 0;
}

void backup_add_snapshot(const ApiInstanceSnapshot *api, const InstanceRow *owner,
                         InstanceList *list) {
        list->items = mem_resize(list->items, list->count + 1, sizeof *list->items);
        Instance *snapshot = &list->items[list->count++];
        *snapshot = (Instance) {
                .row = {.project = str_dup(owner->project),
                        .name = str_dup(owner->name),
                        .created_ns = api->created_at,
                        .description = str_dup(""),
                        .stateful = false},
                .disk_name = storage_instance_name(owner->project, owner->name),
                .snapshot = str_dup(api->name),
                .expiry_ns = api->expires_at,
                .status = INSTANCE_STOPPED};
        strmap_copy(&snapshot->row.config, &api->config);
        devicemap_copy(&snapshot->row.devices, &api->devices);
        devicemap_copy(&snapshot->devices, &api->expanded_devices);
}

/* An import while it is at work. */
typedef struct Work {
        const BackupHost *host;
        const BackupImport *import;
        InstanceList snapshots;
        StrList names;
        StoragePool *pool; /* borrowed */
        InstanceProgress progress;
} Work;

static void work_done(Work *work) {
        instance_list_done(&work->snapshots);
        strlist_done(&work->names);
}

static const ApiInstanceSnapshot *find_snapshot(const ApiBackupConfig *config, const char *name) {
        for (size_t i = 0; i < config->snapshots.count; i++)
                if (str_equal(config->snapshots.items[i].name, name))
                        return &config->snapshots.items[i];
        return NULL;
}

static int plan_snapshots(Work *work, Error **err) {
        const ApiBackupIndex *index = &work->import->index;
        for (size_t i = 0; i < index->snapshots.count; i++) {
                const char *name = index->snapshots.items[i];
                const ApiInstanceSnapshot *found = find_snapshot(index->config, name);
                if (name_check_snapshot(name, err) < 0)
                        return -1;
                if (found == NULL || strlist_has(&work->names, name))
                        return error_set(err, ERROR_INVALID, 0,
                                         "The backup names the snapshot \"%s\" %s", name,
                                         found == NULL ? "and does not describe it" : "twice");
                strlist_add(&work->names, name);
                backup_add_snapshot(found, &work->import->create.row, &work->snapshots);
        }
        return 0;
}

static int empty(const StorageVolume *volume, Error **err) {
        _cleanup_strlist_ StrList names = {.items = NULL};
        if (directory_list(volume->path, &names, err) < 0)
                return -1;
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_free_ char *path = path_join(volume->path, names.items[i]);
                if (path_remove_all(path, err) < 0)
                        return -1;
        }
        return 0;
}

/* Device nodes come along: those of containers are part of them, and who may open them there is
 * the container's limit. */
static int unpack(Work *work, const StorageVolume *volume, const char *member, Error **err) {
        const ArchivePlace place = {.name = member, .path = volume->path};
        const ArchiveUnpack spec = {.source = work->import->path,
                                    .places = &place,
                                    .place_count = 1,
                                    .devices = true,
                                    .progress = instance_report_progress,
                                    .userdata = &work->progress};
        if (empty(volume, err) < 0)
                return -1;
        return archive_unpack(&spec, err);
}

static int fill(Work *work, StorageVolume *volume, Error **err) {
        const InstanceRow *row = &work->import->create.row;
        StorageInstance snapshot = {work->pool, row->project, row->name, NULL};
        _cleanup_free_ char *rootfs = path_join(volume->path, "rootfs");
        if (storage_volume_mount(volume, err) < 0)
                return -1;
        for (size_t i = 0; i < work->names.count; i++) {
                snapshot.snapshot = work->names.items[i];
                _cleanup_free_ char *member =
                        str_printf("backup/snapshots/%s", work->names.items[i]);
                if (unpack(work, volume, member, err) < 0 ||
                    storage_instance_snapshot(work->host->storage, &snapshot, err) < 0)
                        return -1;
        }
        if (unpack(work, volume, "backup/container", err) < 0)
                return -1;
        if (!path_is_directory(rootfs))
                return error_set(err, ERROR_INVALID, 0, "The backup has no rootfs");
        return 0;
}

static int make(void *userdata, const InstanceCreate *create, StoragePool *pool, Error **err) {
        Work *work = userdata;
        const InstanceRow *row = &create->row;
        _cleanup_(storage_volume_cleanup) StorageVolume *volume =
                storage_volume_new(pool, STORAGE_VOLUME_CONTAINER, row->project, row->name);
        work->pool = pool;
        if (storage_instance_create(work->host->storage, pool, row->project, row->name, NULL, err) <
            0)
                return -1;
        if (fill(work, volume, err) == 0)
                return 0;
        if (storage_instance_delete(work->host->storage, pool, row->project, row->name, NULL) < 0)
                log_error("A half imported volume stays at %s", volume->path);
        return -1;
}

static int record(void *userdata, Transaction *tx, const InstanceCreate *create,
                  int64_t volume_id, Error **err) {
        const Work *work = userdata;
        const SnapshotOwner owner = {create->row.id, volume_id, work->pool->row.name};
        for (size_t i = 0; i < work->snapshots.count; i++)
                if (instance_record_snapshot(tx, &work->snapshots.items[i], &owner, err) < 0)
                        return -1;
        return 0;
}

static void settled(void *userdata, const InstanceCreate *create, StoragePool *pool) {
        const Work *work = userdata;
        const StorageInstance volume = {pool, create->row.project, create->row.name, NULL};
        instance_settle_snapshots(work->host->instances, &volume, &work->names);
}

static const InstanceOrigin origin = {
        .keeps_volatile = true, .make = make, .record = record, .settled = settled};

/* The pool that is asked for, else the tarball's, else the one new instances get. */
static int choose_pool(const BackupHost *host, const BackupImportSpec *spec,
                       const ApiBackupIndex *index, char **ret, Error **err) {
        _cleanup_(storage_pool_cleanup) StoragePool *pool = NULL;
        const char *wanted = !str_is_empty(spec->pool) ? spec->pool : index->pool;
        _cleanup_error_ Error *failed = NULL;
        if (storage_pool_find(host->storage, wanted, &pool, &failed) == 0) {
                *ret = str_dup(wanted);
                return 0;
        }
        if (!error_is(failed, ERROR_NOT_FOUND) || !str_is_empty(spec->pool) || index->optimized)
                return error_move(err, &failed);
        if (instance_default_pool(host->instances, spec->project, ret, err) < 0)
                return -1;
        if (*ret == NULL)
                return error_set(err, ERROR_NOT_FOUND, 0,
                                 "Failed to get root disk device: No root device could be found");
        return 0;
}

static int check_optimized(const ApiBackupIndex *index, Error **err) {
        if (!index->optimized)
                return 0;
        return error_set(err, ERROR_UNSUPPORTED, 0,
                         "Optimized backups of the storage driver \"%s\" cannot be read: export it "
                         "without --optimized-storage", index->backend);
}

int backup_import_prepare(const BackupHost *host, const BackupImportSpec *spec,
                          BackupImport *import, Error **err) {
        InstanceCreate *create = &import->create;
        _cleanup_free_ char *pool = NULL;
        if (read_index(import->path, &import->index, err) < 0)
                return -1;
        const ApiInstance *api = import->index.config->container;
        const char *name = !str_is_empty(spec->name) ? spec->name : import->index.name;
        if (check_optimized(&import->index, err) < 0 ||
            choose_pool(host, spec, &import->index, &pool, err) < 0 ||
            backup_instance_row(api, spec->project, name, &create->row, err) < 0 ||
            name_check_instance(create->row.name, err) < 0 ||
            instance_set_root_pool(host->instances, &create->row, pool, err) < 0)
                return -1;
        int64_t created_ns = create->row.created_ns;
        create->origin = &origin;
        if (instance_create_prepare(host->instances, create, err) < 0)
                return -1;
        if (created_ns != TIME_ZERO)
                create->row.created_ns = created_ns;
        return 0;
}

int backup_import(const BackupHost *host, BackupImport *import, Operation *operation,
                  const EventRequestor *requestor, Error **err) {
        _cleanup_(work_done) Work work = {
                .host = host,
                .import = import,
                .progress = {.operation = operation, .key = "fs_progress", .label = "Unpack"}};
        if (plan_snapshots(&work, err) < 0)
                return -1;
        import->create.origin_userdata = &work;
        return instance_create(host->instances, &import->create, operation, requestor, err);
}
