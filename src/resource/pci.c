#include "resource/resource_private.h"

#include "base/files.h"

#include <string.h>

/* Vital product data: a chain of resources (PCI 2.2, appendix I), which hardware fills in freely:
 * every length is checked against what is there. */
enum { VPD_LARGE = 0x80, VPD_NAME = 0x82, VPD_READ = 0x90, VPD_WRITE = 0x91 };

static char *vpd_text(const unsigned char *data, size_t size) {
        while (size > 0 && (*data == '\0' || *data == ' ')) {
                data++;
                size--;
        }
        while (size > 0 && (data[size - 1] == '\0' || data[size - 1] == ' '))
                size--;
        return str_ndup((const char *) data, size);
}

static bool vpd_is_known(const char *key) {
        static const char *const known[] = {"CC", "EC", "FC", "FN", "MN", "NA", "PN", "RM", "SN"};
        for (size_t i = 0; i < ARRAY_SIZE(known); i++)
                if (str_equal(known[i], key))
                        return true;
        return *key == 'V' || *key == 'Y' || *key == 'Z';
}

static void read_entries(const unsigned char *data, size_t size, ApiResourcesPciVpd *vpd) {
        for (size_t at = 0; at + 3 <= size;) {
                _cleanup_free_ char *key = vpd_text(data + at, 2);
                size_t length = MIN_OF((size_t) data[at + 2], size - at - 3);
                _cleanup_free_ char *value = vpd_text(data + at + 3, length);
                if (length > 0 && vpd_is_known(key))
                        strmap_set(&vpd->entries, key, value);
                at += 3 + length;
        }
}

static void read_vpd(const char *device, ApiResourcesPciVpd *vpd) {
        _cleanup_free_ char *path = path_join(device, "vpd"), *text = NULL;
        size_t size = 0;
        if (file_read(path, 0, &text, &size, NULL) < 0)
                return;
        const unsigned char *data = (const void *) text;
        for (size_t at = 0; at < size;) {
                unsigned tag = data[at++];
                size_t length = tag & 0x07;
                if (tag & VPD_LARGE) {
                        if (at + 2 > size)
                                return;
                        length = data[at] | (size_t) data[at + 1] << 8;
                        at += 2;
                }
                length = MIN_OF(length, size - at);
                if (tag == VPD_NAME)
                        str_replace(&vpd->product_name, vpd_text(data + at, length));
                if (tag == VPD_READ || tag == VPD_WRITE)
                        read_entries(data + at, length, vpd);
                at += length;
        }
}

void resource_pci(const ResourceHost *host, ApiResourcesPci *ret) {
        _cleanup_free_ char *top = str_printf("%s/sys/bus/pci/devices", host->root);
        _cleanup_strlist_ StrList names = {.items = NULL};
        sysfs_list(top, &names);
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_free_ char *path = path_join(top, names.items[i]);
                _cleanup_free_ char *group = sysfs_link(path, "iommu_group");
                ApiResourcesPciDevice *device =
                        json_list_add(&ret->devices, api_resources_pci_device_fields);
                resource_driver(host, path, &device->driver, &device->driver_version);
                device->numa_node = resource_numa_node(path);
                device->pci_address = str_dup(names.items[i]);
                device->product_id = resource_hex_id(path, "device");
                device->vendor_id = resource_hex_id(path, "vendor");
                resource_pci_names(host, device->vendor_id, device->product_id, &device->vendor,
                                   &device->product);
                (void) str_to_int64(group, &device->iommu_group);
                read_vpd(path, &device->vpd);
                ret->total++;
        }
}
