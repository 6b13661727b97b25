/* Running a command inside. The command is a child of this process, which reports its host pid and
 * its end; when the daemon closes the message socket the command is killed. */
#include "helper/helper.h"

#include "base/files.h"
#include "base/memory.h"
#include "linux/idmap.h"
#include "linux/procfs.h"

#include <lxc/attach_options.h>
#include <lxc/lxccontainer.h>

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#define SPEC_LIMIT ((size_t) 8 * 1024 * 1024)
#define EXIT_NOT_EXECUTABLE 126
#define EXIT_NOT_FOUND 127

/* The spec is NUL-separated text in a memory file, because arguments of a process can be read by
 * every user of the host: uid, gid, directory, terminal (0|1), columns, rows, count of arguments,
 * the arguments, the environment. */
typedef struct ExecSpec {
        StrList parts;
        int64_t uid, gid;
        char *directory;
        bool terminal;
        struct winsize size;
        char **argv;
        char **environment; /* NULL-ended, in parts */
} ExecSpec;

#define SPEC_FIXED 7

static int64_t spec_number(const ExecSpec *spec, size_t index) {
        int64_t value = 0;
        (void) str_to_int64(spec->parts.items[index], &value);
        return value;
}

static int spec_read(ExecSpec *spec, Error **err) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        if (fd_read_all(INPUT_FD, SPEC_LIMIT, &text, &size, err) < 0)
                return -1;
        for (size_t i = 0; i < size; i += strlen(text + i) + 1)
                strlist_add(&spec->parts, text + i);
        if (spec->parts.count < SPEC_FIXED + 1)
                return error_set(err, ERROR_INTERNAL, 0, "The command is incomplete");
        size_t arguments = (size_t) spec_number(spec, 6);
        if (arguments < 1 || SPEC_FIXED + arguments > spec->parts.count)
                return error_set(err, ERROR_INTERNAL, 0, "The command is incomplete");
        spec->uid = spec_number(spec, 0);
        spec->gid = spec_number(spec, 1);
        spec->directory = spec->parts.items[2];
        spec->terminal = str_equal(spec->parts.items[3], "1");
        spec->size.ws_col = (unsigned short) spec_number(spec, 4);
        spec->size.ws_row = (unsigned short) spec_number(spec, 5);
        spec->argv = mem_new_array(char *, arguments + 1);
        for (size_t i = 0; i < arguments; i++)
                spec->argv[i] = spec->parts.items[SPEC_FIXED + i];
        spec->environment = spec->parts.items + SPEC_FIXED + arguments;
        return 0;
}

/* A pty of the container's own devpts, so that its path exists inside (ttyname, /dev/tty, screen).
 * Its owner is the command's user. */
static int terminal_open(LxcContainer *container, const ExecSpec *spec, int *ret_master,
                         int *ret_terminal, Error **err) {
        _cleanup_close_ int devpts = container->devpts_fd(container);
        if (devpts < 0)
                return error_set(err, ERROR_SYSTEM, 0, "The container has no devpts");
        _cleanup_close_ int master = openat(devpts, "ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (master < 0)
                return error_errno(err, errno, "Failed to open the container's ptmx");
        int unlock = 0;
        if (ioctl(master, TIOCSPTLCK, &unlock) < 0)
                return error_errno(err, errno, "Failed to unlock a terminal");
        _cleanup_close_ int terminal = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (terminal < 0)
                return error_errno(err, errno, "Failed to open a terminal");
        _cleanup_idmap_ IdMap map = {0};
        if (idmap_from_proc(container->init_pid(container), &map, err) < 0)
                return -1;
        uint32_t uid = idmap_to_host(&map, false, (uint32_t) spec->uid);
        uint32_t gid = idmap_to_host(&map, true, (uint32_t) spec->gid);
        if (uid != IDMAP_INVALID_ID && fchown(terminal, uid, gid) < 0)
                return error_errno(err, errno, "Failed to give away a terminal");
        if (spec->size.ws_col > 0 && spec->size.ws_row > 0)
                (void) ioctl(master, TIOCSWINSZ, &spec->size);
        *ret_master = TAKE_FD(master);
        *ret_terminal = TAKE_FD(terminal);
        return 0;
}

/* Runs inside the container. A shell's exit codes say why nothing ran. */
static int run_inside(void *payload) {
        const ExecSpec *spec = payload;
        sigset_t none;
        (void) sigemptyset(&none);
        (void) sigprocmask(SIG_SETMASK, &none, NULL);
        (void) setsid();
        if (spec->terminal)
                (void) ioctl(0, TIOCSCTTY, 0);
        (void) execvp(spec->argv[0], spec->argv);
        return errno == ENOENT || errno == ENOTDIR ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
}

static int attach(LxcContainer *container, const char *log, ExecSpec *spec, int stdio,
                  pid_t *ret_pid, Error **err) {
        lxc_attach_options_t options = LXC_ATTACH_OPTIONS_DEFAULT;
        options.env_policy = LXC_ATTACH_CLEAR_ENV;
        options.extra_env_vars = spec->environment;
        options.initial_cwd = spec->directory;
        options.uid = (uid_t) spec->uid;
        options.gid = (gid_t) spec->gid;
        if (stdio >= 0)
                options.stdin_fd = options.stdout_fd = options.stderr_fd = stdio;
        LogMark mark = log_mark(log);
        if (container->attach(container, run_inside, spec, &options, ret_pid) == 0)
                return 0;
        _cleanup_free_ char *reason = log_mark_errors(&mark);
        return error_set(err, ERROR_SYSTEM, 0, "Failed to attach to the container%s%s",
                         reason != NULL ? ": " : "", reason != NULL ? reason : "");
}

/* The command's streams are the command's alone: an end of file it makes must reach the reader. */
static void drop_stdio(void) {
        _cleanup_close_ int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
        for (int fd = 0; fd < 3 && nothing >= 0; fd++)
                (void) dup2(nothing, fd);
}

static int wait_for_end(pid_t pid, int pidfd) {
        struct pollfd fds[2] = {
                {.fd = pidfd, .events = POLLIN},
                {.fd = REPORT_FD, .events = 0}, /* POLLHUP alone */
        };
        while (fds[0].revents == 0) {
                if (poll(fds, ARRAY_SIZE(fds), -1) > 0 && fds[1].revents != 0) {
                        (void) pidfd_signal(pidfd, SIGKILL, NULL);
                        break;
                }
        }
        siginfo_t info = {.si_pid = 0};
        while (waitid(P_PID, (id_t) pid, &info, WEXITED) < 0 && errno == EINTR)
                continue;
        int code = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
        (void) report(NULL, 0, "ended %d", code);
        return 0;
}

static int exec_report(pid_t pid, int master, int *ret_pidfd, Error **err) {
        /* Our own child, not reaped: the number still means it, also when it has ended. */
        if (procfs_open_pidfd(pid, 0, ret_pidfd, err) < 0)
                return -1;
        int fds[2] = {*ret_pidfd, master};
        (void) report(fds, master >= 0 ? 2 : 1, "running %d", (int) pid);
        return 0;
}

static int exec_run(char **argv, ExecSpec *spec, pid_t *ret_pid, int *ret_pidfd, Error **err) {
        _cleanup_(container_cleanup) LxcContainer *container = NULL;
        _cleanup_close_ int master = -1, terminal = -1;
        char log[4096] = "";
        if (spec_read(spec, err) < 0 ||
            container_open(argv[0], argv[1], argv[2], &container, err) < 0)
                return -1;
        (void) container->get_config_item(container, "lxc.log.file", log, sizeof(log));
        if (spec->terminal && terminal_open(container, spec, &master, &terminal, err) < 0)
                return -1;
        pid_t pid;
        if (attach(container, log, spec, terminal, &pid, err) < 0)
                return -1;
        *ret_pid = pid;
        return exec_report(pid, master, ret_pidfd, err);
}

int verb_exec(int argc, char **argv) {
        _cleanup_error_ Error *error = NULL;
        ExecSpec spec = {.terminal = false};
        pid_t pid = 0;
        int pidfd = -1;
        if (exec_run(argv, &spec, &pid, &pidfd, &error) < 0)
                return report_failure(error);
        drop_stdio();
        (void) malloc_trim(0); /* a shell may stay for days */
        return wait_for_end(pid, pidfd);
}
