#include "helper/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static pid_t divide(void) {
        return (pid_t) syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
}

int child_run(ChildBody body, void *userdata) {
        int ends[2], result = -EIO;
        if (pipe2(ends, O_CLOEXEC) < 0)
                return -errno;
        pid_t pid = divide();
        if (pid == 0) {
                result = body(userdata);
                _exit(write(ends[1], &result, sizeof result) == sizeof result ? 0 : 1);
        }
        int number = errno, status = -1;
        fd_close(&ends[1]);
        if (pid < 0)
                result = -number;
        bool told = pid > 0 && read(ends[0], &result, sizeof result) == sizeof result;
        fd_close(&ends[0]);
        while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
                continue;
        if (pid > 0 && !told)
                result = status == 0 ? 0 : -EIO;
        return result;
}

typedef struct Detached {
        ChildBody body;
        void *userdata;
} Detached;

static int leave(void *userdata) {
        const Detached *detached = userdata;
        pid_t pid = divide();
        if (pid == 0) {
                (void) setsid();
                _exit(detached->body(detached->userdata));
        }
        return pid < 0 ? -errno : 0;
}

int child_detach(ChildBody body, void *userdata) {
        Detached detached = {body, userdata};
        return child_run(leave, &detached);
}
