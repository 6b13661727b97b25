#include "schema/tables.h"

#include "schema/check.h"

const ConfigKey schema_device_type[] = {
        {.name = "type", .group = "device-conf",
         .type = "string", .check = check_one_of,
         .allowed = "none nic disk unix-char unix-block usb gpu infiniband proxy "
                    "unix-hotplug tpm pci",
         .flags = KEY_REQUIRED,
         .summary = "What the device is"},
        {},
};

const ConfigKey schema_device_user[] = {
        {.name = "user.*", .group = "device-conf",
         .type = "string",
         .summary = "Free text of your own"},
        {},
};

const ConfigKey schema_device_none[] = {
        {},
};

const ConfigKey schema_device_pci[] = {
        {.name = "address", .group = "device-conf",
         .type = "string", .check = check_pci_address, .flags = KEY_REQUIRED,
         .summary = "PCI address of the device, such as 0000:03:00.0"},
        {},
};

const ConfigKey schema_device_tpm[] = {
        {.name = "path", .group = "device-conf",
         .type = "string", .check = check_absolute_path, .required = "for containers",
         .condition = "container",
         .summary = "Where the TPM appears in the container, such as /dev/tpm0"},
        {.name = "pathrm", .group = "device-conf",
         .type = "string", .check = check_absolute_path, .required = "for containers",
         .condition = "container",
         .summary = "Where the TPM's resource manager appears, such as /dev/tpmrm0"},
        {},
};

const ConfigKey schema_device_proxy[] = {
        {.name = "listen", .group = "device-conf",
         .type = "string", .check = check_proxy_address, .flags = KEY_REQUIRED,
         .summary = "Where connections are taken",
         .text = "TYPE:ADDRESS:PORTS with type tcp or udp, or unix:PATH; PORTS is a list of ports "
                 "and ranges."},
        {.name = "connect", .group = "device-conf",
         .type = "string", .check = check_proxy_address, .flags = KEY_REQUIRED,
         .summary = "Where they are handed on",
         .text = "Written as `listen` is."},
        {.name = "bind", .group = "device-conf",
         .type = "string", .default_value = "host", .check = check_one_of,
         .allowed = "host instance guest container",
         .summary = "Which side listens",
         .text = "`host`, or `instance` to listen inside and connect to the host."},
        {.name = "nat", .group = "device-conf",
         .type = "bool", .default_value = "false", .check = check_bool,
         .summary = "Hand on by address translation instead of a process",
         .text = "The guest then sees the client's address; it needs a static address on its nic."},
        {.name = "proxy_protocol", .group = "device-conf",
         .type = "bool", .default_value = "false", .check = check_bool,
         .summary = "Tell the target the client's address by the PROXY protocol"},
        {.name = "mode", .group = "device-conf",
         .type = "integer", .default_value = "0644", .check = check_file_mode,
         .summary = "Mode of a listening unix socket"},
        {.name = "uid", .group = "device-conf",
         .type = "integer", .default_value = "0", .check = check_unix_id,
         .summary = "Owner of a listening unix socket"},
        {.name = "gid", .group = "device-conf",
         .type = "integer", .default_value = "0", .check = check_unix_id,
         .summary = "Group of a listening unix socket"},
        {.name = "security.uid", .group = "device-conf",
         .type = "integer", .default_value = "0", .check = check_unix_id,
         .summary = "User id the proxy runs as"},
        {.name = "security.gid", .group = "device-conf",
         .type = "integer", .default_value = "0", .check = check_unix_id,
         .summary = "Group id the proxy runs as"},
        {},
};
