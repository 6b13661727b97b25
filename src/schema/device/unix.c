#include "schema/tables.h"

#include "schema/check.h"

const ConfigKey schema_device_unix[] = {
        {.name = "source", .group = "device-conf",
         .type = "string", .check = check_absolute_path, .required = "either source or path",
         .summary = "Path of the device on the host"},
        {.name = "path", .group = "device-conf",
         .type = "string", .check = check_absolute_path, .required = "either source or path",
         .summary = "Path of the device in the container"},
        {.name = "major", .group = "device-conf",
         .type = "integer", .default_text = "that of the source", .check = check_unix_number,
         .summary = "Major number"},
        {.name = "minor", .group = "device-conf",
         .type = "integer", .default_text = "that of the source", .check = check_unix_number,
         .summary = "Minor number"},
        {.name = "required", .group = "device-conf",
         .type = "bool", .default_value = "true", .check = check_bool,
         .summary = "Refuse to start when the device is missing",
         .text = "`false` waits for it, and adds it when it appears."},
        {},
};

const ConfigKey schema_device_unix_owner[] = {
        {.name = "uid", .group = "device-conf",
         .type = "integer", .default_value = "0", .check = check_unix_id,
         .condition = "container",
         .summary = "Owner of the node in the container"},
        {.name = "gid", .group = "device-conf",
         .type = "integer", .default_value = "0", .check = check_unix_id,
         .condition = "container",
         .summary = "Group of the node in the container"},
        {.name = "mode", .group = "device-conf",
         .type = "integer", .default_value = "0660", .check = check_file_mode,
         .condition = "container",
         .summary = "Mode of the node in the container"},
        {},
};

const ConfigKey schema_device_unix_hotplug[] = {
        {.name = "vendorid", .group = "device-conf",
         .type = "string", .check = check_hex_id,
         .summary = "Vendor id of the device"},
        {.name = "productid", .group = "device-conf",
         .type = "string", .check = check_hex_id,
         .summary = "Product id of the device"},
        {.name = "required", .group = "device-conf",
         .type = "bool", .default_value = "false", .check = check_bool,
         .summary = "Refuse to start when no such device is there"},
        {},
};

const ConfigKey schema_device_usb[] = {
        {.name = "vendorid", .group = "device-conf",
         .type = "string", .check = check_hex_id,
         .summary = "Vendor id of the device"},
        {.name = "productid", .group = "device-conf",
         .type = "string", .check = check_hex_id,
         .summary = "Product id of the device"},
        {.name = "serial", .group = "device-conf",
         .type = "string",
         .summary = "Serial number of the device"},
        {.name = "busnum", .group = "device-conf",
         .type = "integer", .check = check_uint32,
         .summary = "Bus the device is on"},
        {.name = "devnum", .group = "device-conf",
         .type = "integer", .check = check_uint32,
         .summary = "Number of the device on its bus"},
        {.name = "required", .group = "device-conf",
         .type = "bool", .default_value = "false", .check = check_bool,
         .summary = "Refuse to start when no such device is there"},
        {},
};
