#include "linux/procfs.h"

#include "base/files.h"
#include "base/memory.h"
#include "base/times.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/pidfd.h>

#define PROC_PATH_SIZE 64
#define STAT_LIMIT 4096

/* /proc/PID/stat behind the command name, which may hold blanks and brackets. */
static int read_stat(pid_t pid, char **ret, Error **err) {
        char path[PROC_PATH_SIZE];
        (void) snprintf(path, sizeof(path), "/proc/%d/stat", (int) pid);
        _cleanup_free_ char *text = NULL;
        if (file_read(path, STAT_LIMIT, &text, NULL, err) < 0)
                return -1;
        const char *end = strrchr(text, ')');
        if (end == NULL || end[1] != ' ')
                return error_set(err, ERROR_INTERNAL, 0, "Cannot read %s", path);
        *ret = str_dup(end + 2);
        return 0;
}

/* Field `number` as proc(5) counts them; the text starts with field 3. */
static const char *stat_field(const char *text, int number) {
        for (int i = 3; i < number; i++) {
                text = strchr(text, ' ');
                if (text == NULL)
                        return "";
                text++;
        }
        return text;
}

#define STAT_PARENT 4
#define STAT_START_TIME 22

int procfs_start_time(pid_t pid, uint64_t *ret, Error **err) {
        _cleanup_free_ char *text = NULL;
        if (read_stat(pid, &text, err) < 0)
                return -1;
        *ret = strtoull(stat_field(text, STAT_START_TIME), NULL, 10);
        return 0;
}

int procfs_parent(pid_t pid, pid_t *ret, Error **err) {
        _cleanup_free_ char *text = NULL;
        if (read_stat(pid, &text, err) < 0)
                return -1;
        *ret = (pid_t) strtol(stat_field(text, STAT_PARENT), NULL, 10);
        return 0;
}

bool procfs_is_alive(pid_t pid, uint64_t start_time) {
        _cleanup_free_ char *text = NULL;
        if (pid <= 0 || read_stat(pid, &text, NULL) < 0)
                return false;
        if (text[0] == 'Z' || text[0] == 'X')
                return false;
        return strtoull(stat_field(text, STAT_START_TIME), NULL, 10) == start_time;
}

static uint64_t signal_mask(const char *status, const char *key) {
        const char *line = strstr(status, key);
        return line != NULL ? strtoull(line + strlen(key), NULL, 16) : 0;
}

int procfs_signals(pid_t pid, ProcSignals *ret, Error **err) {
        char path[PROC_PATH_SIZE];
        (void) snprintf(path, sizeof(path), "/proc/%d/status", (int) pid);
        _cleanup_free_ char *text = NULL;
        if (file_read(path, 0, &text, NULL, err) < 0)
                return -1;
        *ret = (ProcSignals) {
                .blocked = signal_mask(text, "\nSigBlk:"),
                .ignored = signal_mask(text, "\nSigIgn:"),
                .caught = signal_mask(text, "\nSigCgt:"),
        };
        return 0;
}

int procfs_open_pidfd(pid_t pid, uint64_t start_time, int *ret_fd, Error **err) {
        _cleanup_close_ int fd = pid > 0 ? pidfd_open(pid, 0) : -1;
        if (fd < 0)
                return error_set(err, ERROR_NOT_FOUND, ESRCH, "Process %d is gone", (int) pid);
        /* The number cannot be given away again while the pidfd's process exists, so a look after
         * the open settles it. */
        uint64_t found;
        if (start_time != 0 && (procfs_start_time(pid, &found, NULL) < 0 || found != start_time))
                return error_set(err, ERROR_NOT_FOUND, ESRCH, "Process %d is gone", (int) pid);
        *ret_fd = TAKE_FD(fd);
        return 0;
}

int pidfd_signal(int pidfd, int signal, Error **err) {
        if (pidfd_send_signal(pidfd, signal, NULL, 0) == 0)
                return 0;
        if (errno == ESRCH)
                return error_set(err, ERROR_NOT_FOUND, ESRCH, "The process has ended");
        return error_errno(err, errno, "Failed to send signal %d", signal);
}

bool pidfd_has_ended(int pidfd) {
        return pidfd_wait(pidfd, 0);
}

bool pidfd_wait(int pidfd, int timeout_ms) {
        int64_t deadline = time_monotonic_ns() + timeout_ms * NS_PER_MS;
        for (;;) {
                struct pollfd entry = {.fd = pidfd, .events = POLLIN};
                int wait = -1;
                if (timeout_ms >= 0) {
                        int64_t left = deadline - time_monotonic_ns();
                        wait = left > 0 ? (int) ((left + NS_PER_MS - 1) / NS_PER_MS) : 0;
                }
                int ready = poll(&entry, 1, wait);
                if (ready > 0)
                        return true;
                if (ready == 0)
                        return false;
                if (errno != EINTR)
                        return false;
        }
}

/* "Num RefCount Protocol Flags Type St Inode Path"; flag 0x10000 is a listening socket. */
#define LISTENING 0x10000UL

static void add_socket(StrList *list, const char *line) {
        const char *name = strstr(line, " @");
        const char *flags = line;
        for (int i = 0; i < 3 && flags != NULL; i++) {
                flags = strchr(flags, ' ');
                if (flags != NULL)
                        flags++;
        }
        if (name != NULL && flags != NULL && (strtoul(flags, NULL, 16) & LISTENING) != 0)
                strlist_add(list, name + 2);
}

int procfs_abstract_sockets(StrList *ret, Error **err) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        if (file_read("/proc/net/unix", (size_t) 64 * 1024 * 1024, &text, &size, err) < 0)
                return -1;
        char *line = text;
        while (line < text + size) {
                char *end = memchr(line, '\n', (size_t) (text + size - line));
                if (end == NULL)
                        break;
                *end = '\0';
                add_socket(ret, line);
                line = end + 1;
        }
        return 0;
}

int64_t procfs_field(const char *text, const char *key) {
        size_t length = strlen(key);
        for (const char *line = text; line != NULL && *line != '\0';) {
                if (strncmp(line, key, length) == 0 && (line[length] == ':' || line[length] == ' '))
                        return strtoll(line + length + 1, NULL, 10);
                line = strchr(line, '\n');
                if (line != NULL)
                        line++;
        }
        return -1;
}
