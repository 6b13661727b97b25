#include "storage/drivers/overlay/layers.h"

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "linux/loopback.h"
#include "linux/mounts.h"
#include "linux/shift.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define FINGERPRINT_DIGITS 64

char *layer_path(const StorageVolume *volume, const char *name) {
        return str_printf("%s/%s/%s", volume->path, STORAGE_PRIVATE, name);
}

bool layer_has(const StorageVolume *volume) {
        _cleanup_free_ char *path = layer_path(volume, "lower");
        return path_exists(path);
}

int layer_hold(const StoragePool *pool, int *ret_fd, Error **err) {
        _cleanup_close_ int fd = open(pool->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 || flock(fd, LOCK_EX) < 0)
                return error_errno(err, errno, "Cannot lock %s", pool->path);
        *ret_fd = TAKE_FD(fd);
        return 0;
}

static char *retired_path(const StoragePool *pool, const char *fingerprint) {
        return str_printf("%s/layers/%s", pool->path, fingerprint);
}

/* The one a volume was born on: an image that was deleted and has come back is a second one. */
static char *image_path(const StoragePool *pool, const char *fingerprint) {
        char *path = retired_path(pool, fingerprint);
        if (!path_exists(path))
                str_replace(&path, str_printf("%s/images/%s", pool->path, fingerprint));
        return path;
}

static int mount_squashfs(const char *file, const char *target, Error **err) {
        _cleanup_free_ char *device = NULL;
        _cleanup_close_ int fd = -1;
        if (mount_exists(target))
                return 0;
        if (loopback_attach(file, true, &device, &fd, err) < 0)
                return -1;
        return mount_filesystem("squashfs", device, target, MOUNT_READONLY, NULL, err);
}

int layer_lower(const StoragePool *pool, const char *fingerprint, char **ret, Error **err) {
        _cleanup_free_ char *image = image_path(pool, fingerprint);
        _cleanup_free_ char *rootfs = path_join(image, "rootfs");
        _cleanup_free_ char *file = path_join(image, "rootfs.squashfs");
        _cleanup_close_ int held = -1;
        if (path_exists(file) &&
            (layer_hold(pool, &held, err) < 0 || mount_squashfs(file, rootfs, err) < 0))
                return -1;
        if (!path_is_directory(rootfs))
                return error_set(err, ERROR_NOT_FOUND, 0,
                                 "The image %s is missing on storage pool \"%s\"", fingerprint,
                                 pool->row.name);
        *ret = TAKE_PTR(rootfs);
        return 0;
}

static int write_text(const StorageVolume *volume, const char *name, const char *text,
                      Error **err) {
        _cleanup_free_ char *path = layer_path(volume, name);
        return file_write(path, text, strlen(text), 0600, false, err);
}

/* From here on the image counts as used. */
static int stand_on(const StorageVolume *volume, const char *fingerprint, Error **err) {
        _cleanup_free_ char *image = image_path(volume->pool, fingerprint);
        _cleanup_close_ int held = -1;
        if (layer_hold(volume->pool, &held, err) < 0)
                return -1;
        if (!path_is_directory(image))
                return error_set(err, ERROR_NOT_FOUND, 0,
                                 "The image %s has gone from storage pool \"%s\"", fingerprint,
                                 volume->pool->row.name);
        return write_text(volume, "lower", fingerprint, err);
}

int layer_create(const StorageVolume *volume, const char *fingerprint, Error **err) {
        static const char *const directories[] = {"", "upper", "work"};
        _cleanup_free_ char *lower = NULL, *upper = layer_path(volume, "upper");
        struct stat info;
        for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
                _cleanup_free_ char *path = layer_path(volume, directories[i]);
                if (directory_make(path, 0700, err) < 0)
                        return -1;
        }
        if (write_text(volume, "idmap", "[]", err) < 0 ||
            stand_on(volume, fingerprint, err) < 0 ||
            layer_lower(volume->pool, fingerprint, &lower, err) < 0)
                return -1;
        /* The upper's root is the root that is seen. */
        if (stat(lower, &info) < 0 || chown(upper, info.st_uid, info.st_gid) < 0 ||
            chmod(upper, info.st_mode & 07777) < 0)
                return error_errno(err, errno, "Cannot make the layer %s", upper);
        return 0;
}

int layer_read_lower(const StorageVolume *volume, char **ret, Error **err) {
        _cleanup_free_ char *path = layer_path(volume, "lower"), *text = NULL;
        unsigned char digest[FINGERPRINT_DIGITS / 2];
        if (file_read(path, 4096, &text, NULL, err) < 0)
                return -1;
        if (strlen(text) != FINGERPRINT_DIGITS || hex_decode(text, digest, sizeof digest) < 0)
                return error_set(err, ERROR_INTERNAL, 0, "%s does not name an image", path);
        *ret = TAKE_PTR(text);
        return 0;
}

static int read_map(const StorageVolume *volume, const char *name, IdMap *ret, Error **err) {
        _cleanup_free_ char *path = layer_path(volume, name), *text = NULL;
        if (file_read(path, 0, &text, NULL, err) < 0)
                return -1;
        return idmap_from_json(text, ret, err);
}

/* The new map is noted before the first file is changed, and becomes the map after the last. */
static int change_ids(const StorageVolume *volume, const IdMap *from, const IdMap *to, bool resume,
                      Error **err) {
        _cleanup_free_ char *upper = layer_path(volume, "upper"), *json = idmap_to_json(to);
        _cleanup_free_ char *next = layer_path(volume, "idmap.next");
        _cleanup_free_ char *current = layer_path(volume, "idmap");
        const ShiftSpec shift = {.from = from, .to = to, .resume = resume};
        if ((!resume && write_text(volume, "idmap.next", json, err) < 0) ||
            shift_tree(upper, &shift, err) < 0)
                return -1;
        if (rename(next, current) < 0)
                return error_errno(err, errno, "Cannot rename %s", next);
        return 0;
}

int layer_settle_ids(const StorageVolume *volume, const IdMap *wanted, IdMap *ret, Error **err) {
        _cleanup_idmap_ IdMap present = {.items = NULL}, next = {.items = NULL};
        _cleanup_free_ char *path = layer_path(volume, "idmap.next");
        if (read_map(volume, "idmap", &present, err) < 0)
                return -1;
        if (path_exists(path)) {
                if (read_map(volume, "idmap.next", &next, err) < 0 ||
                    change_ids(volume, &present, &next, true, err) < 0)
                        return -1;
                idmap_copy(&present, &next);
        }
        if (wanted != NULL && !idmap_equal(wanted, &present)) {
                if (change_ids(volume, &present, wanted, false, err) < 0)
                        return -1;
                idmap_copy(&present, wanted);
        }
        idmap_copy(ret, &present);
        return 0;
}

static bool is_on(const StoragePool *pool, const char *directory, const char *fingerprint) {
        _cleanup_(storage_volume_cleanup) StorageVolume *volume =
                storage_volume_beside((StoragePool *) pool, STORAGE_VOLUME_CONTAINER);
        _cleanup_free_ char *lower = NULL;
        str_replace(&volume->path, str_dup(directory));
        return layer_has(volume) && layer_read_lower(volume, &lower, NULL) == 0 &&
               str_equal(lower, fingerprint);
}

/* `levels`: 1 for the volumes in a directory, 2 for the snapshots in its directories. */
static bool any_on(const StoragePool *pool, const char *directory, int levels,
                   const char *fingerprint) {
        _cleanup_strlist_ StrList names = {.items = NULL};
        if (directory_list(directory, &names, NULL) < 0)
                return false;
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_free_ char *path = path_join(directory, names.items[i]);
                if (levels > 1 ? any_on(pool, path, levels - 1, fingerprint)
                               : is_on(pool, path, fingerprint))
                        return true;
        }
        return false;
}

static bool is_used(const StoragePool *pool, const char *fingerprint) {
        static const struct {
                const char *directory;
                int levels;
        } places[] = {{"containers", 1}, {"containers-snapshots", 2}, {".making", 1}};
        for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
                _cleanup_free_ char *path = path_join(pool->path, places[i].directory);
                if (any_on(pool, path, places[i].levels, fingerprint))
                        return true;
        }
        return false;
}

static int remove_image(const char *image, Error **err) {
        _cleanup_free_ char *rootfs = path_join(image, "rootfs");
        return mount_remove(rootfs, true, err) < 0 ? -1 : path_remove_all(image, err);
}

int layer_retire(StorageVolume *image, Error **err) {
        const StoragePool *pool = image->pool;
        _cleanup_free_ char *retired = retired_path(pool, image->title);
        _cleanup_free_ char *directory = path_directory(retired);
        _cleanup_close_ int held = -1;
        if (layer_hold(pool, &held, err) < 0)
                return -1;
        if (path_exists(retired) || !is_used(pool, image->title))
                return remove_image(image->path, err);
        if (directory_make(directory, 0700, err) < 0)
                return -1;
        if (rename(image->path, retired) < 0)
                return error_errno(err, errno, "Cannot rename %s", image->path);
        return 0;
}

int layer_collect(const StoragePool *pool, const char *fingerprint, Error **err) {
        _cleanup_free_ char *retired = retired_path(pool, fingerprint);
        _cleanup_close_ int held = -1;
        if (!path_exists(retired))
                return 0;
        if (layer_hold(pool, &held, err) < 0)
                return -1;
        return is_used(pool, fingerprint) ? 0 : remove_image(retired, err);
}
