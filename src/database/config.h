/* The server's configuration: global (shared) and local (this member's). */
#pragma once

#include "database/database.h"

/* `tx` of the mode that fits: DATABASE_READ for the global one, DATABASE_LOCAL_READ… */
int db_config_get(Transaction *tx, StrMap *ret, Error **err) _must_check_;
int db_config_replace(Transaction *tx, const StrMap *config, Error **err) _must_check_;
