/* berthd activateifneeded: wakes a socket-activated daemon when there is something for it to do.
 * The database is read directly, since asking the daemon would start it. */
#include "daemon/command.h"

#include "base/files.h"
#include "base/memory.h"
#include "daemon/api_call.h"
#include "database/config.h"
#include "database/instances.h"

#include <stdio.h>

static int wants_network(Database *database, bool *ret, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_strmap_ StrMap config = {};
        if (database_begin(database, DATABASE_LOCAL_READ, &tx, err) < 0 ||
            db_config_get(tx, &config, err) < 0)
                return -1;
        *ret = !str_is_empty(strmap_get(&config, "core.https_address"));
        return 0;
}

/* Why an instance needs the daemon; NULL: it does not. */
static const char *instance_reason(const InstanceRow *row) {
        if (str_equal(strmap_get(&row->config, "volatile.last_state.power"), "RUNNING"))
                return "Daemon has running instances, activating...";
        if (str_is_true(strmap_get(&row->config, "boot.autostart")))
                return "Daemon has auto-started instances, activating...";
        if (!str_is_empty(strmap_get(&row->config, "snapshots.schedule")))
                return "Daemon has scheduled instance snapshots, activating...";
        return NULL;
}

static int find_reason(Database *database, const char **ret, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(instance_row_list_done) InstanceRowList rows = {};
        bool network;
        *ret = NULL;
        if (wants_network(database, &network, err) < 0)
                return -1;
        if (network) {
                *ret = "Daemon has core.https_address set, activating...";
                return 0;
        }
        if (database_begin(database, DATABASE_READ, &tx, err) < 0 ||
            db_instance_list(tx, NULL, &rows, err) < 0)
                return -1;
        for (size_t i = 0; i < rows.count && *ret == NULL; i++)
                *ret = instance_reason(&rows.items[i]);
        return 0;
}

static int run_activate(bool debug, Error **err) {
        _cleanup_free_ char *directory = daemon_directory();
        _cleanup_free_ char *path = path_join(directory, "database");
        _cleanup_free_ char *global = path_join(path, "global/db.bin");
        _cleanup_(database_cleanup) Database *database = NULL;
        const char *reason = NULL;
        if (path_exists(global) && (database_open(path, &database, err) < 0 ||
                                    find_reason(database, &reason, err) < 0))
                return -1;
        if (debug)
                fprintf(stderr, "%s\n",
                        reason != NULL ? reason : "No need to start the daemon now");
        return reason != NULL ? daemon_api_send("GET", "/1.0", NULL, err) : 0;
}

static int activate_run(const DaemonArguments *arguments) {
        _cleanup_error_ Error *err = NULL;
        if (run_activate(daemon_argument_flag(arguments, "debug"), &err) == 0)
                return 0;
        fprintf(stderr, "Error: %s\n", error_message(err));
        return 1;
}

const DaemonCommand daemon_command_activateifneeded = {
        .name = "activateifneeded",
        .usage = "activateifneeded",
        .summary = "Start a socket-activated daemon when it is needed",
        .text = "Looks whether the daemon listens on the network, has instances that ran or start\n"
                "by themselves, or snapshots to make, and if so connects to its socket, which\n"
                "makes the service manager start it.",
        .run = activate_run,
};
