/* Disks of /1.0/resources, and the usage of a storage pool. Conventions: api/api.h. */
#pragma once

#include "api/api.h"

typedef struct ApiResourcesStorageDiskPartition {
        char *id;
        char *device;
        bool read_only;
        int64_t size;
        int64_t partition;
        bool mounted;
        char *device_fs_uuid;
} ApiResourcesStorageDiskPartition;
API_STRUCT(ApiResourcesStorageDiskPartition, api_resources_storage_disk_partition)
JSON_DEFINE_LIST(ApiResourcesStorageDiskPartition);

typedef struct ApiResourcesStorageDisk {
        char *id;
        char *device;
        char *model;
        char *type;
        bool read_only;
        int64_t size;
        bool removable;
        char *wwn;
        int64_t numa_node;
        char *device_path;
        int64_t block_size;
        char *firmware_version;
        int64_t rpm;
        char *serial;
        char *device_id;
        ApiResourcesStorageDiskPartitionList partitions;
        char *pci_address;
        char *usb_address;
        bool mounted;
        char *device_fs_uuid;
        char *used_by;
} ApiResourcesStorageDisk;
API_STRUCT(ApiResourcesStorageDisk, api_resources_storage_disk)
JSON_DEFINE_LIST(ApiResourcesStorageDisk);

typedef struct ApiResourcesStorage {
        ApiResourcesStorageDiskList disks;
        int64_t total;
} ApiResourcesStorage;
API_STRUCT(ApiResourcesStorage, api_resources_storage)

typedef struct ApiResourcesStoragePoolSpace {
        int64_t used;
        int64_t total;
} ApiResourcesStoragePoolSpace;
API_STRUCT(ApiResourcesStoragePoolSpace, api_resources_storage_pool_space)

typedef struct ApiResourcesStoragePoolInodes {
        int64_t used;
        int64_t total;
} ApiResourcesStoragePoolInodes;
API_STRUCT(ApiResourcesStoragePoolInodes, api_resources_storage_pool_inodes)

typedef struct ApiResourcesStoragePool {
        struct ApiResourcesStoragePoolSpace *space;
        struct ApiResourcesStoragePoolInodes *inodes;
} ApiResourcesStoragePool;
API_STRUCT(ApiResourcesStoragePool, api_resources_storage_pool)
