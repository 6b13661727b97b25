/* The image store: files images/FINGERPRINT[.rootfs] and their records. Thread-safe; functions may
 * block. */
#pragma once

#include "database/image_sources.h"
#include "storage/storage.h"

typedef struct Images Images;

Images *images_new(Database *database, Storage *storage, const char *directory);
void images_free(Images *images);
/* Removes what uploads left in images/ when the daemon was killed. */
void images_clean(Images *images);

/* A file that is being received: written beside the images, hashed on the way. */
typedef struct ImageFile ImageFile;
int image_file_new(Images *images, ImageFile **ret, Error **err) _must_check_;
int image_file_write(ImageFile *file, const void *data, size_t size, Error **err) _must_check_;
/* Takes up the size of what somebody else wrote to its path. */
int image_file_look(ImageFile *file, Error **err) _must_check_;
const char *image_file_path(const ImageFile *file);
int64_t image_file_size(const ImageFile *file);
void image_file_free(ImageFile *file); /* unlinks what was not imported */
DEFINE_CLEANUP(ImageFile, image_file, image_file_free)

typedef struct ImageImport {
        const char *project;
        ImageFile *metadata; /* the unified tarball, or a split image's metadata; borrowed */
        ImageFile *rootfs;   /* NULL for a unified one */
        const char *filename;
        const char *fingerprint; /* that must come out; NULL: any */
        bool public, auto_update, cached;
        int64_t expiry_ns;        /* TIME_ZERO: as the metadata says */
        const StrMap *properties; /* laid over the metadata's */
        const StrList *profiles;
        const ImageSourceRow *source; /* where it came from; NULL: from nowhere */
} ImageImport;

/* Checks, moves the files to their names and records them; on failure nothing is left. */
int image_import(Images *images, const ImageImport *import, ImageRow *ret, Error **err)
        _must_check_;

/* By alias, fingerprint or its beginning. ERROR_NOT_FOUND with LXD's text. */
int image_find(Images *images, const char *project, const char *alias_or_fingerprint,
               ImageRow *ret, Error **err) _must_check_;
/* The newest one whose properties have all of these values. */
int image_find_by_properties(Images *images, const char *project, const StrMap *properties,
                             ImageRow *ret, Error **err) _must_check_;
int image_delete(Images *images, const char *project, const char *fingerprint, Error **err)
        _must_check_;
/* Notes that an instance was made from it. */
int image_used(Images *images, const ImageRow *image, Error **err) _must_check_;

/* For the files of this folder. */
Database *images_database(Images *images);
int64_t images_count_hour(Images *images); /* 0 at first, one more with each call */

/* images/FINGERPRINT; with ".rootfs" NULL when the image is unified. */
char *image_path(const Images *images, const char *fingerprint);
char *image_rootfs_path(const Images *images, const char *fingerprint);
