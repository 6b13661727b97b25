#include "storage/drivers/loop_file.h"

#include "base/files.h"
#include "base/memory.h"
#include "base/units.h"
#include "linux/loopback.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define GIB (UINT64_C(1) << 30)

char *storage_loop_path(const StoragePool *pool) {
        return str_printf("%s/disks/%s.img", pool->directory, pool->row.name);
}

bool storage_loop_is_source(const StoragePool *pool) {
        _cleanup_free_ char *path = storage_loop_path(pool);
        return str_equal(strmap_get(&pool->row.config, "source"), path);
}

static int set_default_size(StoragePool *pool, Error **err) {
        struct statvfs info;
        if (!str_is_empty(strmap_get(&pool->row.config, "size")))
                return 0;
        if (statvfs(pool->directory, &info) < 0)
                return error_errno(err, errno, "Cannot read the free space of %s",
                                   pool->directory);
        uint64_t fifth = (uint64_t) info.f_bavail * info.f_frsize / 5 / GIB;
        strmap_printf(&pool->row.config, "size", "%lluGiB",
                      (unsigned long long) MIN_OF(MAX_OF(fifth, 5), 30));
        return 0;
}

int storage_loop_create(StoragePool *pool, Error **err) {
        _cleanup_free_ char *path = storage_loop_path(pool), *directory = path_directory(path);
        int64_t size;
        if (set_default_size(pool, err) < 0 ||
            units_parse_bytes(strmap_get(&pool->row.config, "size"), &size, err) < 0 ||
            directory_make(directory, 0700, err) < 0)
                return -1;
        _cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0)
                return error_errno(err, errno, "Failed to create sparse file %s", path);
        strmap_set(&pool->row.config, "source", path);
        if (ftruncate(fd, size) == 0)
                return 0;
        (void) error_errno(err, errno, "Failed to size sparse file %s", path);
        (void) unlink(path);
        return -1;
}

int storage_loop_delete(const StoragePool *pool, Error **err) {
        _cleanup_free_ char *path = storage_loop_path(pool);
        return file_remove(path, err);
}

int storage_loop_resize(const StoragePool *pool, const char *size, bool *ret_grown, Error **err) {
        _cleanup_free_ char *path = storage_loop_path(pool), *device = NULL;
        struct stat info;
        int64_t bytes;
        if (units_parse_bytes(size, &bytes, err) < 0)
                return -1;
        if (stat(path, &info) < 0)
                return error_errno(err, errno, "Cannot find %s", path);
        *ret_grown = bytes > info.st_size;
        if (bytes == info.st_size)
                return 0;
        if (bytes < info.st_size)
                return error_set(err, ERROR_INVALID, 0,
                                 "Loop file of the pool cannot shrink: \"size\" must be at least "
                                 "%lld bytes", (long long) info.st_size);
        if (truncate(path, bytes) < 0)
                return error_errno(err, errno, "Cannot grow %s", path);
        return loopback_find(path, &device, err) < 0 ? -1 : loopback_refresh(device, err);
}
