#include "schema/tables.h"

#include "schema/check.h"

const ConfigKey schema_cluster_member[] = {
        {.name = "scheduler.instance", .group = "cluster",
         .type = "string", .default_value = "all", .check = check_one_of,
         .allowed = "all manual group",
         .summary = "Which new instances are placed on the member",
         .text = "`all`, `group` for those that name one of its groups, `manual` for those that "
                 "name the member."},
        {.name = "user.*", .group = "cluster",
         .type = "string",
         .summary = "Free text of your own"},
        {},
};
