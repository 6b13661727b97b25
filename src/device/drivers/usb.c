/* usb: the nodes of USB devices that match. unix-hotplug: the other nodes that such devices bring,
 * of whatever kind (/dev/ttyACM0, /dev/hidraw1, /dev/sdb). Both follow what is plugged in. */
#include "base/files.h"
#include "base/memory.h"
#include "device/nodes.h"
#include "linux/sysfs.h"

#include <string.h>
#include <sys/stat.h>

#define MAX_DEPTH 12

/* Which attribute of a device each key names. */
static const struct {
        const char *key, *attribute;
        bool number;
} selectors[] = {
        {"vendorid", "idVendor", false},
        {"productid", "idProduct", false},
        {"serial", "serial", false},
        {"busnum", "busnum", true},
        {"devnum", "devnum", true},
};

static bool matches(const StrMap *config, const char *directory) {
        for (size_t i = 0; i < ARRAY_SIZE(selectors); i++) {
                const char *wanted = strmap_get(config, selectors[i].key);
                int64_t number = -1;
                if (str_is_empty(wanted))
                        continue;
                _cleanup_free_ char *found = sysfs_text(directory, selectors[i].attribute);
                if (selectors[i].number ? !str_to_int64(wanted, &number) ||
                                                  sysfs_number(directory, selectors[i].attribute,
                                                               -2) != number
                                        : !str_equal_nocase(found, wanted))
                        return false;
        }
        return true;
}

/* Mode: as configured, else as the host's node has it. */
static void host_mode(const DeviceContext *context, const char *path, DeviceNode *node) {
        _cleanup_free_ char *full = str_printf("%s%s", context->host_root, path);
        struct stat info;
        if (str_is_empty(strmap_get(context->config, "mode")) && stat(full, &info) == 0)
                node->mode = info.st_mode & 07777;
}

static int add_node(const DeviceContext *context, const char *directory, DeviceNodes *ret,
                    Error **err) {
        DeviceNode node = {.block = false};
        _cleanup_free_ char *name = sysfs_uevent(directory, "DEVNAME");
        _cleanup_free_ char *subsystem = sysfs_link(directory, "subsystem");
        if (name == NULL || !sysfs_device_number(directory, &node.major, &node.minor))
                return 0;
        _cleanup_free_ char *path = *name == '/' ? str_dup(name) : path_join("/dev", name);
        if (device_node_owner(context, &node, err) < 0)
                return -1;
        host_mode(context, path, &node);
        node.block = str_equal(subsystem, "block");
        node.path = path;
        device_nodes_add(ret, &node);
        return 0;
}

/* Devices below a USB device, those of USB itself left out. */
static int add_below(const DeviceContext *context, const char *directory, int depth,
                     DeviceNodes *ret, Error **err) {
        _cleanup_strlist_ StrList names = {.items = NULL};
        sysfs_list(directory, &names);
        for (size_t i = 0; i < names.count && depth < MAX_DEPTH; i++) {
                _cleanup_free_ char *path = path_join(directory, names.items[i]);
                struct stat info;
                if (lstat(path, &info) < 0 || !S_ISDIR(info.st_mode))
                        continue;
                _cleanup_free_ char *subsystem = sysfs_link(path, "subsystem");
                _cleanup_free_ char *type = sysfs_uevent(path, "DEVTYPE");
                if (str_equal(type, "usb_device"))
                        continue; /* on a hub: a device of its own */
                if (!str_has_prefix(subsystem, "usb") && add_node(context, path, ret, err) < 0)
                        return -1;
                if (add_below(context, path, depth + 1, ret, err) < 0)
                        return -1;
        }
        return 0;
}

typedef int (*AddNodes)(const DeviceContext *context, const char *directory, DeviceNodes *ret,
                        Error **err);

static int each_match(const DeviceContext *context, AddNodes add, const char *kind,
                      DeviceNodes *ret, Error **err) {
        _cleanup_free_ char *top = str_printf("%s/sys/bus/usb/devices", context->host_root);
        _cleanup_strlist_ StrList names = {.items = NULL};
        sysfs_list(top, &names);
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_free_ char *link = path_join(top, names.items[i]);
                _cleanup_free_ char *directory = realpath(link, NULL);
                _cleanup_free_ char *vendor =
                        directory != NULL ? sysfs_text(directory, "idVendor") : NULL;
                /* Interfaces stand beside the devices, and have none. */
                if (vendor != NULL && matches(context->config, directory) &&
                    add(context, directory, ret, err) < 0)
                        return -1;
        }
        if (ret->count == 0 && str_is_true(strmap_get(context->config, "required")))
                return error_set(err, ERROR_INVALID, 0, "Required %s device not found", kind);
        return 0;
}

static int usb_nodes(const DeviceContext *context, DeviceNodes *ret, Error **err) {
        return each_match(context, add_node, "USB", ret, err);
}

static int add_all_below(const DeviceContext *context, const char *directory, DeviceNodes *ret,
                         Error **err) {
        return add_below(context, directory, 0, ret, err);
}

static int hotplug_nodes(const DeviceContext *context, DeviceNodes *ret, Error **err) {
        return each_match(context, add_all_below, "Unix Hotplug", ret, err);
}

static int hotplug_validate(const DeviceContext *context, Error **err) {
        if (str_is_empty(strmap_get(context->config, "vendorid")) &&
            str_is_empty(strmap_get(context->config, "productid")))
                return error_set(err, ERROR_INVALID, 0,
                                 "Unix hotplug devices require a vendorid or a productid");
        return 0;
}

static DeviceFollow usb_follows(_unused_ const DeviceContext *context, _unused_ StrList *paths) {
        return DEVICE_FOLLOWS_UEVENTS;
}

const DeviceDriver device_usb = {
        .type = "usb",
        .prefix = "unix",
        .nodes = usb_nodes,
        .follows = usb_follows,
};

const DeviceDriver device_unix_hotplug = {
        .type = "unix-hotplug",
        .prefix = "unix",
        .validate = hotplug_validate,
        .nodes = hotplug_nodes,
        .follows = usb_follows,
};
