#include "archive/archive.h"

#include "base/files.h"
#include "base/memory.h"
#include "base/units.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define PROGRESS_STEP ((uint64_t) 1 << 20)

typedef struct archive Archive;
typedef struct archive_entry Entry;

typedef struct Pack {
        const ArchivePack *spec;
        const ArchiveTree *tree;
        Archive *writer;
        Archive *disk;
        struct archive_entry_linkresolver *links;
        uint64_t bytes, reported;
} Pack;

static const struct {
        ArchiveFormat format;
        const char *name;
        int (*add)(Archive *);
} filters[] = {
        {ARCHIVE_TAR, "none", archive_write_add_filter_none},
        {ARCHIVE_TAR_GZIP, "gzip", archive_write_add_filter_gzip},
        {ARCHIVE_TAR_GZIP, "pigz", archive_write_add_filter_gzip},
        {ARCHIVE_TAR_BZIP2, "bzip2", archive_write_add_filter_bzip2},
        {ARCHIVE_TAR_XZ, "xz", archive_write_add_filter_xz},
        {ARCHIVE_TAR_LZMA, "lzma", archive_write_add_filter_lzma},
        {ARCHIVE_TAR_ZSTD, "zstd", archive_write_add_filter_zstd},
};

int archive_parse_compression(const char *text, ArchiveFormat *ret, int *ret_level, Error **err) {
        _cleanup_strlist_ StrList words = {};
        int64_t level = 0;
        strlist_split(&words, text, " ", true);
        for (size_t i = 1; i < words.count; i++) {
                const char *digits = str_after_prefix(words.items[i], "-");
                if (str_equal(digits, "n")) /* no time in gzip's header: never there */
                        continue;
                if (digits == NULL || !str_to_int64(digits, &level) || level < 1 || level > 22)
                        return error_set(err, ERROR_INVALID, 0,
                                         "Invalid compression argument \"%s\": a level (-1 to -22) "
                                         "is allowed", words.items[i]);
        }
        for (size_t i = 0; words.count > 0 && i < ARRAY_SIZE(filters); i++)
                if (str_equal(words.items[0], filters[i].name)) {
                        *ret = filters[i].format;
                        *ret_level = (int) level;
                        return 0;
                }
        return error_set(err, ERROR_INVALID, 0, "Compression algorithm \"%s\" cannot be used: "
                         "bzip2, gzip, lzma, xz, zstd or none are", text);
}

static int set_filter(Archive *writer, const ArchivePack *spec, Error **err) {
        size_t at = 0;
        char level[8];
        while (at < ARRAY_SIZE(filters) && filters[at].format != spec->format)
                at++;
        if (at == ARRAY_SIZE(filters))
                return error_set(err, ERROR_UNSUPPORTED, 0, "Unsupported compression");
        if (filters[at].add(writer) < ARCHIVE_WARN)
                return error_set(err, ERROR_INTERNAL, 0, "%s", archive_error_string(writer));
        /* Options that a filter does not know are left alone. */
        if (spec->format == ARCHIVE_TAR_GZIP)
                (void) archive_write_set_filter_option(writer, NULL, "timestamp", NULL);
        (void) snprintf(level, sizeof level, "%d", spec->level);
        if (spec->level > 0 &&
            archive_write_set_filter_option(writer, NULL, "compression-level", level) <
                    ARCHIVE_WARN)
                return error_set(err, ERROR_INVALID, 0, "Compression level %s is not possible",
                                 level);
        return 0;
}

static int write_failed(Pack *pack, Error **err) {
        int number = archive_errno(pack->writer);
        ErrorKind kind = number == ENOSPC || number == EDQUOT ? ERROR_NO_SPACE : ERROR_SYSTEM;
        return error_set(err, kind, number, "Cannot write %s: %s", pack->spec->target,
                         archive_error_string(pack->writer));
}

static void report(Pack *pack, uint64_t size) {
        pack->bytes += size;
        if (pack->spec->progress == NULL || pack->bytes - pack->reported < PROGRESS_STEP)
                return;
        pack->reported = pack->bytes;
        pack->spec->progress(pack->spec->userdata, pack->bytes, 0);
}

static int open_content(const char *path) {
        return open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
}

/* A file that shrinks meanwhile is filled up with zeros, one that grows is cut. */
static int write_content(Pack *pack, int fd, const char *path, int64_t size, Error **err) {
        char block[65536];
        while (size > 0) {
                ssize_t got = read(fd, block, (size_t) MIN_OF(size, (int64_t) sizeof block));
                if (got < 0)
                        return error_errno(err, errno, "Cannot read %s", path);
                if (got == 0)
                        break;
                size -= got;
                report(pack, (uint64_t) got);
                if (archive_write_data(pack->writer, block, (size_t) got) < 0)
                        return write_failed(pack, err);
        }
        return 0;
}

typedef struct AclItem {
        int type, permissions, tag, id;
} AclItem;

static void map_acl(const ArchiveTree *tree, Entry *entry) {
        const int types = ARCHIVE_ENTRY_ACL_TYPE_ACCESS | ARCHIVE_ENTRY_ACL_TYPE_DEFAULT;
        AclItem items[128];
        size_t count = 0;
        const char *name;
        if (archive_entry_acl_reset(entry, types) == 0)
                return;
        while (count < ARRAY_SIZE(items) &&
               archive_entry_acl_next(entry, types, &items[count].type, &items[count].permissions,
                                      &items[count].tag, &items[count].id, &name) == ARCHIVE_OK)
                count++;
        archive_entry_acl_clear(entry);
        for (size_t i = 0; i < count; i++) {
                AclItem *item = &items[i];
                if (item->tag == ARCHIVE_ENTRY_ACL_USER || item->tag == ARCHIVE_ENTRY_ACL_GROUP)
                        item->id = (int) tree->owner(tree->userdata,
                                                     item->tag == ARCHIVE_ENTRY_ACL_GROUP,
                                                     (uint32_t) item->id);
                (void) archive_entry_acl_add_entry(entry, item->type, item->permissions, item->tag,
                                                   item->id, NULL);
        }
}

static void map_owner(const ArchiveTree *tree, Entry *entry) {
        if (tree->owner == NULL)
                return;
        archive_entry_set_uid(entry, tree->owner(tree->userdata, false,
                                                 (uint32_t) archive_entry_uid(entry)));
        archive_entry_set_gid(entry, tree->owner(tree->userdata, true,
                                                 (uint32_t) archive_entry_gid(entry)));
        map_acl(tree, entry);
}

/* The name in the tarball; NULL: it does not go in. */
static char *entry_name(const Pack *pack, Entry *entry, const char *path) {
        const ArchiveTree *tree = pack->tree;
        size_t length = strlen(tree->directory);
        const char *prefix = tree->prefix != NULL ? tree->prefix : "";
        if (archive_entry_filetype(entry) == AE_IFSOCK)
                return NULL;
        if (strlen(path) <= length) /* the directory itself */
                return tree->itself ? str_ndup(prefix, strlen(prefix) - 1) : NULL;
        return str_printf("%s%s", prefix, path + length + 1);
}

static int write_entry(Pack *pack, Entry *entry, bool *ret_descend, Error **err) {
        const ArchiveTree *tree = pack->tree;
        _cleanup_free_ char *path = str_dup(archive_entry_sourcepath(entry));
        _cleanup_free_ char *name = entry_name(pack, entry, path);
        Entry *sparse = NULL;
        bool skipped = name != NULL && tree->skip != NULL && tree->skip(tree->userdata, name);
        *ret_descend = !skipped;
        if (name == NULL || skipped)
                return 0;
        archive_entry_set_pathname(entry, name);
        map_owner(tree, entry);
        archive_entry_linkify(pack->links, &entry, &sparse);
        if (entry == NULL)
                return 0;
        _cleanup_close_ int fd = -1;
        if (archive_entry_filetype(entry) == AE_IFREG && archive_entry_size(entry) > 0) {
                fd = open_content(path);
                if (fd < 0 && errno == ENOENT)
                        return 0; /* deleted meanwhile: the tree may be one in use */
                if (fd < 0)
                        return error_errno(err, errno, "Cannot open %s", path);
        }
        if (archive_write_header(pack->writer, entry) < ARCHIVE_WARN)
                return write_failed(pack, err);
        return fd >= 0 ? write_content(pack, fd, path, archive_entry_size(entry), err) : 0;
}

static int disk_failed(const Pack *pack, Error **err) {
        return error_set(err, ERROR_SYSTEM, archive_errno(pack->disk), "%s",
                         archive_error_string(pack->disk));
}

static int pack_entries(Pack *pack, Error **err) {
        for (;;) {
                Entry *entry = archive_entry_new();
                int code = archive_read_next_header2(pack->disk, entry), result = 0;
                bool descend = true;
                if (code >= ARCHIVE_WARN && code != ARCHIVE_EOF) {
                        result = write_entry(pack, entry, &descend, err);
                        if (descend)
                                archive_read_disk_descend(pack->disk);
                }
                archive_entry_free(entry);
                if (code == ARCHIVE_EOF)
                        return 0;
                if (code < ARCHIVE_WARN && archive_errno(pack->disk) != ENOENT)
                        return disk_failed(pack, err);
                if (result < 0)
                        return -1;
        }
}

static int pack_tree(Pack *pack, const ArchiveTree *tree, Error **err) {
        int result = 0;
        pack->tree = tree;
        pack->disk = archive_read_disk_new();
        pack->links = archive_entry_linkresolver_new();
        archive_read_disk_set_symlink_physical(pack->disk);
        archive_read_disk_set_behavior(pack->disk, ARCHIVE_READDISK_NO_TRAVERSE_MOUNTS);
        archive_entry_linkresolver_set_strategy(pack->links, ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE);
        if (archive_read_disk_open(pack->disk, tree->directory) != ARCHIVE_OK)
                result = disk_failed(pack, err);
        if (result == 0)
                result = pack_entries(pack, err);
        archive_entry_linkresolver_free(pack->links);
        archive_read_free(pack->disk);
        return result;
}

static int pack_text(Pack *pack, const ArchiveText *text, Error **err) {
        Entry *entry = archive_entry_new();
        size_t size = strlen(text->text);
        int result = 0;
        archive_entry_set_pathname(entry, text->name);
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_perm(entry, 0644);
        archive_entry_set_size(entry, (int64_t) size);
        archive_entry_set_mtime(entry, time(NULL), 0);
        if (archive_write_header(pack->writer, entry) < ARCHIVE_WARN ||
            archive_write_data(pack->writer, text->text, size) < 0)
                result = write_failed(pack, err);
        archive_entry_free(entry);
        return result;
}

static int write_file_entry(Pack *pack, Entry *entry, const ArchiveFile *file, Error **err) {
        archive_entry_copy_sourcepath(entry, file->path);
        if (archive_read_disk_entry_from_file(pack->disk, entry, -1, NULL) < ARCHIVE_WARN)
                return disk_failed(pack, err);
        if (archive_entry_filetype(entry) != AE_IFREG)
                return error_set(err, ERROR_INVALID, 0, "%s is not a regular file", file->path);
        archive_entry_set_pathname(entry, file->name);
        archive_entry_set_hardlink(entry, NULL);
        _cleanup_close_ int fd = open_content(file->path);
        if (fd < 0)
                return error_errno(err, errno, "Cannot open %s", file->path);
        if (archive_write_header(pack->writer, entry) < ARCHIVE_WARN)
                return write_failed(pack, err);
        return write_content(pack, fd, file->path, archive_entry_size(entry), err);
}

static int pack_file(Pack *pack, const ArchiveFile *file, Error **err) {
        Entry *entry = archive_entry_new();
        pack->disk = archive_read_disk_new();
        archive_read_disk_set_symlink_physical(pack->disk);
        int result = write_file_entry(pack, entry, file, err);
        archive_entry_free(entry);
        archive_read_free(pack->disk);
        return result;
}

static int pack_all(Pack *pack, Error **err) {
        for (size_t i = 0; i < pack->spec->text_count; i++)
                if (pack_text(pack, &pack->spec->texts[i], err) < 0)
                        return -1;
        for (size_t i = 0; i < pack->spec->file_count; i++)
                if (pack_file(pack, &pack->spec->files[i], err) < 0)
                        return -1;
        for (size_t i = 0; i < pack->spec->tree_count; i++)
                if (pack_tree(pack, &pack->spec->trees[i], err) < 0)
                        return -1;
        return 0;
}

int archive_pack(const ArchivePack *spec, Error **err) {
        Pack pack = {.spec = spec, .writer = archive_write_new()};
        archive_write_set_format_pax(pack.writer);
        /* The one way that tar and Go read; by default each is there twice. */
        (void) archive_write_set_format_option(pack.writer, "pax", "xattrheader", "SCHILY");
        int result = set_filter(pack.writer, spec, err);
        if (result == 0 && archive_write_open_filename(pack.writer, spec->target) != ARCHIVE_OK)
                result = write_failed(&pack, err);
        if (result == 0)
                result = pack_all(&pack, err);
        if (result == 0 && archive_write_close(pack.writer) < ARCHIVE_WARN)
                result = write_failed(&pack, err);
        archive_write_free(pack.writer);
        if (result < 0)
                (void) unlink(spec->target);
        return result;
}
