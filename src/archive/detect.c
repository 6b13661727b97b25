#include "archive/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

static const struct {
        ArchiveFormat format;
        size_t offset;
        const char *magic;
        size_t size;
} magics[] = {
        {ARCHIVE_TAR_BZIP2, 0, "BZ", 2},
        {ARCHIVE_TAR_GZIP, 0, "\x1f\x8b", 2},
        {ARCHIVE_TAR_XZ, 0, "\xfd" "7zXZ", 5},
        {ARCHIVE_TAR_LZMA, 0, "\x5d\x00\x00", 3},
        {ARCHIVE_SQUASHFS, 0, "hsqs", 4},
        {ARCHIVE_QCOW2, 0, "QFI", 3},
        {ARCHIVE_TAR_ZSTD, 0, "\x28\xb5\x2f\xfd", 4},
        {ARCHIVE_TAR, 257, "ustar", 5},
};

static const char *const extensions[] = {
        [ARCHIVE_UNKNOWN] = "",          [ARCHIVE_TAR] = ".tar",
        [ARCHIVE_TAR_GZIP] = ".tar.gz",  [ARCHIVE_TAR_BZIP2] = ".tar.bz2",
        [ARCHIVE_TAR_XZ] = ".tar.xz",    [ARCHIVE_TAR_LZMA] = ".tar.lzma",
        [ARCHIVE_TAR_ZSTD] = ".tar.zst", [ARCHIVE_SQUASHFS] = ".squashfs",
        [ARCHIVE_QCOW2] = ".qcow2",
};

int archive_detect(const char *path, ArchiveFormat *ret, Error **err) {
        char head[512] = "";
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return error_errno(err, errno, "Cannot open %s", path);
        ssize_t got = pread(fd, head, sizeof head, 0);
        if (got < 0)
                return error_errno(err, errno, "Cannot read %s", path);
        *ret = ARCHIVE_UNKNOWN;
        for (size_t i = 0; i < ARRAY_SIZE(magics) && *ret == ARCHIVE_UNKNOWN; i++)
                if ((size_t) got >= magics[i].offset + magics[i].size &&
                    memcmp(head + magics[i].offset, magics[i].magic, magics[i].size) == 0)
                        *ret = magics[i].format;
        return 0;
}

const char *archive_extension(ArchiveFormat format) {
        return extensions[format];
}
