/* Answering system calls of a container's processes (security.syscalls.intercept.*).
 *
 * liblxc's monitor passes what the kernel hands to it on to a socket. This program's start verb
 * makes that socket and leaves a process behind that serves it, one for each container that has an
 * interception: so no restart of the daemon makes a container wait or fail, and what a hostile
 * container sends never reaches the daemon. When it is gone, liblxc lets the calls fail.
 *
 * Whatever is not understood, not allowed or not ours goes on in the kernel, which refuses it as it
 * would without us. Paths are followed inside the caller's own root; nothing is made where the
 * directory's owner is not one of the container's ids. */
#pragma once

#include "linux/idmap.h"
#include "linux/notify.h"
#include "linux/task.h"

typedef struct Intercept {
        int socket_fd;
        char *settings_file; /* RUN-DIR/intercept: read at each call, since it can change */
        int host_files;      /* /proc/self/fd, opened while it was the host's */
        Notify notify;       /* the call */
        TaskIdentity caller;
        IdMap ids;           /* of the container */
} Intercept;

/* When the configuration names a proxy: makes its socket and leaves the server behind. */
int intercept_start(const char *proxy, const char *run_directory, Error **err) _must_check_;

/* "security.syscalls.intercept." + `key`; owned, "" when unset. */
char *intercept_setting(const Intercept *intercept, const char *key);
/* Whether both owners are the container's. */
bool intercept_owns(const Intercept *intercept, uid_t uid, gid_t gid);

/* The calls. Each returns the answer (linux/notify.h). */
int intercept_mknod(Intercept *intercept);
int intercept_setxattr(Intercept *intercept);
int intercept_sched_setscheduler(Intercept *intercept);
int intercept_sysinfo(Intercept *intercept);
int intercept_mount(Intercept *intercept);
int intercept_bpf(Intercept *intercept);
