/* raw.*: what reaches the backends as it is. */
#include "schema/tables.h"

#include "schema/check.h"

const ConfigKey schema_instance_raw[] = {
        {.name = "raw.apparmor", .group = "raw",
         .type = "blob", .flags = KEY_LIVE,
         .summary = "Rules added to the instance's AppArmor profile"},
        {.name = "raw.idmap", .group = "raw",
         .type = "blob", .check = check_idmap, .condition = "unprivileged container",
         .summary = "Ids of the host that appear unchanged or shifted in the container",
         .text = "One mapping a line, `both 1000 1000`: `uid`, `gid` or `both`, the host's range, "
                 "the container's range."},
        {.name = "raw.lxc", .group = "raw",
         .type = "blob", .check = check_raw_lxc, .flags = KEY_CONTAINER, .condition = "container",
         .summary = "Lines added to the liblxc configuration of the container",
         .text = "They come last, so they win over what the daemon wrote. Logging, network types "
                 "and ephemeral are refused."},
        {.name = "raw.qemu", .group = "raw",
         .type = "blob", .flags = KEY_VM, .condition = "virtual machine",
         .summary = "Arguments added to the QEMU command line"},
        {.name = "raw.qemu.conf", .group = "raw",
         .type = "blob", .flags = KEY_VM, .condition = "virtual machine",
         .summary = "Sections that add to or replace those of the generated QEMU configuration"},
        {.name = "raw.seccomp", .group = "raw",
         .type = "blob", .flags = KEY_CONTAINER, .condition = "container",
         .summary = "A seccomp policy in liblxc's format that replaces the generated one"},
        {},
};
