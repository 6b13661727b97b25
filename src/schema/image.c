#include "schema/tables.h"

#include "schema/check.h"

const ConfigKey schema_image_requirements[] = {
        {.name = "requirements.cgroup", .group = "special-properties",
         .type = "string", .check = check_one_of, .allowed = "v1",
         .summary = "Control groups the image needs",
         .text = "`v1`: it cannot run on a host with version 2 only."},
        {.name = "requirements.secureboot", .group = "special-properties",
         .type = "string", .check = check_bool, .condition = "virtual machine",
         .summary = "Whether the image starts under secure boot",
         .text = "`false` when it does not."},
        {.name = "requirements.cdrom_agent", .group = "special-properties",
         .type = "string", .check = check_bool, .condition = "virtual machine",
         .summary = "Whether the image finds the agent on a CD-ROM"},
        {},
};

const ConfigKey schema_image_properties[] = {
        {.name = "NAME", .group = "properties",
         .type = "string",
         .summary = "Any property, found by list filters and shown by clients",
         .text = "By custom: `architecture`, `description`, `os`, `release`, `serial`, `type`, "
                 "`variant`, `version`."},
        {},
};

const ConfigKey schema_image_metadata[] = {
        {.name = "architecture", .group = "root",
         .type = "string", .check = check_architecture, .flags = KEY_REQUIRED | KEY_PROPERTY,
         .summary = "Architecture of the image's programs"},
        {.name = "creation_date", .group = "root",
         .type = "integer", .check = check_integer, .flags = KEY_REQUIRED | KEY_PROPERTY,
         .summary = "When the image was made, in seconds since 1970"},
        {.name = "expiry_date", .group = "root",
         .type = "integer", .default_value = "0", .check = check_integer, .flags = KEY_PROPERTY,
         .summary = "When the image should no longer be used, in seconds since 1970",
         .text = "0: never."},
        {.name = "properties", .group = "root",
         .type = "map of strings", .flags = KEY_PROPERTY,
         .summary = "The image's properties"},
        {},
};

const ConfigKey schema_image_templates[] = {
        {.name = "when", .group = "templates/<path>",
         .type = "list of strings", .check = check_list_of, .allowed = "create copy rename start",
         .flags = KEY_PROPERTY,
         .summary = "Events at which the file is written: create, copy, rename, start"},
        {.name = "create_only", .group = "templates/<path>",
         .type = "bool", .default_value = "false", .check = check_bool, .flags = KEY_PROPERTY,
         .summary = "Leave the file alone when it is there already"},
        {.name = "template", .group = "templates/<path>",
         .type = "string", .flags = KEY_PROPERTY,
         .summary = "File in templates/ that is rendered"},
        {.name = "properties", .group = "templates/<path>",
         .type = "map of strings", .flags = KEY_PROPERTY,
         .summary = "Values the template sees as properties"},
        {},
};

const ConfigKey schema_image_template_context[] = {
        {.name = "trigger", .group = "template-context",
         .type = "string", .flags = KEY_PROPERTY,
         .summary = "The event that renders the template"},
        {.name = "path", .group = "template-context",
         .type = "string", .flags = KEY_PROPERTY,
         .summary = "Where the result is written"},
        {.name = "instance", .group = "template-context",
         .type = "map of strings", .flags = KEY_PROPERTY,
         .summary = "name, type, architecture, privileged and ephemeral of the instance; also "
                    "called container"},
        {.name = "config", .group = "template-context",
         .type = "map of strings", .flags = KEY_PROPERTY,
         .summary = "The instance's configuration"},
        {.name = "devices", .group = "template-context",
         .type = "map of maps", .flags = KEY_PROPERTY,
         .summary = "The instance's devices"},
        {.name = "config_get", .group = "template-context",
         .type = "function", .flags = KEY_PROPERTY,
         .summary = "config_get(key, default): a config value or the default"},
        {},
};
