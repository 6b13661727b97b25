#include "runtime/runtime_private.h"

#include "base/files.h"
#include "base/memory.h"
#include "linux/procfs.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>

/* How long a killed command may take to go before its helper is left to PID 1. */
#define GOODBYE_MS 2000

struct RuntimeChild {
        HelperCall call;
        pid_t pid;
        int pidfd; /* of the command */
};

static void add_part(StrBuf *text, const char *part) {
        strbuf_add_data(text, part, strlen(part) + 1);
}

static void add_number(StrBuf *text, uint64_t number) {
        _cleanup_free_ char *part = str_printf("%llu", (unsigned long long) number);
        add_part(text, part);
}

static size_t count_of(const char *const *list) {
        size_t count = 0;
        while (list != NULL && list[count] != NULL)
                count++;
        return count;
}

/* The form that helper/exec.c reads. */
static void write_spec(const RuntimeExec *exec, StrBuf *text) {
        const char *directory = exec->directory != NULL ? exec->directory : "/";
        add_number(text, exec->uid);
        add_number(text, exec->gid);
        add_part(text, directory);
        add_number(text, exec->terminal);
        add_number(text, exec->columns > 0 ? exec->columns : 80);
        add_number(text, exec->rows > 0 ? exec->rows : 24);
        add_number(text, count_of(exec->argv));
        for (size_t i = 0; exec->argv[i] != NULL; i++)
                add_part(text, exec->argv[i]);
        for (size_t i = 0; i < count_of(exec->environment); i++)
                add_part(text, exec->environment[i]);
}

static int open_spec(const RuntimeExec *exec, int *ret_fd, Error **err) {
        _cleanup_strbuf_ StrBuf text = {0};
        _cleanup_close_ int fd = memfd_create("exec", MFD_CLOEXEC);
        if (fd < 0)
                return error_errno(err, errno, "Failed to make a memory file");
        write_spec(exec, &text);
        if (fd_write_all(fd, text.data, text.length, err) < 0)
                return -1;
        if (lseek(fd, 0, SEEK_SET) < 0)
                return error_errno(err, errno, "Failed to rewind a memory file");
        *ret_fd = TAKE_FD(fd);
        return 0;
}

int runtime_exec(Runtime *runtime, const RuntimeExec *exec, RuntimeChild **ret, int *ret_terminal,
                 Error **err) {
        _cleanup_(runtime_child_cleanup) RuntimeChild *child = mem_new(RuntimeChild);
        _cleanup_message_ Message message = {.text = NULL};
        _cleanup_close_ int spec = -1;
        child->call = HELPER_NONE;
        child->pidfd = -1;
        if (exec->argv == NULL || exec->argv[0] == NULL)
                return error_set(err, ERROR_INVALID, 0, "No command given");
        if (open_spec(exec, &spec, err) < 0)
                return -1;
        SpawnFd fds[4] = {{.from = spec, .to = HELPER_INPUT_FD}};
        size_t count = 1;
        for (int i = 0; i < 3 && !exec->terminal; i++) {
                if (exec->fds[i] >= 0)
                        fds[count++] = (SpawnFd) {.from = exec->fds[i], .to = i};
        }
        const char *argv[] = {"exec", exec->name, runtime->lxcpath, exec->config_file, NULL};
        if (helper_call(runtime, argv, fds, count, &child->call, err) < 0 ||
            helper_receive(&child->call, "running", HELPER_TIMEOUT_MS, &message, err) < 0)
                return -1;
        child->pid = (pid_t) strtol(message.text, NULL, 10);
        child->pidfd = message_take_fd(&message, 0);
        if (exec->terminal && ret_terminal != NULL)
                *ret_terminal = message_take_fd(&message, 1);
        *ret = TAKE_PTR(child);
        return 0;
}

int runtime_child_signal(RuntimeChild *child, int signal, Error **err) {
        return pidfd_signal(child->pidfd, signal, err);
}

int runtime_child_wait(RuntimeChild *child, int timeout_ms, int *ret_code, Error **err) {
        _cleanup_message_ Message message = {.text = NULL};
        if (helper_receive(&child->call, "ended", timeout_ms, &message, err) < 0)
                return -1;
        *ret_code = (int) strtol(message.text, NULL, 10);
        return 0;
}

int runtime_child_fd(const RuntimeChild *child) {
        return child->call.socket;
}

pid_t runtime_child_pid(const RuntimeChild *child) {
        return child->pid;
}

void runtime_child_free(RuntimeChild *child) {
        ProcessExit ignored;
        if (child == NULL)
                return;
        /* The helper kills the command when the socket closes; its pidfd is here in case the helper
         * is slow. */
        if (child->pidfd >= 0)
                (void) pidfd_signal(child->pidfd, SIGKILL, NULL);
        fd_close(&child->call.socket);
        if (child->call.process.pid == 0 ||
            process_wait(&child->call.process, GOODBYE_MS, &ignored, NULL) < 0)
                helper_done(&child->call); /* too slow: killed */
        fd_close(&child->pidfd);
        free(child);
}
