/* cluster.*: the instance in a cluster. */
#include "schema/tables.h"

#include "schema/check.h"

const ConfigKey schema_instance_cluster[] = {
        {.name = "cluster.evacuate", .group = "miscellaneous",
         .type = "string", .default_value = "auto", .check = check_one_of,
         .allowed = "auto migrate live-migrate stop",
         .summary = "What happens to the instance when its member is evacuated",
         .text = "`auto` moves it where that is possible and stops it where not."},
        {},
};
