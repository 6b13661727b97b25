/* /1.0/resources. Conventions: api/api.h. */
#pragma once

#include "api/api.h"
#include "api/resources_cpu.h"
#include "api/resources_device.h"
#include "api/resources_gpu.h"
#include "api/resources_network.h"
#include "api/resources_storage.h"

typedef struct ApiResources {
        ApiResourcesCpu cpu;
        ApiResourcesMemory memory;
        ApiResourcesGpu gpu;
        ApiResourcesNetwork network;
        ApiResourcesStorage storage;
        ApiResourcesUsb usb;
        ApiResourcesPci pci;
        ApiResourcesSystem system_info;
} ApiResources;
API_STRUCT(ApiResources, api_resources)
