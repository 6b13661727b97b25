#include "api/resources.h"

const JsonField api_resources_fields[] = {
        JSON_OBJECT(ApiResources, cpu, ApiResourcesCpu, api_resources_cpu_fields, 0),
        JSON_OBJECT(ApiResources, memory, ApiResourcesMemory, api_resources_memory_fields, 0),
        JSON_OBJECT(ApiResources, gpu, ApiResourcesGpu, api_resources_gpu_fields, 0),
        JSON_OBJECT(ApiResources, network, ApiResourcesNetwork, api_resources_network_fields, 0),
        JSON_OBJECT(ApiResources, storage, ApiResourcesStorage, api_resources_storage_fields, 0),
        JSON_OBJECT(ApiResources, usb, ApiResourcesUsb, api_resources_usb_fields, 0),
        JSON_OBJECT(ApiResources, pci, ApiResourcesPci, api_resources_pci_fields, 0),
        JSON_OBJECT_AS(ApiResources, system_info, "system", ApiResourcesSystem,
                       api_resources_system_fields, 0),
        JSON_END,
};
