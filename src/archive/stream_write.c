#include "archive/stream_private.h"

#include "archive/copy.h"
#include "base/memory.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define NAME_LIST_SIZE 65536

typedef struct Sender {
        TreeWrite write;
        void *userdata;
        unsigned char *block;
        size_t used;
        TreePlace place;
        Table *links; /* "device:inode" of files with several names -> their id */
        uint64_t last_link;
        unsigned depth;
        char *names, *value; /* of xattrs */
} Sender;

static int fail(const char *what, const char *path, Error **err) {
        return error_errno(err, errno, "Cannot %s \"%s\"", what, path);
}

static int flush(Sender *sender, Error **err) {
        size_t size = sender->used;
        sender->used = 0;
        return size > 0 ? sender->write(sender->userdata, sender->block, size, err) : 0;
}

static int put(Sender *sender, const void *data, size_t size, Error **err) {
        const unsigned char *rest = data;
        while (size > 0) {
                size_t part = MIN_OF(size, TREE_STREAM_BLOCK - sender->used);
                memcpy(sender->block + sender->used, rest, part);
                sender->used += part;
                rest += part;
                size -= part;
                if (sender->used == TREE_STREAM_BLOCK && flush(sender, err) < 0)
                        return -1;
        }
        return 0;
}

static int put_number(Sender *sender, uint64_t number, size_t bytes, Error **err) {
        unsigned char text[8];
        for (size_t i = 0; i < bytes; i++)
                text[i] = (unsigned char) (number >> 8 * i);
        return put(sender, text, bytes, err);
}

static int put_text(Sender *sender, const char *text, size_t size, Error **err) {
        return put_number(sender, size, 2, err) < 0 ? -1 : put(sender, text, size, err);
}

static int put_time(Sender *sender, const struct timespec *when, Error **err) {
        return put_number(sender, (uint64_t) when->tv_sec, 8, err) < 0
                       ? -1
                       : put_number(sender, (uint64_t) when->tv_nsec, 4, err);
}

/* What xattrs are read from: an open file, or without one (-1) a path that leads to the entry
 * itself, also when it is a link. */
typedef struct XattrSource {
        int fd;
        const char *where;
} XattrSource;

static ssize_t list_xattrs(const XattrSource *from, char *names) {
        return from->fd >= 0 ? flistxattr(from->fd, names, NAME_LIST_SIZE)
                             : llistxattr(from->where, names, NAME_LIST_SIZE);
}

static int put_xattr(Sender *sender, const XattrSource *from, const char *name, const char *path,
                     Error **err) {
        ssize_t length = from->fd >= 0 ? fgetxattr(from->fd, name, sender->value, TREE_VALUE_MAX)
                                       : lgetxattr(from->where, name, sender->value,
                                                   TREE_VALUE_MAX);
        if (length < 0)
                return fail("read xattrs of", path, err);
        if (put_text(sender, name, strlen(name), err) < 0 ||
            put_number(sender, (uint64_t) length, 4, err) < 0)
                return -1;
        return put(sender, sender->value, (size_t) length, err);
}

static int put_xattrs(Sender *sender, const XattrSource *from, const char *path, Error **err) {
        ssize_t size = list_xattrs(from, sender->names);
        size_t count = 0;
        if (size < 0 && errno != ENOTSUP)
                return fail("list xattrs of", path, err);
        const char *end = sender->names + MAX_OF(size, (ssize_t) 0);
        for (const char *name = sender->names; name < end; name += strlen(name) + 1)
                count++;
        if (count > TREE_XATTRS_MAX)
                return error_set(err, ERROR_TOO_LARGE, 0, "\"%s\" has over %d xattrs", path,
                                 TREE_XATTRS_MAX);
        if (put_number(sender, count, 2, err) < 0)
                return -1;
        for (const char *name = sender->names; name < end; name += strlen(name) + 1)
                if (put_xattr(sender, from, name, path, err) < 0)
                        return -1;
        return 0;
}

static int put_attributes(Sender *sender, const struct stat *info, const XattrSource *from,
                          const char *path, Error **err) {
        if (put_number(sender, info->st_mode, 4, err) < 0 ||
            put_number(sender, info->st_uid, 4, err) < 0 ||
            put_number(sender, info->st_gid, 4, err) < 0 ||
            put_time(sender, &info->st_atim, err) < 0 || put_time(sender, &info->st_mtim, err) < 0)
                return -1;
        return put_xattrs(sender, from, path, err);
}

static int put_head(Sender *sender, char kind, const char *name, Error **err) {
        return put(sender, &kind, 1, err) < 0 ? -1 : put_text(sender, name, strlen(name), err);
}

/* File data goes from the kernel into the block without another copy. */
static int send_range(Sender *sender, int fd, off_t at, off_t end, const char *path, Error **err) {
        while (at < end) {
                if (TREE_STREAM_BLOCK - sender->used < 4096 && flush(sender, err) < 0)
                        return -1;
                size_t start = sender->used;
                size_t room = TREE_STREAM_BLOCK - start - 12;
                ssize_t got = pread(fd, sender->block + start + 12,
                                    MIN_OF((size_t) (end - at), room), at);
                if (got < 0)
                        return fail("read", path, err);
                if (got == 0) /* it became shorter meanwhile */
                        return 0;
                if (put_number(sender, (uint64_t) at, 8, err) < 0 ||
                    put_number(sender, (uint64_t) got, 4, err) < 0)
                        return -1;
                sender->used += (size_t) got;
                at += got;
                if (sender->used == TREE_STREAM_BLOCK && flush(sender, err) < 0)
                        return -1;
        }
        return 0;
}

static int send_content(Sender *sender, int fd, const struct stat *info, const char *path,
                        Error **err) {
        bool sparse = info->st_blocks * 512 < info->st_size;
        for (off_t data = 0, hole; data < info->st_size; data = hole) {
                hole = info->st_size;
                if (sparse) {
                        data = lseek(fd, data, SEEK_DATA);
                        if (data < 0) /* a hole up to the end */
                                break;
                        hole = lseek(fd, data, SEEK_HOLE);
                        if (hole < 0)
                                hole = info->st_size;
                }
                if (send_range(sender, fd, data, hole, path, err) < 0)
                        return -1;
        }
        return put_number(sender, (uint64_t) info->st_size, 8, err) < 0
                       ? -1
                       : put_number(sender, 0, 4, err);
}

/* The id of a file with several names; *ret_known: it was sent under another one. */
static uint64_t link_id(Sender *sender, const struct stat *info, bool *ret_known) {
        char key[64];
        *ret_known = false;
        if (info->st_nlink < 2)
                return 0;
        (void) snprintf(key, sizeof key, "%llx:%llx", (unsigned long long) info->st_dev,
                        (unsigned long long) info->st_ino);
        const uint64_t *known = table_get(sender->links, key);
        *ret_known = known != NULL;
        if (known != NULL)
                return *known;
        sender->last_link++;
        table_set(sender->links, key, mem_copy(&sender->last_link, sizeof sender->last_link));
        return sender->last_link;
}

static int send_file(Sender *sender, int directory, const char *name, const char *path,
                     Error **err) {
        _cleanup_close_ int fd =
                openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOATIME);
        struct stat info;
        bool known;
        if (fd < 0 || fstat(fd, &info) < 0)
                return fail("open", path, err);
        if (!S_ISREG(info.st_mode))
                return error_set(err, ERROR_BUSY, 0, "\"%s\" changed while it was sent", path);
        uint64_t id = link_id(sender, &info, &known);
        if (known)
                return put_head(sender, 'H', name, err) < 0 ? -1 : put_number(sender, id, 8, err);
        const XattrSource from = {.fd = fd};
        if (put_head(sender, 'F', name, err) < 0 ||
            put_attributes(sender, &info, &from, path, err) < 0 ||
            put_number(sender, id, 8, err) < 0)
                return -1;
        return send_content(sender, fd, &info, path, err);
}

/* Links, fifos, sockets and devices. */
static int send_special(Sender *sender, int directory, const char *name, const struct stat *info,
                        const char *path, Error **err) {
        char target[TREE_TARGET_MAX + 1];
        bool is_link = S_ISLNK(info->st_mode);
        _cleanup_free_ char *where = str_printf("/proc/self/fd/%d/%s", directory, name);
        const XattrSource from = {.fd = -1, .where = where};
        if (put_head(sender, is_link ? 'L' : 'S', name, err) < 0 ||
            put_attributes(sender, info, &from, path, err) < 0)
                return -1;
        if (!is_link)
                return put_number(sender, info->st_rdev, 8, err);
        ssize_t length = readlinkat(directory, name, target, sizeof target);
        if (length < 0 || length > TREE_TARGET_MAX)
                return fail("read link", path, err);
        return put_text(sender, target, (size_t) length, err);
}

static int send_directory(Sender *sender, int fd, const char *name, const char *path, Error **err);

/* The root of an instance may be a mount in its volume. */
static int send_root(Sender *sender, int directory, Error **err) {
        const TreePlace outer = sender->place;
        _cleanup_close_ int fd = openat(
                directory, "rootfs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NOATIME);
        if (fd < 0)
                return fail("open", "rootfs", err);
        if (tree_place(fd, &sender->place, err) < 0)
                return -1;
        int result = send_directory(sender, fd, "rootfs", "rootfs", err);
        sender->place = outer;
        return result;
}

static int send_entry(Sender *sender, int directory, const char *name, const char *path,
                      Error **err) {
        struct stat info;
        if (fstatat(directory, name, &info, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : fail("stat", path, err); /* it has gone meanwhile */
        if (str_equal(path, TREE_PRIVATE))
                return 0;
        if (tree_leaves(&sender->place, directory, name, &info)) {
                if (str_equal(path, "rootfs") && S_ISDIR(info.st_mode))
                        return send_root(sender, directory, err);
                return 0;
        }
        if (S_ISREG(info.st_mode))
                return send_file(sender, directory, name, path, err);
        if (!S_ISDIR(info.st_mode))
                return send_special(sender, directory, name, &info, path, err);
        _cleanup_close_ int fd = openat(
                directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NOATIME);
        return fd < 0 ? fail("open", path, err) : send_directory(sender, fd, name, path, err);
}

static int send_entries(Sender *sender, int fd, const char *path, Error **err) {
        int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        DIR *stream = copy >= 0 ? fdopendir(copy) : NULL;
        struct dirent *entry;
        int result = 0;
        if (stream == NULL) {
                fd_close(&copy);
                return fail("list", path, err);
        }
        while (result == 0 && (entry = readdir(stream)) != NULL) {
                if (str_equal(entry->d_name, ".") || str_equal(entry->d_name, ".."))
                        continue;
                _cleanup_free_ char *child = str_printf("%s%s%s", path, *path != '\0' ? "/" : "",
                                                        entry->d_name);
                result = send_entry(sender, fd, entry->d_name, child, err);
        }
        closedir(stream);
        return result;
}

static int send_directory(Sender *sender, int fd, const char *name, const char *path,
                          Error **err) {
        const XattrSource from = {.fd = fd};
        struct stat info;
        if (++sender->depth > TREE_DEPTH_MAX)
                return error_set(err, ERROR_TOO_LARGE, 0, "\"%s\" is over %d levels deep", path,
                                 TREE_DEPTH_MAX);
        if (fstat(fd, &info) < 0)
                return fail("stat", path, err);
        if (put_head(sender, 'D', name, err) < 0 ||
            put_attributes(sender, &info, &from, path, err) < 0 ||
            send_entries(sender, fd, path, err) < 0)
                return -1;
        sender->depth--;
        return put(sender, "U", 1, err);
}

static void sender_done(Sender *sender) {
        table_free(sender->links);
        free(sender->block);
        free(sender->names);
        free(sender->value);
}

int tree_send(const char *path, TreeWrite write, void *userdata, Error **err) {
        _cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        TreePlace place;
        if (fd < 0)
                return error_errno(err, errno, "Cannot open %s", path);
        if (tree_place(fd, &place, err) < 0)
                return -1;
        _cleanup_(sender_done) Sender sender = {.write = write,
                                                .userdata = userdata,
                                                .block = mem_alloc(TREE_STREAM_BLOCK),
                                                .place = place,
                                                .links = table_new(free),
                                                .names = mem_alloc(NAME_LIST_SIZE),
                                                .value = mem_alloc(TREE_VALUE_MAX)};
        return send_directory(&sender, fd, "", "", err) < 0 ? -1 : flush(&sender, err);
}
