#include "device/nodes.h"

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "device/entries.h"
#include "linux/idmap.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define DEFAULT_MODE 0660

void device_nodes_add(DeviceNodes *nodes, const DeviceNode *node) {
        mem_grow((void **) &nodes->items, &nodes->capacity, nodes->count + 1,
                 sizeof *nodes->items);
        DeviceNode *added = &nodes->items[nodes->count++];
        *added = *node;
        added->path = str_dup(node->path);
}

void device_nodes_done(DeviceNodes *nodes) {
        for (size_t i = 0; i < nodes->count; i++)
                free(nodes->items[i].path);
        free(nodes->items);
        *nodes = (DeviceNodes) {.items = NULL};
}

int device_node_stat(const char *root, const char *path, DeviceNode *ret, Error **err) {
        _cleanup_free_ char *full = str_printf("%s%s", root, path);
        struct stat info;
        if (stat(full, &info) < 0)
                return error_errno(err, errno, "Failed to get device attributes for %s", path);
        if (!S_ISBLK(info.st_mode) && !S_ISCHR(info.st_mode))
                return error_set(err, ERROR_INVALID, 0, "Not a device");
        ret->block = S_ISBLK(info.st_mode);
        ret->major = major(info.st_rdev);
        ret->minor = minor(info.st_rdev);
        return 0;
}

static uint32_t number(const DeviceContext *context, const char *key) {
        uint64_t value = 0;
        (void) str_to_uint64(strmap_get(context->config, key), &value);
        return (uint32_t) value;
}

int device_node_owner(const DeviceContext *context, DeviceNode *node, Error **err) {
        const char *mode = strmap_get(context->config, "mode");
        char *end = NULL;
        node->mode = DEFAULT_MODE;
        if (!str_is_empty(mode)) {
                node->mode = (mode_t) strtoul(mode, &end, 8) & 07777;
                if (*end != '\0')
                        return error_set(err, ERROR_INVALID, 0, "Bad mode %s in device %s", mode,
                                         context->name);
        }
        node->uid = number(context, "uid");
        node->gid = number(context, "gid");
        return 0;
}

/* Ids of the host for those inside. */
static int map_owner(const DeviceContext *context, const DeviceNode *node, uid_t *ret_uid,
                     gid_t *ret_gid, Error **err) {
        _cleanup_idmap_ IdMap map = {.items = NULL};
        const char *text = strmap_get(context->volatiles, context->process != NULL
                                                                  ? "volatile.idmap.current"
                                                                  : "volatile.idmap.next");
        *ret_uid = node->uid;
        *ret_gid = node->gid;
        if (!context->unprivileged || str_is_empty(text))
                return 0;
        if (idmap_from_json(text, &map, err) < 0)
                return -1;
        if (map.count == 0)
                return 0;
        *ret_uid = idmap_to_host(&map, false, node->uid);
        *ret_gid = idmap_to_host(&map, true, node->gid);
        if (*ret_uid == IDMAP_INVALID_ID || *ret_gid == IDMAP_INVALID_ID)
                return error_set(err, ERROR_INVALID, 0,
                                 "Owner %u:%u of device \"%s\" is outside of the instance's id "
                                 "map", node->uid, node->gid, context->name);
        return 0;
}

static int make_node(const DeviceContext *context, const DeviceNode *node, const char *file,
                     Error **err) {
        mode_t type = node->block ? S_IFBLK : S_IFCHR;
        uid_t uid;
        gid_t gid;
        _cleanup_free_ char *directory = NULL;
        if (map_owner(context, node, &uid, &gid, err) < 0 ||
            device_entry_directory(context, &directory, err) < 0)
                return -1;
        /* Left by a start that was cut short. */
        if (unlink(file) < 0 && errno != ENOENT)
                return error_errno(err, errno, "Failed to remove \"%s\"", file);
        if (mknod(file, type | 0600, makedev(node->major, node->minor)) < 0)
                return error_errno(err, errno, "Failed to create device %s", file);
        /* The owner before the mode: chown takes setuid bits away. */
        if (chown(file, uid, gid) < 0 || chmod(file, node->mode) < 0)
                return error_errno(err, errno, "Failed to set the owner of device %s", file);
        return 0;
}

static char *rule(const DeviceNode *node) {
        return str_printf("%c %u:%u rwm", node->block ? 'b' : 'c', node->major, node->minor);
}

int device_nodes_start(const DeviceContext *context, const char *prefix, const DeviceNodes *nodes,
                       DeviceRun *run, Error **err) {
        for (size_t i = 0; i < nodes->count; i++) {
                const DeviceNode *node = &nodes->items[i];
                _cleanup_free_ char *file = device_entry(context, prefix, node->path);
                bool taken = device_entry_is_shared(context, prefix, path_name(file));
                if (make_node(context, node, file, err) < 0)
                        return -1;
                if (taken)
                        continue;
                device_run_mount(run, &(DeviceMount) {.source = file, .target = node->path});
                strlist_take(&run->rules, rule(node));
        }
        return 0;
}

static bool has_entry(const DeviceContext *context, const char *prefix, const DeviceNodes *nodes,
                      const char *name) {
        for (size_t i = 0; nodes != NULL && i < nodes->count; i++) {
                _cleanup_free_ char *file = device_entry(context, prefix, nodes->items[i].path);
                if (str_equal(path_name(file), name))
                        return true;
        }
        return false;
}

DeviceNodes device_nodes_new(const DeviceContext *context, const char *prefix,
                             const DeviceNodes *nodes) {
        DeviceNodes new = {.items = mem_new_array(DeviceNode, nodes->count)};
        for (size_t i = 0; i < nodes->count; i++) {
                _cleanup_free_ char *file = device_entry(context, prefix, nodes->items[i].path);
                if (!path_exists(file))
                        new.items[new.count++] = nodes->items[i];
        }
        return new;
}

/* The rule goes with the node; a device that every container has keeps its own. */
static void deny(const DeviceContext *context, const char *name) {
        _cleanup_free_ char *directory = path_join(context->directory, context->instance);
        _cleanup_free_ char *file = path_join(directory, name);
        struct stat info;
        _cleanup_error_ Error *err = NULL;
        if (context->unprivileged || lstat(file, &info) < 0 ||
            (!S_ISBLK(info.st_mode) && !S_ISCHR(info.st_mode)))
                return;
        const DeviceNode node = {.block = S_ISBLK(info.st_mode),
                                 .major = major(info.st_rdev),
                                 .minor = minor(info.st_rdev)};
        _cleanup_free_ char *text = rule(&node);
        if (runtime_device_rule(context->runtime, context->process, text, false, &err) < 0)
                log_warning("Device %s of %s can still be opened: %s", context->name,
                            context->instance, error_message(err));
}

int device_nodes_remove(const DeviceContext *context, const char *prefix, const DeviceNodes *keep,
                        StrList *removed, Error **err) {
        _cleanup_strlist_ StrList names = {.items = NULL};
        if (device_entries(context, prefix, &names, err) < 0)
                return -1;
        for (size_t i = names.count; i-- > 0;) {
                const char *name = names.items[i];
                _cleanup_free_ char *target = device_entry_target(context, prefix, name);
                if (has_entry(context, prefix, keep, name))
                        continue;
                if (!device_entry_is_shared(context, prefix, name)) {
                        if (runtime_unmount(context->runtime, context->process, target, err) < 0)
                                return error_prefix(err, "Error unmounting the device path inside "
                                                         "container");
                        deny(context, name);
                }
                if (device_entry_remove(context, name, err) < 0)
                        return -1;
                if (removed != NULL)
                        strlist_add(removed, target);
        }
        return 0;
}
