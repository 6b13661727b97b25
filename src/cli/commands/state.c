/* start, stop, restart, pause: one change of state on many instances at once. */
#include "cli/commands/state.h"

#include "cli/commands/commands.h"

#include "base/memory.h"
#include "cli/commands/console.h"
#include "cli/fields.h"
#include "cli/progress.h"
#include "cli/signals.h"

#include <signal.h>
#include <stdio.h>

#define STATUS_RUNNING 103
#define STATUS_STOPPED 102
#define STATUS_FROZEN 110

/* One instance on its way. */
typedef struct StateJob {
        Client *client;
        char *name;
        json_t *operation;
        Error *failed;
} StateJob;

typedef struct StateJobs {
        StateJob *items;
        size_t count, capacity;
} StateJobs;

static void jobs_done(StateJobs *jobs) {
        for (size_t i = 0; i < jobs->count; i++) {
                free(jobs->items[i].name);
                json_decref(jobs->items[i].operation);
                error_free(jobs->items[i].failed);
        }
        free(jobs->items);
}

static void add_job(StateJobs *jobs, Client *client, const char *name) {
        mem_grow((void **) &jobs->items, &jobs->capacity, jobs->count + 1, sizeof(StateJob));
        jobs->items[jobs->count++] = (StateJob){.client = client, .name = str_dup(name)};
}

/* Whether --all means this one. */
static bool is_wanted(const char *action, int64_t status) {
        if (str_equal(action, "start"))
                return status != STATUS_RUNNING;
        if (str_equal(action, "stop"))
                return status != STATUS_STOPPED;
        return status == STATUS_RUNNING;
}

static int add_all(Cli *cli, const char *remote, const char *action, StateJobs *jobs,
                   Error **err) {
        _cleanup_free_ char *name = NULL;
        Client *client;
        json_t *items;
        const json_t *item;
        size_t i;
        if (cli_resolve_optional(cli, remote, &client, &name, err) < 0)
                return -1;
        if (!str_is_empty(name))
                return error_set(err, ERROR_INVALID, 0, "Both --all and instance name given");
        if (object_collection(client, "/1.0/instances", &items, err) < 0)
                return -1;
        json_array_foreach(items, i, item) {
                if (is_wanted(action, field_number(item, "status_code")))
                        add_job(jobs, client, field_text(item, "name"));
        }
        json_decref(items);
        return 0;
}

static int collect(Cli *cli, const char *action, StateJobs *jobs, Error **err) {
        if (cli_flag(cli, "all")) {
                if (cli_count(cli) == 0)
                        return add_all(cli, NULL, action, jobs, err);
                for (size_t i = 0; i < cli_count(cli); i++) {
                        if (add_all(cli, cli_argument(cli, i), action, jobs, err) < 0)
                                return -1;
                }
                return 0;
        }
        if (cli_count(cli) == 0)
                return error_set(err, ERROR_INVALID, 0,
                                 "Name an instance, or use --all for all of them");
        for (size_t i = 0; i < cli_count(cli); i++) {
                _cleanup_free_ char *name = NULL;
                Client *client;
                if (cli_resolve(cli, cli_argument(cli, i), &client, &name, err) < 0)
                        return -1;
                if (str_is_empty(name))
                        return error_set(err, ERROR_INVALID, 0, "Missing instance name in \"%s\"",
                                         cli_argument(cli, i));
                add_job(jobs, client, name);
        }
        return 0;
}

/* A frozen instance is started by thawing it, one with saved state by restoring that. */
static int look_at(const StateJob *job, StateChange *change, Error **err) {
        _cleanup_free_ char *path = client_url("/1.0/instances/{}", job->name, NULL);
        json_t *instance;
        if (!str_equal(change->action, "start"))
                return 0;
        if (client_get(job->client, path, &instance, NULL, err) < 0)
                return -1;
        if (field_number(instance, "status_code") == STATUS_FROZEN)
                change->action = "unfreeze";
        else if (field_bool(instance, "stateful") && !change->stateless)
                change->stateful = true;
        json_decref(instance);
        return 0;
}

static int start_job(StateJob *job, const StateChange *wanted, Error **err) {
        _cleanup_free_ char *path = client_url("/1.0/instances/{}/state", job->name, NULL);
        StateChange change = *wanted;
        json_t *body;
        ClientRequest request;
        int result;
        if (look_at(job, &change, err) < 0)
                return -1;
        body = json_pack("{s:s,s:I,s:b,s:b}", "action", change.action, "timeout",
                         (json_int_t) change.timeout, "force", (int) change.force, "stateful",
                         (int) change.stateful);
        request = (ClientRequest){.method = "PUT", .path = path, .body = body};
        result = client_start(job->client, &request, &job->operation, err);
        json_decref(body);
        return result;
}

static int wait_job(Cli *cli, StateJob *job, Error **err) {
        static const int interrupts[] = {SIGINT, SIGTERM, 0};
        _cleanup_signals_ Signals *signals = NULL;
        _cleanup_progress_ Progress progress = {};
        ClientWait wait = {.watch = progress_watch,
                           .interrupted = progress_interrupted,
                           .userdata = &progress};
        progress_start(&progress, cli, NULL);
        if (signals_open(interrupts, &signals, err) < 0)
                return -1;
        wait.interrupt_fd = signals_fd(signals);
        return client_wait(job->client, job->operation, &wait, NULL, err);
}

static bool has_log(const char *action) {
        return str_equal(action, "start") || str_equal(action, "restart");
}

/* The error, and on a line of its own where to look. Takes `failed`. */
static int set_with_hint(Error **err, Error *failed, const char *name) {
        int result = error_set(err, failed->kind, failed->number,
                               "%s\nTry `berth info --show-log %s` for more info",
                               error_message(failed), name);
        error_free(failed);
        return result;
}

int state_change_one(Cli *cli, Client *client, const char *name, const StateChange *change,
                     Error **err) {
        StateJob job = {.client = client, .name = (char *) name};
        Error *failed = NULL;
        int result = start_job(&job, change, &failed);
        if (result == 0)
                result = wait_job(cli, &job, &failed);
        json_decref(job.operation);
        if (result == 0)
                return 0;
        return has_log(change->action) && !error_is(failed, ERROR_NOT_FOUND)
                       ? set_with_hint(err, failed, name)
                       : error_move(err, &failed);
}

/* All are asked for before the first is waited for. */
static int change_many(Cli *cli, StateJobs *jobs, const StateChange *change, Error **err) {
        bool failed = false;
        for (size_t i = 0; i < jobs->count; i++)
                (void) !start_job(&jobs->items[i], change, &jobs->items[i].failed);
        for (size_t i = 0; i < jobs->count; i++) {
                StateJob *job = &jobs->items[i];
                if (job->failed == NULL && wait_job(cli, job, &job->failed) == 0)
                        continue;
                failed = true;
                fprintf(stderr, "%s: error: %s\n", job->name, error_message(job->failed));
                if (has_log(change->action) && !error_is(job->failed, ERROR_NOT_FOUND))
                        fprintf(stderr, "%s: Try `berth info --show-log %s` for more info\n",
                                job->name, job->name);
        }
        if (!failed)
                return 0;
        return error_set(err, ERROR_INTERNAL, 0, "Some instances failed to %s", change->action);
}

static int run_change(Cli *cli, StateChange *change, Error **err) {
        _cleanup_(jobs_done) StateJobs jobs = {};
        const char *console = cli_text(cli, "console");
        change->timeout = cli_given(cli, "timeout") ? cli_number(cli, "timeout") : -1;
        change->force = cli_flag(cli, "force");
        if (collect(cli, change->action, &jobs, err) < 0)
                return -1;
        if (console != NULL && jobs.count != 1)
                return error_set(err, ERROR_INVALID, 0,
                                 "--console can't be used with several instances");
        if (jobs.count != 1)
                return change_many(cli, &jobs, change, err);
        if (state_change_one(cli, jobs.items[0].client, jobs.items[0].name, change, err) < 0)
                return -1;
        return console == NULL ? 0
                               : console_attach(jobs.items[0].client, jobs.items[0].name, console,
                                                err);
}

static int run_start(Cli *cli, Error **err) {
        return run_change(cli, &(StateChange){.action = "start",
                                              .stateless = cli_flag(cli, "stateless")},
                          err);
}

static int run_stop(Cli *cli, Error **err) {
        return run_change(
                cli, &(StateChange){.action = "stop", .stateful = cli_flag(cli, "stateful")}, err);
}

static int run_restart(Cli *cli, Error **err) {
        return run_change(cli, &(StateChange){.action = "restart"}, err);
}

static int run_pause(Cli *cli, Error **err) {
        return run_change(cli, &(StateChange){.action = "freeze"}, err);
}

#define OPTION_ALL                                                                           \
        { "all", 0, OPTION_FLAG, NULL, "All instances of the remote" }
#define OPTION_CONSOLE                                                                       \
        { "console", 0, OPTION_OPTIONAL, "TYPE", "Attach to the console at once", "console" }
#define OPTION_FORCE                                                                         \
        { "force", 'f', OPTION_FLAG, NULL, "Do not wait for a clean shutdown" }
#define OPTION_TIMEOUT                                                                       \
        { "timeout", 0, OPTION_NUMBER, "SECONDS", "How long to wait for a clean shutdown", "-1" }

static const Option start_options[] = {
        OPTION_ALL,
        OPTION_CONSOLE,
        {"stateless", 0, OPTION_FLAG, NULL, "Ignore saved state"},
        {}};

static const Option stop_options[] = {
        OPTION_ALL,
        OPTION_CONSOLE,
        OPTION_FORCE,
        {"stateful", 0, OPTION_FLAG, NULL, "Save the state of the instance"},
        OPTION_TIMEOUT,
        {}};

static const Option restart_options[] = {OPTION_ALL, OPTION_CONSOLE, OPTION_FORCE, OPTION_TIMEOUT,
                                         {}};

static const Option pause_options[] = {OPTION_ALL, {}};

#define ARGUMENTS "[<remote>:]<instance> [[<remote>:]<instance>...]"

const Command command_start = {
        .name = "start",
        .arguments = ARGUMENTS,
        .summary = "Start instances",
        .options = start_options,
        .maximum = COMMAND_UNLIMITED,
        .completers = {COMPLETE_INSTANCE},
        .run = run_start,
};

const Command command_stop = {
        .name = "stop",
        .arguments = ARGUMENTS,
        .summary = "Stop instances",
        .options = stop_options,
        .maximum = COMMAND_UNLIMITED,
        .completers = {COMPLETE_INSTANCE},
        .run = run_stop,
};

const Command command_restart = {
        .name = "restart",
        .arguments = ARGUMENTS,
        .summary = "Restart instances",
        .options = restart_options,
        .maximum = COMMAND_UNLIMITED,
        .completers = {COMPLETE_INSTANCE},
        .run = run_restart,
};

const Command command_pause = {
        .name = "pause",
        .aliases = "freeze",
        .arguments = ARGUMENTS,
        .summary = "Pause instances; start lets them go on",
        .options = pause_options,
        .maximum = COMMAND_UNLIMITED,
        .completers = {COMPLETE_INSTANCE},
        .run = run_pause,
};
