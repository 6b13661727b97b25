/* Graphics cards of /1.0/resources. Conventions: api/api.h. */
#pragma once

#include "api/api.h"

typedef struct ApiResourcesGpuCardDrm {
        int64_t id;
        char *card_name;
        char *card_device;
        char *control_name;
        char *control_device;
        char *render_name;
        char *render_device;
} ApiResourcesGpuCardDrm;
API_STRUCT(ApiResourcesGpuCardDrm, api_resources_gpu_card_drm)

JSON_DEFINE_LIST(ApiResourcesGpuCard);

typedef struct ApiResourcesGpuCardSriov {
        int64_t current_vfs;
        int64_t maximum_vfs;
        ApiResourcesGpuCardList vfs;
} ApiResourcesGpuCardSriov;
API_STRUCT(ApiResourcesGpuCardSriov, api_resources_gpu_card_sriov)

typedef struct ApiResourcesGpuCardNvidia {
        char *cuda_version;
        char *nvrm_version;
        char *brand;
        char *model;
        char *uuid;
        char *architecture;
        char *card_name;
        char *card_device;
} ApiResourcesGpuCardNvidia;
API_STRUCT(ApiResourcesGpuCardNvidia, api_resources_gpu_card_nvidia)

typedef struct ApiResourcesGpuCardMdev {
        char *api;
        int64_t available;
        char *name;
        char *description;
        StrList devices;
} ApiResourcesGpuCardMdev;
API_STRUCT(ApiResourcesGpuCardMdev, api_resources_gpu_card_mdev)
JSON_DEFINE_MAP(ApiResourcesGpuCardMdev);

typedef struct ApiResourcesGpuCard {
        char *driver;
        char *driver_version;
        struct ApiResourcesGpuCardDrm *drm;
        struct ApiResourcesGpuCardSriov *sriov;
        struct ApiResourcesGpuCardNvidia *nvidia;
        ApiResourcesGpuCardMdevMap mdev;
        int64_t numa_node;
        char *pci_address;
        char *vendor;
        char *vendor_id;
        char *product;
        char *product_id;
        char *usb_address;
} ApiResourcesGpuCard;
API_STRUCT(ApiResourcesGpuCard, api_resources_gpu_card)

typedef struct ApiResourcesGpu {
        ApiResourcesGpuCardList cards;
        int64_t total;
} ApiResourcesGpu;
API_STRUCT(ApiResourcesGpu, api_resources_gpu)
