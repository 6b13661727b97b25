/* cloud-init.* and its older spelling user.*. */
#include "schema/tables.h"

#include "schema/check.h"

const ConfigKey schema_instance_cloud_init[] = {
        {.name = "cloud-init.network-config", .group = "cloud-init",
         .type = "string", .default_text = "DHCP on eth0", .condition = "if supported by image",
         .summary = "Network configuration handed to cloud-init, in its own format"},
        {.name = "cloud-init.user-data", .group = "cloud-init",
         .type = "string", .default_value = "#cloud-config", .condition = "if supported by image",
         .summary = "User data for cloud-init"},
        {.name = "cloud-init.vendor-data", .group = "cloud-init",
         .type = "string", .default_value = "#cloud-config", .condition = "if supported by image",
         .summary = "Vendor data for cloud-init, merged below the user data"},
        {.name = "cloud-init.ssh-keys.KEYNAME", .group = "cloud-init",
         .type = "string", .condition = "if supported by image",
         .summary = "An SSH public key for a user of the guest",
         .text = "The value is `USER:KEY`, where KEY is a public key or an import reference as "
                 "cloud-init knows them."},
        {},
};

const ConfigKey schema_instance_user_cloud_init[] = {
        {.name = "user.meta-data", .group = "cloud-init",
         .type = "string", .condition = "if supported by image",
         .summary = "Instance metadata for cloud-init, added to what the daemon provides"},
        {.name = "user.network-config", .group = "cloud-init",
         .type = "string", .default_text = "DHCP on eth0", .condition = "if supported by image",
         .summary = "Older name of `cloud-init.network-config`, read when that is unset"},
        {.name = "user.user-data", .group = "cloud-init",
         .type = "string", .default_value = "#cloud-config", .condition = "if supported by image",
         .summary = "Older name of `cloud-init.user-data`, read when that is unset"},
        {.name = "user.vendor-data", .group = "cloud-init",
         .type = "string", .default_value = "#cloud-config", .condition = "if supported by image",
         .summary = "Older name of `cloud-init.vendor-data`, read when that is unset"},
        {},
};
