/* spawn_run(): a child run to its end with its output captured. */
#include "process/spawn.h"

#include "base/files.h"
#include "base/memory.h"
#include "base/times.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>

#define DEFAULT_OUTPUT_LIMIT ((size_t) 1024 * 1024)

void spawn_output_done(SpawnOutput *output) {
        strbuf_done(&output->out);
        strbuf_done(&output->errors);
}

/* Input stands in a memory file instead of a pipe: no feeding loop, no SIGPIPE, and the child may
 * read it or not. */
static int input_open(const SpawnLimits *limits, int *ret_fd, Error **err) {
        _cleanup_close_ int fd = memfd_create("input", MFD_CLOEXEC);
        if (fd < 0)
                return error_errno(err, errno, "Failed to make a child's input");
        if (fd_write_all(fd, limits->input, limits->input_size, err) < 0)
                return -1;
        if (lseek(fd, 0, SEEK_SET) < 0)
                return error_errno(err, errno, "Failed to rewind a child's input");
        *ret_fd = TAKE_FD(fd);
        return 0;
}

/* One read. False when the stream is over (or, not blocking, has nothing now). */
static bool stream_read(int fd, StrBuf *buffer, size_t limit) {
        char chunk[16384];
        ssize_t count = read(fd, chunk, sizeof(chunk));
        if (count < 0)
                return errno == EINTR;
        if (count == 0)
                return false;
        size_t room = limit - buffer->length;
        strbuf_add_data(buffer, chunk, MIN_OF((size_t) count, room));
        return true;
}

typedef struct Capture {
        int streams[2]; /* our ends, borrowed, -1 when over */
        size_t limit;
        int64_t deadline; /* monotonic, -1: none */
} Capture;

/* A grandchild may keep the pipe open for ever; what the child wrote is there when it ends. */
static void capture_drain(Capture *capture, StrBuf *const buffers[2]) {
        for (int i = 0; i < 2; i++) {
                if (capture->streams[i] < 0)
                        continue;
                (void) fcntl(capture->streams[i], F_SETFL, O_NONBLOCK);
                while (stream_read(capture->streams[i], buffers[i], capture->limit)) {
                        if (capture->deadline >= 0 && time_monotonic_ns() > capture->deadline)
                                break;
                }
        }
}

static int capture_loop(Capture *capture, const Process *process, StrBuf *const buffers[2],
                        Error **err) {
        for (;;) {
                struct pollfd fds[3] = {
                        {.fd = process->pidfd, .events = POLLIN},
                        {.fd = capture->streams[0], .events = POLLIN},
                        {.fd = capture->streams[1], .events = POLLIN},
                };
                int wait = -1;
                if (capture->deadline >= 0) {
                        int64_t left = capture->deadline - time_monotonic_ns();
                        wait = left <= 0 ? 0 : (int) (left / NS_PER_MS + 1);
                }
                int ready = poll(fds, ARRAY_SIZE(fds), wait);
                if (ready < 0 && errno != EINTR)
                        return error_errno(err, errno, "Failed to watch a child");
                if (ready == 0)
                        return error_set(err, ERROR_TIMEOUT, 0, "The time is over");
                if (ready < 0)
                        continue;
                for (int i = 0; i < 2; i++) {
                        if (fds[i + 1].revents != 0 &&
                            !stream_read(capture->streams[i], buffers[i], capture->limit))
                                capture->streams[i] = -1;
                }
                if (fds[0].revents != 0) {
                        capture_drain(capture, buffers);
                        return 0;
                }
        }
}

typedef struct Pipe {
        int read_end, write_end;
} Pipe;

static void pipe_done(Pipe *pipe) {
        fd_close(&pipe->read_end);
        fd_close(&pipe->write_end);
}

static int pipe_open(Pipe *ret, Error **err) {
        int fds[2];
        if (pipe2(fds, O_CLOEXEC) < 0)
                return error_errno(err, errno, "Failed to make a pipe");
        *ret = (Pipe) {.read_end = fds[0], .write_end = fds[1]};
        return 0;
}

/* The spec with our ends of stdin, stdout and stderr put in front of its own fds. */
static int spawn_with(const SpawnSpec *spec, const int streams[3], Process *ret, Error **err) {
        SpawnFd fds[SPAWN_MAX_FDS];
        size_t count = 0;
        for (int i = 0; i < 3; i++) {
                if (streams[i] >= 0)
                        fds[count++] = (SpawnFd) {.from = streams[i], .to = i};
        }
        if (count + spec->fd_count > SPAWN_MAX_FDS)
                return error_set(err, ERROR_INTERNAL, 0, "Too many file descriptors for a child");
        for (size_t i = 0; i < spec->fd_count; i++)
                fds[count++] = spec->fds[i];
        SpawnSpec full = *spec;
        full.fds = fds;
        full.fd_count = count;
        return process_spawn(&full, ret, err);
}

static int run_captured(const SpawnSpec *spec, const SpawnLimits *limits, SpawnOutput *ret,
                        Error **err) {
        _cleanup_close_ int input = -1;
        _cleanup_(pipe_done) Pipe out = {-1, -1};
        _cleanup_(pipe_done) Pipe errors = {-1, -1};
        if (limits->input != NULL && input_open(limits, &input, err) < 0)
                return -1;
        if (pipe_open(&out, err) < 0 || pipe_open(&errors, err) < 0)
                return -1;

        _cleanup_process_ Process process = PROCESS_NONE;
        const int streams[3] = {input, out.write_end, errors.write_end};
        if (spawn_with(spec, streams, &process, err) < 0)
                return -1;
        fd_close(&out.write_end);
        fd_close(&errors.write_end);

        Capture capture = {
                .streams = {out.read_end, errors.read_end},
                .limit = limits->output_limit > 0 ? limits->output_limit : DEFAULT_OUTPUT_LIMIT,
                .deadline = limits->timeout_ms > 0
                                    ? time_monotonic_ns() + limits->timeout_ms * NS_PER_MS
                                    : -1,
        };
        StrBuf *const buffers[2] = {&ret->out, &ret->errors};
        if (capture_loop(&capture, &process, buffers, err) < 0)
                return -1;
        return process_wait(&process, -1, &ret->exit, err);
}

int spawn_run(const SpawnSpec *spec, const SpawnLimits *limits, SpawnOutput *ret, Error **err) {
        static const SpawnLimits none;
        if (limits == NULL)
                limits = &none;
        if (spec->hook != NULL)
                return spec->hook->run(spec->hook->userdata, spec, limits, ret, err);
        _cleanup_spawn_output_ SpawnOutput output = {.exit = {.code = 0}};
        if (run_captured(spec, limits, &output, err) < 0)
                return error_prefix(err, "Failed to run %s", spec->argv[0]);
        *ret = output;
        output = (SpawnOutput) {.exit = {.code = 0}};
        return 0;
}

/* The last line that says something: programs end with their reason. */
static char *last_line(const StrBuf *text) {
        StrList lines = {0};
        strlist_split(&lines, text->data != NULL ? text->data : "", "\n", true);
        char *line = lines.count > 0 ? str_trim(lines.items[lines.count - 1]) : str_dup("");
        strlist_done(&lines);
        return line;
}

int spawn_run_checked(const SpawnSpec *spec, const SpawnLimits *limits, char **ret_out,
                      Error **err) {
        _cleanup_spawn_output_ SpawnOutput output = {.exit = {.code = 0}};
        if (spawn_run(spec, limits, &output, err) < 0)
                return -1;
        if (output.exit.code != 0) {
                _cleanup_free_ char *line = last_line(&output.errors);
                _cleanup_free_ char *command = spawn_describe(spec);
                const char *colon = str_is_empty(line) ? "" : ": ";
                int signal = output.exit.signal;
                return error_set(err, ERROR_SYSTEM, 0, "Failed to run: %s: %s %d%s%s", command,
                                 signal != 0 ? "killed by signal" : "exit status",
                                 signal != 0 ? signal : output.exit.code, colon, line);
        }
        if (ret_out != NULL) {
                while (output.out.length > 0 && output.out.data[output.out.length - 1] == '\n')
                        strbuf_truncate(&output.out, output.out.length - 1);
                *ret_out = strbuf_take(&output.out);
        }
        return 0;
}
