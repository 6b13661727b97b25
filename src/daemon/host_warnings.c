#include "daemon/host_warnings.h"

#include "base/times.h"
#include "database/warnings.h"
#include "linux/features.h"

#define RESOLVED_KEPT_NS (24 * 3600 * NS_PER_SECOND)

void daemon_warn_of_host(Database *database) {
        _cleanup_transaction_ Transaction *tx = NULL;
        Features features;
        features_probe(&features);
        if (!features.apparmor)
                database_warn(database,
                              &(WarningSpec){WARNING_APPARMOR_NOT_AVAILABLE, WARNING_OF_HOST, 0,
                                             NULL, "Disabled because of lack of kernel support"});
        else
                database_warning_gone(database, WARNING_APPARMOR_NOT_AVAILABLE,
                                      WARNING_OF_HOST, 0);
        if (database_begin(database, DATABASE_WRITE, &tx, NULL) == 0 &&
            db_warning_prune(tx, time_now_ns() - RESOLVED_KEPT_NS, NULL) == 0)
                (void) !transaction_commit(&tx, NULL);
}
