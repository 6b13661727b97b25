#include "resource/resource_private.h"

#include "base/files.h"
#include "linux/blockdev.h"

#include <string.h>
#include <stdlib.h>

#define SECTOR 512
#define CDROM_NO_SIZE (INT64_C(0x1fffff) * SECTOR) /* what most drives say without a medium */

/* \x20 and the like. */
static char *udev_decode(const char *text) {
        StrBuf out = {.data = NULL};
        for (const char *c = text; *c != '\0'; c++) {
                unsigned char byte;
                if (c[0] == '\\' && c[1] == 'x' && c[2] != '\0' && c[3] != '\0') {
                        _cleanup_free_ char *digits = str_ndup(c + 2, 2);
                        if (hex_decode(digits, &byte, 1) == 0) {
                                strbuf_add_char(&out, (char) byte);
                                c += 3;
                                continue;
                        }
                }
                strbuf_add_char(&out, *c);
        }
        _cleanup_free_ char *decoded = strbuf_take(&out);
        return str_trim(decoded);
}

/* The lines "E:KEY=VALUE" of udev's record. */
static void read_udev(const ResourceHost *host, const char *number, StrMap *ret) {
        _cleanup_free_ char *path = str_printf("%s/run/udev/data/b%s", host->root, number);
        _cleanup_free_ char *text = NULL;
        _cleanup_strlist_ StrList lines = {.items = NULL};
        if (file_read(path, 0, &text, NULL, NULL) < 0)
                return;
        strlist_split(&lines, text, "\n", true);
        for (size_t i = 0; i < lines.count; i++) {
                const char *rest = str_after_prefix(lines.items[i], "E:");
                const char *equals = rest != NULL ? strchr(rest, '=') : NULL;
                if (equals == NULL)
                        continue;
                _cleanup_free_ char *key = str_ndup(rest, (size_t) (equals - rest));
                _cleanup_free_ char *value = str_trim(equals + 1);
                strmap_set(ret, key, value);
        }
}

static void add_udev(const ResourceHost *host, ApiResourcesStorageDisk *disk) {
        _cleanup_strmap_ StrMap udev = {.items = NULL};
        read_udev(host, disk->device, &udev);
        const char *revision = strmap_get(&udev, "ID_REVISION");
        const char *serial = strmap_get(&udev, "ID_SERIAL_SHORT");
        const char *encoded = strmap_get(&udev, "ID_MODEL_ENC");
        const char *model = strmap_get(&udev, "ID_MODEL");
        const char *rpm = strmap_get(&udev, "ID_ATA_ROTATION_RATE_RPM");
        if (str_equal(strmap_get(&udev, "ID_CDROM"), "1"))
                str_replace(&disk->type, str_dup("cdrom"));
        else if (str_equal(strmap_get(&udev, "ID_USB_DRIVER"), "usb-storage"))
                str_replace(&disk->type, str_dup("usb"));
        else if (str_equal(strmap_get(&udev, "ID_ATA_SATA"), "1"))
                str_replace(&disk->type, str_dup("sata"));
        if (!str_is_empty(revision) && str_is_empty(disk->firmware_version))
                str_replace(&disk->firmware_version, str_dup(revision));
        if (!str_is_empty(serial))
                str_replace(&disk->serial, str_dup(serial));
        if (!str_is_empty(encoded))
                str_replace(&disk->model, udev_decode(encoded));
        else if (!str_is_empty(model))
                str_replace(&disk->model, str_dup(model));
        if (!str_is_empty(rpm) && disk->rpm == 0)
                (void) str_to_int64(rpm, &disk->rpm);
}

/* The link in /dev/disk/WHERE that leads to the device. */
static char *find_link(const ResourceHost *host, const char *where, const char *id) {
        _cleanup_free_ char *directory = str_printf("%s/dev/disk/%s", host->root, where);
        _cleanup_strlist_ StrList names = {.items = NULL};
        char *found = NULL;
        sysfs_list(directory, &names);
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_free_ char *target = sysfs_link(directory, names.items[i]);
                if (str_equal(target, id))
                        str_replace(&found, str_dup(names.items[i])); /* the last one, as LXD */
        }
        return found;
}

static void add_partitions(const char *top, const StrList *names, ApiResourcesStorageDisk *disk) {
        for (size_t i = 0; i < names->count; i++) {
                _cleanup_free_ char *path = path_join(top, names->items[i]);
                if (!str_has_prefix(names->items[i], disk->id) || !resource_has(path, "partition"))
                        continue;
                ApiResourcesStorageDiskPartition *partition = json_list_add(
                        &disk->partitions, api_resources_storage_disk_partition_fields);
                partition->id = str_dup(names->items[i]);
                partition->device = sysfs_text(path, "dev");
                partition->read_only = sysfs_number(path, "ro", 0) == 1;
                partition->size = sysfs_number(path, "size", 0) * SECTOR;
                partition->partition = sysfs_number(path, "partition", 0);
        }
}

static void add_disk(const ResourceHost *host, const char *top, const StrList *names,
                     const char *name, ApiResourcesStorage *storage) {
        _cleanup_free_ char *path = path_join(top, name), *device = path_join(path, "device");
        _cleanup_free_ char *number = sysfs_text(path, "dev");
        _cleanup_free_ char *subsystem = sysfs_link(device, "subsystem");
        /* Partitions have no device; of multipath only the main node counts; rbd is not local. */
        if (!path_exists(device) || number == NULL || str_equal(subsystem, "rbd"))
                return;
        ApiResourcesStorageDisk *disk =
                json_list_add(&storage->disks, api_resources_storage_disk_fields);
        disk->id = str_dup(name);
        disk->device = TAKE_PTR(number);
        disk->type = TAKE_PTR(subsystem);
        disk->firmware_version = sysfs_text(device, "firmware_rev");
        disk->pci_address = resource_pci_address(device);
        disk->usb_address = resource_usb_address(device);
        disk->numa_node = resource_numa_node(device);
        disk->model = sysfs_text(device, "model");
        disk->read_only = sysfs_number(path, "ro", 0) == 1;
        disk->size = sysfs_number(path, "size", 0) * SECTOR;
        disk->removable = sysfs_number(path, "removable", 0) == 1;
        disk->wwn = sysfs_text(path, "wwid");
        if (str_has_prefix(name, "sr") && disk->removable) {
                str_replace(&disk->type, str_dup("cdrom"));
                if (disk->size == CDROM_NO_SIZE)
                        disk->size = 0;
        }
        add_partitions(top, names, disk);
        disk->device_path = find_link(host, "by-path", name);
        disk->device_id = find_link(host, "by-id", name);
        _cleanup_free_ char *node = str_printf("%s/dev/%s", host->root, name);
        disk->block_size = blockdev_physical_block(node);
        add_udev(host, disk);
        _cleanup_free_ char *queue = path_join(path, "queue");
        if (disk->rpm == 0)
                disk->rpm = sysfs_number(queue, "rotational", 0);
        storage->total += 1 + (int64_t) disk->partitions.count;
}

void resource_storage(const ResourceHost *host, ApiResourcesStorage *ret) {
        _cleanup_free_ char *top = str_printf("%s/sys/class/block", host->root);
        _cleanup_strlist_ StrList names = {.items = NULL};
        sysfs_list(top, &names);
        for (size_t i = 0; i < names.count; i++)
                add_disk(host, top, &names, names.items[i], ret);
}
