/* What the host lacks, shown to the administrator at each start. */
#pragma once

#include "database/database.h"

/* Records it, takes back what is there now, and forgets what was resolved a day ago. */
void daemon_warn_of_host(Database *database);
