/* What a volume is on disk, and the verbs on one. */
#include "storage/storage_private.h"

#include "archive/copy.h"
#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/units.h"
#include "database/storage_volumes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

static const char *const type_directories[] = {
        [STORAGE_VOLUME_CONTAINER] = "containers",
        [STORAGE_VOLUME_IMAGE] = "images",
        [STORAGE_VOLUME_CUSTOM] = "custom",
        [STORAGE_VOLUME_VIRTUAL_MACHINE] = "virtual-machines",
};

char *storage_instance_name(const char *project, const char *name) {
        return str_equal(project, "default") ? str_dup(name) : str_printf("%s_%s", project, name);
}

StorageVolume *storage_volume_new(StoragePool *pool, StorageVolumeType type, const char *project,
                                  const char *name) {
        StorageVolume *volume = mem_new(StorageVolume);
        volume->pool = pool;
        volume->type = type;
        volume->project = str_dup(project);
        volume->title = str_dup(name);
        volume->name = type == STORAGE_VOLUME_IMAGE    ? str_dup(name)
                       : type == STORAGE_VOLUME_CUSTOM ? str_printf("%s_%s", project, name)
                                                       : storage_instance_name(project, name);
        volume->path = str_printf("%s/%s/%s", pool->path, type_directories[type], volume->name);
        return volume;
}

static StorageVolume *same_volume(const StorageVolume *volume) {
        StorageVolume *copy = mem_new(StorageVolume);
        copy->pool = volume->pool;
        copy->type = volume->type;
        copy->content = volume->content;
        copy->project = str_dup(volume->project);
        copy->title = str_dup(volume->title);
        copy->name = str_dup(volume->name);
        return copy;
}

char *storage_snapshots_path(const StorageVolume *volume) {
        return str_printf("%s/%s-snapshots/%s", volume->pool->path, type_directories[volume->type],
                          volume->name);
}

StorageVolume *storage_snapshot_new(const StorageVolume *volume, const char *snapshot) {
        _cleanup_free_ char *directory = storage_snapshots_path(volume);
        StorageVolume *found = same_volume(volume);
        found->snapshot = str_dup(snapshot);
        found->path = path_join(directory, snapshot);
        return found;
}

StorageVolume *storage_volume_parent(const StorageVolume *snapshot) {
        StorageVolume *volume = same_volume(snapshot);
        volume->path = str_printf("%s/%s/%s", volume->pool->path, type_directories[volume->type],
                                  volume->name);
        return volume;
}

StorageVolume *storage_volume_beside(StoragePool *pool, StorageVolumeType type) {
        _cleanup_free_ char *name = random_hex(8);
        StorageVolume *volume = storage_volume_new(pool, type, "default", name);
        str_replace(&volume->path, str_printf("%s/.making/%s", pool->path, name));
        return volume;
}

void storage_volume_free(StorageVolume *volume) {
        if (volume == NULL)
                return;
        free(volume->project);
        free(volume->title);
        free(volume->name);
        free(volume->snapshot);
        free(volume->path);
        free(volume);
}

void storage_making_sweep(StoragePool *pool) {
        _cleanup_free_ char *directory = path_join(pool->path, ".making");
        _cleanup_strlist_ StrList names = {};
        if (directory_list(directory, &names, NULL) < 0)
                return;
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_(storage_volume_cleanup) StorageVolume *left =
                        storage_volume_beside(pool, STORAGE_VOLUME_IMAGE);
                _cleanup_error_ Error *err = NULL;
                str_replace(&left->path, path_join(directory, names.items[i]));
                if (pool->driver->volume->delete(left, &err) < 0)
                        log_warning("%s stays behind: %s", left->path, error_message(err));
        }
}

static const StorageVolumeOps *ops_of(const StorageVolume *volume) {
        return volume->pool->driver->volume;
}

static bool is_tree(const StorageVolume *volume) {
        return volume->content == STORAGE_FILESYSTEM;
}

/* Block volumes are files, unless the driver has devices. */
static bool is_image_file(const StorageVolume *volume) {
        return !is_tree(volume) && !volume->pool->driver->can.block_volumes;
}

char *storage_volume_image_path(const StorageVolume *volume) {
        return path_join(volume->path, "root.img");
}

int storage_snapshots_prepare(const StorageVolume *snapshot, Error **err) {
        _cleanup_free_ char *directory = path_directory(snapshot->path);
        return directory_make(directory, 0700, err);
}

static int make_image_file(const StorageVolume *volume, uint64_t size, Error **err) {
        _cleanup_free_ char *path = storage_volume_image_path(volume);
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0 || ftruncate(fd, (off_t) size) < 0)
                return error_errno(err, errno, "Cannot make %s of %llu bytes", path,
                                   (unsigned long long) size);
        return 0;
}

static int check_absent(const StorageVolume *volume, Error **err) {
        if (!path_exists(volume->path))
                return 0;
        return error_set(err, ERROR_EXISTS, 0, "%s \"%s\" already exists on storage pool \"%s\"",
                         volume->snapshot != NULL ? "Snapshot" : "Volume",
                         volume->snapshot != NULL ? volume->snapshot : volume->title,
                         volume->pool->row.name);
}

/* Before anything is made: a name that is taken, then the journal. */
int storage_making_begin(Storage *storage, const StorageVolume *volume, Error **err) {
        if (storage_check_available(volume, err) < 0 || check_absent(volume, err) < 0 ||
            (volume->snapshot != NULL && storage_snapshots_prepare(volume, err) < 0))
                return -1;
        return storage_journal_add(storage, volume, err);
}

int storage_making_failed(Storage *storage, StorageVolume *volume) {
        _cleanup_error_ Error *failed = NULL;
        if (storage_volume_delete(storage, volume, &failed) < 0)
                log_warning("A half made volume stays at %s: %s", volume->path,
                            error_message(failed));
        return -1;
}

static int create(StorageVolume *volume, uint64_t size, Error **err) {
        if (ops_of(volume)->create(volume, err) < 0)
                return -1;
        if (is_image_file(volume))
                return make_image_file(volume, size, err);
        return size > 0 ? storage_volume_set_size(volume, size, err) : 0;
}

int storage_volume_create(Storage *storage, StorageVolume *volume, uint64_t size, Error **err) {
        if (storage_making_begin(storage, volume, err) < 0)
                return -1;
        return create(volume, size, err) < 0 ? storage_making_failed(storage, volume) : 0;
}

static int delete_snapshots(Storage *storage, const StorageVolume *volume, Error **err) {
        _cleanup_free_ char *directory = storage_snapshots_path(volume);
        _cleanup_strlist_ StrList names = {};
        if (!path_exists(directory))
                return 0;
        if (directory_list(directory, &names, err) < 0)
                return -1;
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_(storage_volume_cleanup) StorageVolume *snapshot =
                        storage_snapshot_new(volume, names.items[i]);
                if (storage_volume_delete(storage, snapshot, err) < 0)
                        return -1;
        }
        return path_remove_all(directory, err);
}

int storage_volume_delete(Storage *storage, StorageVolume *volume, Error **err) {
        if (storage_check_available(volume, err) < 0)
                return -1;
        if (volume->snapshot == NULL && volume->type != STORAGE_VOLUME_IMAGE &&
            delete_snapshots(storage, volume, err) < 0)
                return -1;
        if (storage_volume_unmount(volume, err) < 0 || ops_of(volume)->delete(volume, err) < 0)
                return -1;
        if (volume->snapshot != NULL) {
                _cleanup_free_ char *directory = path_directory(volume->path);
                (void) rmdir(directory); /* the last one takes it along */
        }
        storage_journal_remove(storage, volume);
        return 0;
}

static int rename_snapshots(const StorageVolume *volume, const StorageVolume *to, Error **err) {
        _cleanup_free_ char *old = storage_snapshots_path(volume);
        _cleanup_free_ char *new = storage_snapshots_path(to);
        if (rename(old, new) < 0 && errno != ENOENT)
                return error_errno(err, errno, "Cannot rename %s", old);
        return 0;
}

int storage_volume_rename(Storage *storage, StorageVolume *volume, StorageVolume *to,
                          Error **err) {
        if (storage_check_available(volume, err) < 0 || check_absent(to, err) < 0 ||
            storage_volume_unmount(volume, err) < 0 ||
            ops_of(volume)->rename(volume, to, err) < 0)
                return -1;
        if (volume->snapshot == NULL && rename_snapshots(volume, to, err) < 0) {
                if (ops_of(volume)->rename(to, volume, NULL) < 0)
                        log_error("%s is now at %s", volume->path, to->path);
                return -1;
        }
        storage_journal_remove(storage, volume);
        return 0;
}

int storage_volume_snapshot(Storage *storage, StorageVolume *snapshot, Error **err) {
        if (storage_making_begin(storage, snapshot, err) < 0)
                return -1;
        return ops_of(snapshot)->create_snapshot(snapshot, err) < 0
                       ? storage_making_failed(storage, snapshot)
                       : 0;
}

int storage_volume_restore(Storage *storage, StorageVolume *snapshot, Error **err) {
        _cleanup_(storage_volume_cleanup) StorageVolume *volume = storage_volume_parent(snapshot);
        if (storage_check_available(snapshot, err) < 0)
                return -1;
        if (!path_exists(snapshot->path))
                return error_set(err, ERROR_NOT_FOUND, 0, "Snapshot \"%s\" is not on the storage "
                                 "pool \"%s\"", snapshot->snapshot, snapshot->pool->row.name);
        if (storage_volume_unmount(volume, err) < 0)
                return -1;
        return ops_of(volume)->restore(volume, snapshot, err);
}

int storage_volume_usage(StorageVolume *volume, uint64_t *ret, Error **err) {
        if (storage_check_available(volume, err) < 0)
                return -1;
        if (ops_of(volume)->usage != NULL && ops_of(volume)->usage(volume, ret, NULL) == 0)
                return 0;
        return tree_usage(volume->path, ret, err);
}

static int resize_image_file(const StorageVolume *volume, uint64_t bytes, Error **err) {
        _cleanup_free_ char *path = storage_volume_image_path(volume);
        struct stat info;
        if (stat(path, &info) < 0)
                return error_errno(err, errno, "Cannot find %s", path);
        if (bytes < (uint64_t) info.st_size)
                return error_set(err, ERROR_INVALID, 0, "Block volumes cannot be shrunk");
        if (truncate(path, (off_t) bytes) < 0)
                return error_errno(err, errno, "Cannot resize %s", path);
        return 0;
}

int storage_volume_set_size(StorageVolume *volume, uint64_t bytes, Error **err) {
        if (storage_check_available(volume, err) < 0)
                return -1;
        if (is_image_file(volume))
                return resize_image_file(volume, bytes, err);
        return ops_of(volume)->set_size != NULL ? ops_of(volume)->set_size(volume, bytes, err) : 0;
}

int storage_volume_mount(StorageVolume *volume, Error **err) {
        if (storage_check_available(volume, err) < 0)
                return -1;
        return ops_of(volume)->mount != NULL ? ops_of(volume)->mount(volume, err) : 0;
}

int storage_volume_unmount(StorageVolume *volume, Error **err) {
        return ops_of(volume)->unmount != NULL ? ops_of(volume)->unmount(volume, err) : 0;
}

int storage_volume_unsettled(Storage *storage, const StorageVolume *volume, Error **err) {
        return storage_journal_add(storage, volume, err);
}

int storage_volume_mount_mapped(StorageVolume *volume, const IdMap *map, bool *ret_mapped,
                                Error **err) {
        if (storage_check_available(volume, err) < 0)
                return -1;
        if (ops_of(volume)->mount_mapped != NULL)
                return ops_of(volume)->mount_mapped(volume, map, ret_mapped, err);
        *ret_mapped = false;
        return storage_volume_mount(volume, err);
}

int storage_volume_flatten(StorageVolume *volume, Error **err) {
        if (storage_check_available(volume, err) < 0)
                return -1;
        return ops_of(volume)->flatten != NULL ? ops_of(volume)->flatten(volume, err) : 0;
}

void storage_volume_settled(Storage *storage, const StorageVolume *volume) {
        storage_journal_remove(storage, volume);
}
