/* backups/ and images/ are directories of the daemon or links to volumes. Files are copied first;
 * then directory and link change places in one step, and what was left behind is removed. The
 * configuration is the truth: at the start files go to where it says. */
#include "volume/daemon_files.h"

#include "archive/copy.h"
#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "database/config.h"
#include "volume/volume_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const struct {
        const char *key, *directory;
} places[] = {
        {"storage.backups_volume", "backups"},
        {"storage.images_volume", "images"},
};

/* The row's names borrow from `value`'s copy in `ret_copy`. */
static int parse(const char *value, StorageVolumeRow *ret, char **ret_copy, Error **err) {
        _cleanup_free_ char *copy = str_dup(value);
        char *slash = strchr(copy, '/');
        if (slash == NULL || slash == copy || slash[1] == '\0' || strchr(slash + 1, '/') != NULL)
                return error_set(err, ERROR_INVALID, 0,
                                 "Invalid syntax for volume, must be <pool>/<volume>");
        *slash = '\0';
        *ret = (StorageVolumeRow){.pool = copy,
                                  .project = (char *) "default",
                                  .name = slash + 1,
                                  .type = STORAGE_VOLUME_CUSTOM};
        *ret_copy = TAKE_PTR(copy);
        return 0;
}

static int load(Volumes *volumes, const char *value, Volume *ret, Error **err) {
        _cleanup_(storage_pool_cleanup) StoragePool *pool = NULL;
        _cleanup_free_ char *copy = NULL;
        StorageVolumeRow key;
        if (parse(value, &key, &copy, err) < 0)
                return -1;
        if (storage_pool_find(volumes->spec.storage, key.pool, &pool, err) < 0)
                return error_prefix(err, "Unable to load storage pool \"%s\"", key.pool);
        if (volume_load(volumes, &key, ret, NULL) < 0)
                return error_set(err, ERROR_NOT_FOUND, 0,
                                 "Failed loading storage volume \"%s\" in \"default\" project: "
                                 "Storage volume not found", value);
        return 0;
}

static int check_volume(Volumes *volumes, const char *value, Volume *volume, Error **err) {
        _cleanup_(storage_volume_row_list_done) StorageVolumeRowList snapshots = {};
        _cleanup_strlist_ StrList names = {};
        if (volume->row.content_type != STORAGE_CONTENT_FILESYSTEM)
                return error_set(err, ERROR_INVALID, 0,
                                 "Storage volume \"%s\" in \"default\" project is not filesystem "
                                 "content type", value);
        if (volume_load_snapshots(volumes, volume, &snapshots, err) < 0)
                return -1;
        if (snapshots.count > 0)
                return error_set(err, ERROR_INVALID, 0,
                                 "Storage volumes for use by LXD itself cannot have snapshots");
        if (storage_volume_mount(volume->disk, err) < 0 ||
            directory_list(volume->disk->path, &names, err) < 0)
                return -1;
        for (size_t i = 0; i < names.count; i++)
                if (!str_equal(names.items[i], "lost+found"))
                        return error_set(err, ERROR_INVALID, 0,
                                         "Storage volume \"%s\" isn't empty", value);
        return 0;
}

int volumes_daemon_check(Volumes *volumes, const char *key, const char *value, Error **err) {
        _cleanup_volume_ Volume volume = {};
        bool known = false;
        for (size_t i = 0; i < ARRAY_SIZE(places); i++)
                known = known || str_equal(places[i].key, key);
        if (!known || str_is_empty(value))
                return 0;
        if (load(volumes, value, &volume, err) < 0 ||
            check_volume(volumes, value, &volume, err) < 0)
                return error_prefix(err, "Failed validation of \"%s\"", key);
        return 0;
}

static void note_users(Volumes *volumes, const StrMap *config) {
        pthread_mutex_lock(&volumes->lock);
        strlist_done(&volumes->daemons);
        for (size_t i = 0; i < ARRAY_SIZE(places); i++)
                if (!str_is_empty(strmap_get(config, places[i].key)))
                        strlist_add(&volumes->daemons, strmap_get(config, places[i].key));
        pthread_mutex_unlock(&volumes->lock);
}

static void remove_content(const char *path) {
        _cleanup_strlist_ StrList names = {};
        if (directory_list(path, &names, NULL) < 0)
                return;
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_free_ char *child = path_join(path, names.items[i]);
                if (!str_equal(names.items[i], "lost+found") && path_remove_all(child, NULL) < 0)
                        log_warning("%s stays behind", child);
        }
}

/* `beside` becomes `directory`, and what that was goes: a link with the content that it led to. */
static int change_places(const char *directory, const char *beside, Error **err) {
        _cleanup_free_ char *before = realpath(directory, NULL);
        struct stat info;
        if (renameat2(AT_FDCWD, beside, AT_FDCWD, directory, RENAME_EXCHANGE) < 0)
                return error_errno(err, errno, "Cannot replace %s", directory);
        if (lstat(beside, &info) == 0 && S_ISLNK(info.st_mode) && before != NULL)
                remove_content(before);
        if (path_remove_all(beside, NULL) < 0)
                log_warning("%s stays behind", beside);
        return 0;
}

static int copy_files(const char *from, const char *to, Error **err) {
        const TreeCopy copy = {.from = from, .to = to};
        return tree_sync(&copy, err);
}

static int move_to_volume(Volumes *volumes, const char *directory, const char *beside,
                          const char *value, Error **err) {
        _cleanup_volume_ Volume volume = {};
        _cleanup_free_ char *present = realpath(directory, NULL), *copy = NULL;
        StorageVolumeRow key;
        if (parse(value, &key, &copy, err) < 0)
                return -1;
        _cleanup_volume_lock_ VolumeLock *lock = volume_lock(volumes, &key, true, NULL, false);
        if (load(volumes, value, &volume, err) < 0 || storage_volume_mount(volume.disk, err) < 0)
                return -1;
        _cleanup_free_ char *wanted = realpath(volume.disk->path, NULL);
        if (present != NULL && str_equal(present, wanted))
                return 0;
        if (check_volume(volumes, value, &volume, err) < 0 ||
            (present != NULL && copy_files(present, volume.disk->path, err) < 0) ||
            file_symlink(volume.disk->path, beside, err) < 0)
                return -1;
        if (chmod(volume.disk->path, 0700) < 0)
                return error_errno(err, errno, "Cannot set the mode of %s", volume.disk->path);
        return change_places(directory, beside, err);
}

static int move_home(const char *directory, const char *beside, Error **err) {
        struct stat info;
        if (lstat(directory, &info) == 0 && S_ISDIR(info.st_mode))
                return 0;
        if (directory_make(beside, 0700, err) < 0 || copy_files(directory, beside, err) < 0 ||
            change_places(directory, beside, err) < 0)
                return -1;
        if (chmod(directory, 0700) < 0)
                return error_errno(err, errno, "Cannot set the mode of %s", directory);
        return 0;
}

int volumes_daemon_move(Volumes *volumes, const StrMap *config, Error **err) {
        for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
                const char *value = strmap_get(config, places[i].key);
                _cleanup_free_ char *directory =
                        path_join(volumes->spec.directory, places[i].directory);
                _cleanup_free_ char *beside = str_printf("%s/.%s.moving", volumes->spec.directory,
                                                         places[i].directory);
                if (path_remove_all(beside, err) < 0 ||
                    (str_is_empty(value)
                             ? move_home(directory, beside, err)
                             : move_to_volume(volumes, directory, beside, value, err)) < 0)
                        return error_prefix(err, "Failed to move %s/", places[i].directory);
        }
        note_users(volumes, config);
        return 0;
}

void volume_daemon_start(Volumes *volumes) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_strmap_ StrMap config = {};
        _cleanup_error_ Error *err = NULL;
        if (database_begin(volumes->spec.database, DATABASE_LOCAL_READ, &tx, &err) < 0 ||
            db_config_get(tx, &config, &err) < 0) {
                log_error("Cannot read where backups and images are: %s", error_message(err));
                return;
        }
        transaction_rollback(TAKE_PTR(tx));
        note_users(volumes, &config);
        if (volumes_daemon_move(volumes, &config, &err) < 0)
                log_error("%s", error_message(err));
}
