#include "process/spawn.h"

#include "base/files.h"
#include "base/memory.h"
#include "base/times.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

extern char **environ;

/* Sources are first duplicated to numbers above every target, so that no mapping can overwrite the
 * source of a later one. */
#define FIRST_SAFE_FD 64

typedef struct SpawnPlan {
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        int copies[SPAWN_MAX_FDS];
        size_t copy_count;
} SpawnPlan;

static void plan_done(SpawnPlan *plan) {
        (void) posix_spawn_file_actions_destroy(&plan->actions);
        (void) posix_spawnattr_destroy(&plan->attributes);
        for (size_t i = 0; i < plan->copy_count; i++)
                fd_close(&plan->copies[i]);
}

static int plan_fds(SpawnPlan *plan, const SpawnSpec *spec, Error **err) {
        bool named[3] = {false};
        int highest = 2;
        if (spec->fd_count > SPAWN_MAX_FDS)
                return error_set(err, ERROR_INTERNAL, 0, "Too many file descriptors for a child");
        for (size_t i = 0; i < spec->fd_count; i++) {
                int to = spec->fds[i].to;
                if (to < 0 || to >= FIRST_SAFE_FD)
                        return error_set(err, ERROR_INTERNAL, 0, "Bad child descriptor %d", to);
                int copy = fcntl(spec->fds[i].from, F_DUPFD_CLOEXEC, FIRST_SAFE_FD);
                if (copy < 0)
                        return error_errno(err, errno, "Failed to pass descriptor %d to a child",
                                           spec->fds[i].from);
                plan->copies[plan->copy_count++] = copy;
                (void) posix_spawn_file_actions_adddup2(&plan->actions, copy, to);
                highest = MAX_OF(highest, to);
                if (to < 3)
                        named[to] = true;
        }
        for (int fd = 0; fd < 3; fd++) {
                if (!named[fd])
                        (void) posix_spawn_file_actions_addopen(&plan->actions, fd, "/dev/null",
                                                                fd == 0 ? O_RDONLY : O_WRONLY, 0);
        }
        (void) posix_spawn_file_actions_addclosefrom_np(&plan->actions, highest + 1);
        return 0;
}

static int plan_make(SpawnPlan *plan, const SpawnSpec *spec, Error **err) {
        sigset_t none, all;
        (void) sigemptyset(&none);
        (void) sigfillset(&all);
        short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
        if (spec->new_session)
                flags |= POSIX_SPAWN_SETSID;
        (void) posix_spawnattr_setsigmask(&plan->attributes, &none);
        (void) posix_spawnattr_setsigdefault(&plan->attributes, &all);
        (void) posix_spawnattr_setflags(&plan->attributes, flags);
        if (spec->directory != NULL)
                (void) posix_spawn_file_actions_addchdir_np(&plan->actions, spec->directory);
        return plan_fds(plan, spec, err);
}

int process_spawn(const SpawnSpec *spec, Process *ret, Error **err) {
        SpawnPlan plan = {.copy_count = 0};
        (void) posix_spawn_file_actions_init(&plan.actions);
        (void) posix_spawnattr_init(&plan.attributes);
        if (plan_make(&plan, spec, err) < 0) {
                plan_done(&plan);
                return -1;
        }

        const char *program = spec->program != NULL ? spec->program : spec->argv[0];
        char *const *argv = (char *const *) (uintptr_t) spec->argv;
        char *const *environment = spec->environment != NULL
                                           ? (char *const *) (uintptr_t) spec->environment
                                           : environ;
        pid_t pid = 0;
        int number = posix_spawnp(&pid, program, &plan.actions, &plan.attributes, argv,
                                  environment);
        plan_done(&plan);
        if (number != 0)
                return error_errno(err, number, "Failed to run %s", program);

        /* Not reaped yet, so the number still means this child. */
        int pidfd = pidfd_open(pid, 0);
        if (pidfd < 0) {
                number = errno;
                (void) kill(pid, SIGKILL);
                (void) waitpid(pid, NULL, 0);
                return error_errno(err, number, "Failed to watch %s", program);
        }
        *ret = (Process) {.pid = pid, .pidfd = pidfd};
        return 0;
}

static int poll_until(struct pollfd *fds, nfds_t count, int64_t deadline) {
        for (;;) {
                int wait = -1;
                if (deadline >= 0) {
                        int64_t left = deadline - time_monotonic_ns();
                        wait = left <= 0 ? 0 : (int) ((left + NS_PER_MS - 1) / NS_PER_MS);
                }
                int ready = poll(fds, count, wait);
                if (ready >= 0 || errno != EINTR)
                        return ready;
        }
}

static int64_t deadline_after(int timeout_ms) {
        return timeout_ms < 0 ? -1 : time_monotonic_ns() + timeout_ms * NS_PER_MS;
}

static int process_reap(Process *process, ProcessExit *ret, Error **err) {
        siginfo_t info = {.si_pid = 0};
        while (waitid(P_PIDFD, (id_t) process->pidfd, &info, WEXITED) < 0) {
                if (errno != EINTR)
                        return error_errno(err, errno, "Failed to wait for process %d",
                                           (int) process->pid);
        }
        bool exited = info.si_code == CLD_EXITED;
        *ret = (ProcessExit) {.code = exited ? info.si_status : 128 + info.si_status,
                              .signal = exited ? 0 : info.si_status};
        process->pid = 0;
        fd_close(&process->pidfd);
        return 0;
}

int process_wait(Process *process, int timeout_ms, ProcessExit *ret, Error **err) {
        if (process->pid == 0)
                return error_set(err, ERROR_INTERNAL, 0, "No process to wait for");
        if (timeout_ms >= 0) {
                struct pollfd entry = {.fd = process->pidfd, .events = POLLIN};
                int ready = poll_until(&entry, 1, deadline_after(timeout_ms));
                if (ready < 0)
                        return error_errno(err, errno, "Failed to watch process %d",
                                           (int) process->pid);
                if (ready == 0)
                        return error_set(err, ERROR_TIMEOUT, 0,
                                         "Process %d did not end within %d ms",
                                         (int) process->pid, timeout_ms);
        }
        return process_reap(process, ret, err);
}

int process_signal(const Process *process, int signal, Error **err) {
        if (process->pid == 0)
                return error_set(err, ERROR_BAD_STATE, ESRCH, "The process has ended");
        if (pidfd_send_signal(process->pidfd, signal, NULL, 0) < 0)
                return error_errno(err, errno, "Failed to signal process %d",
                                   (int) process->pid);
        return 0;
}

void process_done(Process *process) {
        if (process->pid == 0)
                return;
        ProcessExit ignored;
        (void) pidfd_send_signal(process->pidfd, SIGKILL, NULL, 0);
        if (process_reap(process, &ignored, NULL) < 0)
                fd_close(&process->pidfd);
        process->pid = 0;
}

static bool is_plain(const char *text) {
        static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "0123456789-_=+,./:@%^";
        return text[0] != '\0' && text[strspn(text, plain)] == '\0';
}

char *spawn_describe(const SpawnSpec *spec) {
        StrBuf line = {0};
        for (size_t i = 0; spec->argv[i] != NULL; i++) {
                const char *word = spec->argv[i];
                if (i > 0)
                        strbuf_add_char(&line, ' ');
                if (is_plain(word)) {
                        strbuf_add(&line, word);
                        continue;
                }
                strbuf_add_char(&line, '\'');
                for (const char *c = word; *c != '\0'; c++) {
                        if (*c == '\'')
                                strbuf_add(&line, "'\\''");
                        else
                                strbuf_add_char(&line, *c);
                }
                strbuf_add_char(&line, '\'');
        }
        return strbuf_take(&line);
}

static int recorder_run(void *userdata, const SpawnSpec *spec, const SpawnLimits *limits,
                        SpawnOutput *ret, Error **err) {
        SpawnRecorder *recorder = userdata;
        strlist_take(&recorder->lines, spawn_describe(spec));
        *ret = (SpawnOutput) {.exit = {.code = 0}};
        return 0;
}

void spawn_recorder_init(SpawnRecorder *recorder) {
        *recorder = (SpawnRecorder) {.hook = {.run = recorder_run, .userdata = recorder}};
}

void spawn_recorder_done(SpawnRecorder *recorder) {
        strlist_done(&recorder->lines);
}
