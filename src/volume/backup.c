/* Backups: tarballs at backups/custom/POOL/PROJECT_VOLUME/NAME. */
#include "volume/volume_private.h"

#include "base/files.h"
#include "base/memory.h"

#include <errno.h>
#include <stdio.h>

static char *backups_directory(const Volumes *volumes, const StorageVolumeRow *row) {
        return str_printf("%s/backups/custom/%s/%s_%s", volumes->spec.directory, row->pool,
                          row->project, row->name);
}

int volume_backups_remove(Volumes *volumes, const StorageVolumeRow *row, Error **err) {
        _cleanup_free_ char *directory = backups_directory(volumes, row);
        return path_remove_all(directory, err);
}

int volume_backups_rename(Volumes *volumes, const StorageVolumeRow *row,
                          const StorageVolumeRow *to, Error **err) {
        _cleanup_free_ char *before = backups_directory(volumes, row);
        _cleanup_free_ char *after = backups_directory(volumes, to);
        _cleanup_free_ char *parent = path_directory(after);
        if (!path_exists(before))
                return 0;
        if (directory_make_all(parent, 0700, err) < 0)
                return -1;
        if (rename(before, after) < 0)
                return error_errno(err, errno, "Cannot rename %s", before);
        return 0;
}
