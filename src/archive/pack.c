#include "archive/archive.h"

#include "base/files.h"
#include "base/memory.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

typedef struct archive Archive;

typedef struct Pack {
        const ArchivePack *spec;
        Archive *writer;
        Archive *disk;
        struct archive_entry_linkresolver *links;
} Pack;

static int set_filter(Archive *writer, ArchiveFormat format, Error **err) {
        int (*const filters[])(Archive *) = {
                [ARCHIVE_TAR] = archive_write_add_filter_none,
                [ARCHIVE_TAR_GZIP] = archive_write_add_filter_gzip,
                [ARCHIVE_TAR_BZIP2] = archive_write_add_filter_bzip2,
                [ARCHIVE_TAR_XZ] = archive_write_add_filter_xz,
                [ARCHIVE_TAR_LZMA] = archive_write_add_filter_lzma,
                [ARCHIVE_TAR_ZSTD] = archive_write_add_filter_zstd,
        };
        if (format >= ARRAY_SIZE(filters) || filters[format] == NULL)
                return error_set(err, ERROR_UNSUPPORTED, 0, "Unsupported compression");
        if (filters[format](writer) < ARCHIVE_WARN)
                return error_set(err, ERROR_INTERNAL, 0, "%s", archive_error_string(writer));
        return 0;
}

static int write_failed(Pack *pack, Error **err) {
        int number = archive_errno(pack->writer);
        ErrorKind kind = number == ENOSPC || number == EDQUOT ? ERROR_NO_SPACE : ERROR_SYSTEM;
        return error_set(err, kind, number, "Cannot write %s: %s", pack->spec->target,
                         archive_error_string(pack->writer));
}

static int write_content(Pack *pack, const char *path, Error **err) {
        char block[65536];
        ssize_t got;
        _cleanup_close_ int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return error_errno(err, errno, "Cannot open %s", path);
        while ((got = read(fd, block, sizeof block)) > 0)
                if (archive_write_data(pack->writer, block, (size_t) got) < 0)
                        return write_failed(pack, err);
        return got < 0 ? error_errno(err, errno, "Cannot read %s", path) : 0;
}

static int write_entry(Pack *pack, struct archive_entry *entry, Error **err) {
        size_t prefix = strlen(pack->spec->directory) + 1;
        _cleanup_free_ char *path = str_dup(archive_entry_sourcepath(entry));
        const char *name = strlen(path) >= prefix ? path + prefix : "";
        if (*name == '\0' || archive_entry_filetype(entry) == AE_IFSOCK ||
            (pack->spec->skip != NULL && pack->spec->skip(pack->spec->userdata, name)))
                return 0;
        archive_entry_set_pathname(entry, name);
        struct archive_entry *sparse = NULL;
        archive_entry_linkify(pack->links, &entry, &sparse);
        if (entry == NULL)
                return 0;
        if (archive_write_header(pack->writer, entry) < ARCHIVE_WARN)
                return write_failed(pack, err);
        if (archive_entry_filetype(entry) == AE_IFREG && archive_entry_size(entry) > 0)
                return write_content(pack, path, err);
        return 0;
}

static int pack_all(Pack *pack, Error **err) {
        for (;;) {
                struct archive_entry *entry = archive_entry_new();
                int code = archive_read_next_header2(pack->disk, entry);
                int result = 0;
                if (code >= ARCHIVE_WARN && code != ARCHIVE_EOF) {
                        archive_read_disk_descend(pack->disk);
                        result = write_entry(pack, entry, err);
                }
                archive_entry_free(entry);
                if (code == ARCHIVE_EOF)
                        return 0;
                if (code < ARCHIVE_WARN)
                        return error_set(err, ERROR_SYSTEM, archive_errno(pack->disk), "%s",
                                         archive_error_string(pack->disk));
                if (result < 0)
                        return -1;
        }
}

int archive_pack(const ArchivePack *spec, Error **err) {
        Pack pack = {.spec = spec,
                     .writer = archive_write_new(),
                     .disk = archive_read_disk_new(),
                     .links = archive_entry_linkresolver_new()};
        archive_write_set_format_pax(pack.writer);
        archive_read_disk_set_symlink_physical(pack.disk);
        archive_read_disk_set_behavior(pack.disk, ARCHIVE_READDISK_NO_TRAVERSE_MOUNTS);
        archive_entry_linkresolver_set_strategy(pack.links, ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE);
        int result = set_filter(pack.writer, spec->format, err);
        if (result == 0 && archive_write_open_filename(pack.writer, spec->target) != ARCHIVE_OK)
                result = write_failed(&pack, err);
        if (result == 0 && archive_read_disk_open(pack.disk, spec->directory) != ARCHIVE_OK)
                result = error_set(err, ERROR_SYSTEM, archive_errno(pack.disk), "%s",
                                   archive_error_string(pack.disk));
        if (result == 0)
                result = pack_all(&pack, err);
        if (result == 0 && archive_write_close(pack.writer) < ARCHIVE_WARN)
                result = write_failed(&pack, err);
        archive_entry_linkresolver_free(pack.links);
        archive_read_free(pack.disk);
        archive_write_free(pack.writer);
        if (result < 0)
                (void) unlink(spec->target);
        return result;
}
