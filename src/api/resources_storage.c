#include "api/resources_storage.h"

const JsonField api_resources_storage_disk_partition_fields[] = {
        JSON_STRING(ApiResourcesStorageDiskPartition, id, 0),
        JSON_STRING(ApiResourcesStorageDiskPartition, device, 0),
        JSON_BOOLEAN(ApiResourcesStorageDiskPartition, read_only, 0),
        JSON_INTEGER(ApiResourcesStorageDiskPartition, size, 0),
        JSON_INTEGER(ApiResourcesStorageDiskPartition, partition, 0),
        JSON_BOOLEAN(ApiResourcesStorageDiskPartition, mounted, JSON_OMIT_EMPTY),
        JSON_STRING(ApiResourcesStorageDiskPartition, device_fs_uuid, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_resources_storage_disk_fields[] = {
        JSON_STRING(ApiResourcesStorageDisk, id, 0),
        JSON_STRING(ApiResourcesStorageDisk, device, 0),
        JSON_STRING(ApiResourcesStorageDisk, model, JSON_OMIT_EMPTY),
        JSON_STRING(ApiResourcesStorageDisk, type, JSON_OMIT_EMPTY),
        JSON_BOOLEAN(ApiResourcesStorageDisk, read_only, 0),
        JSON_INTEGER(ApiResourcesStorageDisk, size, 0),
        JSON_BOOLEAN(ApiResourcesStorageDisk, removable, 0),
        JSON_STRING(ApiResourcesStorageDisk, wwn, JSON_OMIT_EMPTY),
        JSON_INTEGER(ApiResourcesStorageDisk, numa_node, 0),
        JSON_STRING(ApiResourcesStorageDisk, device_path, JSON_OMIT_EMPTY),
        JSON_INTEGER(ApiResourcesStorageDisk, block_size, 0),
        JSON_STRING(ApiResourcesStorageDisk, firmware_version, JSON_OMIT_EMPTY),
        JSON_INTEGER(ApiResourcesStorageDisk, rpm, 0),
        JSON_STRING(ApiResourcesStorageDisk, serial, JSON_OMIT_EMPTY),
        JSON_STRING(ApiResourcesStorageDisk, device_id, 0),
        JSON_LIST(ApiResourcesStorageDisk, partitions, ApiResourcesStorageDiskPartition,
                  api_resources_storage_disk_partition_fields, 0),
        JSON_STRING(ApiResourcesStorageDisk, pci_address, JSON_OMIT_EMPTY),
        JSON_STRING(ApiResourcesStorageDisk, usb_address, JSON_OMIT_EMPTY),
        JSON_BOOLEAN(ApiResourcesStorageDisk, mounted, JSON_OMIT_EMPTY),
        JSON_STRING(ApiResourcesStorageDisk, device_fs_uuid, JSON_OMIT_EMPTY),
        JSON_STRING(ApiResourcesStorageDisk, used_by, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_resources_storage_fields[] = {
        JSON_LIST(ApiResourcesStorage, disks, ApiResourcesStorageDisk,
                  api_resources_storage_disk_fields, 0),
        JSON_INTEGER(ApiResourcesStorage, total, 0),
        JSON_END,
};

const JsonField api_resources_storage_pool_space_fields[] = {
        JSON_INTEGER(ApiResourcesStoragePoolSpace, used, JSON_OMIT_EMPTY),
        JSON_INTEGER(ApiResourcesStoragePoolSpace, total, 0),
        JSON_END,
};

const JsonField api_resources_storage_pool_inodes_fields[] = {
        JSON_INTEGER(ApiResourcesStoragePoolInodes, used, 0),
        JSON_INTEGER(ApiResourcesStoragePoolInodes, total, 0),
        JSON_END,
};

const JsonField api_resources_storage_pool_fields[] = {
        JSON_POINTER(ApiResourcesStoragePool, space, ApiResourcesStoragePoolSpace,
                     api_resources_storage_pool_space_fields, JSON_OMIT_EMPTY),
        JSON_POINTER(ApiResourcesStoragePool, inodes, ApiResourcesStoragePoolInodes,
                     api_resources_storage_pool_inodes_fields, JSON_OMIT_EMPTY),
        JSON_END,
};
