#include "resource/resource_private.h"

#include "base/files.h"

#include <stdlib.h>
#include <string.h>

#define CLASS_HUB 9

static int64_t hex_number(const char *directory, const char *name) {
        _cleanup_free_ char *text = sysfs_text(directory, name);
        return text != NULL ? strtoll(text, NULL, 16) : 0;
}

static void add_interface(const ResourceHost *host, const char *path,
                          ApiResourcesUsbDevice *device) {
        ApiResourcesUsbDeviceInterface *interface =
                json_list_add(&device->interfaces, api_resources_usb_device_interface_fields);
        interface->class_id = hex_number(path, "bInterfaceClass");
        interface->subclass_id = hex_number(path, "bInterfaceSubClass");
        interface->number = hex_number(path, "bInterfaceNumber");
        _cleanup_free_ char *class = str_printf("%02llx", (unsigned long long) interface->class_id);
        _cleanup_free_ char *subclass =
                str_printf("%02llx", (unsigned long long) interface->subclass_id);
        interface->class = id_names_class(&host->usb, class, NULL);
        if (interface->subclass_id > 0)
                interface->subclass = id_names_class(&host->usb, class, subclass);
        resource_driver(host, path, &interface->driver, &interface->driver_version);
}

static void add_device(const ResourceHost *host, const char *name, const char *path,
                       ApiResourcesUsb *usb) {
        _cleanup_strlist_ StrList names = {.items = NULL};
        ApiResourcesUsbDevice *device = json_list_add(&usb->devices,
                                                      api_resources_usb_device_fields);
        _cleanup_free_ char *speed = sysfs_text(path, "speed");
        device->bus_address = sysfs_number(path, "busnum", 0);
        device->device_address = sysfs_number(path, "devnum", 0);
        device->product_id = resource_hex_id(path, "idProduct");
        device->vendor_id = resource_hex_id(path, "idVendor");
        device->product = sysfs_text(path, "product");
        device->vendor = id_names_find(&host->usb, device->vendor_id, NULL);
        if (device->vendor != NULL && device->product == NULL && device->product_id != NULL)
                device->product = id_names_find(&host->usb, device->vendor_id, device->product_id);
        device->speed = speed != NULL ? strtod(speed, NULL) : 0;
        sysfs_list(path, &names);
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_free_ char *below = path_join(path, names.items[i]);
                if (str_has_prefix(names.items[i], name) && path_is_directory(below))
                        add_interface(host, below, device);
        }
        usb->total++;
}

void resource_usb(const ResourceHost *host, ApiResourcesUsb *ret) {
        _cleanup_free_ char *top = str_printf("%s/sys/bus/usb/devices", host->root);
        _cleanup_strlist_ StrList names = {.items = NULL};
        sysfs_list(top, &names);
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_free_ char *path = path_join(top, names.items[i]);
                if (resource_has(path, "busnum") && hex_number(path, "bDeviceClass") != CLASS_HUB)
                        add_device(host, names.items[i], path, ret);
        }
}
