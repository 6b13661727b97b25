#include "schema/tables.h"

#include "schema/check.h"

const ConfigKey schema_device_gpu_type[] = {
        {.name = "gputype", .group = "device-conf",
         .type = "string", .default_value = "physical", .check = check_one_of,
         .allowed = "physical mdev mig sriov",
         .summary = "How the card is used: whole, or a share of it"},
        {},
};

const ConfigKey schema_device_gpu_select[] = {
        {.name = "vendorid", .group = "device-conf",
         .type = "string", .check = check_hex_id,
         .summary = "Vendor id of the card"},
        {.name = "productid", .group = "device-conf",
         .type = "string", .check = check_hex_id,
         .summary = "Product id of the card"},
        {.name = "id", .group = "device-conf",
         .type = "string",
         .summary = "DRM id of the card"},
        {.name = "pci", .group = "device-conf",
         .type = "string", .check = check_pci_address,
         .summary = "PCI address of the card"},
        {},
};

const ConfigKey schema_device_gpu_mdev[] = {
        {.name = "mdev", .group = "device-conf",
         .type = "string", .flags = KEY_REQUIRED,
         .summary = "Profile of the mediated device"},
        {},
};

const ConfigKey schema_device_gpu_mig[] = {
        {.name = "mig.gi", .group = "device-conf",
         .type = "integer", .check = check_uint32,
         .summary = "GPU instance id"},
        {.name = "mig.ci", .group = "device-conf",
         .type = "integer", .check = check_uint32,
         .summary = "Compute instance id"},
        {.name = "mig.uuid", .group = "device-conf",
         .type = "string",
         .summary = "UUID of the MIG instance, with or without MIG- before it"},
        {},
};
