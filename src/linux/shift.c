#include "linux/shift.h"

#include "base/memory.h"
#include "linux/xattrs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define MAX_DEPTH 1024
#define PROGRESS_EVERY 1000

typedef struct SeenFile {
        dev_t device;
        ino_t inode;
} SeenFile;

/* Hard links with several names: done at the first one, kept in an open-addressed set. */
typedef struct SeenSet {
        SeenFile *slots; /* inode 0: free */
        size_t capacity, count;
} SeenSet;

typedef struct Walk {
        const ShiftSpec *spec;
        dev_t device;
        SeenSet seen;
        uint64_t entries;
} Walk;

static SeenFile *find_slot(SeenSet *set, dev_t device, ino_t inode) {
        size_t at = (size_t) (inode * UINT64_C(0x9e3779b97f4a7c15)) & (set->capacity - 1);
        while (set->slots[at].inode != 0 &&
               (set->slots[at].inode != inode || set->slots[at].device != device))
                at = (at + 1) & (set->capacity - 1);
        return &set->slots[at];
}

static void grow(SeenSet *set) {
        SeenSet bigger = {.capacity = MAX_OF(set->capacity * 2, (size_t) 1024)};
        bigger.slots = mem_new_array(SeenFile, bigger.capacity);
        for (size_t i = 0; i < set->capacity; i++) {
                if (set->slots[i].inode != 0)
                        *find_slot(&bigger, set->slots[i].device, set->slots[i].inode) =
                                set->slots[i];
        }
        bigger.count = set->count;
        free(set->slots);
        *set = bigger;
}

/* True when it was there already. */
static bool add_seen(SeenSet *set, const struct stat *info) {
        if (set->count * 2 >= set->capacity)
                grow(set);
        SeenFile *slot = find_slot(set, info->st_dev, info->st_ino);
        if (slot->inode != 0)
                return true;
        *slot = (SeenFile) {.device = info->st_dev, .inode = info->st_ino};
        set->count++;
        return false;
}

static bool has_entries(const IdMap *map) {
        return map != NULL && map->count > 0;
}

/* Where an id goes; IDMAP_INVALID_ID when it has no place there. */
static uint32_t map_id(const ShiftSpec *spec, bool group, uint32_t id) {
        bool to_host = has_entries(spec->to);
        if (spec->resume && to_host && idmap_to_ns(spec->to, group, id) != IDMAP_INVALID_ID)
                return id;
        uint32_t inside = has_entries(spec->from) ? idmap_to_ns(spec->from, group, id) : id;
        if (spec->resume && !to_host && inside == IDMAP_INVALID_ID)
                return id;
        if (inside == IDMAP_INVALID_ID || !to_host)
                return inside;
        return idmap_to_host(spec->to, group, inside);
}

static uint32_t map_acl_id(void *userdata, bool group, uint32_t id) {
        return map_id(userdata, group, id);
}

/* Works on O_PATH fds too, which f*xattr() does not: through the fd's magic link. */
typedef struct FdPath {
        char text[40];
} FdPath;

static FdPath fd_path(int fd) {
        FdPath path;
        (void) snprintf(path.text, sizeof(path.text), "/proc/self/fd/%d", fd);
        return path;
}

static int shift_acl(int fd, const char *attribute, const char *name, const ShiftSpec *spec,
                     Error **err) {
        char data[65536];
        FdPath path = fd_path(fd);
        ssize_t size = getxattr(path.text, attribute, data, sizeof(data));
        if (size <= 0)
                return 0;
        if (xattr_acl_map(data, (size_t) size, map_acl_id, (void *) (uintptr_t) spec, err) < 0)
                return error_prefix(err, "%s", name);
        if (setxattr(path.text, attribute, data, (size_t) size, 0) < 0)
                return error_errno(err, errno, "Failed to set the access list of \"%s\"", name);
        return 0;
}

static int restore_capability(int fd, const char *name, const ShiftSpec *spec, const char *data,
                              size_t size, Error **err) {
        char changed[24];
        size_t changed_size;
        uint32_t root;
        FdPath path = fd_path(fd);
        if (xattr_capability_root(data, size, &root, err) < 0)
                return error_prefix(err, "%s", name);
        uint32_t mapped = map_id(spec, false, root);
        if (mapped == IDMAP_INVALID_ID)
                return error_set(err, ERROR_INVALID, 0,
                                 "The capability of \"%s\" has a root id outside the map", name);
        if (xattr_capability_set_root(data, size, mapped, changed, &changed_size, err) < 0)
                return -1;
        if (setxattr(path.text, XATTR_CAPABILITY, changed, changed_size, 0) < 0)
                return error_errno(err, errno, "Failed to set the capability of \"%s\"", name);
        return 0;
}

/* chown() clears setuid bits and capabilities, so both are read before and put back behind it. */
static int shift_one(Walk *walk, int fd, const char *name, const struct stat *info, Error **err) {
        const ShiftSpec *spec = walk->spec;
        char capability[64];
        bool link = S_ISLNK(info->st_mode);
        uint32_t uid = map_id(spec, false, info->st_uid);
        uint32_t gid = map_id(spec, true, info->st_gid);
        if (uid == IDMAP_INVALID_ID || gid == IDMAP_INVALID_ID)
                return error_set(err, ERROR_INVALID, 0, "\"%s\" belongs to %u:%u, outside the map",
                                 name, info->st_uid, info->st_gid);
        FdPath path = fd_path(fd);
        ssize_t size = S_ISREG(info->st_mode) ? getxattr(path.text, XATTR_CAPABILITY, capability,
                                                         sizeof(capability))
                                              : -1;
        if (!link && (shift_acl(fd, XATTR_ACL_ACCESS, name, spec, err) < 0 ||
                      (S_ISDIR(info->st_mode) &&
                       shift_acl(fd, XATTR_ACL_DEFAULT, name, spec, err) < 0)))
                return -1;
        if (uid == info->st_uid && gid == info->st_gid)
                return 0;
        if (fchownat(fd, "", uid, gid, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0)
                return error_errno(err, errno, "Failed to change the owner of \"%s\"", name);
        if (!link && (info->st_mode & (S_ISUID | S_ISGID)) != 0 &&
            chmod(path.text, info->st_mode & 07777) < 0)
                return error_errno(err, errno, "Failed to restore the mode of \"%s\"", name);
        if (size > 0)
                return restore_capability(fd, name, spec, capability, (size_t) size, err);
        return 0;
}

static int count_entry(Walk *walk, Error **err) {
        walk->entries++;
        if (walk->spec->progress == NULL || walk->entries % PROGRESS_EVERY != 0)
                return 0;
        if (walk->spec->progress(walk->spec->userdata, walk->entries) != 0)
                return error_set(err, ERROR_CANCELLED, 0, "Shifting was cancelled");
        return 0;
}

static int walk_entry(Walk *walk, int dir_fd, const char *name, int depth, Error **err);

static int walk_directory(Walk *walk, int path_fd, int depth, Error **err) {
        int fd = openat(path_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
        if (dir == NULL)
                return error_errno(err, errno, "Failed to read a directory");
        int result = 0;
        struct dirent *entry;
        while (result == 0 && (entry = readdir(dir)) != NULL) {
                if (!str_equal(entry->d_name, ".") && !str_equal(entry->d_name, ".."))
                        result = walk_entry(walk, dirfd(dir), entry->d_name, depth + 1, err);
        }
        (void) closedir(dir);
        return result;
}

static int walk_entry(Walk *walk, int dir_fd, const char *name, int depth, Error **err) {
        struct stat info;
        _cleanup_close_ int fd = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 || fstatat(fd, "", &info, AT_EMPTY_PATH) < 0)
                return error_errno(err, errno, "Failed to open \"%s\"", name);
        if (depth > MAX_DEPTH)
                return error_set(err, ERROR_INVALID, ELOOP, "Directories are nested too deeply");
        if (info.st_dev != walk->device)
                return 0;
        bool directory = S_ISDIR(info.st_mode);
        if (!directory && info.st_nlink > 1 && add_seen(&walk->seen, &info))
                return 0;
        if (count_entry(walk, err) < 0)
                return -1;
        /* The content first: a directory that shows its new owner is done with all below it. */
        if (directory && walk_directory(walk, fd, depth, err) < 0)
                return -1;
        return shift_one(walk, fd, name, &info, err);
}

int shift_tree(const char *path, const ShiftSpec *spec, Error **err) {
        struct stat info;
        if (lstat(path, &info) < 0)
                return error_errno(err, errno, "Failed to find %s", path);
        Walk walk = {.spec = spec, .device = info.st_dev};
        int result = walk_entry(&walk, AT_FDCWD, path, 0, err);
        free(walk.seen.slots);
        return result < 0 ? error_prefix(err, "Failed to shift %s", path) : 0;
}
