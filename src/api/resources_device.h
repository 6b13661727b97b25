/* USB, PCI and the machine itself in /1.0/resources. Conventions: api/api.h. */
#pragma once

#include "api/api.h"

typedef struct ApiResourcesUsbDeviceInterface {
        char *class;
        int64_t class_id;
        char *driver;
        char *driver_version;
        int64_t number;
        char *subclass;
        int64_t subclass_id;
} ApiResourcesUsbDeviceInterface;
API_STRUCT(ApiResourcesUsbDeviceInterface, api_resources_usb_device_interface)
JSON_DEFINE_LIST(ApiResourcesUsbDeviceInterface);

typedef struct ApiResourcesUsbDevice {
        int64_t bus_address;
        int64_t device_address;
        ApiResourcesUsbDeviceInterfaceList interfaces;
        char *vendor;
        char *vendor_id;
        char *product;
        char *product_id;
        double speed;
        char *serial;
} ApiResourcesUsbDevice;
API_STRUCT(ApiResourcesUsbDevice, api_resources_usb_device)
JSON_DEFINE_LIST(ApiResourcesUsbDevice);

typedef struct ApiResourcesUsb {
        ApiResourcesUsbDeviceList devices;
        int64_t total;
} ApiResourcesUsb;
API_STRUCT(ApiResourcesUsb, api_resources_usb)

typedef struct ApiResourcesPciVpd {
        char *product_name;
        StrMap entries;
} ApiResourcesPciVpd;
API_STRUCT(ApiResourcesPciVpd, api_resources_pci_vpd)

typedef struct ApiResourcesPciDevice {
        char *driver;
        char *driver_version;
        int64_t numa_node;
        char *pci_address;
        char *vendor;
        char *vendor_id;
        char *product;
        char *product_id;
        int64_t iommu_group;
        ApiResourcesPciVpd vpd;
} ApiResourcesPciDevice;
API_STRUCT(ApiResourcesPciDevice, api_resources_pci_device)
JSON_DEFINE_LIST(ApiResourcesPciDevice);

typedef struct ApiResourcesPci {
        ApiResourcesPciDeviceList devices;
        int64_t total;
} ApiResourcesPci;
API_STRUCT(ApiResourcesPci, api_resources_pci)

typedef struct ApiResourcesSystemFirmware {
        char *vendor;
        char *date;
        char *version;
} ApiResourcesSystemFirmware;
API_STRUCT(ApiResourcesSystemFirmware, api_resources_system_firmware)

typedef struct ApiResourcesSystemChassis {
        char *vendor;
        char *type;
        char *serial;
        char *version;
} ApiResourcesSystemChassis;
API_STRUCT(ApiResourcesSystemChassis, api_resources_system_chassis)

typedef struct ApiResourcesSystemMotherboard {
        char *vendor;
        char *product;
        char *serial;
        char *version;
} ApiResourcesSystemMotherboard;
API_STRUCT(ApiResourcesSystemMotherboard, api_resources_system_motherboard)

typedef struct ApiResourcesSystem {
        char *uuid;
        char *vendor;
        char *product;
        char *family;
        char *version;
        char *sku;
        char *serial;
        char *type;
        struct ApiResourcesSystemFirmware *firmware;
        struct ApiResourcesSystemChassis *chassis;
        struct ApiResourcesSystemMotherboard *motherboard;
} ApiResourcesSystem;
API_STRUCT(ApiResourcesSystem, api_resources_system)
