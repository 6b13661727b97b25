/* The only gate to other programs. Children are made with posix_spawn, never with a bare fork: a
 * fork copies a busy multi-threaded process, takes 28 ms at 300 MB and may inherit a locked
 * allocator. There is no shell anywhere: arguments are a list.
 *
 * All functions are thread-safe; a Process belongs to one thread at a time. The child gets exactly
 * the fds that the spec maps (every fd of this program is O_CLOEXEC), an empty signal mask and
 * default signal actions. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <sys/types.h>

typedef struct SpawnFd {
        int from; /* ours, borrowed */
        int to;   /* the child's number */
} SpawnFd;

typedef struct SpawnSpec SpawnSpec;
typedef struct SpawnOutput SpawnOutput;
typedef struct SpawnLimits SpawnLimits;

/* Takes the place of spawn_run() when a spec carries it: dry runs and golden tests. */
typedef struct SpawnHook {
        int (*run)(void *userdata, const SpawnSpec *spec, const SpawnLimits *limits,
                   SpawnOutput *ret, Error **err);
        void *userdata;
} SpawnHook;

struct SpawnSpec {
        const char *program;           /* path, or a name looked up in PATH; NULL: argv[0] */
        const char *const *argv;       /* NULL-ended */
        const char *const *environment; /* "K=V", NULL-ended; NULL: ours */
        const char *directory;         /* NULL: ours */
        const SpawnFd *fds;            /* of 0, 1 and 2 those not named are /dev/null */
        size_t fd_count;               /* at most SPAWN_MAX_FDS */
        bool new_session;              /* setsid: outlives signals to our group */
        const SpawnHook *hook;         /* NULL: really run */
};

#define SPAWN_MAX_FDS 16
#define SPAWN_ARGV(...) ((const char *const[]){__VA_ARGS__, NULL})

/* A child of ours that was not waited for yet. `pidfd` polls readable when it has ended. */
typedef struct Process {
        pid_t pid; /* 0: none */
        int pidfd;
} Process;

#define PROCESS_NONE ((Process) {.pid = 0, .pidfd = -1})

/* How it ended: `signal` 0 and the exit code, or the signal. */
typedef struct ProcessExit {
        int code;   /* exit code, or 128 + signal, as a shell reports it */
        int signal;
} ProcessExit;

int process_spawn(const SpawnSpec *spec, Process *ret, Error **err) _must_check_;
/* Reaps. `timeout_ms` -1 waits for ever; ERROR_TIMEOUT leaves the process as it is. */
int process_wait(Process *process, int timeout_ms, ProcessExit *ret, Error **err) _must_check_;
int process_signal(const Process *process, int signal, Error **err);
/* Kills (SIGKILL) and reaps what was not waited for, closes the pidfd. */
void process_done(Process *process);
#define _cleanup_process_ _cleanup_(process_done)

struct SpawnLimits {
        const void *input; /* written to the child's stdin; NULL: /dev/null */
        size_t input_size;
        size_t output_limit; /* bytes kept of each stream, the rest is dropped; 0: 1 MiB */
        int timeout_ms;      /* then SIGKILL and ERROR_TIMEOUT; 0: none */
};

struct SpawnOutput {
        ProcessExit exit;
        StrBuf out;
        StrBuf errors;
};

void spawn_output_done(SpawnOutput *output);
#define _cleanup_spawn_output_ _cleanup_(spawn_output_done)

/* Runs to the end, capturing stdout and stderr. A non-zero exit is not a failure here. `limits`
 * NULL: none given. Fds 0, 1, 2 may not be in spec->fds. */
int spawn_run(const SpawnSpec *spec, const SpawnLimits *limits, SpawnOutput *ret, Error **err)
        _must_check_;

/* The same for "do it": a non-zero exit is an error that carries the command's last error line.
 * `ret_out` may be NULL, else stdout without the final newline. */
int spawn_run_checked(const SpawnSpec *spec, const SpawnLimits *limits, char **ret_out,
                      Error **err) _must_check_;

/* Bytes like "mkfs.ext4 -F '/a b'": for logs, errors and golden files. */
char *spawn_describe(const SpawnSpec *spec);

/* A hook that runs nothing, answers exit code 0 with no output and keeps one line a call. */
typedef struct SpawnRecorder {
        SpawnHook hook;
        StrList lines;
} SpawnRecorder;

void spawn_recorder_init(SpawnRecorder *recorder);
void spawn_recorder_done(SpawnRecorder *recorder);
