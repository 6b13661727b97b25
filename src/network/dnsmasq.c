/* dnsmasq detaches itself once it serves: spawning it returns when it is ready or says why it is
 * not, and to the daemon that started it it is as foreign as to the next one. Both watch it by a
 * pidfd. */
#include "network/dnsmasq.h"

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/times.h"
#include "linux/procfs.h"
#include "loop/loop.h"
#include "loop/workers.h"
#include "process/spawn.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>

#define STOP_TIMEOUT_MS 5000
#define START_TIMEOUT_MS 30000
#define LONGEST_PAUSE_S 60
#define STEADY_NS (30 * NS_PER_SECOND)

typedef struct Server {
        char *network;
        StrList arguments;
        char *raw;
        pid_t pid; /* 0: it does not run */
        int pidfd;
        int64_t started_ns;
        unsigned failures; /* in a row */
} Server;

struct Dnsmasqs {
        char *directory;
        struct Loop *loop;
        struct Workers *workers;
        pthread_mutex_t lock;
        Table *servers; /* by network */
};

/* A process that is watched; the server may be another one by the time that it ends. */
typedef struct Watch {
        Dnsmasqs *all;
        char *network;
        pid_t pid;
        int pidfd;
        LoopSource *source;
} Watch;

static void server_free(void *value) {
        Server *server = value;
        free(server->network);
        strlist_done(&server->arguments);
        free(server->raw);
        fd_close(&server->pidfd);
        free(server);
}

static Server *server_get(Dnsmasqs *all, const char *network) {
        Server *server = table_get(all->servers, network);
        if (server == NULL) {
                server = mem_new(Server);
                *server = (Server){.network = str_dup(network), .pidfd = -1};
                table_set(all->servers, network, server);
        }
        return server;
}

Dnsmasqs *dnsmasqs_new(const char *directory, struct Loop *loop, struct Workers *workers) {
        Dnsmasqs *all = mem_new(Dnsmasqs);
        *all = (Dnsmasqs){.directory = str_dup(directory),
                          .loop = loop,
                          .workers = workers,
                          .servers = table_new(server_free)};
        pthread_mutex_init(&all->lock, NULL);
        return all;
}

void dnsmasqs_free(Dnsmasqs *all) {
        if (all == NULL)
                return;
        table_free(all->servers);
        pthread_mutex_destroy(&all->lock);
        free(all->directory);
        free(all);
}

static char *file_of(const Dnsmasqs *all, const char *network, const char *name) {
        return str_printf("%s/%s/dnsmasq.%s", all->directory, network, name);
}

/* --- starting, and starting again --- */

static int start_server(Dnsmasqs *all, Server *server, Error **err);

typedef struct Revival {
        Dnsmasqs *all;
        char *network;
} Revival;

static void revive(void *userdata);

/* At once after a long life; one that ends soon or cannot be started is tried ever more seldom. */
static void revive_later(Dnsmasqs *all, Server *server) {
        int64_t pause = server->failures == 0 ? 0
                        : server->failures < 7 ? 1 << (server->failures - 1)
                                               : LONGEST_PAUSE_S;
        Revival *revival = mem_new(Revival);
        *revival = (Revival){.all = all, .network = str_dup(server->network)};
        server->failures++;
        (void) loop_timer_add(all->loop, time_monotonic_ns() + pause * NS_PER_SECOND, revive,
                              revival);
}

static void revive_on_worker(void *userdata) {
        Revival *revival = userdata;
        Dnsmasqs *all = revival->all;
        _cleanup_error_ Error *err = NULL;
        pthread_mutex_lock(&all->lock);
        Server *server = table_get(all->servers, revival->network);
        if (server != NULL && server->pid == 0 && server->arguments.count > 0 &&
            start_server(all, server, &err) < 0) {
                log_error("Network %s is without DNS and DHCP: %s", revival->network,
                          error_message(err));
                revive_later(all, server);
        }
        pthread_mutex_unlock(&all->lock);
        free(revival->network);
        free(revival);
}

static void revive(void *userdata) {
        Revival *revival = userdata;
        workers_submit(revival->all->workers, WORK_SHORT, revive_on_worker, revival);
}

static void ended_on_worker(void *userdata) {
        Watch *watch = userdata;
        Dnsmasqs *all = watch->all;
        pthread_mutex_lock(&all->lock);
        Server *server = table_get(all->servers, watch->network);
        if (server != NULL && server->pid == watch->pid) {
                log_warning("dnsmasq of network %s has ended and is started again",
                            watch->network);
                server->pid = 0;
                fd_close(&server->pidfd);
                if (time_monotonic_ns() - server->started_ns > STEADY_NS)
                        server->failures = 0;
                revive_later(all, server);
        }
        pthread_mutex_unlock(&all->lock);
        fd_close(&watch->pidfd);
        free(watch->network);
        free(watch);
}

/* On the loop. */
static void watch_event(void *userdata, _unused_ uint32_t events) {
        Watch *watch = userdata;
        loop_source_remove(TAKE_PTR(watch->source));
        workers_submit(watch->all->workers, WORK_SHORT, ended_on_worker, watch);
}

/* On the loop: sources are added there only. */
static void watch_begin(void *userdata) {
        Watch *watch = userdata;
        _cleanup_error_ Error *err = NULL;
        if (loop_source_add(watch->all->loop, watch->pidfd, EPOLLIN, watch_event, watch,
                            &watch->source, &err) < 0)
                log_error("Cannot watch dnsmasq of %s: %s", watch->network, error_message(err));
}

/* Takes up a process that runs; takes the pidfd. Under the lock. */
static void server_adopt(Dnsmasqs *all, Server *server, pid_t pid, int pidfd) {
        Watch *watch = mem_new(Watch);
        fd_close(&server->pidfd);
        server->pid = pid;
        server->pidfd = pidfd;
        server->started_ns = time_monotonic_ns();
        *watch = (Watch){.all = all,
                         .network = str_dup(server->network),
                         .pid = pid,
                         .pidfd = fcntl(pidfd, F_DUPFD_CLOEXEC, 3)};
        loop_post(all->loop, watch_begin, watch);
}

/* What LXD's tools read: YAML with a line "pid: N". */
static int write_record(Dnsmasqs *all, const Server *server, Error **err) {
        _cleanup_free_ char *path = file_of(all, server->network, "pid");
        _cleanup_strbuf_ StrBuf text = {};
        strbuf_add(&text, "name: dnsmasq\nargs:\n");
        for (size_t i = 1; i < server->arguments.count; i++) {
                strbuf_add(&text, "- '");
                for (const char *c = server->arguments.items[i]; *c != '\0'; c++)
                        strbuf_printf(&text, *c == '\'' ? "''" : "%c", *c);
                strbuf_add(&text, "'\n");
        }
        strbuf_printf(&text, "apparmor: \"\"\npid: %d\nuid: 0\ngid: 0\nset_groups: false\n"
                             "sysprocattr: null\n",
                      (int) server->pid);
        return file_write(path, text.data, text.length, 0600, false, err);
}

static int run_dnsmasq(const Server *server, Error **err) {
        _cleanup_spawn_output_ SpawnOutput output = {};
        const SpawnSpec spec = {.argv = (const char *const *) server->arguments.items,
                                .directory = "/",
                                .new_session = true};
        const SpawnLimits limits = {.timeout_ms = START_TIMEOUT_MS};
        if (spawn_run(&spec, &limits, &output, err) < 0)
                return error_prefix(err, "The DNS and DHCP service cannot be started");
        if (output.exit.code == 0)
                return 0;
        _cleanup_free_ char *said = str_trim(output.errors.data != NULL ? output.errors.data : "");
        return error_set(err, ERROR_SYSTEM, 0,
                         "The DNS and DHCP service exited prematurely: Process exited with "
                         "non-zero value %d (\"%s\")",
                         output.exit.code, said);
}

/* Under the lock. */
static int start_server(Dnsmasqs *all, Server *server, Error **err) {
        _cleanup_free_ char *run = file_of(all, server->network, "run"), *text = NULL;
        int64_t pid;
        int pidfd;
        if (run_dnsmasq(server, err) < 0 || file_read(run, 64, &text, NULL, err) < 0)
                return -1;
        text[strcspn(text, "\n")] = '\0';
        if (!str_to_int64(text, &pid) || procfs_open_pidfd((pid_t) pid, 0, &pidfd, err) < 0)
                return error_set(err, ERROR_SYSTEM, 0,
                                 "The DNS and DHCP service exited right after its start");
        server_adopt(all, server, (pid_t) pid, pidfd);
        return write_record(all, server, err);
}

/* Under the lock. */
static void stop_server(Server *server) {
        pid_t pid = server->pid;
        server->pid = 0; /* so that its watch finds another one */
        if (pid == 0)
                return;
        (void) pidfd_signal(server->pidfd, SIGTERM, NULL);
        if (!pidfd_wait(server->pidfd, STOP_TIMEOUT_MS)) {
                (void) pidfd_signal(server->pidfd, SIGKILL, NULL);
                (void) pidfd_wait(server->pidfd, STOP_TIMEOUT_MS);
        }
        fd_close(&server->pidfd);
}

static int write_files(Dnsmasqs *all, const char *network, const DnsmasqPlan *plan, Error **err) {
        _cleanup_free_ char *hosts = file_of(all, network, "hosts");
        _cleanup_free_ char *raw = file_of(all, network, "raw");
        /* dnsmasq reads them as nobody. */
        if (directory_make(hosts, 0755, err) < 0)
                return -1;
        return file_write(raw, plan->raw, strlen(plan->raw), 0644, false, err);
}

int dnsmasq_apply(Dnsmasqs *all, const char *network, const DnsmasqPlan *plan, Error **err) {
        if (plan->arguments.count == 0) {
                dnsmasq_stop(all, network);
                return 0;
        }
        if (write_files(all, network, plan, err) < 0)
                return -1;
        pthread_mutex_lock(&all->lock);
        Server *server = server_get(all, network);
        int result = 0;
        bool same = server->pid != 0 && !pidfd_has_ended(server->pidfd) &&
                    strlist_equal(&server->arguments, &plan->arguments) &&
                    str_equal(server->raw, plan->raw);
        if (!same) {
                stop_server(server);
                strlist_copy(&server->arguments, &plan->arguments);
                str_replace(&server->raw, str_dup(plan->raw));
                server->failures = 0;
                result = start_server(all, server, err);
        }
        pthread_mutex_unlock(&all->lock);
        return result;
}

static void remove_files(Dnsmasqs *all, const char *network) {
        static const char *const names[] = {"pid", "run"};
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                _cleanup_free_ char *path = file_of(all, network, names[i]);
                (void) unlink(path);
        }
}

void dnsmasq_stop(Dnsmasqs *all, const char *network) {
        pthread_mutex_lock(&all->lock);
        Server *server = table_get(all->servers, network);
        if (server != NULL) {
                stop_server(server);
                (void) table_remove(all->servers, network);
        }
        pthread_mutex_unlock(&all->lock);
        remove_files(all, network);
}

void dnsmasq_reload(Dnsmasqs *all, const char *network) {
        pthread_mutex_lock(&all->lock);
        const Server *server = table_get(all->servers, network);
        if (server != NULL && server->pid != 0)
                (void) pidfd_signal(server->pidfd, SIGHUP, NULL);
        pthread_mutex_unlock(&all->lock);
}

void dnsmasq_while_stopped(Dnsmasqs *all, const char *network, void (*change)(void *userdata),
                           void *userdata) {
        _cleanup_error_ Error *err = NULL;
        pthread_mutex_lock(&all->lock);
        Server *server = table_get(all->servers, network);
        bool ran = server != NULL && server->pid != 0;
        if (ran)
                stop_server(server);
        change(userdata);
        if (ran && start_server(all, server, &err) < 0) {
                log_error("Network %s is without DNS and DHCP: %s", network, error_message(err));
                revive_later(all, server);
        }
        pthread_mutex_unlock(&all->lock);
}

/* --- finding those of an earlier daemon --- */

/* The network whose directory the command line names; NULL: another's dnsmasq. */
static char *network_of(const Dnsmasqs *all, const StrList *arguments) {
        _cleanup_free_ char *prefix = str_printf("--conf-file=%s/", all->directory);
        if (arguments->count == 0 || !str_equal(path_name(arguments->items[0]), "dnsmasq"))
                return NULL;
        for (size_t i = 1; i < arguments->count; i++) {
                const char *rest = str_after_prefix(arguments->items[i], prefix);
                if (rest != NULL && strchr(rest, '/') != NULL)
                        return str_ndup(rest, strcspn(rest, "/"));
        }
        return NULL;
}

static int read_arguments(pid_t pid, StrList *ret) {
        _cleanup_free_ char *path = str_printf("/proc/%d/cmdline", (int) pid), *data = NULL;
        size_t size;
        if (file_read(path, 0, &data, &size, NULL) < 0)
                return -1;
        for (const char *word = data; word < data + size; word += strlen(word) + 1)
                strlist_add(ret, word);
        return 0;
}

static void take_up(Dnsmasqs *all, pid_t pid, const StrList *names) {
        _cleanup_strlist_ StrList arguments = {};
        _cleanup_close_ int pidfd = -1;
        if (procfs_open_pidfd(pid, 0, &pidfd, NULL) < 0 || read_arguments(pid, &arguments) < 0)
                return;
        _cleanup_free_ char *network = network_of(all, &arguments);
        if (network == NULL)
                return;
        Server *server = strlist_has(names, network) ? server_get(all, network) : NULL;
        if (server == NULL || server->pid != 0) { /* nobody's, or the second of one network */
                (void) pidfd_signal(pidfd, SIGKILL, NULL);
                (void) pidfd_wait(pidfd, STOP_TIMEOUT_MS);
                return;
        }
        _cleanup_free_ char *raw = file_of(all, network, "raw"), *text = NULL;
        if (file_read(raw, 0, &text, NULL, NULL) == 0)
                str_replace(&server->raw, TAKE_PTR(text));
        strlist_copy(&server->arguments, &arguments);
        server_adopt(all, server, pid, TAKE_FD(pidfd));
}

void dnsmasqs_scan(Dnsmasqs *all, const StrList *names) {
        _cleanup_strlist_ StrList entries = {};
        if (directory_list("/proc", &entries, NULL) < 0)
                return;
        pthread_mutex_lock(&all->lock);
        for (size_t i = 0; i < entries.count; i++) {
                _cleanup_strlist_ StrList arguments = {};
                int64_t pid;
                if (!str_to_int64(entries.items[i], &pid) || pid <= 1 ||
                    read_arguments((pid_t) pid, &arguments) < 0)
                        continue;
                _cleanup_free_ char *network = network_of(all, &arguments);
                if (network != NULL)
                        take_up(all, (pid_t) pid, names);
        }
        pthread_mutex_unlock(&all->lock);
}
