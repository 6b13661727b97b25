/* Tarballs and squashfs images, in and out. What comes in is hostile: nothing is written outside
 * of the target, device nodes are made only where that is asked for, and size and number of
 * entries are limited. Thread-safe. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <sys/types.h>

typedef enum ArchiveFormat {
        ARCHIVE_UNKNOWN,
        ARCHIVE_TAR,
        ARCHIVE_TAR_GZIP,
        ARCHIVE_TAR_BZIP2,
        ARCHIVE_TAR_XZ,
        ARCHIVE_TAR_LZMA,
        ARCHIVE_TAR_ZSTD,
        ARCHIVE_SQUASHFS,
        ARCHIVE_QCOW2,
} ArchiveFormat;

/* By the first bytes, as LXD does; an unknown beginning is ARCHIVE_UNKNOWN, not an error. */
int archive_detect(const char *path, ArchiveFormat *ret, Error **err) _must_check_;
const char *archive_extension(ArchiveFormat format); /* ".tar.xz"; "" when unknown */

/* Called now and then with the compressed bytes read so far and in all. */
typedef void (*ArchiveProgress)(void *userdata, uint64_t done, uint64_t total);

/* Where a part of an archive goes: the member `name` to `path`, what is below it to below `path`.
 * The directory of `path` exists. */
typedef struct ArchivePlace {
        const char *name;
        const char *path;
} ArchivePlace;

typedef struct ArchiveUnpack {
        const char *source;
        const char *target; /* an existing directory; not needed with `places` */
        const ArchivePlace *places; /* only these parts of a tarball, instead of all; may be NULL */
        size_t place_count;
        bool devices;       /* make device nodes; else they are left out */
        uint64_t size_limit;  /* bytes of file content; 0: 1 TiB */
        uint64_t entry_limit; /* 0: 20 million */
        ArchiveProgress progress; /* may be NULL */
        void *userdata;
} ArchiveUnpack;

/* Keeps owners, modes, times, xattrs, ACLs, hard links, holes. What was written before a failure
 * stays for the caller to remove. */
int archive_unpack(const ArchiveUnpack *unpack, Error **err) _must_check_;

/* What a tarball holds that its reader wants to know before unpacking. */
typedef struct ArchiveContents {
        bool has_rootfs;   /* a member below rootfs/ */
        bool has_disk;     /* rootfs.img */
        char *metadata;    /* text of metadata.yaml, NULL when there is none */
        size_t metadata_size;
} ArchiveContents;
/* The text of one member of a tarball; ERROR_NOT_FOUND when there is none, ERROR_TOO_LARGE beyond
 * `limit`. */
int archive_read_member(const char *source, const char *name, size_t limit, char **ret,
                        Error **err) _must_check_;
int archive_look(const char *source, ArchiveContents *ret, Error **err) _must_check_;
void archive_contents_done(ArchiveContents *contents);

/* A file that stands in the tarball without being one of the directory's: `text` for NAME. */
typedef struct ArchiveText {
        const char *name;
        const char *text;
} ArchiveText;

/* A file that goes in under another name. */
typedef struct ArchiveFile {
        const char *name;
        const char *path;
} ArchiveFile;

/* A directory whose tree goes in: what is below it, as PREFIX… ("rootfs/"; "": bare names). */
typedef struct ArchiveTree {
        const char *directory;
        const char *prefix; /* NULL: "" */
        bool itself; /* the directory too, as the prefix without its slash */
        /* What owner an id on disk has in the tarball; may be NULL. */
        uint32_t (*owner)(void *userdata, bool group, uint32_t id);
        void *userdata; /* of owner and skip */
        bool (*skip)(void *userdata, const char *name); /* a name in the tarball; may be NULL */
} ArchiveTree;

/* Writes a tarball (pax): the texts, then the files, then the trees, in their order. */
typedef struct ArchivePack {
        const char *target; /* path of the new file */
        ArchiveFormat format; /* a tar one */
        int level; /* of the compression; 0: its default */
        const ArchiveText *texts;
        size_t text_count;
        const ArchiveFile *files;
        size_t file_count;
        const ArchiveTree *trees;
        size_t tree_count;
        ArchiveProgress progress; /* with the bytes of content so far, total 0; may be NULL */
        void *userdata;
} ArchivePack;
/* "gzip -9", "zstd", "none", as images.compression_algorithm has them. */
int archive_parse_compression(const char *text, ArchiveFormat *ret, int *ret_level, Error **err)
        _must_check_;
int archive_pack(const ArchivePack *pack, Error **err) _must_check_;
