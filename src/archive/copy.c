#include "archive/copy.h"

#include "base/files.h"
#include "base/memory.h"
#include "linux/beneath.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define NAME_LIST_SIZE 65536
#define VALUE_SIZE 65536

#define REPORT_BYTES (1u << 20)
#define REPORT_ENTRIES 1000

typedef struct Copy {
        TreePlace place;
        bool sync;       /* the target exists */
        const TreeCopy *spec;
        uint64_t bytes, reported;
        unsigned entries;
        Table *links;    /* "dev:inode" of files with several names -> path below the target */
        int target;      /* the root of the copy */
        bool no_clone;   /* FICLONE was refused once: not tried again */
        char *names;     /* buffers for xattrs */
        char *value;
} Copy;

static int copy_directory(Copy *copy, int from, int to, const char *path, Error **err);

static int fail(const char *path, const char *what, Error **err) {
        return error_errno(err, errno, "Cannot %s \"%s\"", what, path);
}

/* The xattrs of an open file or directory. Names that this file system does not know are left. */
static int copy_xattrs(Copy *copy, int from, int to, const char *path, Error **err) {
        ssize_t size = flistxattr(from, copy->names, NAME_LIST_SIZE);
        if (size <= 0)
                return size == 0 || errno == ENOTSUP ? 0 : fail(path, "list xattrs of", err);
        for (const char *name = copy->names; name < copy->names + size; name += strlen(name) + 1) {
                ssize_t length = fgetxattr(from, name, copy->value, VALUE_SIZE);
                if (length < 0 && errno == ENODATA)
                        continue;
                if (length < 0)
                        return fail(path, "read xattrs of", err);
                if (fsetxattr(to, name, copy->value, (size_t) length, 0) < 0 && errno != ENOTSUP)
                        return fail(path, "write xattrs of", err);
        }
        return 0;
}

/* Those of a directory that existed before: what the source has not goes. */
static int drop_xattrs(Copy *copy, int from, int to, const char *path, Error **err) {
        ssize_t size = flistxattr(to, copy->names, NAME_LIST_SIZE);
        if (size <= 0)
                return size == 0 || errno == ENOTSUP ? 0 : fail(path, "list xattrs of", err);
        for (const char *name = copy->names; name < copy->names + size; name += strlen(name) + 1)
                if (fgetxattr(from, name, NULL, 0) < 0 && errno == ENODATA &&
                    fremovexattr(to, name) < 0)
                        return fail(path, "remove xattrs of", err);
        return 0;
}

static void report(Copy *copy, uint64_t bytes) {
        copy->bytes += bytes;
        copy->entries++;
        if (copy->spec->progress == NULL ||
            (copy->bytes - copy->reported < REPORT_BYTES && copy->entries < REPORT_ENTRIES))
                return;
        copy->reported = copy->bytes;
        copy->entries = 0;
        copy->spec->progress(copy->spec->userdata, copy->bytes, 0);
}

/* Owner before mode: chown clears the setuid bits. Times last. */
static int copy_attributes(Copy *copy, int from, int to, const struct stat *info,
                           const char *path, Error **err) {
        if (fchown(to, info->st_uid, info->st_gid) < 0)
                return fail(path, "set the owner of", err);
        if (fchmod(to, info->st_mode & 07777) < 0)
                return fail(path, "set the mode of", err);
        if ((copy->sync && drop_xattrs(copy, from, to, path, err) < 0) ||
            copy_xattrs(copy, from, to, path, err) < 0)
                return -1;
        const struct timespec times[2] = {info->st_atim, info->st_mtim};
        if (futimens(to, times) < 0)
                return fail(path, "set the times of", err);
        return 0;
}

static int copy_range(int from, int to, off_t start, off_t end, const char *path, Error **err) {
        off_t in = start, out = start;
        while (in < end) {
                ssize_t done = copy_file_range(from, &in, to, &out, (size_t) (end - in), 0);
                if (done > 0)
                        continue;
                if (done == 0)
                        return 0;
                if (errno != EXDEV && errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
                        return fail(path, "copy", err);
                char block[65536];
                ssize_t got = pread(from, block, MIN_OF((size_t) (end - in), sizeof block), in);
                if (got <= 0)
                        return got == 0 ? 0 : fail(path, "read", err);
                ssize_t put = pwrite(to, block, (size_t) got, out);
                if (put < 0)
                        return fail(path, "write", err);
                in += put;
                out += put;
        }
        return 0;
}

static int copy_content(Copy *copy, int from, int to, const struct stat *info, const char *path,
                        Error **err) {
        if (info->st_size == 0)
                return 0;
        if (!copy->no_clone) {
                if (ioctl(to, FICLONE, from) == 0)
                        return 0;
                copy->no_clone = true;
        }
        /* Only a file with fewer blocks than bytes can have holes worth a seek. */
        if (info->st_blocks * 512 >= info->st_size)
                return copy_range(from, to, 0, info->st_size, path, err);
        for (off_t data = 0, hole; data < info->st_size; data = hole) {
                data = lseek(from, data, SEEK_DATA);
                if (data < 0)
                        break;
                hole = lseek(from, data, SEEK_HOLE);
                if (hole < 0)
                        hole = info->st_size;
                if (copy_range(from, to, data, hole, path, err) < 0)
                        return -1;
        }
        return ftruncate(to, info->st_size) < 0 ? fail(path, "size", err) : 0;
}

/* The file that is there already has the content, as far as size and time can tell. */
static int keep_regular(Copy *copy, int from_dir, int to_dir, const char *name,
                        const struct stat *info, const char *path, Error **err) {
        _cleanup_close_ int from =
                openat(from_dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOATIME);
        _cleanup_close_ int to = openat(to_dir, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
        if (from < 0 || to < 0)
                return fail(path, "open", err);
        return copy_attributes(copy, from, to, info, path, err);
}

static int copy_regular(Copy *copy, int from_dir, int to_dir, const char *name,
                        const struct stat *info, const char *path, Error **err) {
        _cleanup_close_ int from =
                openat(from_dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOATIME);
        if (from < 0)
                return fail(path, "open", err);
        _cleanup_close_ int to =
                openat(to_dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (to < 0)
                return fail(path, "create", err);
        if (copy_content(copy, from, to, info, path, err) < 0)
                return -1;
        report(copy, (uint64_t) info->st_size);
        return copy_attributes(copy, from, to, info, path, err);
}

/* Links, fifos, sockets and devices have no fd to set attributes through. */
static int copy_special(int from_dir, int to_dir, const char *name, const struct stat *info,
                        const char *path, Error **err) {
        char target[4096];
        bool is_link = S_ISLNK(info->st_mode);
        if (is_link) {
                ssize_t length = readlinkat(from_dir, name, target, sizeof target - 1);
                if (length < 0)
                        return fail(path, "read link", err);
                target[length] = '\0';
                if (symlinkat(target, to_dir, name) < 0)
                        return fail(path, "create link", err);
        } else if (mknodat(to_dir, name, info->st_mode, info->st_rdev) < 0) {
                return fail(path, "create", err);
        }
        if (fchownat(to_dir, name, info->st_uid, info->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
                return fail(path, "set the owner of", err);
        if (!is_link && fchmodat(to_dir, name, info->st_mode & 07777, 0) < 0)
                return fail(path, "set the mode of", err);
        const struct timespec times[2] = {info->st_atim, info->st_mtim};
        if (utimensat(to_dir, name, times, AT_SYMLINK_NOFOLLOW) < 0)
                return fail(path, "set the times of", err);
        return 0;
}

static int copy_subdirectory(Copy *copy, int from_dir, int to_dir, const char *name,
                             const char *path, Error **err) {
        _cleanup_close_ int from =
                openat(from_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (from < 0)
                return fail(path, "open", err);
        if (mkdirat(to_dir, name, 0700) < 0 && (!copy->sync || errno != EEXIST))
                return fail(path, "create", err);
        _cleanup_close_ int to =
                openat(to_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (to < 0)
                return fail(path, "open", err);
        return copy_directory(copy, from, to, path, err);
}

/* True when the file was linked to an earlier copy of the same inode. */
static int link_again(Copy *copy, int to_dir, const char *name, const struct stat *info,
                      const char *path, bool *ret_linked, Error **err) {
        char key[64];
        *ret_linked = false;
        if (S_ISDIR(info->st_mode) || info->st_nlink < 2)
                return 0;
        snprintf(key, sizeof key, "%llx:%llx", (unsigned long long) info->st_dev,
                 (unsigned long long) info->st_ino);
        const char *first = table_get(copy->links, key);
        if (first == NULL) {
                table_set(copy->links, key, str_dup(path));
                return 0;
        }
        if (linkat(copy->target, first, to_dir, name, 0) < 0)
                return fail(path, "link", err);
        *ret_linked = true;
        return 0;
}

int tree_place(int directory, TreePlace *ret, Error **err) {
        struct stat info;
        struct statx extended;
        if (fstat(directory, &info) < 0 ||
            statx(directory, "", AT_EMPTY_PATH, STATX_MNT_ID, &extended) < 0)
                return error_errno(err, errno, "Cannot stat a directory");
        *ret = (TreePlace) {.device = info.st_dev, .mount = extended.stx_mnt_id};
        return 0;
}

bool tree_leaves(const TreePlace *place, int directory, const char *name,
                 const struct stat *info) {
        struct statx extended;
        if (info->st_dev == place->device)
                return false;
        return statx(directory, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_MNT_ID,
                     &extended) < 0 ||
               extended.stx_mnt_id != place->mount;
}

/* Removes what stands in the way of the entry. *ret_keep: the file there is as good. */
static int make_room(Copy *copy, int to_dir, const char *name, const struct stat *info,
                     const char *path, bool *ret_keep, Error **err) {
        struct stat there;
        *ret_keep = false;
        if (fstatat(to_dir, name, &there, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : fail(path, "stat", err);
        if (S_ISDIR(info->st_mode) && S_ISDIR(there.st_mode))
                return 0;
        *ret_keep = S_ISREG(info->st_mode) && S_ISREG(there.st_mode) && info->st_nlink == 1 &&
                    there.st_nlink == 1 && info->st_size == there.st_size &&
                    info->st_mtim.tv_sec == there.st_mtim.tv_sec &&
                    info->st_mtim.tv_nsec == there.st_mtim.tv_nsec;
        return *ret_keep ? 0 : beneath_remove_all(copy->target, path, err);
}

static bool is_skipped(const Copy *copy, const char *path) {
        return copy->spec->skip != NULL && str_equal(path, copy->spec->skip);
}

static int copy_entry(Copy *copy, int from_dir, int to_dir, const char *name, const char *path,
                      Error **err) {
        struct stat info;
        bool linked, keep = false;
        if (is_skipped(copy, path))
                return 0;
        if (fstatat(from_dir, name, &info, AT_SYMLINK_NOFOLLOW) < 0)
                return fail(path, "stat", err);
        if (tree_leaves(&copy->place, from_dir, name, &info))
                return 0;
        if (copy->sync && make_room(copy, to_dir, name, &info, path, &keep, err) < 0)
                return -1;
        if (keep)
                return keep_regular(copy, from_dir, to_dir, name, &info, path, err);
        if (link_again(copy, to_dir, name, &info, path, &linked, err) < 0)
                return -1;
        if (linked)
                return 0;
        if (S_ISREG(info.st_mode))
                return copy_regular(copy, from_dir, to_dir, name, &info, path, err);
        if (S_ISDIR(info.st_mode))
                return copy_subdirectory(copy, from_dir, to_dir, name, path, err);
        return copy_special(from_dir, to_dir, name, &info, path, err);
}

static DIR *open_stream(int directory) {
        int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
        if (stream == NULL)
                fd_close(&fd);
        return stream;
}

static char *path_below(const char *path, const char *name) {
        return str_printf("%s%s%s", path, *path != '\0' ? "/" : "", name);
}

/* Entries of the target that the source has not. The names first: removing while reading would
 * skip some. */
static int remove_extras(Copy *copy, int from, int to, const char *path, Error **err) {
        _cleanup_strlist_ StrList extras = {};
        struct dirent *entry;
        struct stat info;
        DIR *stream = open_stream(to);
        if (stream == NULL)
                return fail(path, "list", err);
        while ((entry = readdir(stream)) != NULL)
                if (fstatat(from, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) < 0 &&
                    errno == ENOENT)
                        strlist_take(&extras, path_below(path, entry->d_name));
        closedir(stream);
        for (size_t i = 0; i < extras.count; i++)
                if (!is_skipped(copy, extras.items[i]) &&
                    beneath_remove_all(copy->target, extras.items[i], err) < 0)
                        return -1;
        return 0;
}

static int copy_directory(Copy *copy, int from, int to, const char *path, Error **err) {
        DIR *stream = open_stream(from);
        struct stat info;
        struct dirent *entry;
        int result = 0;
        if (stream == NULL)
                return fail(path, "list", err);
        while (result == 0 && (entry = readdir(stream)) != NULL) {
                if (str_equal(entry->d_name, ".") || str_equal(entry->d_name, ".."))
                        continue;
                _cleanup_free_ char *child = path_below(path, entry->d_name);
                result = copy_entry(copy, from, to, entry->d_name, child, err);
        }
        closedir(stream);
        report(copy, 0);
        if (result == 0 && copy->sync)
                result = remove_extras(copy, from, to, path, err);
        if (result == 0 && fstat(from, &info) < 0)
                result = fail(path, "stat", err);
        return result == 0 ? copy_attributes(copy, from, to, &info, path, err) : result;
}

static void copy_done(Copy *copy) {
        table_free(copy->links);
        free(copy->names);
        free(copy->value);
}

static int copy_tree(const TreeCopy *spec, bool sync, Error **err) {
        _cleanup_close_ int source = open(spec->from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        TreePlace place;
        if (source < 0)
                return error_errno(err, errno, "Cannot open %s", spec->from);
        if (tree_place(source, &place, err) < 0)
                return -1;
        if (mkdir(spec->to, 0700) < 0 && errno != EEXIST)
                return error_errno(err, errno, "Cannot make directory %s", spec->to);
        _cleanup_close_ int target =
                open(spec->to, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (target < 0)
                return error_errno(err, errno, "Cannot open %s", spec->to);
        _cleanup_(copy_done) Copy copy = {.place = place,
                                          .sync = sync,
                                          .spec = spec,
                                          .links = table_new(free),
                                          .target = target,
                                          .names = mem_alloc(NAME_LIST_SIZE),
                                          .value = mem_alloc(VALUE_SIZE)};
        if (copy_directory(&copy, source, target, "", err) < 0)
                return error_prefix(err, "Cannot copy %s to %s", spec->from, spec->to);
        return 0;
}

int tree_copy(const TreeCopy *copy, Error **err) {
        return copy_tree(copy, false, err);
}

int tree_sync(const TreeCopy *copy, Error **err) {
        return copy_tree(copy, true, err);
}

int tree_copy_file(const char *from, const char *to, Error **err) {
        const TreeCopy spec = {.from = from, .to = to};
        _cleanup_(copy_done) Copy copy = {.spec = &spec,
                                          .names = mem_alloc(NAME_LIST_SIZE),
                                          .value = mem_alloc(VALUE_SIZE)};
        _cleanup_close_ int source = open(from, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        struct stat info;
        if (source < 0 || fstat(source, &info) < 0)
                return error_errno(err, errno, "Cannot open %s", from);
        if (file_remove(to, err) < 0)
                return -1;
        _cleanup_close_ int target =
                open(to, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (target < 0)
                return error_errno(err, errno, "Cannot create %s", to);
        if (copy_content(&copy, source, target, &info, to, err) < 0)
                return -1;
        return copy_attributes(&copy, source, target, &info, to, err);
}
