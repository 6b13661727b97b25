/* The files of an image, for whoever sends them away. */
#pragma once

#include "image/image.h"

typedef struct ImageExportFile {
        const char *part; /* "metadata", "rootfs" */
        char *filename;   /* "[meta-]FINGERPRINT.tar.xz" */
        int fd;
        uint64_t size;
} ImageExportFile;

typedef struct ImageExport {
        ImageExportFile files[2];
        size_t count; /* 1: a unified image */
} ImageExport;

int image_export_open(Images *images, const char *fingerprint, ImageExport *ret, Error **err)
        _must_check_;
void image_export_done(ImageExport *export);
