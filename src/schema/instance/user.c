/* user.*: free text. */
#include "schema/tables.h"

#include "schema/check.h"

const ConfigKey schema_instance_user[] = {
        {.name = "user.*", .group = "miscellaneous",
         .type = "string",
         .summary = "Free text of your own",
         .text = "Kept and shown, found by list filters, readable in the guest."},
        {},
};
