#include "image/image.h"

#include "archive/archive.h"
#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/times.h"
#include "base/units.h"
#include "image/metadata.h"
#include "json/digest.h"
#include "project/project.h"
#include "schema/arch.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define UPLOAD_PREFIX "upload-"

struct Images {
        Database *database;
        Storage *storage;
        char *directory;      /* BERTH_DIR/images */
        pthread_mutex_t lock; /* files and records change together */
        int64_t hours;        /* looks for newer images so far */
};

struct ImageFile {
        char *path;
        int fd;
        int64_t size;
        bool imported;
};

Images *images_new(Database *database, Storage *storage, const char *directory) {
        Images *images = mem_new(Images);
        images->database = database;
        images->storage = storage;
        images->directory = path_join(directory, "images");
        pthread_mutex_init(&images->lock, NULL);
        return images;
}

void images_free(Images *images) {
        if (images == NULL)
                return;
        pthread_mutex_destroy(&images->lock);
        free(images->directory);
        free(images);
}

Database *images_database(Images *images) {
        return images->database;
}

int64_t images_count_hour(Images *images) {
        return __atomic_fetch_add(&images->hours, 1, __ATOMIC_RELAXED);
}

char *image_path(const Images *images, const char *fingerprint) {
        return path_join(images->directory, fingerprint);
}

char *image_rootfs_path(const Images *images, const char *fingerprint) {
        char *path = str_printf("%s/%s.rootfs", images->directory, fingerprint);
        if (path_exists(path))
                return path;
        free(path);
        return NULL;
}

void images_clean(Images *images) {
        _cleanup_strlist_ StrList names = {}, known = {};
        _cleanup_transaction_ Transaction *tx = NULL;
        if (directory_list(images->directory, &names, NULL) < 0 ||
            database_begin(images->database, DATABASE_READ, &tx, NULL) < 0 ||
            db_image_fingerprints(tx, &known, NULL) < 0)
                return;
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_free_ char *path = path_join(images->directory, names.items[i]);
                _cleanup_free_ char *fingerprint = str_ndup(names.items[i], 64);
                if (str_has_prefix(names.items[i], UPLOAD_PREFIX) ||
                    (strlen(names.items[i]) >= 64 && !strlist_has(&known, fingerprint)))
                        (void) unlink(path);
        }
}

int image_file_new(Images *images, ImageFile **ret, Error **err) {
        _cleanup_free_ char *suffix = random_hex(8);
        ImageFile *file = mem_new(ImageFile);
        file->path = str_printf("%s/" UPLOAD_PREFIX "%s", images->directory, suffix);
        file->fd = open(file->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (file->fd < 0) {
                int number = errno;
                (void) error_errno(err, number, "Cannot create %s", file->path);
                free(file->path);
                free(file);
                return -1;
        }
        *ret = file;
        return 0;
}

int image_file_write(ImageFile *file, const void *data, size_t size, Error **err) {
        if (fd_write_all(file->fd, data, size, err) < 0)
                return error_prefix(err, "Cannot store the upload");
        file->size += (int64_t) size;
        return 0;
}

int image_file_look(ImageFile *file, Error **err) {
        struct stat info;
        if (fstat(file->fd, &info) < 0)
                return error_errno(err, errno, "Cannot look at %s", file->path);
        file->size = info.st_size;
        return 0;
}

const char *image_file_path(const ImageFile *file) {
        return file->path;
}

int64_t image_file_size(const ImageFile *file) {
        return file->size;
}

void image_file_free(ImageFile *file) {
        if (file == NULL)
                return;
        if (!file->imported)
                (void) unlink(file->path);
        fd_close(&file->fd);
        free(file->path);
        free(file);
}

static int digest_file(Digest *digest, const ImageFile *file, Error **err) {
        char block[65536];
        off_t offset = 0;
        ssize_t got;
        while ((got = pread(file->fd, block, sizeof block, offset)) > 0) {
                digest_add(digest, block, (size_t) got);
                offset += got;
        }
        return got < 0 ? error_errno(err, errno, "Cannot read %s", file->path) : 0;
}

/* SHA-256 of the unified file, or of the metadata's bytes followed by the rootfs's. */
static int fingerprint_of(const ImageImport *import, char **ret, Error **err) {
        Digest *digest = digest_new();
        int result = digest_file(digest, import->metadata, err);
        if (result == 0 && import->rootfs != NULL)
                result = digest_file(digest, import->rootfs, err);
        if (result == 0)
                *ret = digest_hex(digest);
        digest_free(digest);
        return result;
}

static int check_formats(const ImageImport *import, ArchiveContents *contents, Error **err) {
        ArchiveFormat format;
        if (archive_detect(import->metadata->path, &format, err) < 0)
                return -1;
        if (format == ARCHIVE_UNKNOWN || format == ARCHIVE_SQUASHFS || format == ARCHIVE_QCOW2)
                return error_set(err, ERROR_INVALID, 0, "Unsupported image format: a tarball, "
                                                        "plain or compressed, is needed");
        if (archive_look(import->metadata->path, contents, err) < 0)
                return -1;
        if (contents->metadata == NULL)
                return error_set(err, ERROR_INVALID, 0,
                                 "Metadata tarball is missing metadata.yaml");
        if (import->rootfs == NULL) {
                if (contents->has_disk)
                        return error_set(err, ERROR_UNSUPPORTED, 0,
                                         "Images of virtual machines are not supported");
                if (!contents->has_rootfs)
                        return error_set(err, ERROR_INVALID, 0, "Image is missing a rootfs");
                return 0;
        }
        if (archive_detect(import->rootfs->path, &format, err) < 0)
                return -1;
        if (format == ARCHIVE_QCOW2)
                return error_set(err, ERROR_UNSUPPORTED, 0,
                                 "Images of virtual machines are not supported");
        if (format == ARCHIVE_UNKNOWN)
                return error_set(err, ERROR_INVALID, 0,
                                 "Unsupported rootfs format: a tarball or a squashfs is needed");
        return 0;
}

static int fill_row(const ImageImport *import, const ImageMetadata *metadata, ImageRow *row,
                    Error **err) {
        int architecture;
        if (architecture_parse(metadata->architecture, &architecture, err) < 0)
                return -1;
        row->project = str_dup(import->project);
        row->filename = str_dup(import->filename != NULL ? import->filename : "");
        row->size = import->metadata->size + (import->rootfs != NULL ? import->rootfs->size : 0);
        row->public = import->public;
        row->auto_update = import->auto_update;
        row->cached = import->cached;
        row->architecture = architecture;
        row->created_ns = metadata->created_ns;
        row->expiry_ns = import->expiry_ns != TIME_ZERO ? import->expiry_ns : metadata->expiry_ns;
        row->uploaded_ns = time_now_ns();
        row->used_ns = TIME_ZERO;
        strmap_copy(&row->properties, &metadata->properties);
        if (import->properties != NULL)
                strmap_merge(&row->properties, import->properties);
        if (import->profiles != NULL && import->profiles->count > 0)
                strlist_copy(&row->profiles, import->profiles);
        else
                strlist_add(&row->profiles, "default");
        return 0;
}

static int check_new(Images *images, const ImageRow *row, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(image_row_done) ImageRow other = {};
        _cleanup_error_ Error *missing = NULL;
        if (database_begin(images->database, DATABASE_READ, &tx, err) < 0)
                return -1;
        if (db_image_get(tx, row->project, row->fingerprint, &other, &missing) == 0)
                return error_set(err, ERROR_EXISTS, 0,
                                 "Image with same fingerprint already exists");
        return error_is(missing, ERROR_NOT_FOUND) ? 0 : error_move(err, &missing);
}

/* limits.disk of a project that has images of its own. */
static int check_budget(Transaction *tx, const ImageRow *row, Error **err) {
        int64_t budget;
        if (project_image_budget(tx, row->project, &budget, err) < 0)
                return -1;
        if (budget < 0 || row->size <= budget)
                return 0;
        return error_set(err, ERROR_FORBIDDEN, 0, "reached %lld bytes, exceeding quota of %lld",
                         (long long) row->size, (long long) budget);
}

static int record(Images *images, const ImageImport *import, ImageRow *row, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        if (database_begin(images->database, DATABASE_WRITE, &tx, err) < 0 ||
            check_budget(tx, row, err) < 0 ||
            db_image_create(tx, row, &row->id, err) < 0)
                return -1;
        if (import->source != NULL) {
                ImageSourceRow source = *import->source;
                source.image_id = row->id;
                if (db_image_source_set(tx, &source, err) < 0)
                        return -1;
        }
        return transaction_commit(&tx, err);
}

static int place(ImageFile *file, const char *path, Error **err) {
        if (file == NULL)
                return 0;
        if (rename(file->path, path) < 0)
                return error_errno(err, errno, "Cannot store the image");
        file->imported = true;
        return 0;
}

/* Under the lock. The files come first: a record without files would be worse than the reverse,
 * which images_clean() removes. */
static int store(Images *images, const ImageImport *import, ImageRow *row, Error **err) {
        _cleanup_free_ char *path = image_path(images, row->fingerprint);
        _cleanup_free_ char *rootfs = str_printf("%s.rootfs", path);
        if (check_new(images, row, err) < 0)
                return -1;
        bool shared = path_exists(path); /* another project has the same image */
        if (!shared && (place(import->rootfs, rootfs, err) < 0 ||
                        place(import->metadata, path, err) < 0))
                return -1;
        if (record(images, import, row, err) == 0)
                return 0;
        if (!shared) {
                (void) unlink(path);
                (void) unlink(rootfs);
        }
        return -1;
}

int image_import(Images *images, const ImageImport *import, ImageRow *ret, Error **err) {
        _cleanup_(archive_contents_done) ArchiveContents contents = {};
        _cleanup_(image_metadata_done) ImageMetadata metadata = {};
        _cleanup_(image_row_done) ImageRow row = {};
        if (fingerprint_of(import, &row.fingerprint, err) < 0)
                return -1;
        if (!str_is_empty(import->fingerprint) &&
            !str_equal(import->fingerprint, row.fingerprint))
                return error_set(err, ERROR_INVALID, 0,
                                 "Fingerprints don't match, got %s expected %s", row.fingerprint,
                                 import->fingerprint);
        if (check_formats(import, &contents, err) < 0 ||
            image_metadata_parse(contents.metadata, contents.metadata_size, &metadata, err) < 0 ||
            fill_row(import, &metadata, &row, err) < 0)
                return -1;
        pthread_mutex_lock(&images->lock);
        int result = store(images, import, &row, err);
        pthread_mutex_unlock(&images->lock);
        if (result < 0)
                return -1;
        *ret = row;
        row = (ImageRow){};
        return 0;
}

int image_find(Images *images, const char *project, const char *name, ImageRow *ret,
               Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(image_alias_row_done) ImageAliasRow alias = {};
        _cleanup_error_ Error *missing = NULL;
        if (database_begin(images->database, DATABASE_READ, &tx, err) < 0)
                return -1;
        if (db_image_alias_get(tx, project, name, &alias, &missing) == 0)
                return db_image_get(tx, project, alias.fingerprint, ret, err);
        if (!error_is(missing, ERROR_NOT_FOUND))
                return error_move(err, &missing);
        return db_image_get(tx, project, name, ret, err);
}

static bool has_properties(const ImageRow *row, const StrMap *wanted) {
        for (size_t i = 0; i < wanted->count; i++)
                if (!str_equal(strmap_get(&row->properties, wanted->items[i].key),
                               wanted->items[i].value))
                        return false;
        return true;
}

int image_find_by_properties(Images *images, const char *project, const StrMap *properties,
                             ImageRow *ret, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(image_row_list_done) ImageRowList list = {};
        ImageRow *best = NULL;
        if (database_begin(images->database, DATABASE_READ, &tx, err) < 0 ||
            db_image_list(tx, project, &list, err) < 0)
                return -1;
        for (size_t i = 0; i < list.count; i++)
                if (has_properties(&list.items[i], properties) &&
                    (best == NULL || list.items[i].created_ns > best->created_ns))
                        best = &list.items[i];
        if (best == NULL)
                return error_set(err, ERROR_NOT_FOUND, 0,
                                 "No matching image could be found");
        *ret = *best;
        *best = (ImageRow){};
        return 0;
}

static int forget(Images *images, const ImageRow *row, int64_t *ret_left, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        if (database_begin(images->database, DATABASE_WRITE, &tx, err) < 0 ||
            db_image_delete(tx, row->id, err) < 0 ||
            db_image_references(tx, row->fingerprint, ret_left, err) < 0)
                return -1;
        return transaction_commit(&tx, err);
}

static int load(Images *images, const char *project, const char *fingerprint, ImageRow *ret,
                Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        if (database_begin(images->database, DATABASE_READ, &tx, err) < 0)
                return -1;
        return db_image_get(tx, project, fingerprint, ret, err);
}

static int delete_locked(Images *images, const char *project, const char *fingerprint,
                         Error **err) {
        _cleanup_(image_row_done) ImageRow row = {};
        int64_t left = 0;
        if (load(images, project, fingerprint, &row, err) < 0 ||
            forget(images, &row, &left, err) < 0)
                return -1;
        if (left > 0)
                return 0;
        _cleanup_free_ char *path = image_path(images, row.fingerprint);
        _cleanup_free_ char *rootfs = str_printf("%s.rootfs", path);
        if (file_remove(rootfs, err) < 0 || file_remove(path, err) < 0)
                return -1;
        return storage_image_delete(images->storage, row.fingerprint, err);
}

int image_delete(Images *images, const char *project, const char *fingerprint, Error **err) {
        pthread_mutex_lock(&images->lock);
        int result = delete_locked(images, project, fingerprint, err);
        pthread_mutex_unlock(&images->lock);
        return result;
}

int image_used(Images *images, const ImageRow *image, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        if (database_begin(images->database, DATABASE_WRITE, &tx, err) < 0 ||
            db_image_touch(tx, image->id, time_now_ns(), err) < 0)
                return -1;
        return transaction_commit(&tx, err);
}
