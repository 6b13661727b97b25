#include "linux/subvolume.h"

#include "base/files.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <linux/btrfs_tree.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#define ROOT_INODE 256

bool subvolume_is_possible(const char *path) {
        struct statfs info;
        return statfs(path, &info) == 0 && info.f_type == BTRFS_SUPER_MAGIC;
}

bool subvolume_exists(const char *path) {
        struct stat info;
        return lstat(path, &info) == 0 && S_ISDIR(info.st_mode) && info.st_ino == ROOT_INODE &&
               subvolume_is_possible(path);
}

static int open_directory(const char *path, int *ret, Error **err) {
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return error_errno(err, errno, "Cannot open %s", path);
        *ret = fd;
        return 0;
}

static int open_parent(const char *path, int *ret, Error **err) {
        _cleanup_free_ char *parent = path_directory(path);
        if (strlen(path_name(path)) > BTRFS_VOL_NAME_MAX)
                return error_set(err, ERROR_INVALID, 0, "The name of %s is too long", path);
        return open_directory(parent, ret, err);
}

int subvolume_create(const char *path, Error **err) {
        _cleanup_close_ int parent = -1;
        struct btrfs_ioctl_vol_args_v2 args = {.fd = 0};
        if (open_parent(path, &parent, err) < 0)
                return -1;
        (void) snprintf(args.name, sizeof args.name, "%s", path_name(path));
        if (ioctl(parent, BTRFS_IOC_SUBVOL_CREATE_V2, &args) < 0)
                return error_errno(err, errno, "Cannot create the subvolume %s", path);
        return 0;
}

static int snapshot_one(const char *from, const char *to, bool readonly, Error **err) {
        _cleanup_close_ int parent = -1, source = -1;
        if (open_parent(to, &parent, err) < 0 || open_directory(from, &source, err) < 0)
                return -1;
        struct btrfs_ioctl_vol_args_v2 args = {.fd = source,
                                               .flags = readonly ? BTRFS_SUBVOL_RDONLY : 0};
        (void) snprintf(args.name, sizeof args.name, "%s", path_name(to));
        if (ioctl(parent, BTRFS_IOC_SNAP_CREATE_V2, &args) < 0)
                return error_errno(err, errno, "Cannot snapshot the subvolume %s to %s", from, to);
        return 0;
}

int subvolume_set_readonly(const char *path, bool readonly, Error **err) {
        _cleanup_close_ int fd = -1;
        uint64_t flags;
        if (open_directory(path, &fd, err) < 0)
                return -1;
        if (ioctl(fd, BTRFS_IOC_SUBVOL_GETFLAGS, &flags) < 0)
                return error_errno(err, errno, "Cannot read the flags of %s", path);
        uint64_t wanted = readonly ? flags | BTRFS_SUBVOL_RDONLY
                                   : flags & ~(uint64_t) BTRFS_SUBVOL_RDONLY;
        if (wanted != flags && ioctl(fd, BTRFS_IOC_SUBVOL_SETFLAGS, &wanted) < 0)
                return error_errno(err, errno, "Cannot set the flags of %s", path);
        return 0;
}

/* Nested ones show as empty directories in the snapshot: each is put into its place. */
static int snapshot_nested(const char *from, const char *to, const StrList *nested, Error **err) {
        for (size_t i = 0; i < nested->count; i++) {
                _cleanup_free_ char *source = path_join(from, nested->items[i]);
                _cleanup_free_ char *target = path_join(to, nested->items[i]);
                if (rmdir(target) < 0 && errno != ENOENT)
                        return error_errno(err, errno, "Cannot make room at %s", target);
                if (snapshot_one(source, target, false, err) < 0)
                        return -1;
        }
        return 0;
}

int subvolume_snapshot(const char *from, const char *to, bool readonly, Error **err) {
        _cleanup_strlist_ StrList nested = {.items = NULL};
        if (subvolume_list(from, &nested, err) < 0 ||
            snapshot_one(from, to, readonly && nested.count == 0, err) < 0)
                return -1;
        int result = snapshot_nested(from, to, &nested, err);
        for (size_t i = nested.count; readonly && result == 0 && i > 0; i--) {
                _cleanup_free_ char *path = path_join(to, nested.items[i - 1]);
                result = subvolume_set_readonly(path, true, err);
        }
        if (result == 0 && readonly && nested.count > 0)
                result = subvolume_set_readonly(to, true, err);
        if (result < 0)
                (void) !subvolume_delete(to, NULL);
        return result;
}

static int delete_one(const char *path, Error **err) {
        _cleanup_close_ int parent = -1;
        struct btrfs_ioctl_vol_args args = {.fd = 0};
        if (open_parent(path, &parent, err) < 0)
                return -1;
        (void) snprintf(args.name, sizeof args.name, "%s", path_name(path));
        if (ioctl(parent, BTRFS_IOC_SNAP_DESTROY, &args) < 0)
                return error_errno(err, errno, "Cannot delete the subvolume %s", path);
        return 0;
}

int subvolume_delete(const char *path, Error **err) {
        _cleanup_strlist_ StrList nested = {.items = NULL};
        if (!path_exists(path))
                return 0;
        if (subvolume_list(path, &nested, err) < 0)
                return -1;
        /* Out of a read-only one nothing can be taken. */
        if (nested.count > 0 && subvolume_set_readonly(path, false, err) < 0)
                return -1;
        for (size_t i = 0; i + 1 < nested.count; i++) {
                _cleanup_free_ char *child = path_join(path, nested.items[i]);
                if (subvolume_set_readonly(child, false, err) < 0)
                        return -1;
        }
        for (size_t i = nested.count; i > 0; i--) {
                _cleanup_free_ char *child = path_join(path, nested.items[i - 1]);
                if (delete_one(child, err) < 0)
                        return -1;
        }
        return delete_one(path, err);
}

static int lookup(int fd, uint64_t tree, uint64_t inode, struct btrfs_ioctl_ino_lookup_args *args,
                  Error **err) {
        *args = (struct btrfs_ioctl_ino_lookup_args) {.treeid = tree, .objectid = inode};
        if (ioctl(fd, BTRFS_IOC_INO_LOOKUP, args) < 0)
                return error_errno(err, errno, "Cannot look up a btrfs inode");
        return 0;
}

int subvolume_id(const char *path, uint64_t *ret, Error **err) {
        _cleanup_close_ int fd = -1;
        struct btrfs_ioctl_ino_lookup_args args;
        if (open_directory(path, &fd, err) < 0 || lookup(fd, 0, ROOT_INODE, &args, err) < 0)
                return -1;
        *ret = args.treeid;
        return 0;
}

/* One item of a search's result. */
typedef struct Item {
        struct btrfs_ioctl_search_header header;
        const char *data;
} Item;

/* Searches on behind the last key found. 1: `*ret` is the next item (valid until the next call),
 * 0: no more. */
static int search_next(int fd, struct btrfs_ioctl_search_args *args, Item *ret, Error **err) {
        struct btrfs_ioctl_search_key *key = &args->key;
        key->nr_items = 1; /* one a call: these searches are small */
        if (ioctl(fd, BTRFS_IOC_TREE_SEARCH, args) < 0)
                return error_errno(err, errno, "Cannot search a btrfs tree");
        if (key->nr_items == 0)
                return 0;
        memcpy(&ret->header, args->buf, sizeof ret->header);
        ret->data = args->buf + sizeof ret->header;
        key->min_objectid = ret->header.objectid;
        key->min_type = ret->header.type;
        key->min_offset = ret->header.offset + 1;
        return 1;
}

static int list_children(int fd, uint64_t id, const char *prefix, StrList *ret, Error **err) {
        struct btrfs_ioctl_search_args args = {
                .key = {.tree_id = BTRFS_ROOT_TREE_OBJECTID, .min_objectid = id,
                        .max_objectid = id, .min_type = BTRFS_ROOT_REF_KEY,
                        .max_type = BTRFS_ROOT_REF_KEY, .max_offset = UINT64_MAX,
                        .max_transid = UINT64_MAX}};
        Item item;
        int found;
        while ((found = search_next(fd, &args, &item, err)) > 0) {
                struct btrfs_ioctl_ino_lookup_args place;
                struct btrfs_root_ref ref;
                uint64_t child = item.header.offset;
                memcpy(&ref, item.data, sizeof ref);
                _cleanup_free_ char *name = str_ndup(item.data + sizeof ref, ref.name_len);
                if (lookup(fd, id, ref.dirid, &place, err) < 0)
                        return -1;
                _cleanup_free_ char *path = str_printf("%s%s%s", prefix, place.name, name);
                _cleanup_free_ char *below = str_printf("%s/", path);
                strlist_add(ret, path);
                if (list_children(fd, child, below, ret, err) < 0)
                        return -1;
        }
        return found;
}

int subvolume_list(const char *path, StrList *ret, Error **err) {
        _cleanup_close_ int fd = -1;
        uint64_t id;
        if (open_directory(path, &fd, err) < 0 || subvolume_id(path, &id, err) < 0)
                return -1;
        return list_children(fd, id, "", ret, err);
}

int subvolume_quota_enable(const char *root, Error **err) {
        _cleanup_close_ int fd = -1;
        struct btrfs_ioctl_quota_ctl_args args = {.cmd = BTRFS_QUOTA_CTL_ENABLE};
        if (open_directory(root, &fd, err) < 0)
                return -1;
        if (ioctl(fd, BTRFS_IOC_QUOTA_CTL, &args) < 0 && errno != EEXIST)
                return error_errno(err, errno, "Cannot enable the quotas of %s", root);
        if (ioctl(fd, BTRFS_IOC_QUOTA_RESCAN_WAIT) < 0)
                return error_errno(err, errno, "Cannot wait for the quotas of %s", root);
        return 0;
}

/* The item of the group's key, copied into `data`. 0: there is none. */
static int quota_item(int fd, uint64_t id, uint32_t type, void *data, size_t size, Error **err) {
        struct btrfs_ioctl_search_args args = {
                .key = {.tree_id = BTRFS_QUOTA_TREE_OBJECTID, .min_type = type, .max_type = type,
                        .min_offset = id, .max_offset = id, .max_transid = UINT64_MAX}};
        Item item;
        int found = search_next(fd, &args, &item, err);
        if (found > 0 && item.header.len >= size)
                memcpy(data, item.data, size);
        return found;
}

int subvolume_quota_get(const char *root, uint64_t id, SubvolumeQuota *ret, Error **err) {
        _cleanup_close_ int fd = -1;
        struct btrfs_qgroup_info_item info = {.rfer = 0};
        struct btrfs_qgroup_limit_item limit = {.flags = 0};
        if (open_directory(root, &fd, err) < 0)
                return -1;
        int found = quota_item(fd, id, BTRFS_QGROUP_INFO_KEY, &info, sizeof info, err);
        if (found == 0)
                return error_set(err, ERROR_NOT_FOUND, 0, "No quota group 0/%llu",
                                 (unsigned long long) id);
        if (found < 0 ||
            quota_item(fd, id, BTRFS_QGROUP_LIMIT_KEY, &limit, sizeof limit, err) < 0)
                return -1;
        ret->referenced = info.rfer;
        ret->limit = (limit.flags & BTRFS_QGROUP_LIMIT_MAX_RFER) ? limit.max_rfer : 0;
        return 0;
}

int subvolume_quota_limit(const char *root, uint64_t id, uint64_t bytes, Error **err) {
        _cleanup_close_ int fd = -1;
        struct btrfs_ioctl_qgroup_limit_args args = {
                .qgroupid = id,
                .lim = {.flags = BTRFS_QGROUP_LIMIT_MAX_RFER,
                        .max_rfer = bytes == 0 ? UINT64_MAX : bytes}};
        if (open_directory(root, &fd, err) < 0)
                return -1;
        if (ioctl(fd, BTRFS_IOC_QGROUP_LIMIT, &args) < 0)
                return error_errno(err, errno, "Cannot set the limit of 0/%llu",
                                   (unsigned long long) id);
        return 0;
}

void subvolume_quota_forget(const char *root, uint64_t id) {
        _cleanup_close_ int fd = -1;
        struct btrfs_ioctl_qgroup_create_args args = {.create = 0, .qgroupid = id};
        if (open_directory(root, &fd, NULL) == 0)
                (void) ioctl(fd, BTRFS_IOC_QGROUP_CREATE, &args);
}

int subvolume_send(const char *path, const char *parent, int fd, Error **err) {
        _cleanup_close_ int subvolume = -1;
        uint64_t parent_id = 0;
        if (open_directory(path, &subvolume, err) < 0 ||
            (parent != NULL && subvolume_id(parent, &parent_id, err) < 0))
                return -1;
        struct btrfs_ioctl_send_args args = {.send_fd = fd,
                                             .parent_root = parent_id,
                                             .clone_sources = parent != NULL ? (__u64 *) &parent_id
                                                                             : NULL,
                                             .clone_sources_count = parent != NULL ? 1 : 0};
        if (ioctl(subvolume, BTRFS_IOC_SEND, &args) < 0)
                return error_errno(err, errno, "Cannot send the subvolume %s", path);
        return 0;
}

int subvolume_grow(const char *path, Error **err) {
        _cleanup_close_ int fd = -1;
        struct btrfs_ioctl_vol_args args = {.name = "max"};
        if (open_directory(path, &fd, err) < 0)
                return -1;
        if (ioctl(fd, BTRFS_IOC_RESIZE, &args) < 0)
                return error_errno(err, errno, "Cannot resize the file system at %s", path);
        return 0;
}

int subvolume_read_uuid(const char *device, char **ret, Error **err) {
        /* The first superblock: 32 bytes of checksum, then the UUID; the magic at 64. */
        unsigned char block[72];
        _cleanup_close_ int fd = open(device, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return error_errno(err, errno, "Cannot open %s", device);
        if (pread(fd, block, sizeof block, 65536) != sizeof block ||
            memcmp(block + 64, "_BHRfS_M", 8) != 0)
                return error_set(err, ERROR_INVALID, 0, "There is no btrfs on %s", device);
        _cleanup_free_ char *hex = hex_encode(block + 32, 16);
        *ret = str_printf("%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
        return 0;
}
