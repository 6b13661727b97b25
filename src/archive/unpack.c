/* libarchive does the formats and restores attributes; this file decides what may be written.
 *
 * Names are checked before they are joined to the target: no absolute one, no "..". Links in the
 * middle of a path, put there by an earlier member, are refused by ARCHIVE_EXTRACT_SECURE_SYMLINKS,
 * which looks at every component; the target itself is resolved first so that it has none. */
#include "archive/archive.h"

#include "base/files.h"
#include "base/memory.h"
#include "process/spawn.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define BLOCK_SIZE 262144
#define DEFAULT_SIZE_LIMIT ((uint64_t) 1 << 40)
#define DEFAULT_ENTRY_LIMIT ((uint64_t) 20000000)
#define METADATA_LIMIT ((size_t) 1 << 20)
#define PROGRESS_STEP ((uint64_t) 1 << 20)

typedef struct archive Archive;

static void reader_free(Archive **reader) {
        if (*reader != NULL)
                archive_read_free(*reader);
}

static void writer_free(Archive **writer) {
        if (*writer != NULL)
                archive_write_free(*writer);
}

static int reader_open(const char *source, Archive **ret, Error **err) {
        _cleanup_(reader_free) Archive *reader = archive_read_new();
        archive_read_support_filter_all(reader);
        archive_read_support_format_tar(reader);
        archive_read_support_format_gnutar(reader);
        /* Names are bytes here; a charset conversion could only lose some. */
        if (archive_read_open_filename(reader, source, BLOCK_SIZE) != ARCHIVE_OK)
                return error_set(err, ERROR_INVALID, 0, "Cannot read archive: %s",
                                 archive_error_string(reader));
        *ret = TAKE_PTR(reader);
        return 0;
}

/* The member's name without a leading "./"; NULL when it must not be used. */
static const char *safe_name(const char *name) {
        if (name == NULL || *name == '/')
                return NULL;
        while (str_has_prefix(name, "./")) {
                name += 2;
                name += strspn(name, "/");
        }
        for (const char *part = name; *part != '\0';) {
                size_t length = strcspn(part, "/");
                if (length == 2 && part[0] == '.' && part[1] == '.')
                        return NULL;
                part += length + strspn(part + length, "/");
        }
        return name;
}

static int refuse_name(const char *what, const char *name, Error **err) {
        return error_set(err, ERROR_INVALID, 0,
                         "The archive is refused: %s \"%s\" leads out of it", what,
                         name != NULL ? name : "");
}

/* A part and where it goes, `path` without links. */
typedef struct Part {
        const char *name;
        char *path;
} Part;

typedef struct Unpack {
        const ArchiveUnpack *spec;
        Archive *reader;
        Archive *writer;
        Part *parts; /* that of name "" takes everything */
        size_t part_count;
        uint64_t bytes, entries, reported, total;
} Unpack;

static int write_failed(Unpack *unpack, const char *name, Error **err) {
        int number = archive_errno(unpack->writer);
        if (number == ENOSPC || number == EDQUOT)
                return error_set(err, ERROR_NO_SPACE, number,
                                 "No space left while unpacking \"%s\"", name);
        return error_set(err, ERROR_INVALID, number, "Cannot unpack \"%s\": %s", name,
                         archive_error_string(unpack->writer));
}

static int copy_data(Unpack *unpack, const char *name, Error **err) {
        uint64_t limit = unpack->spec->size_limit != 0 ? unpack->spec->size_limit
                                                       : DEFAULT_SIZE_LIMIT;
        for (;;) {
                const void *block;
                size_t size;
                la_int64_t offset;
                int code = archive_read_data_block(unpack->reader, &block, &size, &offset);
                if (code == ARCHIVE_EOF)
                        return 0;
                if (code < ARCHIVE_WARN)
                        return error_set(err, ERROR_INVALID, 0, "Damaged archive at \"%s\": %s",
                                         name, archive_error_string(unpack->reader));
                unpack->bytes += size;
                if (unpack->bytes > limit)
                        return error_set(err, ERROR_TOO_LARGE, 0,
                                         "The archive is refused: it unpacks to more than %llu "
                                         "bytes",
                                         (unsigned long long) limit);
                /* A full disk is no more than a warning to libarchive. */
                if (archive_write_data_block(unpack->writer, block, size, offset) < ARCHIVE_OK)
                        return write_failed(unpack, name, err);
        }
}

static void report(Unpack *unpack) {
        if (unpack->spec->progress == NULL)
                return;
        uint64_t done = (uint64_t) archive_filter_bytes(unpack->reader, -1);
        if (done - unpack->reported < PROGRESS_STEP)
                return;
        unpack->reported = done;
        unpack->spec->progress(unpack->spec->userdata, done, unpack->total);
}

/* Where a member goes; NULL: it is left out. */
static char *place_of(const Unpack *unpack, const char *name) {
        for (size_t i = 0; i < unpack->part_count; i++) {
                const Part *part = &unpack->parts[i];
                const char *rest = str_after_prefix(name, part->name);
                if (rest == NULL || (*part->name != '\0' && *rest != '\0' && *rest != '/'))
                        continue;
                rest += strspn(rest, "/");
                /* The target of a whole archive is what its caller made of it. */
                if (*rest == '\0')
                        return *part->name != '\0' ? str_dup(part->path) : NULL;
                return path_join(part->path, rest);
        }
        return NULL;
}

/* A part that is a directory stays one, one that is a file becomes a file: a link in its place
 * would lead whoever uses it later astray. */
static int check_root(const Unpack *unpack, const char *name, mode_t type, Error **err) {
        for (size_t i = 0; i < unpack->part_count; i++) {
                const Part *part = &unpack->parts[i];
                if (*name == '\0' || !str_equal(part->name, name))
                        continue;
                mode_t wanted = path_is_directory(part->path) ? AE_IFDIR : AE_IFREG;
                if (type != wanted)
                        return error_set(err, ERROR_INVALID, 0,
                                         "The archive is refused: \"%s\" is not a %s", name,
                                         wanted == AE_IFDIR ? "directory" : "file");
        }
        return 0;
}

/* Puts the target before the member's names; false: the member is left out. */
static int relocate(Unpack *unpack, struct archive_entry *entry, bool *ret_wanted, Error **err) {
        const char *raw = archive_entry_pathname(entry), *name = safe_name(raw);
        const char *link = archive_entry_hardlink(entry);
        mode_t type = archive_entry_filetype(entry);
        *ret_wanted = false;
        if (name == NULL)
                return refuse_name("the name", raw, err);
        bool is_device = type == AE_IFCHR || type == AE_IFBLK;
        _cleanup_free_ char *path = place_of(unpack, name);
        if (check_root(unpack, name, link != NULL ? 0 : type, err) < 0)
                return -1;
        if (path == NULL || (link == NULL && is_device && !unpack->spec->devices))
                return 0;
        if (link != NULL) {
                const char *target = safe_name(link);
                if (target == NULL || *target == '\0')
                        return refuse_name("the hard link's target", link, err);
                _cleanup_free_ char *linked = place_of(unpack, target);
                /* A link to what was left out is left out too. */
                if (linked == NULL || !path_exists(linked))
                        return 0;
                archive_entry_set_hardlink(entry, linked);
        }
        archive_entry_set_pathname(entry, path);
        *ret_wanted = true;
        return 0;
}

static int unpack_entry(Unpack *unpack, struct archive_entry *entry, Error **err) {
        uint64_t limit = unpack->spec->entry_limit != 0 ? unpack->spec->entry_limit
                                                        : DEFAULT_ENTRY_LIMIT;
        _cleanup_free_ char *name = str_dup(archive_entry_pathname(entry));
        bool wanted;
        if (name == NULL)
                name = str_dup("");
        if (++unpack->entries > limit)
                return error_set(err, ERROR_TOO_LARGE, 0,
                                 "The archive is refused: it has more than %llu members",
                                 (unsigned long long) limit);
        if (relocate(unpack, entry, &wanted, err) < 0)
                return -1;
        if (!wanted)
                return 0;
        if (archive_write_header(unpack->writer, entry) < ARCHIVE_WARN)
                return write_failed(unpack, name, err);
        if (archive_entry_size(entry) > 0 && copy_data(unpack, name, err) < 0)
                return -1;
        if (archive_write_finish_entry(unpack->writer) < ARCHIVE_WARN)
                return write_failed(unpack, name, err);
        report(unpack);
        return 0;
}

static int unpack_all(Unpack *unpack, Error **err) {
        struct archive_entry *entry;
        int code;
        while ((code = archive_read_next_header(unpack->reader, &entry)) >= ARCHIVE_WARN &&
               code != ARCHIVE_EOF)
                if (unpack_entry(unpack, entry, err) < 0)
                        return -1;
        if (code != ARCHIVE_EOF)
                return error_set(err, ERROR_INVALID, 0, "Damaged archive: %s",
                                 archive_error_string(unpack->reader));
        /* Directories' times and modes are set when it closes. */
        if (archive_write_close(unpack->writer) < ARCHIVE_WARN)
                return write_failed(unpack, "", err);
        return 0;
}

static void parts_done(Unpack *unpack) {
        for (size_t i = 0; i < unpack->part_count; i++)
                free(unpack->parts[i].path);
        free(unpack->parts);
}

/* Only the directory that a part goes into is resolved: the part may be a file that comes. */
static char *resolve(const char *path) {
        _cleanup_free_ char *parent = path_directory(path);
        _cleanup_free_ char *resolved = realpath(parent, NULL);
        return resolved != NULL ? path_join(resolved, path_name(path)) : NULL;
}

static int plan_parts(Unpack *unpack, Error **err) {
        const ArchiveUnpack *spec = unpack->spec;
        const ArchivePlace whole = {.name = "", .path = spec->target};
        const ArchivePlace *places = spec->places != NULL ? spec->places : &whole;
        size_t count = spec->places != NULL ? spec->place_count : 1;
        unpack->parts = mem_new_array(Part, count);
        for (size_t i = 0; i < count; i++) {
                char *path = spec->places != NULL ? resolve(places[i].path)
                                                  : realpath(places[i].path, NULL);
                if (path == NULL)
                        return error_errno(err, errno, "Cannot unpack into %s", places[i].path);
                unpack->parts[unpack->part_count++] = (Part){.name = places[i].name, .path = path};
        }
        return 0;
}

static int unpack_tar(const ArchiveUnpack *spec, Error **err) {
        _cleanup_(reader_free) Archive *reader = NULL;
        _cleanup_(writer_free) Archive *writer = archive_write_disk_new();
        _cleanup_(parts_done) Unpack unpack = {.spec = spec, .writer = writer};
        struct stat info;
        if (plan_parts(&unpack, err) < 0)
                return -1;
        if (stat(spec->source, &info) < 0)
                return error_errno(err, errno, "Cannot open %s", spec->source);
        if (reader_open(spec->source, &reader, err) < 0)
                return -1;
        archive_write_disk_set_options(writer,
                                       ARCHIVE_EXTRACT_OWNER | ARCHIVE_EXTRACT_PERM |
                                               ARCHIVE_EXTRACT_TIME | ARCHIVE_EXTRACT_ACL |
                                               ARCHIVE_EXTRACT_XATTR | ARCHIVE_EXTRACT_UNLINK |
                                               ARCHIVE_EXTRACT_SECURE_SYMLINKS |
                                               ARCHIVE_EXTRACT_SECURE_NODOTDOT);
        unpack.reader = reader;
        unpack.total = (uint64_t) info.st_size;
        return unpack_all(&unpack, err);
}

/* unsquashfs is the interface to squashfs; it does not follow links out of its target. */
static int unpack_squashfs(const ArchiveUnpack *spec, Error **err) {
        const SpawnSpec command = {
                .argv = spec->devices
                                ? SPAWN_ARGV("unsquashfs", "-f", "-q", "-n", "-d", spec->target,
                                             spec->source)
                                : SPAWN_ARGV("unsquashfs", "-f", "-q", "-n", "-ignore-errors",
                                             "-no-exit-code", "-d", spec->target, spec->source),
        };
        _cleanup_error_ Error *failed = NULL;
        if (spawn_run_checked(&command, NULL, NULL, &failed) == 0)
                return 0;
        if (strstr(error_message(failed), "No space left") != NULL)
                return error_set(err, ERROR_NO_SPACE, ENOSPC, "No space left while unpacking");
        return error_set(err, ERROR_INVALID, 0, "Cannot unpack the squashfs image: %s",
                         error_message(failed));
}

int archive_unpack(const ArchiveUnpack *unpack, Error **err) {
        ArchiveFormat format;
        if (archive_detect(unpack->source, &format, err) < 0)
                return -1;
        switch (format) {
        case ARCHIVE_SQUASHFS:
                return unpack_squashfs(unpack, err);
        case ARCHIVE_QCOW2:
        case ARCHIVE_UNKNOWN:
                return error_set(err, ERROR_INVALID, 0, "Unsupported compression");
        default:
                return unpack_tar(unpack, err);
        }
}

void archive_contents_done(ArchiveContents *contents) {
        free(contents->metadata);
        *contents = (ArchiveContents){};
}

static int read_text(Archive *reader, const char *name, size_t limit, StrBuf *text, Error **err) {
        char block[8192];
        la_ssize_t got;
        strbuf_add(text, "");
        while ((got = archive_read_data(reader, block, sizeof block)) > 0) {
                if (text->length + (size_t) got > limit)
                        return error_set(err, ERROR_TOO_LARGE, 0, "%s is over %zu KiB", name,
                                         limit >> 10);
                strbuf_add_data(text, block, (size_t) got);
        }
        if (got < 0)
                return error_set(err, ERROR_INVALID, 0, "Damaged archive: %s",
                                 archive_error_string(reader));
        return 0;
}

static int read_metadata(Archive *reader, ArchiveContents *contents, Error **err) {
        _cleanup_strbuf_ StrBuf text = {};
        if (read_text(reader, "metadata.yaml", METADATA_LIMIT, &text, err) < 0)
                return -1;
        contents->metadata_size = text.length;
        str_replace(&contents->metadata, strbuf_take(&text));
        return 0;
}

int archive_read_member(const char *source, const char *name, size_t limit, char **ret,
                        Error **err) {
        _cleanup_(reader_free) Archive *reader = NULL;
        _cleanup_strbuf_ StrBuf text = {};
        struct archive_entry *entry;
        int code;
        if (reader_open(source, &reader, err) < 0)
                return -1;
        while ((code = archive_read_next_header(reader, &entry)) >= ARCHIVE_WARN &&
               code != ARCHIVE_EOF) {
                if (!str_equal(safe_name(archive_entry_pathname(entry)), name))
                        continue;
                if (read_text(reader, name, limit, &text, err) < 0)
                        return -1;
                *ret = strbuf_take(&text);
                return 0;
        }
        if (code != ARCHIVE_EOF)
                return error_set(err, ERROR_INVALID, 0, "Damaged archive: %s",
                                 archive_error_string(reader));
        return error_set(err, ERROR_NOT_FOUND, 0, "The archive has no %s", name);
}

int archive_look(const char *source, ArchiveContents *ret, Error **err) {
        _cleanup_(reader_free) Archive *reader = NULL;
        _cleanup_(archive_contents_done) ArchiveContents contents = {};
        struct archive_entry *entry;
        int code = ARCHIVE_OK;
        if (reader_open(source, &reader, err) < 0)
                return -1;
        /* metadata.yaml stands first in images as they are made, so the pass is mostly short. */
        while ((contents.metadata == NULL || (!contents.has_rootfs && !contents.has_disk)) &&
               (code = archive_read_next_header(reader, &entry)) >= ARCHIVE_WARN &&
               code != ARCHIVE_EOF) {
                const char *name = safe_name(archive_entry_pathname(entry));
                if (name == NULL)
                        return refuse_name("the name", archive_entry_pathname(entry), err);
                if (str_equal(name, "metadata.yaml") && read_metadata(reader, &contents, err) < 0)
                        return -1;
                contents.has_rootfs = contents.has_rootfs || str_equal(name, "rootfs") ||
                                      str_has_prefix(name, "rootfs/");
                contents.has_disk = contents.has_disk || str_equal(name, "rootfs.img");
        }
        if (code < ARCHIVE_WARN)
                return error_set(err, ERROR_INVALID, 0, "Damaged archive: %s",
                                 archive_error_string(reader));
        *ret = contents;
        contents = (ArchiveContents){};
        return 0;
}
