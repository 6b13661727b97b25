#include "api/resources_gpu.h"

const JsonField api_resources_gpu_card_drm_fields[] = {
        JSON_INTEGER(ApiResourcesGpuCardDrm, id, 0),
        JSON_STRING(ApiResourcesGpuCardDrm, card_name, 0),
        JSON_STRING(ApiResourcesGpuCardDrm, card_device, 0),
        JSON_STRING(ApiResourcesGpuCardDrm, control_name, JSON_OMIT_EMPTY),
        JSON_STRING(ApiResourcesGpuCardDrm, control_device, JSON_OMIT_EMPTY),
        JSON_STRING(ApiResourcesGpuCardDrm, render_name, JSON_OMIT_EMPTY),
        JSON_STRING(ApiResourcesGpuCardDrm, render_device, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_resources_gpu_card_sriov_fields[] = {
        JSON_INTEGER(ApiResourcesGpuCardSriov, current_vfs, 0),
        JSON_INTEGER(ApiResourcesGpuCardSriov, maximum_vfs, 0),
        JSON_LIST(ApiResourcesGpuCardSriov, vfs, ApiResourcesGpuCard,
                  api_resources_gpu_card_fields, 0),
        JSON_END,
};

const JsonField api_resources_gpu_card_nvidia_fields[] = {
        JSON_STRING(ApiResourcesGpuCardNvidia, cuda_version, JSON_OMIT_EMPTY),
        JSON_STRING(ApiResourcesGpuCardNvidia, nvrm_version, JSON_OMIT_EMPTY),
        JSON_STRING(ApiResourcesGpuCardNvidia, brand, 0),
        JSON_STRING(ApiResourcesGpuCardNvidia, model, 0),
        JSON_STRING(ApiResourcesGpuCardNvidia, uuid, JSON_OMIT_EMPTY),
        JSON_STRING(ApiResourcesGpuCardNvidia, architecture, JSON_OMIT_EMPTY),
        JSON_STRING(ApiResourcesGpuCardNvidia, card_name, 0),
        JSON_STRING(ApiResourcesGpuCardNvidia, card_device, 0),
        JSON_END,
};

const JsonField api_resources_gpu_card_mdev_fields[] = {
        JSON_STRING(ApiResourcesGpuCardMdev, api, 0),
        JSON_INTEGER(ApiResourcesGpuCardMdev, available, 0),
        JSON_STRING(ApiResourcesGpuCardMdev, name, JSON_OMIT_EMPTY),
        JSON_STRING(ApiResourcesGpuCardMdev, description, JSON_OMIT_EMPTY),
        JSON_STRLIST(ApiResourcesGpuCardMdev, devices, 0),
        JSON_END,
};

const JsonField api_resources_gpu_card_fields[] = {
        JSON_STRING(ApiResourcesGpuCard, driver, JSON_OMIT_EMPTY),
        JSON_STRING(ApiResourcesGpuCard, driver_version, JSON_OMIT_EMPTY),
        JSON_POINTER(ApiResourcesGpuCard, drm, ApiResourcesGpuCardDrm,
                     api_resources_gpu_card_drm_fields, JSON_OMIT_EMPTY),
        JSON_POINTER(ApiResourcesGpuCard, sriov, ApiResourcesGpuCardSriov,
                     api_resources_gpu_card_sriov_fields, JSON_OMIT_EMPTY),
        JSON_POINTER(ApiResourcesGpuCard, nvidia, ApiResourcesGpuCardNvidia,
                     api_resources_gpu_card_nvidia_fields, JSON_OMIT_EMPTY),
        JSON_MAP(ApiResourcesGpuCard, mdev, ApiResourcesGpuCardMdev,
                 api_resources_gpu_card_mdev_fields, JSON_OMIT_EMPTY),
        JSON_INTEGER(ApiResourcesGpuCard, numa_node, 0),
        JSON_STRING(ApiResourcesGpuCard, pci_address, JSON_OMIT_EMPTY),
        JSON_STRING(ApiResourcesGpuCard, vendor, JSON_OMIT_EMPTY),
        JSON_STRING(ApiResourcesGpuCard, vendor_id, JSON_OMIT_EMPTY),
        JSON_STRING(ApiResourcesGpuCard, product, JSON_OMIT_EMPTY),
        JSON_STRING(ApiResourcesGpuCard, product_id, JSON_OMIT_EMPTY),
        JSON_STRING(ApiResourcesGpuCard, usb_address, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_resources_gpu_fields[] = {
        JSON_LIST(ApiResourcesGpu, cards, ApiResourcesGpuCard, api_resources_gpu_card_fields, 0),
        JSON_INTEGER(ApiResourcesGpu, total, 0),
        JSON_END,
};
