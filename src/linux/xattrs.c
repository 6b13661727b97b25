#include "linux/xattrs.h"

#include "base/memory.h"

#include <endian.h>
#include <errno.h>
#include <linux/capability.h>
#include <sys/xattr.h>

#define VALUE_LIMIT 65536 /* XATTR_SIZE_MAX */

static bool is_absent(int number) {
        return number == ENODATA || number == EOPNOTSUPP || number == ENOSYS;
}

int xattr_get(int fd, const char *name, char **ret_data, size_t *ret_size, Error **err) {
        char buffer[VALUE_LIMIT];
        ssize_t size = fgetxattr(fd, name, buffer, sizeof(buffer));
        if (size < 0 && !is_absent(errno))
                return error_errno(err, errno, "Failed to read attribute %s", name);
        *ret_data = size >= 0 ? mem_copy(buffer, (size_t) size) : NULL;
        *ret_size = size >= 0 ? (size_t) size : 0;
        return 0;
}

int xattr_set(int fd, const char *name, const void *data, size_t size, Error **err) {
        if (fsetxattr(fd, name, data, size, 0) < 0)
                return error_errno(err, errno, "Failed to set attribute %s", name);
        return 0;
}

int xattr_list(int fd, StrList *ret, Error **err) {
        char buffer[VALUE_LIMIT];
        ssize_t size = flistxattr(fd, buffer, sizeof(buffer));
        if (size < 0 && !is_absent(errno))
                return error_errno(err, errno, "Failed to list attributes");
        for (ssize_t i = 0; i < size; i += (ssize_t) strlen(buffer + i) + 1)
                strlist_add(ret, buffer + i);
        strlist_sort(ret);
        return 0;
}

/* struct posix_acl_xattr_header and _entry of linux/posix_acl_xattr.h, little-endian. */
typedef struct AclEntry {
        uint16_t tag, permissions;
        uint32_t id;
} AclEntry;

#define ACL_HEADER_SIZE sizeof(uint32_t)
#define ACL_VERSION 2
#define ACL_TAG_USER 0x02
#define ACL_TAG_GROUP 0x08

int xattr_acl_map(char *data, size_t size, XattrMapId map, void *userdata, Error **err) {
        uint32_t version;
        if (size < ACL_HEADER_SIZE || (size - ACL_HEADER_SIZE) % sizeof(AclEntry) != 0)
                return error_set(err, ERROR_INVALID, 0, "Damaged access control list");
        memcpy(&version, data, sizeof(version));
        if (le32toh(version) != ACL_VERSION)
                return error_set(err, ERROR_INVALID, 0, "Unknown access control list version");
        for (size_t at = ACL_HEADER_SIZE; at < size; at += sizeof(AclEntry)) {
                AclEntry entry;
                memcpy(&entry, data + at, sizeof(entry));
                uint16_t tag = le16toh(entry.tag);
                if (tag != ACL_TAG_USER && tag != ACL_TAG_GROUP)
                        continue;
                uint32_t id = map(userdata, tag == ACL_TAG_GROUP, le32toh(entry.id));
                if (id == (uint32_t) -1)
                        return error_set(err, ERROR_INVALID, 0,
                                         "An access control list names an id outside the map");
                entry.id = htole32(id);
                memcpy(data + at, &entry, sizeof(entry));
        }
        return 0;
}

/* Version 2 and 3 differ in the revision and the root id at the end (capabilities(7)). */
#define CAPABILITY_SIZE_2 20
#define CAPABILITY_SIZE_3 24

static bool is_capability(const char *data, size_t size, uint32_t *ret_magic) {
        if (size != CAPABILITY_SIZE_2 && size != CAPABILITY_SIZE_3)
                return false;
        memcpy(ret_magic, data, sizeof(*ret_magic));
        *ret_magic = le32toh(*ret_magic);
        uint32_t revision = *ret_magic & VFS_CAP_REVISION_MASK;
        return revision == (size == CAPABILITY_SIZE_2 ? VFS_CAP_REVISION_2 : VFS_CAP_REVISION_3);
}

int xattr_capability_set_root(const char *data, size_t size, uint32_t root_id, char ret[static 24],
                              size_t *ret_size, Error **err) {
        uint32_t magic;
        if (!is_capability(data, size, &magic))
                return error_set(err, ERROR_INVALID, 0, "Damaged file capability");
        uint32_t flags = magic & ~VFS_CAP_REVISION_MASK;
        magic = htole32(flags | (root_id == 0 ? VFS_CAP_REVISION_2 : VFS_CAP_REVISION_3));
        root_id = htole32(root_id);
        memcpy(ret, data, CAPABILITY_SIZE_2);
        memcpy(ret, &magic, sizeof(magic));
        memcpy(ret + CAPABILITY_SIZE_2, &root_id, sizeof(root_id));
        *ret_size = root_id == 0 ? CAPABILITY_SIZE_2 : CAPABILITY_SIZE_3;
        return 0;
}

int xattr_capability_root(const char *data, size_t size, uint32_t *ret, Error **err) {
        uint32_t magic, root = 0;
        if (!is_capability(data, size, &magic))
                return error_set(err, ERROR_INVALID, 0, "Damaged file capability");
        if (size == CAPABILITY_SIZE_3)
                memcpy(&root, data + CAPABILITY_SIZE_2, sizeof(root));
        *ret = le32toh(root);
        return 0;
}
