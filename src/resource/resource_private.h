/* Shared by the parts. */
#pragma once

#include "api/resources.h"
#include "base/memory.h"
#include "base/text.h"
#include "linux/sysfs.h"
#include "resource/ids.h"

typedef struct ResourceHost {
        const char *root;
        char *kernel; /* release: the version of drivers without one */
        IdNames pci, usb;
} ResourceHost;

void resource_cpu(const ResourceHost *host, ApiResourcesCpu *ret);
void resource_memory(const ResourceHost *host, ApiResourcesMemory *ret);
void resource_gpu(const ResourceHost *host, ApiResourcesGpu *ret);
void resource_network(const ResourceHost *host, ApiResourcesNetwork *ret);
void resource_storage(const ResourceHost *host, ApiResourcesStorage *ret);
void resource_usb(const ResourceHost *host, ApiResourcesUsb *ret);
void resource_pci(const ResourceHost *host, ApiResourcesPci *ret);
void resource_system(const ResourceHost *host, ApiResourcesSystem *ret);

/* NULL when the attribute is absent. */
char *resource_hex_id(const char *directory, const char *name); /* without "0x" */
int64_t resource_numa_node(const char *directory);              /* of "numa_node", -1 counts as 0 */
bool resource_has(const char *directory, const char *name);
/* Name and version of the driver; NULL when there is none. */
void resource_driver(const ResourceHost *host, const char *directory, char **ret_name,
                     char **ret_version);
/* "0000:00:03.0" of a device, also of a virtio device on it; "1:5" of one on USB. */
char *resource_pci_address(const char *device);
char *resource_usb_address(const char *device);
/* Of the parent, when it is a virtual function. */
char *resource_physical_function(const char *device);
void resource_pci_names(const ResourceHost *host, const char *vendor_id, const char *product_id,
                        char **ret_vendor, char **ret_product);
