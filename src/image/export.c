#include "image/export.h"

#include "archive/archive.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

void image_export_done(ImageExport *export) {
        for (size_t i = 0; i < export->count; i++) {
                free(export->files[i].filename);
                fd_close(&export->files[i].fd);
        }
        export->count = 0;
}

static int add(ImageExport *export, const char *part, const char *path, const char *prefix,
               const char *fingerprint, Error **err) {
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        ArchiveFormat format;
        struct stat info;
        if (fd < 0 || fstat(fd, &info) < 0)
                return error_errno(err, errno, "Cannot open image file");
        if (archive_detect(path, &format, err) < 0)
                return -1;
        export->files[export->count++] = (ImageExportFile) {
                .part = part,
                .filename = str_printf("%s%s%s", prefix, fingerprint, archive_extension(format)),
                .fd = TAKE_FD(fd),
                .size = (uint64_t) info.st_size};
        return 0;
}

int image_export_open(Images *images, const char *fingerprint, ImageExport *ret, Error **err) {
        _cleanup_(image_export_done) ImageExport export = {.count = 0};
        _cleanup_free_ char *path = image_path(images, fingerprint);
        _cleanup_free_ char *rootfs = image_rootfs_path(images, fingerprint);
        if (add(&export, "metadata", path, rootfs != NULL ? "meta-" : "", fingerprint, err) < 0 ||
            (rootfs != NULL && add(&export, "rootfs", rootfs, "", fingerprint, err) < 0))
                return -1;
        *ret = export;
        export.count = 0;
        return 0;
}
