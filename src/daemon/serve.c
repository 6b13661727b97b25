/* The daemon itself: puts the parts together, serves, and takes them apart. */
#include "daemon/command.h"

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "daemon/host_warnings.h"
#include "daemon/listen.h"
#include "daemon/network.h"
#include "daemon/network_parts.h"
#include "daemon/tasks.h"
#include "guest_api/guest_api.h"
#include "image/image.h"
#include "rest/rest.h"

#include <build-config.h>
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

#define WORKER_LIMIT 256

typedef struct Daemon {
        char *directory;
        Loop *loop;
        Loop *event_loop;
        Workers *workers;
        Database *database;
        EventHub *events;
        Operations *operations;
        Storage *storage;
        Images *images;
        Runtime *runtime;
        Volumes *volumes;
        Networks *networks;
        Instances *instances;
        HttpServer *server;
        Trust *trust;
        DaemonNetwork *network;
        DaemonTasks *tasks;
        RestContext rest;
        char host_name[65];
        int signals;
        LoopSource *signal_source;
        bool stop_instances;
        bool socket_passed; /* by the service manager: it is not ours to remove */
        bool force;
        int64_t timeout_seconds;
} Daemon;

/* The daemon's directories and their modes: LXD's layout. */
static const struct {
        const char *name;
        mode_t mode;
} directories[] = {
        {"", 0711},
        {"backups", 0700},
        {"containers", 0711},
        {"database", 0700},
        {"devices", 0711},
        {"devlxd", 0755},
        {"disks", 0700},
        {"images", 0700},
        {"logs", 0700},
        {"networks", 0711},
        {"security", 0700},
        {"security/seccomp", 0700},
        {"shmounts", 0711},
        {"snapshots", 0700},
        {"storage-pools", 0711},
};

static int make_directories(const Daemon *daemon, Error **err) {
        for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
                _cleanup_free_ char *path = path_join(daemon->directory, directories[i].name);
                int result = i == 0 ? directory_make_all(daemon->directory, 0711, err)
                                    : directory_make(path, directories[i].mode, err);
                /* images/ may be a link to a volume. */
                if (result < 0)
                        return -1;
        }
        return 0;
}

static int open_log(const DaemonArguments *arguments, Error **err) {
        const char *file = daemon_argument(arguments, "logfile");
        if (daemon_argument_flag(arguments, "verbose"))
                log_set_level(LOG_LEVEL_INFO);
        if (daemon_argument_flag(arguments, "debug") ||
            daemon_argument(arguments, "trace") != NULL)
                log_set_level(LOG_LEVEL_DEBUG);
        if (daemon_argument_flag(arguments, "syslog"))
                log_open_syslog("berth");
        return file != NULL ? log_open_file(file, err) : 0;
}

static void begin_shutdown(void *userdata, bool force, int64_t timeout_seconds) {
        Daemon *daemon = userdata;
        daemon->stop_instances = true;
        daemon->force = force;
        daemon->timeout_seconds = timeout_seconds;
        __atomic_store_n(&daemon->rest.state, REST_STATE_STOPPING, __ATOMIC_RELEASE);
        loop_stop(daemon->loop);
}

/* TERM, INT and QUIT end the daemon and leave the instances; PWR is the host going down. */
static void signal_event(void *userdata, uint32_t events) {
        Daemon *daemon = userdata;
        struct signalfd_siginfo info;
        if (read(daemon->signals, &info, sizeof info) != sizeof info)
                return;
        log_info("Received signal %u", info.ssi_signo);
        daemon->stop_instances = info.ssi_signo == SIGPWR;
        __atomic_store_n(&daemon->rest.state, REST_STATE_STOPPING, __ATOMIC_RELEASE);
        loop_stop(daemon->loop);
}

static int catch_signals(Daemon *daemon, Error **err) {
        static const int caught[] = {SIGTERM, SIGINT, SIGQUIT, SIGPWR};
        sigset_t set;
        sigemptyset(&set);
        for (size_t i = 0; i < ARRAY_SIZE(caught); i++)
                sigaddset(&set, caught[i]);
        (void) signal(SIGPIPE, SIG_IGN);
        (void) signal(SIGHUP, SIG_IGN);
        if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
                return error_errno(err, errno, "Cannot block signals");
        daemon->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
        if (daemon->signals < 0)
                return error_errno(err, errno, "Cannot watch signals");
        return loop_source_add(daemon->loop, daemon->signals, EPOLLIN, signal_event, daemon,
                               &daemon->signal_source, err);
}

static int make_parts(Daemon *daemon, Error **err) {
        _cleanup_free_ char *database = path_join(daemon->directory, "database");
        _cleanup_free_ char *containers = path_join(daemon->directory, "containers");
        _cleanup_free_ char *logs = path_join(daemon->directory, "logs");
        if (loop_new(&daemon->loop, err) < 0 || loop_new(&daemon->event_loop, err) < 0 ||
            catch_signals(daemon, err) < 0 ||
            database_open(database, &daemon->database, err) < 0 ||
            trust_new(daemon->database, daemon->directory, &daemon->trust, err) < 0 ||
            runtime_new(NULL, containers, logs, &daemon->runtime, err) < 0)
                return -1;
        daemon->rest.firewall = firewall_new();
        daemon->workers = workers_new(WORKER_LIMIT);
        daemon->events = event_hub_new(daemon->event_loop);
        daemon->operations = operations_new(daemon->events, daemon->loop, daemon->workers);
        daemon->storage = storage_new(daemon->database, daemon->runtime, daemon->directory);
        daemon->volumes = volumes_new(&(VolumesSpec){.database = daemon->database,
                                                     .storage = daemon->storage,
                                                     .events = daemon->events,
                                                     .directory = daemon->directory});
        daemon->images = images_new(daemon->database, daemon->storage, daemon->directory);
        const NetworksSpec network_spec = {.database = daemon->database,
                                           .firewall = daemon->rest.firewall,
                                           .loop = daemon->loop,
                                           .workers = daemon->workers,
                                           .directory = daemon->directory,
                                           .seed = trust_server_certificate(daemon->trust)};
        daemon->networks = networks_new(&network_spec);
        const InstancesSpec spec = {.database = daemon->database,
                                    .storage = daemon->storage,
                                    .volumes = daemon->volumes,
                                    .images = daemon->images,
                                    .networks = daemon->networks,
                                    .events = daemon->events,
                                    .loop = daemon->loop,
                                    .workers = daemon->workers,
                                    .runtime = daemon->runtime,
                                    .directory = daemon->directory};
        return instances_new(&spec, &daemon->instances, err);
}

static int listen_again(void *userdata, const char *address, Error **err) {
        const Daemon *daemon = userdata;
        return daemon_network_listen(daemon->network, address, err);
}

static void list_addresses(void *userdata, StrList *ret) {
        const Daemon *daemon = userdata;
        daemon_network_addresses(daemon->network, ret);
}

static int configure(void *userdata, const StrMap *config, Error **err) {
        Daemon *daemon = userdata;
        return daemon_network_parts_configure(&daemon->rest, config, err);
}

static int run_task(void *userdata, const char *name, Error **err) {
        const Daemon *daemon = userdata;
        return daemon_tasks_run(daemon->tasks, name, err);
}

static void fill_context(Daemon *daemon) {
        (void) gethostname(daemon->host_name, sizeof daemon->host_name - 1);
        RestContext *rest = &daemon->rest;
        rest->database = daemon->database;
        rest->storage = daemon->storage;
        rest->images = daemon->images;
        rest->volumes = daemon->volumes;
        rest->networks = daemon->networks;
        rest->instances = daemon->instances;
        rest->operations = daemon->operations;
        rest->events = daemon->events;
        rest->loop = daemon->loop;
        rest->workers = daemon->workers;
        rest->directory = daemon->directory;
        rest->server_name = daemon->host_name;
        const char *version = getenv("LXD_SERVER_VERSION");
        rest->server_version = str_is_empty(version) ? BERTH_VERSION : version;
        rest->daemon = (RestDaemonHooks){begin_shutdown, listen_again, configure,
                                         list_addresses, run_task, daemon};
        rest->trust = daemon->trust;
        pthread_mutex_init(&rest->server_cache.lock, NULL);
        daemon_network_parts(rest);
}

static int start_serving(Daemon *daemon, const char *group, Error **err) {
        int fd;
        fill_context(daemon);
        daemon->tasks = daemon_tasks_start(&daemon->rest);
        const HttpServerSpec spec = {.loop = daemon->loop,
                                     .workers = daemon->workers,
                                     .handler = rest_handle,
                                     .userdata = &daemon->rest};
        daemon->server = http_server_new(&spec);
        daemon->network = daemon_network_new(daemon->server, daemon->loop, daemon->trust);
        if (daemon_listen_unix(daemon->directory, group, &fd, &daemon->socket_passed, err) < 0 ||
            http_server_listen(daemon->server, fd, err) < 0 ||
            guest_api_start(daemon->instances, daemon->images, daemon->directory, daemon->loop,
                            daemon->workers, err) < 0)
                return -1;
        return loop_start_thread(daemon->event_loop, "berth-events", err);
}

/* The socket answers before this: requests then say that the daemon is being set up. */
static void become_ready(void *userdata) {
        Daemon *daemon = userdata;
        _cleanup_error_ Error *err = NULL;
        storage_start(daemon->storage);
        volumes_start(daemon->volumes);
        images_clean(daemon->images);
        networks_start(daemon->networks);
        daemon_warn_of_host(daemon->database);
        if (instances_start(daemon->instances, &err) < 0)
                log_error("Cannot take up the instances: %s", error_message(err));
        daemon_network_start(daemon->network, daemon->database);
        daemon_network_parts_start(&daemon->rest);
        int expected = REST_STATE_STARTING;
        (void) __atomic_compare_exchange_n(&daemon->rest.state, &expected, REST_STATE_READY, false,
                                           __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
        (void) malloc_trim(0);
        log_info("Daemon started");
}

/* Operations that still run get core.shutdown_timeout's default of five minutes, or what was asked
 * for; with force none. */
static void finish(Daemon *daemon) {
        int64_t left = daemon->force                 ? 0
                       : daemon->timeout_seconds > 0 ? daemon->timeout_seconds
                       : daemon->stop_instances      ? 300
                                                     : 5;
        /* Timers and posts of the last operations need the loop: it goes on, on a thread. */
        if (loop_start_thread(daemon->loop, "berth-loop", NULL) == 0) {
                for (; left > 0 && operations_running(daemon->operations) > 0; left--)
                        (void) sleep(1);
                if (daemon->stop_instances)
                        instances_shutdown(daemon->instances);
        }
        log_info("Daemon stopped");
        if (!daemon->socket_passed) {
                _cleanup_free_ char *socket_path = path_join(daemon->directory, "unix.socket");
                (void) unlink(socket_path);
        }
        database_retire(daemon->database);
}

static int run_daemon(Daemon *daemon, const DaemonArguments *arguments, Error **err) {
        if (geteuid() != 0)
                return error_set(err, ERROR_FORBIDDEN, 0, "This must be run as root");
        if (open_log(arguments, err) < 0 || make_directories(daemon, err) < 0 ||
            make_parts(daemon, err) < 0 ||
            start_serving(daemon, daemon_argument(arguments, "group"), err) < 0)
                return -1;
        workers_submit(daemon->workers, WORK_LONG, become_ready, daemon);
        loop_run(daemon->loop);
        finish(daemon);
        return 0;
}

static int serve_run(const DaemonArguments *arguments) {
        _cleanup_error_ Error *err = NULL;
        Daemon daemon = {.directory = daemon_directory(), .signals = -1};
        /* Many threads come and go: an arena for each would cost more than they wait. */
        (void) mallopt(M_ARENA_MAX, 2);
        (void) umask(0077);
        int status = 0;
        if (run_daemon(&daemon, arguments, &err) < 0) {
                fprintf(stderr, "Error: %s\n", error_message(err));
                status = 1;
        }
        /* Threads may still be at work: nothing is taken away from under them. */
        fflush(NULL);
        _exit(status);
}

static const DaemonOption options[] = {
        {"group", 0, DAEMON_OPTION_TEXT, "Group whose members may use the socket"},
};

const DaemonCommand daemon_command_serve = {
        .name = "",
        .usage = "[options] | COMMAND",
        .summary = "Run the daemon",
        .text = "The Berth daemon: manages system containers and serves the LXD 1.0 REST API on\n"
                "unix.socket in its directory (BERTH_DIR, else LXD_DIR, else /var/lib/berth).\n"
                "It stays in the foreground. SIGTERM ends it; the containers run on.",
        .options = options,
        .option_count = ARRAY_SIZE(options),
        .run = serve_run,
};
