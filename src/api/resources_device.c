#include "api/resources_device.h"

const JsonField api_resources_usb_device_interface_fields[] = {
        JSON_STRING(ApiResourcesUsbDeviceInterface, class, 0),
        JSON_INTEGER(ApiResourcesUsbDeviceInterface, class_id, 0),
        JSON_STRING(ApiResourcesUsbDeviceInterface, driver, 0),
        JSON_STRING(ApiResourcesUsbDeviceInterface, driver_version, 0),
        JSON_INTEGER(ApiResourcesUsbDeviceInterface, number, 0),
        JSON_STRING(ApiResourcesUsbDeviceInterface, subclass, 0),
        JSON_INTEGER(ApiResourcesUsbDeviceInterface, subclass_id, 0),
        JSON_END,
};

const JsonField api_resources_usb_device_fields[] = {
        JSON_INTEGER(ApiResourcesUsbDevice, bus_address, 0),
        JSON_INTEGER(ApiResourcesUsbDevice, device_address, 0),
        JSON_LIST(ApiResourcesUsbDevice, interfaces, ApiResourcesUsbDeviceInterface,
                  api_resources_usb_device_interface_fields, 0),
        JSON_STRING(ApiResourcesUsbDevice, vendor, 0),
        JSON_STRING(ApiResourcesUsbDevice, vendor_id, 0),
        JSON_STRING(ApiResourcesUsbDevice, product, 0),
        JSON_STRING(ApiResourcesUsbDevice, product_id, 0),
        JSON_REAL(ApiResourcesUsbDevice, speed, 0),
        JSON_STRING(ApiResourcesUsbDevice, serial, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_resources_usb_fields[] = {
        JSON_LIST(ApiResourcesUsb, devices, ApiResourcesUsbDevice,
                  api_resources_usb_device_fields, 0),
        JSON_INTEGER(ApiResourcesUsb, total, 0),
        JSON_END,
};

const JsonField api_resources_pci_vpd_fields[] = {
        JSON_STRING(ApiResourcesPciVpd, product_name, JSON_OMIT_EMPTY),
        JSON_STRMAP(ApiResourcesPciVpd, entries, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_resources_pci_device_fields[] = {
        JSON_STRING(ApiResourcesPciDevice, driver, 0),
        JSON_STRING(ApiResourcesPciDevice, driver_version, 0),
        JSON_INTEGER(ApiResourcesPciDevice, numa_node, 0),
        JSON_STRING(ApiResourcesPciDevice, pci_address, 0),
        JSON_STRING(ApiResourcesPciDevice, vendor, 0),
        JSON_STRING(ApiResourcesPciDevice, vendor_id, 0),
        JSON_STRING(ApiResourcesPciDevice, product, 0),
        JSON_STRING(ApiResourcesPciDevice, product_id, 0),
        JSON_INTEGER(ApiResourcesPciDevice, iommu_group, 0),
        JSON_OBJECT(ApiResourcesPciDevice, vpd, ApiResourcesPciVpd, api_resources_pci_vpd_fields,
                    0),
        JSON_END,
};

const JsonField api_resources_pci_fields[] = {
        JSON_LIST(ApiResourcesPci, devices, ApiResourcesPciDevice,
                  api_resources_pci_device_fields, 0),
        JSON_INTEGER(ApiResourcesPci, total, 0),
        JSON_END,
};

const JsonField api_resources_system_firmware_fields[] = {
        JSON_STRING(ApiResourcesSystemFirmware, vendor, 0),
        JSON_STRING(ApiResourcesSystemFirmware, date, 0),
        JSON_STRING(ApiResourcesSystemFirmware, version, 0),
        JSON_END,
};

const JsonField api_resources_system_chassis_fields[] = {
        JSON_STRING(ApiResourcesSystemChassis, vendor, 0),
        JSON_STRING(ApiResourcesSystemChassis, type, 0),
        JSON_STRING(ApiResourcesSystemChassis, serial, 0),
        JSON_STRING(ApiResourcesSystemChassis, version, 0),
        JSON_END,
};

const JsonField api_resources_system_motherboard_fields[] = {
        JSON_STRING(ApiResourcesSystemMotherboard, vendor, 0),
        JSON_STRING(ApiResourcesSystemMotherboard, product, 0),
        JSON_STRING(ApiResourcesSystemMotherboard, serial, 0),
        JSON_STRING(ApiResourcesSystemMotherboard, version, 0),
        JSON_END,
};

const JsonField api_resources_system_fields[] = {
        JSON_STRING(ApiResourcesSystem, uuid, 0),
        JSON_STRING(ApiResourcesSystem, vendor, 0),
        JSON_STRING(ApiResourcesSystem, product, 0),
        JSON_STRING(ApiResourcesSystem, family, 0),
        JSON_STRING(ApiResourcesSystem, version, 0),
        JSON_STRING(ApiResourcesSystem, sku, 0),
        JSON_STRING(ApiResourcesSystem, serial, 0),
        JSON_STRING(ApiResourcesSystem, type, 0),
        JSON_POINTER(ApiResourcesSystem, firmware, ApiResourcesSystemFirmware,
                     api_resources_system_firmware_fields, 0),
        JSON_POINTER(ApiResourcesSystem, chassis, ApiResourcesSystemChassis,
                     api_resources_system_chassis_fields, 0),
        JSON_POINTER(ApiResourcesSystem, motherboard, ApiResourcesSystemMotherboard,
                     api_resources_system_motherboard_fields, 0),
        JSON_END,
};
