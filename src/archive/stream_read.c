#include "archive/stream_private.h"

#include "archive/copy.h"
#include "base/memory.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

typedef struct Xattr {
        char *name;
        void *value;
        size_t size;
} Xattr;

typedef struct Attributes {
        uint32_t mode, uid, gid;
        struct timespec times[2];
        Xattr *xattrs;
        size_t count;
} Attributes;

typedef struct Receiver {
        TreeRead read;
        void *userdata;
        const unsigned char *at; /* what of the present piece is not used yet */
        size_t left;
        int top;
        Table *links; /* link id -> path below the top */
} Receiver;

/* A directory that is being filled. */
typedef struct Level {
        int fd;
        unsigned depth;
        const char *path; /* below the top; "" is the top */
} Level;

static int malformed(Error **err) {
        return error_set(err, ERROR_INVALID, EPROTO, "The peer sent a malformed tree");
}

static int fail(const char *what, const char *path, Error **err) {
        return error_errno(err, errno, "Cannot %s \"%s\"", what, path);
}

/* At least one byte is there. */
static int fill(Receiver *receiver, Error **err) {
        const void *data;
        if (receiver->left > 0)
                return 0;
        if (receiver->read(receiver->userdata, &data, &receiver->left, err) < 0)
                return -1;
        if (receiver->left == 0)
                return error_set(err, ERROR_INVALID, EPROTO, "The tree ended before its end");
        receiver->at = data;
        return 0;
}

static int take(Receiver *receiver, void *to, size_t size, Error **err) {
        unsigned char *rest = to;
        while (size > 0) {
                if (fill(receiver, err) < 0)
                        return -1;
                size_t part = MIN_OF(size, receiver->left);
                memcpy(rest, receiver->at, part);
                receiver->at += part;
                receiver->left -= part;
                rest += part;
                size -= part;
        }
        return 0;
}

static int take_number(Receiver *receiver, size_t bytes, uint64_t *ret, Error **err) {
        unsigned char text[8];
        uint64_t number = 0;
        if (take(receiver, text, bytes, err) < 0)
                return -1;
        for (size_t i = 0; i < bytes; i++)
                number |= (uint64_t) text[i] << 8 * i;
        *ret = number;
        return 0;
}

/* A text without zeros in it; `ret` has room for limit + 1. */
static int take_text(Receiver *receiver, size_t limit, char *ret, Error **err) {
        uint64_t size;
        if (take_number(receiver, 2, &size, err) < 0)
                return -1;
        if (size > limit)
                return malformed(err);
        if (take(receiver, ret, size, err) < 0)
                return -1;
        ret[size] = '\0';
        return strlen(ret) == size ? 0 : malformed(err);
}

static void attributes_done(Attributes *attributes) {
        for (size_t i = 0; i < attributes->count; i++) {
                free(attributes->xattrs[i].name);
                free(attributes->xattrs[i].value);
        }
        free(attributes->xattrs);
}

static int take_xattr(Receiver *receiver, Xattr *xattr, Error **err) {
        char name[TREE_NAME_MAX + 1];
        uint64_t size;
        if (take_text(receiver, TREE_NAME_MAX, name, err) < 0 ||
            take_number(receiver, 4, &size, err) < 0)
                return -1;
        if (size > TREE_VALUE_MAX || *name == '\0')
                return malformed(err);
        xattr->name = str_dup(name);
        xattr->value = mem_alloc(size + 1);
        xattr->size = size;
        return take(receiver, xattr->value, size, err);
}

static int take_time(Receiver *receiver, struct timespec *ret, Error **err) {
        uint64_t seconds, nanoseconds;
        if (take_number(receiver, 8, &seconds, err) < 0 ||
            take_number(receiver, 4, &nanoseconds, err) < 0)
                return -1;
        *ret = (struct timespec) {.tv_sec = (time_t) seconds, .tv_nsec = (long) nanoseconds};
        return nanoseconds < 1000000000 ? 0 : malformed(err);
}

static int take_attributes(Receiver *receiver, Attributes *ret, Error **err) {
        uint64_t mode, uid, gid, count;
        if (take_number(receiver, 4, &mode, err) < 0 || take_number(receiver, 4, &uid, err) < 0 ||
            take_number(receiver, 4, &gid, err) < 0 ||
            take_time(receiver, &ret->times[0], err) < 0 ||
            take_time(receiver, &ret->times[1], err) < 0 ||
            take_number(receiver, 2, &count, err) < 0)
                return -1;
        if (count > TREE_XATTRS_MAX)
                return malformed(err);
        ret->mode = (uint32_t) mode;
        ret->uid = (uint32_t) uid;
        ret->gid = (uint32_t) gid;
        ret->xattrs = mem_new_array(Xattr, count + 1);
        for (; ret->count < count; ret->count++)
                if (take_xattr(receiver, &ret->xattrs[ret->count], err) < 0) {
                        ret->count++;
                        return -1;
                }
        return 0;
}

/* Owner before mode and xattrs: chown clears the setuid bits and file capabilities. */
static int apply_to_fd(int fd, const Attributes *attributes, const char *path, Error **err) {
        if (fchown(fd, attributes->uid, attributes->gid) < 0)
                return fail("set the owner of", path, err);
        if (fchmod(fd, attributes->mode & 07777) < 0)
                return fail("set the mode of", path, err);
        for (size_t i = 0; i < attributes->count; i++) {
                const Xattr *xattr = &attributes->xattrs[i];
                if (fsetxattr(fd, xattr->name, xattr->value, xattr->size, 0) < 0 &&
                    errno != ENOTSUP)
                        return fail("write xattrs of", path, err);
        }
        return futimens(fd, attributes->times) < 0 ? fail("set the times of", path, err) : 0;
}

static int apply_to_name(const Level *level, const char *name, const Attributes *attributes,
                         const char *path, Error **err) {
        _cleanup_free_ char *where = str_printf("/proc/self/fd/%d/%s", level->fd, name);
        if (fchownat(level->fd, name, attributes->uid, attributes->gid, AT_SYMLINK_NOFOLLOW) < 0)
                return fail("set the owner of", path, err);
        if (!S_ISLNK(attributes->mode) &&
            fchmodat(level->fd, name, attributes->mode & 07777, 0) < 0)
                return fail("set the mode of", path, err);
        for (size_t i = 0; i < attributes->count; i++) {
                const Xattr *xattr = &attributes->xattrs[i];
                if (lsetxattr(where, xattr->name, xattr->value, xattr->size, 0) < 0 &&
                    errno != ENOTSUP && errno != EPERM)
                        return fail("write xattrs of", path, err);
        }
        if (utimensat(level->fd, name, attributes->times, AT_SYMLINK_NOFOLLOW) < 0)
                return fail("set the times of", path, err);
        return 0;
}

static int receive_segment(Receiver *receiver, int fd, uint64_t offset, uint64_t size,
                           const char *path, Error **err) {
        while (size > 0) {
                if (fill(receiver, err) < 0)
                        return -1;
                ssize_t put = pwrite(fd, receiver->at, MIN_OF(size, receiver->left),
                                     (off_t) offset);
                if (put < 0)
                        return fail("write", path, err);
                receiver->at += put;
                receiver->left -= (size_t) put;
                offset += (uint64_t) put;
                size -= (uint64_t) put;
        }
        return 0;
}

static int receive_content(Receiver *receiver, int fd, const char *path, Error **err) {
        uint64_t written = 0;
        for (;;) {
                uint64_t offset, size;
                if (take_number(receiver, 8, &offset, err) < 0 ||
                    take_number(receiver, 4, &size, err) < 0)
                        return -1;
                if (offset > INT64_MAX - size)
                        return malformed(err);
                if (size == 0) {
                        if (offset != written && ftruncate(fd, (off_t) offset) < 0)
                                return fail("size", path, err);
                        return 0;
                }
                if (receive_segment(receiver, fd, offset, size, path, err) < 0)
                        return -1;
                written = offset + size;
        }
}

static void remember_link(Receiver *receiver, uint64_t id, const char *path) {
        char key[32];
        (void) snprintf(key, sizeof key, "%llu", (unsigned long long) id);
        if (id != 0)
                table_set(receiver->links, key, str_dup(path));
}

static int receive_file(Receiver *receiver, const Level *level, const char *name,
                        const char *path, Error **err) {
        _cleanup_(attributes_done) Attributes attributes = {};
        uint64_t id;
        if (take_attributes(receiver, &attributes, err) < 0 ||
            take_number(receiver, 8, &id, err) < 0)
                return -1;
        _cleanup_close_ int fd = openat(
                level->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
                return fail("create", path, err);
        remember_link(receiver, id, path);
        if (receive_content(receiver, fd, path, err) < 0)
                return -1;
        return apply_to_fd(fd, &attributes, path, err);
}

static int receive_name(Receiver *receiver, const Level *level, const char *name,
                        const char *path, Error **err) {
        char key[32];
        uint64_t id;
        if (take_number(receiver, 8, &id, err) < 0)
                return -1;
        (void) snprintf(key, sizeof key, "%llu", (unsigned long long) id);
        const char *first = table_get(receiver->links, key);
        if (first == NULL)
                return malformed(err);
        return linkat(receiver->top, first, level->fd, name, 0) < 0 ? fail("link", path, err) : 0;
}

static int receive_link(Receiver *receiver, const Level *level, const char *name,
                        const char *path, Error **err) {
        _cleanup_(attributes_done) Attributes attributes = {};
        char target[TREE_TARGET_MAX + 1];
        if (take_attributes(receiver, &attributes, err) < 0 ||
            take_text(receiver, TREE_TARGET_MAX, target, err) < 0)
                return -1;
        attributes.mode = S_IFLNK | 0777;
        if (symlinkat(target, level->fd, name) < 0)
                return fail("create link", path, err);
        return apply_to_name(level, name, &attributes, path, err);
}

static int receive_special(Receiver *receiver, const Level *level, const char *name,
                           const char *path, Error **err) {
        _cleanup_(attributes_done) Attributes attributes = {};
        uint64_t device;
        if (take_attributes(receiver, &attributes, err) < 0 ||
            take_number(receiver, 8, &device, err) < 0)
                return -1;
        mode_t type = attributes.mode & S_IFMT;
        if (type != S_IFIFO && type != S_IFSOCK && type != S_IFCHR && type != S_IFBLK)
                return malformed(err);
        if (mknodat(level->fd, name, type | 0600, device) < 0)
                return fail("create", path, err);
        return apply_to_name(level, name, &attributes, path, err);
}

static int receive_entries(Receiver *receiver, const Level *level, Error **err);

static int receive_directory(Receiver *receiver, const Level *level, const char *name,
                             const char *path, Error **err) {
        _cleanup_(attributes_done) Attributes attributes = {};
        if (take_attributes(receiver, &attributes, err) < 0)
                return -1;
        if (mkdirat(level->fd, name, 0700) < 0 && errno != EEXIST)
                return fail("create", path, err);
        _cleanup_close_ int fd =
                openat(level->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return fail("open", path, err);
        const Level below = {.fd = fd, .depth = level->depth + 1, .path = path};
        if (receive_entries(receiver, &below, err) < 0)
                return -1;
        return apply_to_fd(fd, &attributes, path, err);
}

static bool is_component(const char *name) {
        return *name != '\0' && strchr(name, '/') == NULL && !str_equal(name, ".") &&
               !str_equal(name, "..");
}

static const struct {
        char kind;
        int (*receive)(Receiver *receiver, const Level *level, const char *name, const char *path,
                       Error **err);
} kinds[] = {
        {'D', receive_directory}, {'F', receive_file},    {'H', receive_name},
        {'L', receive_link},      {'S', receive_special},
};

static int receive_entry(Receiver *receiver, const Level *level, char kind, Error **err) {
        char name[TREE_NAME_MAX + 1];
        if (take_text(receiver, TREE_NAME_MAX, name, err) < 0)
                return -1;
        if (!is_component(name))
                return malformed(err);
        _cleanup_free_ char *path =
                str_printf("%s%s%s", level->path, *level->path != '\0' ? "/" : "", name);
        if (str_equal(path, TREE_PRIVATE))
                return error_set(err, ERROR_INVALID, 0, "The stream holds \"%s\"", path);
        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
                if (kinds[i].kind == kind)
                        return kinds[i].receive(receiver, level, name, path, err);
        return malformed(err);
}

static int receive_entries(Receiver *receiver, const Level *level, Error **err) {
        if (level->depth > TREE_DEPTH_MAX)
                return malformed(err);
        for (;;) {
                char kind;
                if (take(receiver, &kind, 1, err) < 0)
                        return -1;
                if (kind == 'U')
                        return 0;
                if (receive_entry(receiver, level, kind, err) < 0)
                        return -1;
        }
}

static int receive_top(Receiver *receiver, Error **err) {
        _cleanup_(attributes_done) Attributes attributes = {};
        const Level level = {.fd = receiver->top, .path = ""};
        char kind, name[TREE_NAME_MAX + 1];
        if (take(receiver, &kind, 1, err) < 0 ||
            take_text(receiver, TREE_NAME_MAX, name, err) < 0)
                return -1;
        if (kind != 'D' || *name != '\0')
                return malformed(err);
        if (take_attributes(receiver, &attributes, err) < 0 ||
            receive_entries(receiver, &level, err) < 0)
                return -1;
        if (receiver->left > 0)
                return malformed(err);
        return apply_to_fd(receiver->top, &attributes, "/", err);
}

int tree_receive(const char *path, TreeRead read, void *userdata, Error **err) {
        _cleanup_close_ int top = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (top < 0)
                return error_errno(err, errno, "Cannot open %s", path);
        Receiver receiver = {
                .read = read, .userdata = userdata, .top = top, .links = table_new(free)};
        int result = receive_top(&receiver, err);
        table_free(receiver.links);
        return result;
}
